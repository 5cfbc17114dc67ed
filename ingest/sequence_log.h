// Which sequence numbers of one epoch of one source were received, and which are missing.
// Used by the sequencer, one log an epoch. Pure bookkeeping: no clock, no I/O, not synchronised. What a number costs
// does not grow with how many were lost before it: each gap is an interval that is looked at until it is settled.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/interval_set.h"

namespace vigil::ingest {

// End of a received batch: where a gap behind it belongs.
struct BatchEnd {
  std::uint32_t run = 0;
  std::uint32_t last_orbit = 0;
  bool operator==(const BatchEnd&) const = default;
};
// Lumisection of the first orbit after it (of the last orbit there is: its own).
std::uint32_t lumisection_after(const BatchEnd& end);

class SequenceLog {
 public:
  // `before`: the end of the source's last batch before a restart; numbers from 0 are then expected. Without it (the
  // source's first epoch) nothing is missing before the first number received.
  explicit SequenceLog(std::optional<BatchEnd> before = {}) : before_(before) {}

  bool received(std::uint64_t seq) const;
  void receive(std::uint64_t seq, const BatchEnd& end);
  // A number that is accounted for elsewhere (rejected, dropped): never missing, but not received either.
  void excuse(std::uint64_t seq);
  // Smallest number above every received one that is not excused; empty before the first.
  std::optional<std::uint64_t> next() const;
  std::optional<std::uint64_t> newest() const;

  // Numbers in gaps whose preceding batch end satisfies `due`: counted once, then settled for good.
  std::uint64_t settle(const std::function<bool(const BatchEnd&)>& due);
  // Whether settle() may still count anything.
  bool owes() const { return !lost_.empty() || !joined_.empty(); }

  struct Run {
    std::uint64_t last = 0;
    BatchEnd end;
    bool operator==(const Run&) const = default;
  };
  // The whole state, to be saved.
  struct State {
    std::optional<BatchEnd> before;
    std::map<std::uint64_t, Run> runs;  // first -> consecutive received numbers
    IntervalSet lost;                   // within the received span, not received, excused or settled
    IntervalSet excused;                // outside the received span
    std::vector<std::pair<BatchEnd, std::uint64_t>> joined;
  };
  const std::optional<BatchEnd>& before() const { return before_; }
  State state() const { return {before_, runs_, lost_, excused_, joined_}; }
  // Throws nothing: `state` is what state() gave (its reader has checked it).
  explicit SequenceLog(State state);

 private:
  void lose(std::uint64_t first, std::uint64_t last);
  void join_oldest();
  const BatchEnd* end_before(std::uint64_t seq) const;

  std::optional<BatchEnd> before_;
  std::map<std::uint64_t, Run> runs_;
  IntervalSet lost_;
  IntervalSet excused_;
  std::vector<std::pair<BatchEnd, std::uint64_t>> joined_;  // unsettled numbers of gaps that were joined away
};

}  // namespace vigil::ingest
