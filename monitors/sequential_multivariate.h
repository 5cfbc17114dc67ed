// The sequential rule of all columns together: at every closed lumisection an exponentially weighted moving average of
// the vector of standardised means (Lowry, Woodall, Champ, Rigdon 1992), its T2 against the variance it has at that
// step, the reference's own noise included. Bad when T2 reaches the page limit and the means since the estimated onset
// moved by the rule's bad size; medium the same with the warn limit and the medium size. Used by StreamMonitor. Pure.
// Tests: tests/monitors/multivariate_stream_test.cpp.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "monitors/sequential.h"
#include "monitors/together.h"

namespace vigil::monitors {

class SequentialMultivariate {
 public:
  static constexpr double kWeight = 0.1;         // of the newest lumisection
  static constexpr std::uint32_t kStartLs = 10;  // judged lumisections in which only an alarm is told

  // `limits`: logarithms of mean run lengths, as the other sequential rules have them.
  SequentialMultivariate(Rule rule, const SequentialLimits& limits);

  SequentialResult judge(const ClosedCounts& closed);
  void restart();         // at a cut: everything starts anew
  Verdict blank() const;  // nothing known of it; its names
  const Subject& subject() const { return rule_.subject; }

  // For the journal. load throws Error on text save() did not write; the rule is then unchanged. An average against
  // another reference than `reference_id` (0: none) starts anew.
  std::string save() const;
  void load(std::string_view text, std::uint64_t reference_id, const std::string& where);

 private:
  struct Limit {  // T2 at which a lumisection is off, of so many directions
    double page = 0, warn = 0;
  };
  Limit limit_of(double directions, double degrees) const;
  std::string why_not(const ClosedCounts& closed, Together& both) const;
  void feed(const ClosedCounts& closed, const Together& both);
  struct Found {
    double effect = 0;
    std::uint32_t first_ls = 0;
  };
  Found measure(const ClosedCounts& closed) const;
  Found conclude(const ClosedCounts& closed, Verdict& verdict);
  std::string in_words_of(const Found& found) const;

  Rule rule_;
  SequentialLimits limits_;

  std::uint64_t reference_id_ = 0;
  Eigen::VectorXd mean_;         // the average, [columns]; empty before the first lumisection
  double own_variance_ = 0;      // of each of its components, from the lumisections
  double shared_ = 0;            // sum of the weights: of the reference's deviation in it
  double reference_events_ = 0;  // the newest lumisection's
  double directions_ = 0;        // the most of any lumisection so far
  double degrees_ = 0;           // the newest lumisection's
  double value_ = 0;             // T2
  Limit limit_;                  // of the newest lumisection
  std::uint32_t quiet_ls_ = 0;   // the last lumisection at which T2 was not above its mean; 0: none
  std::optional<std::uint32_t> start_;
  std::uint32_t fed_ = 0;
  Quality level_ = Quality::unknown;
  std::uint32_t onset_ = 0;
  std::optional<Quality> said_;
};

}  // namespace vigil::monitors
