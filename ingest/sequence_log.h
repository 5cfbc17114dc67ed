// Which sequence numbers of one epoch of one source were received, and which are missing.
// Used by the sequencer, one log an epoch. Pure bookkeeping: no clock, no I/O, not synchronised.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "core/interval_set.h"

namespace vigil::ingest {

// End of a received batch: where a gap behind it belongs.
struct BatchEnd {
  std::uint32_t run = 0;
  std::uint32_t last_orbit = 0;
  bool operator==(const BatchEnd&) const = default;
};

class SequenceLog {
 public:
  // `before`: the end of the source's last batch of its previous epoch; numbers from 0 are then expected. Without it
  // (the source's first epoch) nothing is missing before the first number received.
  explicit SequenceLog(std::optional<BatchEnd> before = {}) : before_(before) {}

  bool received(std::uint64_t seq) const;
  void receive(std::uint64_t seq, const BatchEnd& end);
  // A number that is accounted for elsewhere (rejected, dropped): never missing, but not received either.
  void excuse(std::uint64_t seq) { excused_.insert(seq, seq); }
  // Smallest number above every received one that is not excused; empty before the first.
  std::optional<std::uint64_t> next() const;
  std::optional<std::uint64_t> newest() const;

  // Numbers in gaps whose preceding batch end satisfies `due`: counted once, then settled for good.
  std::uint64_t settle(const std::function<bool(const BatchEnd&)>& due);

  struct Run {
    std::uint64_t last = 0;
    BatchEnd end;
    bool operator==(const Run&) const = default;
  };
  const std::map<std::uint64_t, Run>& runs() const { return runs_; }
  const IntervalSet& excused() const { return excused_; }
  const std::optional<BatchEnd>& before() const { return before_; }
  void restore(std::map<std::uint64_t, Run> runs, IntervalSet excused);

 private:
  std::optional<BatchEnd> before_;
  std::map<std::uint64_t, Run> runs_;  // first -> consecutive received numbers
  IntervalSet excused_;                // rejected, dropped, or already counted as missing
};

}  // namespace vigil::ingest
