// What the lines of docs/results.md hold besides summaries and verdicts: counts of batches by source, totals of a
// stream of lines. Values only; core/result_lines.h prints them.
// Tests: tests/core/result_lines_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace vigil {

// What became of one source's batches in a lumisection.
struct SourceCounts {
  std::uint64_t batches = 0;
  std::uint64_t covered_orbits = 0;
  std::uint64_t missing = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t late = 0;
  std::uint64_t rejected = 0;
  std::uint64_t dropped = 0;
  std::uint64_t restarts = 0;
  std::uint64_t ignored_annotations = 0;             // of batches that were used; printed where there are any
  std::optional<std::uint32_t> silent_since_ls;      // of this run; a source that should send and does not
  std::map<std::string, std::uint64_t> rejected_by;  // cause -> count
  bool operator==(const SourceCounts&) const = default;
};

// A source that should send and has not for longer than the timeout. (run, ls): its last lumisection with a batch; of
// an expected source that never sent in this run, the run's first.
struct SilentSource {
  std::string source;
  std::uint32_t run = 0;
  std::uint32_t ls = 0;
  bool operator==(const SilentSource&) const = default;
};

struct Lumisection {
  std::string model;
  std::string model_hash;
  std::string stream;
  std::uint32_t run = 0;
  std::uint32_t ls = 0;
  std::uint64_t expected_orbits = 0;
  std::uint64_t covered_orbits = 0;
  std::map<std::string, SourceCounts> sources;
};

// How a run of a (model, stream) stands to its false-alarm budget.
struct BudgetOfRun {
  std::string model;
  std::string stream;
  std::uint32_t run = 0;
  std::uint64_t judged_ls = 0;  // lumisections with a known verdict of a rule that needs a reference
  std::uint64_t pages = 0;      // rules that turned bad
  std::uint64_t warnings = 0;   // rules that turned medium
  double expected_pages = 0;    // what the budget allows in so many lumisections
  double expected_warnings = 0;
};

// How long a monitor stays within its rule's bad size at the pace of the runs so far.
struct LifetimeOfRule {
  std::string model;
  std::string stream;
  std::uint32_t run = 0;  // the newest
  std::string monitor;
  std::string statistic;
  std::uint64_t runs = 0;
  double effect = 0;                                       // of the newest run
  double limit = 0;                                        // the rule's bad size
  std::array<std::optional<double>, 3> slope = {};         // low, mid, high; per judged lumisection
  std::array<std::optional<double>, 3> remaining_ls = {};  // low, mid, high; judged lumisections
};

// Batches no lumisection line could take.
struct Unplaced {
  std::uint64_t duplicate = 0, late = 0, rejected = 0, dropped = 0;
};

struct Totals {
  std::uint64_t events = 0, lumisections = 0, windows = 0, verdicts = 0, actions = 0;
  Unplaced unplaced;
};

}  // namespace vigil
