#include "monitors/sequential_multivariate.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "monitors/detector.h"
#include "monitors/stream_state.h"
#include "monitors/subject.h"

namespace vigil::monitors {
namespace {
constexpr double kMostOfLimit = 1.5;  // to which the average is brought back, so that the end of a fault shows
}

SequentialMultivariate::SequentialMultivariate(Rule rule, const SequentialLimits& limits)
    : rule_(std::move(rule)), limits_(limits) {}

void SequentialMultivariate::restart() {
  SequentialMultivariate fresh(rule_, limits_);
  *this = std::move(fresh);
}

// The chance of one lumisection is the rate at most, whatever lumisections have in common: no run is shorter on average
// (Bonferroni). The average is normal, and its covariance is estimated from the reference.
SequentialMultivariate::Limit SequentialMultivariate::limit_of(double directions, double degrees) const {
  return {hotelling_quantile(std::exp(-limits_.page), directions, degrees),
          hotelling_quantile(std::exp(-limits_.warn), directions, degrees)};
}

std::string SequentialMultivariate::why_not(const ClosedCounts& closed, Together& both) const {
  for (const std::string* reason : {&closed.blind, &closed.not_judged, &closed.no_reference}) {
    if (!reason->empty()) return *reason;
  }
  if (closed.summary.is_blank() || closed.summary.all.events == 0) return "no events in the lumisection";
  if (closed.reference == nullptr) return "no events in the reference";
  both = together(closed.summary, *closed.reference, rule_.subject, kNormalEventsOfMany);
  return both.reason;
}

void SequentialMultivariate::feed(const ClosedCounts& closed, const Together& both) {
  const Shift shift = standardised_shift(both);
  if (mean_.size() == 0) mean_ = Eigen::VectorXd::Zero(shift.standardised.size());
  if (!start_) start_ = closed.ls;
  ++fed_;
  mean_ = kWeight * shift.standardised + (1 - kWeight) * mean_;
  own_variance_ = kWeight * kWeight / both.window.n + (1 - kWeight) * (1 - kWeight) * own_variance_;
  shared_ = kWeight + (1 - kWeight) * shared_;
  reference_events_ = both.reference->events;
  degrees_ = both.degrees;
  directions_ = std::max(directions_, shift.directions);
  const double variance = own_variance_ + shared_ * shared_ / reference_events_;
  value_ = mean_.squaredNorm() / variance;
  degrees_ = std::max(degrees_, directions_);
  if (directions_ > 0) limit_ = limit_of(directions_, degrees_);
  if (value_ <= directions_) quiet_ls_ = closed.ls;
  if (value_ > kMostOfLimit * limit_.page) mean_ *= std::sqrt(kMostOfLimit * limit_.page / value_);
}

// The onset is where the means from there to now lie furthest out (the generalised likelihood ratio) among the newest
// lumisections; before all of them where T2 has been above its mean for longer.
SequentialMultivariate::Found SequentialMultivariate::measure(const ClosedCounts& closed) const {
  Found found;
  double furthest = -1;
  const std::uint32_t oldest =
      std::max(*start_, closed.ls >= kSinceLs ? closed.ls - static_cast<std::uint32_t>(kSinceLs) + 1 : 1);
  const Summary* before = nullptr;
  for (std::uint32_t first = closed.ls; first >= oldest && first > 0; --first) {
    const Summary& span = closed.since(first);
    if (&span == before) continue;
    before = &span;
    const Together both = together(span, *closed.reference, rule_.subject, kNormalEventsOfMany);
    if (!both.reason.empty()) continue;
    const MeanShift shift = mean_shift(both);
    const double n = shift.events, m = both.reference->events;
    const double ratio = shift.t2 * m / (n + m);
    if (ratio <= furthest) continue;
    furthest = ratio;
    found = {shift.effect, first};
  }
  if (found.first_ls == oldest && quiet_ls_ + 1 < oldest) found.first_ls = std::max(*start_, quiet_ls_ + 1);
  return found;
}

SequentialMultivariate::Found SequentialMultivariate::conclude(const ClosedCounts& closed, Verdict& v) {
  const bool was_bad = level_ == Quality::bad && value_ > limit_.page / 2;
  const bool was_medium = level_ >= Quality::medium && value_ > limit_.warn / 2;
  Found found;
  if (value_ >= limit_.warn || was_bad || was_medium) found = measure(closed);
  const bool is_bad = value_ >= limit_.page && found.effect >= rule_.bad && found.first_ls != 0;
  const bool is_medium = value_ >= limit_.warn && found.effect >= rule_.medium && found.first_ls != 0;
  const Quality before = level_;
  level_ = was_bad || is_bad ? Quality::bad : was_medium || is_medium ? Quality::medium : Quality::good;
  if (level_ > std::max(before, Quality::good)) onset_ = found.first_ls;
  if (level_ == Quality::good && fed_ <= kStartLs) {
    v.reason = std::to_string(fed_) + " of " + std::to_string(kStartLs) + " lumisections judged";
    return found;
  }
  v.quality = level_;
  v.value = value_;
  v.limit = limit_.page;
  v.effect = value_ >= limit_.warn ? found.effect : 0;
  v.reading = value_ >= limit_.page / 2 ? std::max(level_, Quality::medium) : Quality::good;
  return found;
}

std::string SequentialMultivariate::in_words_of(const Found& found) const {
  const std::string evidence = "T2 " + in_words(value_) + ", bad at " + in_words(limit_.page);
  if (level_ >= Quality::medium) {
    return rule_.monitor + " moved: means by " + in_words(found.effect) + " sd; since LS " + std::to_string(onset_) +
           ", " + evidence;
  }
  if (found.first_ls != 0) {
    return "changed since LS " + std::to_string(found.first_ls) + ", but by little: means by " +
           in_words(found.effect) + " sd; " + evidence;
  }
  return "follows the reference since LS " + std::to_string(*start_) + ": " + evidence;
}

Verdict SequentialMultivariate::blank() const {
  Verdict v;
  v.window = kSequentialWindow;
  v.monitor = rule_.monitor;
  v.statistic = sequential_statistic(rule_.subject.target);
  v.subject = verdict_subject(rule_.subject);
  return v;
}

SequentialResult SequentialMultivariate::judge(const ClosedCounts& closed) {
  Verdict v = blank();
  v.run = closed.run;
  v.last_ls = closed.ls;
  Together both;
  v.reason = why_not(closed, both);
  Found found;
  if (v.reason.empty()) {
    if (start_ && closed.reference_id != reference_id_) {
      const auto said = said_;
      restart();
      said_ = said;
    }
    reference_id_ = closed.reference_id;
    feed(closed, both);
    if (directions_ > 0) {
      found = conclude(closed, v);
    } else {
      v.reason = "no column differs in enough events for a mean to be normal";
    }
  }
  v.first_ls = level_ >= Quality::medium ? onset_ : start_.value_or(closed.ls);
  const bool printed = !said_ || *said_ != v.quality || closed.ls % 10 == 0;
  said_ = v.quality;
  if (v.quality >= Quality::medium || (v.quality == Quality::good && printed)) v.reason = in_words_of(found);
  return {std::move(v), printed};
}

std::string SequentialMultivariate::save() const {
  const auto or_null = [](const auto& value) { return value ? nlohmann::json(*value) : nlohmann::json(); };
  return json_text(nlohmann::json{{"reference", reference_id_},
                                  {"mean", std::vector<double>(mean_.data(), mean_.data() + mean_.size())},
                                  {"sums", {own_variance_, shared_, reference_events_, directions_, degrees_, value_}},
                                  {"quiet", quiet_ls_},
                                  {"start", or_null(start_)},
                                  {"fed", fed_},
                                  {"level", static_cast<int>(level_)},
                                  {"onset", onset_},
                                  {"said", said_ ? nlohmann::json(static_cast<int>(*said_)) : nlohmann::json()}});
}

void SequentialMultivariate::load(std::string_view text, std::uint64_t reference_id, const std::string& where) {
  SequentialMultivariate read(rule_, limits_);
  try {
    const auto in = nlohmann::json::parse(text);
    if (!in.at("said").is_null()) read.said_ = saved_quality(in.at("said").get<int>(), where);
    const auto mean = in.at("mean").get<std::vector<double>>();
    const ModelInfo& model = *rule_.subject.model;
    const std::size_t columns = rule_.subject.index == 0 ? model.inputs.size() : model.output_words();
    if (!mean.empty() && mean.size() != columns)
      throw Error(where, "averages of " + std::to_string(mean.size()) + " columns");
    if (reference_id != 0 && in.at("reference").get<std::uint64_t>() == reference_id && !mean.empty()) {
      read.reference_id_ = reference_id;
      read.mean_ = Eigen::Map<const Eigen::VectorXd>(mean.data(), static_cast<Eigen::Index>(mean.size()));
      const auto& sums = in.at("sums");
      double* const into[] = {&read.own_variance_, &read.shared_,  &read.reference_events_,
                              &read.directions_,   &read.degrees_, &read.value_};
      for (std::size_t i = 0; i < std::size(into); ++i) sums.at(i).get_to(*into[i]);
      const bool is_sound = read.own_variance_ > 0 && read.shared_ > 0 && read.reference_events_ > 0 &&
                            read.directions_ >= 0 && read.directions_ <= static_cast<double>(columns) &&
                            read.degrees_ >= read.directions_ && std::isfinite(read.value_);
      if (!is_sound) throw Error(where, "sums " + json_text(sums).substr(0, 100), "what an earlier vigil saved");
      if (read.directions_ > 0) read.limit_ = limit_of(read.directions_, read.degrees_);
      in.at("quiet").get_to(read.quiet_ls_);
      if (!in.at("start").is_null()) in.at("start").get_to(read.start_.emplace());
      in.at("fed").get_to(read.fed_);
      read.level_ = saved_quality(in.at("level").get<int>(), where);
      in.at("onset").get_to(read.onset_);
    }
  } catch (const nlohmann::json::exception& error) {
    throw Error(where, error.what(), "what an earlier vigil saved");
  }
  *this = std::move(read);
}

}  // namespace vigil::monitors
