// The sequential rule of mismatches: judged at every closed lumisection from the first one on, by the catalogue's
// detector, without reference. Two differing events are bad, one is medium; bad lasts until ten judged lumisections had
// none. Used by StreamMonitor. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/verdict.h"
#include "monitors/detector.h"
#include "monitors/mismatch_crossings.h"
#include "monitors/sequential.h"
#include "monitors/subject.h"

namespace vigil::monitors {

class SequentialMismatch {
 public:
  // Judges against the effect sizes of `rule`, which is one of mismatches; alarms at `log_threshold`.
  SequentialMismatch(const Rule& rule, double log_threshold);

  const Subject& subject() const { return subject_; }
  SequentialResult judge(const ClosedCounts& closed);
  // At a cut: everything starts anew.
  void restart();
  // Nothing known of it; its names.
  Verdict blank() const;

  // For the journal. load throws Error on text save() did not write; the rule is then unchanged.
  std::string save() const;
  void load(std::string_view text, const std::string& where);

 private:
  // From the first differing event on, until there was none for long and the detector sees none either.
  struct Spell {
    std::uint32_t first_ls = 0;
    std::vector<KeptEvent> first = {};  // its first events
    MismatchCounts counts = {};
    CrossingTally crossings = {};
  };
  Quality level() const;
  std::string reason() const;
  void take(const ClosedCounts& closed, const MismatchCounts& counts);

  Subject subject_;
  std::string monitor_;
  double medium_;
  double bad_;
  Detector fresh_;
  Detector detector_;
  std::string_view statistic_;

  std::optional<std::uint32_t> start_;  // first lumisection since the last cut
  std::uint64_t compared_ = 0;          // since then
  std::optional<Spell> spell_;
  std::uint32_t quiet_ = 0;  // judged lumisections since the last differing event
  Quality level_ = Quality::unknown;
  std::optional<Quality> said_;
};

}  // namespace vigil::monitors
