// The sequential rule of inputs, outputs and seeds: judged at every closed lumisection against a reference, by an
// e-detector whose alternatives allow for the reference's size. Bad when the evidence reaches the page limit and the
// change since its estimated onset has the rule's bad size; medium the same with the warn limit and the medium size.
// Used by StreamMonitor. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "monitors/detectors/alternatives.h"
#include "monitors/rate_alternatives.h"
#include "monitors/sequential.h"
#include "monitors/shape_alternatives.h"

namespace vigil::monitors {

class SequentialDrift {
 public:
  static constexpr std::uint32_t kStartLs = 10;  // judged lumisections in which only an alarm is told
  // The evidence decides whether there is a change, so its size is told by the window as it is: of shapes the value; of
  // rates the nearer end of a 90% interval, since a few passes more are many per cent.
  static constexpr double kAnyShape = 0.999999;
  static constexpr double kRateInterval = 0.1;

  // Of the monitor of `rule`, with its statistic as the measure of size.
  SequentialDrift(Rule rule, const SequentialLimits& limits);

  const Subject& subject() const { return rule_.subject; }
  SequentialResult judge(const ClosedCounts& closed);
  // At a cut: everything starts anew.
  void restart();
  // Nothing known of it; its names.
  Verdict blank() const;
  const Rule& rule() const { return rule_; }

  // For the journal. load throws Error on text save() did not write; the rule is then unchanged. A detector of another
  // reference than `reference` (null: none) starts anew.
  std::string save() const;
  void load(std::string_view text, const Summary* reference, std::uint64_t reference_id, const std::string& where);

 private:
  using Bets = std::variant<std::monostate, ShapeAlternatives, RateAlternatives>;

  std::string why_not(const ClosedCounts& closed) const;
  const RateFit* fit_of(const ClosedCounts& closed) const;
  void prepare(const Summary& reference, std::uint64_t reference_id);
  void feed(const ClosedCounts& closed);
  struct Found {  // the change since its onset
    Judgement judgement;
    std::uint32_t first_ls = 0;
  };
  Found measure(const ClosedCounts& closed) const;
  Found conclude(const ClosedCounts& closed, Verdict& verdict);
  std::string in_words_of(const Found& found) const;

  Rule rule_;
  SequentialLimits limits_;
  std::string_view statistic_;

  Bets bets_;  // against the reference of this id
  std::uint64_t reference_id_ = 0;
  std::vector<std::optional<PileupRange>> strata_;  // of the reference that serve; empty: it is not divided
  std::optional<Alternatives> evidence_;
  std::optional<std::uint32_t> start_;  // first judged lumisection since the last cut
  std::uint32_t fed_ = 0;               // since then
  Quality level_ = Quality::unknown;
  std::uint32_t onset_ = 0;  // of medium or bad
  std::optional<Quality> said_;
};

}  // namespace vigil::monitors
