// Live counts of every stream and source: what arrived when, and what became of it, since the start of the run and of
// the program. The judge alone writes; any thread reads, without holding it up (atomic counters; lists are replaced
// whole). For status only: nothing that is judged looks at it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event_batch.h"
#include "core/results.h"

namespace vigil::app {

// What became of batches; plain counters that may be read while they grow.
class Tally {
 public:
  enum Outcome : std::uint8_t { batches, missing, duplicate, late, rejected, dropped, restarts, ignored_annotations };
  static constexpr std::size_t kOutcomes = 8;

  void add(Outcome outcome, std::uint64_t count = 1) { increase(counts_[outcome], count); }
  void add_rejected(Rejection cause) {
    add(rejected);
    increase(by_cause_[static_cast<std::size_t>(cause)], 1);
  }
  void clear();
  // As the lines count; covered orbits stay 0.
  SourceCounts counts() const;

 private:
  using Counter = std::atomic<std::uint64_t>;
  // One writer: no read-modify-write needed.
  static void increase(Counter& counter, std::uint64_t by) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  std::array<Counter, kOutcomes> counts_{};
  std::array<Counter, static_cast<std::size_t>(Rejection::count_)> by_cause_{};
};

struct SourceActivity {
  explicit SourceActivity(std::string source) : name(std::move(source)) {}
  const std::string name;  // "": what is of no known source
  Tally in_run, in_program;
  std::atomic<std::int64_t> newest_batch_ns{0};   // when its newest batch that was used arrived; 0: none yet
  std::atomic<std::uint32_t> run{0}, ls{0};       // of that batch
  std::atomic<std::uint32_t> orbit{0};            // its last
  std::atomic<std::uint32_t> silent_since_ls{0};  // 0: it sends
};

// One (model, stream).
class StreamActivity {
 public:
  StreamActivity(std::string model, std::string model_hash, std::string stream);

  // Names do not change.
  const std::string model, model_hash, stream;
  std::atomic<std::int64_t> newest_frame_ns{0};  // when the newest message arrived, used or not; 0: none yet
  std::atomic<std::int64_t> newest_batch_ns{0};  // when the newest batch that was used arrived
  std::atomic<std::int64_t> newest_close_ns{0};  // when the newest lumisection closed
  std::atomic<std::uint32_t> run{0};             // the counts of a run are of this one
  std::atomic<std::uint32_t> closed_run{0}, closed_ls{0};
  std::atomic<std::uint64_t> frames{0}, events{0};  // used ones
  std::atomic<std::int64_t> lag_ns{0};              // of the newest batch: arrival minus data time
  std::atomic<bool> lag_is_known{false};

  // For the judge: the source of this name, made when it is new. Beyond kMostSources the one whose newest batch is
  // oldest is forgotten.
  SourceActivity& of(std::string_view source);
  bool knows(std::string_view source) const { return by_name_.contains(source); }
  // A run began: its counts start at zero.
  void begin_run(std::uint32_t run);

  // Keep what is returned while you look at it: the list may be replaced meanwhile.
  using Sources = std::vector<std::shared_ptr<SourceActivity>>;
  std::shared_ptr<const Sources> sources() const { return std::atomic_load(&sources_); }

 private:
  static constexpr std::size_t kMostSources = 4096;
  std::map<std::string, std::shared_ptr<SourceActivity>, std::less<>> by_name_;
  std::shared_ptr<const Sources> sources_ = std::make_shared<Sources>();
};

// All streams; what names none that is known has its own counts.
class Activity {
 public:
  // Keep what is returned while you look at it.
  using Streams = std::vector<std::shared_ptr<StreamActivity>>;
  std::shared_ptr<const Streams> streams() const { return std::atomic_load(&streams_); }
  StreamActivity& add(const std::string& model, const std::string& model_hash, const std::string& stream);
  void remove(const StreamActivity& stream);
  Tally unplaced;

 private:
  std::shared_ptr<const Streams> streams_ = std::make_shared<Streams>();
};

}  // namespace vigil::app
