#include "monitors/alarm_tally.h"

#include <nlohmann/json.hpp>

namespace vigil::monitors {

void AlarmTally::take(std::size_t rule, Quality quality) {
  if (quality == Quality::unknown) return;
  const char now = letter(quality);
  char& last = last_.at(rule);
  if (now == last) return;
  pages_ += quality == Quality::bad;
  warnings_ += quality == Quality::medium;
  last = now;
}

void AlarmTally::restart() { *this = AlarmTally(last_.size()); }

nlohmann::json AlarmTally::save() const {
  return {{"last", last_}, {"judged_ls", judged_ls_}, {"pages", pages_}, {"warnings", warnings_}};
}

void AlarmTally::load(const nlohmann::json& saved) {
  AlarmTally read(last_.size());
  const auto last = saved.at("last").get<std::string>();
  if (last.size() == last_.size() && last.find_first_not_of("ugmb") == std::string::npos) read.last_ = last;
  saved.at("judged_ls").get_to(read.judged_ls_);
  saved.at("pages").get_to(read.pages_);
  saved.at("warnings").get_to(read.warnings_);
  *this = std::move(read);
}

}  // namespace vigil::monitors
