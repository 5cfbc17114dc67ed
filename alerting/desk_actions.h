// The desk on a journal: in the program that writes it, or beside that program on its file. Every verb is checked and
// done in one transaction, with its audit row.
// Tests: tests/alerting/desk_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "alerting/desk.h"
#include "alerting/journal.h"

namespace vigil::alerting {

// The part of the desk that is about alarms. Thread-safe.
class AlarmDesk {
 public:
  virtual ~AlarmDesk() = default;
  virtual DeskAnswer alarms(const std::string& node) = 0;
  virtual DeskAnswer act(const Asker& asker, const std::string& verb, const nlohmann::ordered_json& body) = 0;
  // On the alarms of the monitors that action `id` names. `answer` is what the desk answers where nothing is wrong.
  virtual DeskAnswer act_on_action(const Asker& asker, const std::string& id, const std::string& verb,
                                   const nlohmann::ordered_json& body, DeskAnswer answer) = 0;
};

// A sink as whoever drives it sees it.
struct SinkReport {
  std::string name, type;
  std::string state = "ok";  // ok, broken, stopped
  std::string reason;
};

struct DeskSettings {
  std::map<std::string, std::string> models;       // loaded: name -> hash
  std::function<std::int64_t()> now_ns;            // UTC; empty: the wall clock
  std::function<void()> changed;                   // something may be due now; may be empty
  std::function<std::vector<SinkReport>()> sinks;  // may be empty: none is driven here
  std::shared_ptr<AlarmDesk> alarms;               // null: ack and shelve of an action are notes
};

// On the journal of this program, which must outlive it.
std::unique_ptr<Desk> make_desk(Journal& journal, DeskSettings settings);
// On a file, beside the program that writes it or without one. Opens it for every call. What is proposed waits for a
// running program, or the next start, to be rendered and sent. Its calls throw Error for what Journal refuses.
std::unique_ptr<Desk> make_desk(const std::string& file, DeskSettings settings, JournalSettings journal = {});

// Answers that every desk gives alike.
DeskAnswer problem(std::string name, int status, std::string detail);

}  // namespace vigil::alerting
