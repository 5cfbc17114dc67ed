// What is said of a stream besides its result lines, for people who look: its conditions, how far its reference is,
// where one of these changed. Used by the judge when a lumisection closes; goes into the journal with it
// (docs/journal.md, `streams`, `marks`). Knows no wall clock; changes no result. Tests:
// tests/app/stream_facts_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerting/record.h"
#include "core/results.h"
#include "ingest/context_tracker.h"
#include "monitors/stream_monitor.h"

namespace vigil::app {

class StreamFacts {
 public:
  // `reference`: as configured, learn:20 or a path.
  explicit StreamFacts(std::string reference) : reference_name_(std::move(reference)) {}

  // A closed lumisection. Returns where something changed since the one before.
  std::vector<alerting::Mark> take(const Lumisection& lumisection, const ingest::LumisectionContext& context,
                                   const monitors::ReferenceProgress& reference);
  // As it stands, `budget` besides; a JSON object.
  std::string text(const BudgetOfRun& budget) const;

  // For the journal. Throws Error on text save() did not write. After load() the next take() marks a restart.
  std::string save() const;
  void load(std::string_view text);

 private:
  static constexpr std::size_t kRuns = 256;  // whose start is kept, the newest
  struct OfRun {
    std::optional<std::uint64_t> fill, run_start_ns;
  };

  std::string reference_name_;
  bool restarted_ = false;
  std::map<std::string, std::string> known_;  // kind of mark -> value
  std::map<std::uint32_t, OfRun> runs_;
  ingest::LumisectionContext context_;
  monitors::ReferenceProgress reference_;
};

}  // namespace vigil::app
