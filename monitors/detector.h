// A sequential detector: a value that is fed one closed lumisection (or one value of a row) at a time and says whether
// what it sees still follows its parameters. Used by sequential rules and `vigil detect`; the catalogue is
// detectors.def. Copyable; knows no quality and no policy. One thread an instance; equal input gives equal bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "monitors/statistics.h"

namespace vigil::monitors {

// What it is fed: a value, or a count of an exposure (passes of trials). Finite.
struct Observed {
  double value = 0;
  double exposure = 1;
};

// An alarm: the step that crossed the limit, and the step, not after it, where the change is estimated to have begun.
struct Alarm {
  std::uint64_t at = 0;
  std::uint64_t change_point = 0;
  bool operator==(const Alarm&) const = default;
};

// What a detector says of itself at the end of a row, name and value.
using Facts = std::vector<std::pair<std::string, double>>;

class Detector {
 public:
  // D has the functions below.
  template <class D>
  requires(!std::is_same_v<D, Detector>) explicit Detector(D detector)
      : held_(std::make_unique<Holder<D>>(std::move(detector))) {}
  Detector(const Detector& other) : held_(other.held_->copy()) {}
  Detector(Detector&&) noexcept = default;
  Detector& operator=(const Detector& other) { return *this = Detector(other); }
  Detector& operator=(Detector&&) noexcept = default;

  // `at` names the step, ascending: a lumisection, an index. Returns whether it alarms with this step.
  // Throws Error on a value check() refuses.
  bool feed(const Observed& observed, std::uint64_t at) { return held_->feed(observed, at); }
  // The same for values one after the other, the first of them step `first`: appends the alarms, and ends in the state
  // that feeding them singly ends in. Faster: one call, and the state stays in registers.
  void feed_column(std::span<const double> values, std::uint64_t first, std::vector<Alarm>& alarms) {
    held_->feed_column(values, first, alarms);
  }
  // Throws Error on a value that the parameters rule out.
  void check(const Observed& observed) const { held_->check(observed); }
  double value() const { return held_->value(); }  // the statistic; e-detectors: -infinity before the first step
  double limit() const { return held_->limit(); }  // of value(); infinity where not value() decides
  bool warned() const { return held_->warned(); }  // the last step lies in the warning zone of a detector that has one
  Facts facts() const { return held_->facts(); }
  // The step where the change is estimated to have begun; 0 before the first one.
  std::uint64_t change_point() const { return held_->change_point(); }

  // The state as JSON text, to go on from in a detector of equal parameters. load throws Error on any other text.
  std::string save() const { return held_->save(); }
  void load(std::string_view text) { held_->load(text); }

 private:
  struct Held {
    virtual ~Held() = default;
    virtual std::unique_ptr<Held> copy() const = 0;
    virtual bool feed(const Observed&, std::uint64_t) = 0;
    virtual void feed_column(std::span<const double>, std::uint64_t, std::vector<Alarm>&) = 0;
    virtual void check(const Observed&) const = 0;
    virtual bool warned() const = 0;
    virtual Facts facts() const = 0;
    virtual double value() const = 0;
    virtual double limit() const = 0;
    virtual std::uint64_t change_point() const = 0;
    virtual std::string save() const = 0;
    virtual void load(std::string_view) = 0;
  };
  template <class D>
  static void feed_all(D& detector, std::span<const double> values, std::uint64_t first, std::vector<Alarm>& alarms) {
    for (const double value : values) {
      if (detector.feed(Observed{value}, first)) alarms.push_back({first, detector.change_point()});
      ++first;
    }
  }
  template <class D>
  struct Holder final : Held {
    explicit Holder(D d) : detector(std::move(d)) {}
    std::unique_ptr<Held> copy() const override { return std::make_unique<Holder>(detector); }
    bool feed(const Observed& observed, std::uint64_t at) override { return detector.feed(observed, at); }
    void feed_column(std::span<const double> values, std::uint64_t first, std::vector<Alarm>& alarms) override {
      if constexpr (std::is_trivially_copyable_v<D>) {  // a local copy lives in registers
        D local = detector;
        feed_all(local, values, first, alarms);
        detector = local;
      } else {
        feed_all(detector, values, first, alarms);
      }
    }
    void check(const Observed& observed) const override {
      if constexpr (requires { detector.check(observed); }) detector.check(observed);
    }
    bool warned() const override {
      if constexpr (requires { detector.warned(); }) return detector.warned();
      return false;
    }
    Facts facts() const override {
      if constexpr (requires { detector.facts(); }) {
        return detector.facts();
      } else {
        return {{"statistic", value()}, {"limit", limit()}};
      }
    }
    double value() const override { return detector.value(); }
    double limit() const override { return detector.limit(); }
    std::uint64_t change_point() const override { return detector.change_point(); }
    std::string save() const override { return detector.save(); }
    void load(std::string_view text) override { detector.load(text); }
    D detector;
  };
  std::unique_ptr<Held> held_;
};

// Rows of equal length, row after row.
struct Table {
  std::vector<double> values;
  std::size_t columns = 0;
};

using Parameter = std::variant<double, bool, std::vector<double>, std::string, Table>;
using Parameters = std::map<std::string, Parameter, std::less<>>;

// What a detector is fed: a step each; the pairs of a row are value and exposure of Observed.
enum class Input : std::uint8_t {
  values,    // any
  fraction,  // inside [0, 1]
  binary,    // 0 or 1
  codes,     // 0, 1, 2, …
  counts,    // rows: count >= 0, exposure >= 0
  trials,    // rows: passes, trials, 0 <= passes <= trials
  binary_or_trials,
};
std::string_view in_words(Input input);

// The parameters that may be missing in `vigil detect`, which then takes them from the first values.
enum class WarmUp : std::uint8_t { nothing, mean_and_sd, mean, probability, probabilities, rate };

struct DetectorEntry {
  std::string_view name;
  // Throws Error on a parameter that is unknown, missing, of another type or out of range.
  Detector (*make)(const Parameters& parameters) = nullptr;
  Input input = Input::values;
  WarmUp warm_up = WarmUp::nothing;
  std::string_view parameters;  // names, blank-separated, defaults in parentheses
  Targets targets = kNothing;   // whose sequential rule it is
  std::string_view summary;
};

std::span<const DetectorEntry> detectors();                 // in the order of the catalogue
const DetectorEntry* find_detector(std::string_view name);  // null when unknown

// The name of the sequential rule of a target: of a detector, or of one that is fed vectors and no row of values.
std::string_view sequential_statistic(Target target);
const DetectorEntry& sequential_detector(Target target);  // of a target whose rule is a detector

#define DETECTOR(name, make, input, warm_up, parameters, targets, summary) Detector make(const Parameters&);
#define VECTOR_DETECTOR(name, targets, summary)
#include "monitors/detectors.def"
#undef VECTOR_DETECTOR
#undef DETECTOR

}  // namespace vigil::monitors
