// What the metrics count of each stream: sums over the lines that were committed since the program began, and what the
// newest of them say. Fed with News; told to a MetricFamilies at a scrape. Used by the metrics board; not synchronised.
// Tests: tests/shift/metric_counts_test.cpp, tests/contract/metrics_test.py.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "alerting/record.h"
#include "core/action.h"
#include "core/verdict.h"
#include "shift/events/news.h"
#include "shift/metrics/metric_families.h"

namespace vigil::shift {

// Of the sources of a stream the first so many by name have series of their own.
inline constexpr std::size_t kSourcesTold = 64;
// Of each source of `by_name` its name, or `other` beyond the first kSourcesTold.
template <class T>
std::vector<std::pair<std::string, const T*>> told_sources(const std::map<std::string, T>& by_name) {
  std::vector<std::pair<std::string, const T*>> out;
  for (const auto& [name, value] : by_name) out.emplace_back(out.size() < kSourcesTold ? name : "other", &value);
  return out;
}

class MetricCounts {
 public:
  // `windows`: names as configured. What `record` holds already names streams and is their newest, and counts nothing.
  MetricCounts(alerting::Record& record, std::vector<std::string> windows);

  void take(const News& news);
  void tell(MetricFamilies& out) const;

 private:
  struct Comparison {
    std::uint64_t compared = 0;
    std::array<std::uint64_t, 2> sides{};  // above, below; of a seed hardware only, emulator only
  };
  struct Source {
    std::uint64_t batches = 0, duplicate = 0, late = 0, rejected = 0, dropped = 0, missing = 0, restarts = 0;
    void add(const Source& more);
  };
  struct Newest {
    std::optional<double> value, limit;
    Quality quality = Quality::unknown;
  };
  using Rule = std::tuple<std::string, std::string, std::string>;  // window, monitor, statistic
  struct Stream {
    std::uint64_t lumisections = 0, events = 0, crossings = 0, foreign = 0, uncovered = 0;
    std::map<std::string, std::array<std::uint64_t, 4>> windows;     // by Quality
    std::map<std::pair<std::string, bool>, Comparison> comparisons;  // mismatch/<name>, whether of a seed
    std::map<std::string, std::array<std::uint64_t, 2>> seeds;       // hardware, emulator
    std::map<std::string, Source> sources;
    std::optional<Source> forgotten;  // of sources beyond those that are kept
    std::array<std::uint64_t, kActionKinds> actions{};
    std::uint32_t run = 0;
    std::optional<double> coverage;
    std::map<Rule, Newest> newest;  // in `run`
  };
  using Name = std::pair<std::string, std::string>;  // model, stream

  Stream& of(const std::string& model, const std::string& stream, const std::string& hash);
  void take_lumisection(const alerting::RecordRow& row, bool counts);
  void take_verdict(const alerting::RecordRow& row);
  static void tell(MetricFamilies& out, const Name& name, const Stream& stream);
  static void tell_sources(MetricFamilies& out, const Name& name, const Stream& stream);

  alerting::Record& record_;
  const std::vector<std::string> windows_;
  std::map<Name, Stream> streams_;
};

}  // namespace vigil::shift
