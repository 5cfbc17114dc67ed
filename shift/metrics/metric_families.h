// The one table of what /metrics tells, and a scrape's samples on their way to text. Used by the metrics board; the
// text is prometheus-cpp's. A sample of no row of the table is an error of the program. Not synchronised.
// Tests: tests/shift/metric_families_test.cpp, tests/contract/metrics_test.py.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vigil::shift {

struct FamilyRow {
  std::string_view name;
  prometheus::MetricType type;
  std::string_view help;
};
// In order of the text.
std::span<const FamilyRow> metric_families();

class MetricFamilies {
 public:
  // Names of labels are ours; values may hold any bytes: what is no UTF-8 becomes U+FFFD, and the text escapes the
  // rest.
  using Labels = std::vector<std::pair<std::string_view, std::string>>;

  MetricFamilies();

  // A gauge's or counter's sample. Of two samples with the same labels the first stays: names that differ only in what
  // is no UTF-8 look the same here, and one text must not tell a series twice.
  void put(std::string_view name, const Labels& labels, double value);
  void put(std::string_view name, const Labels& labels, std::uint64_t value) {
    put(name, labels, static_cast<double>(value));
  }
  // `buckets`: cumulative counts by upper bound, ascending; what is above the last one is in `count` only.
  void put_histogram(std::string_view name, const std::vector<std::pair<double, std::uint64_t>>& buckets,
                     std::uint64_t count, double sum);

  // Format 0.0.4; families without a sample are left out.
  std::string text() const;

 private:
  struct Family {
    prometheus::MetricFamily family;
    std::set<std::string> told;
  };
  Family& of(std::string_view name);

  std::vector<Family> families_;  // a row of the table each
  std::map<std::string_view, std::size_t> places_;
};

}  // namespace vigil::shift
