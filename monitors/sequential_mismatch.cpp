#include "monitors/sequential_mismatch.h"

#include <algorithm>

#include "monitors/intervals.h"
#include "monitors/mismatch_words.h"

namespace vigil::monitors {
namespace {

constexpr std::uint32_t kQuiet = 10;  // judged lumisections without a differing event that end a fault
constexpr double kLeastRate = 1e-9;   // judged against, where the limit is lower
// Only more mismatches than tolerated are a fault.
Detector detector_of(double tolerated, double log_threshold) {
  const double p0 = std::clamp(tolerated, kLeastRate, 0.999);
  Parameters parameters{{"p0", p0}, {"log_threshold", log_threshold}};
  if (p0 < 0.5) {
    parameters["side"] = std::string("up");
  } else {
    parameters["p1"] = (1 + p0) / 2;
  }
  return sequential_detector(Target::mismatch).make(parameters);
}

}  // namespace

SequentialMismatch::SequentialMismatch(const Rule& rule, double log_threshold)
    : subject_(rule.subject),
      monitor_(rule.monitor),
      medium_(rule.medium),
      bad_(rule.bad),
      fresh_(detector_of(rule.bad, log_threshold)),
      detector_(fresh_),
      statistic_(sequential_detector(Target::mismatch).name) {}

void SequentialMismatch::restart() {
  detector_ = fresh_;
  start_.reset();
  compared_ = 0;
  spell_.reset();
  quiet_ = 0;
  level_ = Quality::unknown;
  said_.reset();
}

// Where any mismatch is a fault the count decides: two. Else the detector must be certain that there are more than
// tolerated.
Quality SequentialMismatch::level() const {
  if (!spell_) return Quality::good;
  if (level_ == Quality::bad) return Quality::bad;
  const MismatchCounts& c = spell_->counts;
  const double lower = clopper_pearson(c.events, c.compared, 0.05).low;
  const bool certain = bad_ == 0 || detector_.value() >= detector_.limit();
  if (c.events >= 2 && lower > bad_ && certain) return Quality::bad;
  return lower > medium_ && quiet_ < kQuiet ? Quality::medium : Quality::good;
}

void SequentialMismatch::take(const ClosedCounts& closed, const MismatchCounts& counts) {
  compared_ += counts.compared;
  if (counts.events > 0) {
    quiet_ = 0;
    if (!spell_) spell_ = Spell{closed.ls};
  } else if (spell_) {
    ++quiet_;
  }
  if (spell_ && quiet_ >= kQuiet && level_ == Quality::bad) {  // the fault is over: the detector knows nothing of it
    detector_ = fresh_;
    spell_.reset();
    start_ = closed.ls;
    compared_ = counts.compared;
    level_ = Quality::good;
  }
  (void)detector_.feed({static_cast<double>(counts.events), static_cast<double>(counts.compared)}, closed.ls);
  // Where some are tolerated the change is where the detector dates it: what came before does not dilute it.
  if (bad_ > 0 && level_ != Quality::bad && detector_.change_point() == closed.ls) {
    spell_.reset();
    if (counts.events > 0) spell_ = Spell{closed.ls};
  }
  if (!spell_) return;
  spell_->counts += counts;
  if (spell_->first.size() < kKeptEvents) merge_kept(spell_->first, events_of(closed.summary, subject_));
  spell_->crossings.add(closed.summary);
  if (quiet_ >= kQuiet && detector_.change_point() > spell_->first_ls) spell_.reset();
}

std::string SequentialMismatch::reason() const {
  if (!spell_) {
    return "hardware and emulator agree in " + std::to_string(compared_) + " events since LS " +
           std::to_string(start_.value_or(0));
  }
  std::string text =
      mismatch_in_words(monitor_, subject_, spell_->counts) + " since LS " + std::to_string(spell_->first_ls);
  if (!spell_->first.empty()) text += ", first in " + place_in_words(spell_->first.front());
  if (quiet_ > 0) text += ", none in the last " + std::to_string(quiet_) + " lumisections";
  return text;
}

Verdict SequentialMismatch::blank() const {
  Verdict v;
  v.window = kSequentialWindow;
  v.monitor = monitor_;
  v.statistic = statistic_;
  v.subject = verdict_subject(subject_);
  return v;
}

SequentialResult SequentialMismatch::judge(const ClosedCounts& closed) {
  if (!start_) start_ = closed.ls;
  Verdict v = blank();
  v.run = closed.run;
  v.last_ls = closed.ls;
  const MismatchCounts counts = mismatch_counts(closed.summary, subject_);
  if (!closed.blind.empty() || counts.compared == 0) {
    v.reason = !closed.blind.empty() ? closed.blind : nothing_compared(subject_) + " in the lumisection";
  } else {
    take(closed, counts);
    level_ = level();
    const double value = detector_.value();
    v.quality = level_;
    v.value = value;
    v.limit = detector_.limit();
    v.reason = reason();
    // Off in this very lumisection, not merely held bad.
    v.reading = counts.events > 0 || value >= detector_.limit() / 2 ? level_ : Quality::good;
    if (level_ >= Quality::medium) {
      v.evidence = MismatchEvidence{spell_->counts.events, spell_->counts.compared, spell_->first,
                                    spell_->crossings.crossings()};
    }
  }
  v.first_ls = spell_ && level_ >= Quality::medium ? spell_->first_ls : *start_;
  const bool printed = !said_ || *said_ != v.quality || closed.ls % 10 == 0;
  said_ = v.quality;
  return {std::move(v), printed};
}

}  // namespace vigil::monitors
