// Tested in tests/contract/detect_test.py.
#include "monitors/detectors/detection.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "monitors/detectors/estimates.h"
#include "monitors/rule.h"

namespace vigil::monitors {
namespace {

bool takes_rows(Input input) { return input == Input::counts || input == Input::trials; }

std::string shape_in_words(const Series& series) {
  return series.columns == 0 ? "a row of values" : "rows of " + std::to_string(series.columns);
}

void expect_shape(const DetectorEntry& entry, const Series& series) {
  const bool fits = entry.input == Input::binary_or_trials ? series.columns == 0 || series.columns == 2
                                                           : series.columns == (takes_rows(entry.input) ? 2u : 0u);
  if (!fits) {
    throw Error(series.where, shape_in_words(series),
                std::string(in_words(entry.input)) + " for " + std::string(entry.name));
  }
}

// Empty where it is what the detector takes.
std::string refused(Input input, bool row, const Observed& o) {
  const bool binary = o.value == 0 || o.value == 1;
  switch (input) {
    case Input::values:
      return "";
    case Input::fraction:
      return o.value >= 0 && o.value <= 1 ? "" : "a value inside [0, 1]";
    case Input::binary:
      return binary ? "" : "0 or 1";
    case Input::codes:
      return o.value >= 0 && o.value == std::floor(o.value) ? "" : "a code 0, 1, 2, ...";
    case Input::counts:
      return o.value >= 0 && o.exposure >= 0 ? "" : "a count and an exposure, neither negative";
    case Input::trials:
    case Input::binary_or_trials:
      if (!row) return binary ? "" : "0 or 1";
      return o.value >= 0 && o.exposure >= o.value ? "" : "passes from 0 to the trials";
  }
  return "";
}

class Reader {
 public:
  Reader(const DetectorEntry& entry, const Series& series)
      : input_(entry.input), series_(series), width_(std::max<std::size_t>(series.columns, 1)) {}

  std::size_t size() const { return series_.values.size() / width_; }
  bool skipped(std::size_t i) const {
    const double* row = series_.values.data() + i * width_;
    return std::isnan(row[0]) || (width_ == 2 && std::isnan(row[1]));
  }
  Observed at(std::size_t i) const {
    const double* row = series_.values.data() + i * width_;
    return width_ == 2 ? Observed{row[0], row[1]} : Observed{row[0]};
  }
  // Throws Error on a row that is no input.
  void check(std::size_t i) const {
    const double* row = series_.values.data() + i * width_;
    for (std::size_t c = 0; c < width_; ++c) {
      if (std::isinf(row[c])) throw Error(place(i), in_words(row[c]), "finite values or NaN");
    }
    if (skipped(i)) return;
    const std::string expected = refused(input_, width_ == 2, at(i));
    if (expected.empty()) return;
    throw Error(place(i), in_words(row[0]) + (width_ == 2 ? ", " + in_words(row[1]) : ""), expected);
  }
  std::string place(std::size_t i) const { return series_.where + ": row " + std::to_string(i); }

 private:
  Input input_;
  const Series& series_;
  std::size_t width_;
};

// What lies between two NaN at once.
void feed_columns(Detector& detector, std::span<const double> values, std::size_t next, std::vector<Alarm>& alarms) {
  while (next < values.size()) {
    std::size_t end = next;
    while (end < values.size() && !std::isnan(values[end])) ++end;
    detector.feed_column(values.subspan(next, end - next), next, alarms);
    next = end + 1;
  }
}

}  // namespace

Detection detect(const DetectorEntry& entry, Parameters parameters, const Series& series, std::size_t warm_up,
                 bool trace) {
  expect_shape(entry, series);
  const Reader rows(entry, series);
  Detection result;
  result.n = rows.size();
  for (std::size_t i = 0; i < result.n; ++i) {
    rows.check(i);
    result.nan += rows.skipped(i);
  }

  std::size_t next = 0;
  std::vector<Observed> first;
  if (is_missing(entry.warm_up, parameters)) {
    for (; next < result.n && first.size() < warm_up; ++next) {
      if (!rows.skipped(next)) first.push_back(rows.at(next));
    }
    const bool judged = result.n - result.nan > first.size();
    for (auto& [name, value] : estimates(entry, parameters, first, judged)) {
      if (const auto* number = std::get_if<double>(&value)) result.facts.emplace_back(name, *number);
      parameters.emplace(name, std::move(value));
    }
    if (!judged) result.facts.clear();
  }
  Detector detector = entry.make(parameters);
  for (std::size_t i = 0; i < result.n; ++i) {
    try {
      if (!rows.skipped(i)) detector.check(rows.at(i));
    } catch (const Error& error) {
      throw Error(rows.place(i), error.what());
    }
  }
  if (trace) result.trace.assign(result.n, std::numeric_limits<double>::quiet_NaN());
  if (!trace && entry.input == Input::values) {
    feed_columns(detector, series.values, next, result.alarms);
  } else {
    for (; next < result.n; ++next) {
      if (rows.skipped(next)) continue;
      if (detector.feed(rows.at(next), next)) result.alarms.push_back({next, detector.change_point()});
      if (detector.warned()) result.warnings.push_back(next);
      if (trace) result.trace[next] = detector.value();
    }
  }
  Facts facts = detector.facts();
  facts.insert(facts.end(), result.facts.begin(), result.facts.end());
  result.facts = std::move(facts);
  return result;
}

}  // namespace vigil::monitors
