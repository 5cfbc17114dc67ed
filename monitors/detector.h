// A sequential detector: a value that is fed one closed lumisection (or one value of a row) at a time and says whether
// what it sees still follows its parameters. Used by sequential rules; the catalogue is detectors.def. Copyable; knows
// no quality and no policy.
#pragma once

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

// What it is fed: a value, or a count of an exposure (passes of trials).
struct Observed {
  double value = 0;
  double exposure = 1;
};

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
  bool feed(const Observed& observed, std::uint64_t at) { return held_->feed(observed, at); }
  double value() const { return held_->value(); }  // the statistic; -infinity before the first step
  double limit() const { return held_->limit(); }
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
    virtual double value() const = 0;
    virtual double limit() const = 0;
    virtual std::uint64_t change_point() const = 0;
    virtual std::string save() const = 0;
    virtual void load(std::string_view) = 0;
  };
  template <class D>
  struct Holder final : Held {
    explicit Holder(D d) : detector(std::move(d)) {}
    std::unique_ptr<Held> copy() const override { return std::make_unique<Holder>(detector); }
    bool feed(const Observed& observed, std::uint64_t at) override { return detector.feed(observed, at); }
    double value() const override { return detector.value(); }
    double limit() const override { return detector.limit(); }
    std::uint64_t change_point() const override { return detector.change_point(); }
    std::string save() const override { return detector.save(); }
    void load(std::string_view text) override { detector.load(text); }
    D detector;
  };
  std::unique_ptr<Held> held_;
};

using Parameter = std::variant<double, bool, std::vector<double>, std::string>;
using Parameters = std::map<std::string, Parameter, std::less<>>;

struct DetectorEntry {
  std::string_view name;
  // Throws Error on a parameter that is unknown, missing, of another type or out of range.
  Detector (*make)(const Parameters& parameters) = nullptr;
  std::string_view input;
  std::string_view parameters;
  Targets targets = kNothing;  // whose sequential rule it is
  std::string_view summary;
};

std::span<const DetectorEntry> detectors();                 // in the order of the catalogue
const DetectorEntry* find_detector(std::string_view name);  // null when unknown
const DetectorEntry& sequential_detector(Target target);    // of a target that has one

#define DETECTOR(name, make, input, parameters, targets, summary) Detector make(const Parameters&);
#include "monitors/detectors.def"
#undef DETECTOR

}  // namespace vigil::monitors
