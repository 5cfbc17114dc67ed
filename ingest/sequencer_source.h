// What one source has sent so far: its epochs with their sequence numbers, and where it stands on the data clock. Says
// of a batch whether it goes on, is a repeat or old, or is a restart that only the data clock can tell
// (docs/wire_format.md). Used by the sequencer alone. Not synchronised.
// Tests: tests/ingest/restart_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "ingest/sequence_log.h"
#include "ingest/sequencer_steps.h"

namespace vigil::ingest {

// Lumisection of the n-th run that began.
struct Position {
  std::uint32_t run_index = 0;
  std::uint32_t ls = 0;
  auto operator<=>(const Position&) const = default;
};

class SourceHistory {
 public:
  // Everything a publisher sends between two restarts.
  struct Generation {
    std::uint64_t epoch = 0;
    SequenceLog log;
    std::uint32_t run_index_before = 0;  // of the log's `before`
  };
  enum class Fit : std::uint8_t { goes_on, duplicate, old, restart };

  bool accepted() const { return accepted_ > 0; }
  std::uint64_t batches() const { return accepted_; }
  const BatchEnd& newest_end() const { return newest_end_; }
  std::uint64_t epoch() const { return generations_.empty() ? 0 : generations_[current_].epoch; }
  // The log of the source's newest epoch.
  const SequenceLog* current() const { return accepted() ? &generations_[current_].log : nullptr; }
  // The log a batch belongs to; null where its epoch was never seen. `run_index`: of the batch's run, where it is open.
  const SequenceLog* log_of(const BatchFacts& batch, std::optional<std::uint32_t> run_index) const;
  // Whether the batch lies behind everything that was accepted.
  bool is_ahead(const BatchFacts& batch, std::optional<std::uint32_t> run_index) const;
  // `closed`: its lumisection or run is closed, so that it can be no restart.
  Fit fit(const BatchFacts& batch, std::optional<std::uint32_t> run_index, bool closed) const;

  // Notes the number of a batch that is late.
  void receive_late(const BatchFacts& batch, std::optional<std::uint32_t> run_index);
  // A batch that is used; true where it is the first after a restart. `restart`: by the data clock.
  bool accept(const BatchFacts& batch, std::uint32_t run_index, bool restart);
  void excuse(std::optional<std::uint64_t> epoch, std::uint64_t seq);
  std::uint64_t settle(const std::function<bool(const BatchEnd&)>& due);

  // Newest lumisection of a batch of it, used or held for its number alone.
  Position newest;

  struct State {
    std::vector<Generation> generations;
    std::size_t current = 0;
    BatchEnd newest_end;
    std::uint32_t end_index = 0;
    Position newest;
    std::uint64_t accepted = 0;
    std::uint64_t owed = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> early;
  };
  State state() const { return {generations_, current_, newest_end_, end_index_, newest, accepted_, owed_, early_}; }
  void restore(State state);

 private:
  std::size_t find(std::uint64_t epoch) const;
  std::size_t find(const BatchFacts& batch, std::optional<std::uint32_t> run_index) const;
  std::size_t add(std::uint64_t epoch, bool after_restart);

  std::vector<Generation> generations_;  // in the order they began; at most kMostGenerations
  std::size_t current_ = 0;              // the newest with an accepted batch
  BatchEnd newest_end_;                  // of the accepted batch that lies furthest on the data clock
  std::uint32_t end_index_ = 0;          // its run's
  std::uint64_t accepted_ = 0;
  std::uint64_t owed_ = 0;  // missing numbers of generations that were given up
  // (epoch, number) excused since the last accepted batch that can only be of a restart nobody knows of yet.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> early_;
};
inline constexpr std::size_t kMostGenerations = 16;
inline constexpr std::size_t kMostEarly = 1024;

}  // namespace vigil::ingest
