// What the lumisection lines of one run of one stream add up to. A run only grows, so its sums are kept and only lines
// that came since are read: asking again costs what is new. Used by the status, the runs and the sources. Thread-safe.
// Tests: tests/shift/status_document_test.cpp.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "alerting/record.h"
#include "core/results.h"

namespace vigil::shift {

using LumisectionRanges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  // first and last, ascending
// After all that are there; joins its neighbour. Nothing where first > last.
void add_gap(LumisectionRanges& gaps, std::uint32_t first, std::uint32_t last);

struct RunSums {
  std::uint64_t lumisections = 0, events = 0, wrong_model_events = 0, uncovered_orbits = 0;
  SourceCounts all;                             // of all sources together; covered_orbits is not summed
  std::map<std::string, SourceCounts> sources;  // silent_since_ls: of the newest line
  LumisectionRanges gaps;                       // of which no orbit is covered, first and last
  std::uint32_t first_ls = 0, last_ls = 0;
  bool has_hardware = false;    // any hardware word or bit was compared
  std::int64_t newest_seq = 0;  // of its lumisection lines
  std::string newest_line;      // of its lumisections
};

// Adds the counts of a source's object in a lumisection line.
void add_counts(SourceCounts& sums, const nlohmann::json& counts);

class RunTotals {
 public:
  static constexpr std::size_t kRuns = 512;  // as many are kept

  RunSums of(alerting::Record& record, const std::string& model, const std::string& stream, std::uint32_t run);
  // When this lumisection was first asked about as a stream's newest: when it closed, for a process that looks all the
  // time and has no better knowledge yet.
  std::int64_t first_seen_ns(const std::string& model, const std::string& stream, std::uint32_t run, std::uint32_t ls,
                             std::int64_t now_ns);

 private:
  using Key = std::tuple<std::string, std::string, std::uint32_t>;
  std::mutex mutex_;
  std::list<std::pair<Key, RunSums>> kept_;  // asked for last first
  struct Seen {
    std::uint32_t run = 0, ls = 0;
    std::int64_t at_ns = 0;
  };
  std::map<std::pair<std::string, std::string>, Seen> seen_;  // model, stream
};

}  // namespace vigil::shift
