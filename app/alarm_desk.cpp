#include "app/alarm_desk.h"

#include <utility>

#include "alerting/alarm_board.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

class BoardDesk : public alerting::AlarmDesk {
 public:
  explicit BoardDesk(alerting::AlarmBoard board) : board_(std::move(board)) {}

  alerting::DeskAnswer alarms(const std::string& node) override { return board_.alarms(node); }
  alerting::DeskAnswer act(const alerting::Asker& asker, const std::string& verb, const ordered_json& body) override {
    return board_.act(asker, verb, body);
  }
  alerting::DeskAnswer act_on_action(const alerting::Asker& asker, const std::string& id, const std::string& verb,
                                     const ordered_json& body, alerting::DeskAnswer answer) override {
    alerting::DeskAnswer done = board_.act_on_action(
        asker, id, answer.body.at("model").get<std::string>(), answer.body.at("stream").get<std::string>(),
        alerting::monitors_of_action(nlohmann::json(answer.body)), verb, body);
    return done.problem ? done : std::move(answer);
  }

 private:
  alerting::AlarmBoard board_;
};

}  // namespace

std::shared_ptr<alerting::AlarmDesk> alarm_desk(alerting::Journal& journal) {
  return std::make_shared<BoardDesk>(alerting::AlarmBoard(journal));
}

std::shared_ptr<alerting::AlarmDesk> alarm_desk(const std::string& file) {
  return std::make_shared<BoardDesk>(alerting::AlarmBoard(file));
}

}  // namespace vigil::app
