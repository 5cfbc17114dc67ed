// What was wrong in a run: its monitors that were not good, each in its worst verdict; what was lost; the actions and
// what became of them; the conditions at a lumisection. Read from a Record for the report and the elog.
// Tests: tests/contract/report_test.py, tests/contract/elog_test.py.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "alerting/record.h"
#include "core/results.h"

namespace vigil::shift {

// A (monitor, statistic) in its worst verdict: worst quality, then largest value / limit, then the earliest.
struct Finding {
  alerting::RecordRow row;
  std::optional<double> value, limit, p_value;
  std::string reason;
  std::uint64_t bad = 0, medium = 0;  // verdicts of that quality
};
Finding finding_of(const alerting::RecordRow& verdict);
// Whether `a` is the worse of two: the order above.
bool is_worse(const Finding& a, const Finding& b);

// Of a run: everything that was medium or bad, and what was never known; worst first. `with_sequential`: the rules that
// judge every lumisection too.
std::vector<Finding> findings_of_run(alerting::Record& record, const std::string& model, const std::string& stream,
                                     std::uint32_t run, bool with_sequential);
// The same of verdicts at hand; good ones are passed over.
std::vector<Finding> findings_among(const std::vector<alerting::RecordRow>& verdicts);

struct Losses {
  std::uint64_t lumisections = 0, events = 0, wrong_model_events = 0, expected_orbits = 0, covered_orbits = 0;
  SourceCounts all;
  std::map<std::string, SourceCounts> sources;  // silent_since_ls: of the newest line that says so
  bool has_any() const;
};
void add_losses(Losses& losses, const nlohmann::json& line);  // a lumisection line
// Of the lumisections of one run that `filter` chooses.
Losses losses_of(alerting::Record& record, const alerting::RecordFilter& filter);

struct ActionStory {
  alerting::RecordRow row;
  nlohmann::ordered_json line;
  std::string state = "proposed";
  std::vector<alerting::RecordedChange> changes;  // in order
};
// The actions that `filter` chooses, in order of commit.
std::vector<ActionStory> actions_of(alerting::Record& record, const alerting::RecordFilter& filter);

// Fill, menu, prescale_column, beam_mode, pileup, filling_scheme as they held at a lumisection: the newest facts, with
// every mark after it taken back. null: not stated.
nlohmann::ordered_json context_at(alerting::Record& record, const std::string& model, const std::string& stream,
                                  std::uint32_t run, std::uint32_t ls);

// `learn:20, run 1 LS 1-20, 40012 events`, from a window's reference; `none` where it was compared with none.
std::string reference_in_words(const alerting::RecordedWindow& window);

}  // namespace vigil::shift
