// What the pipeline did since the start: frames and bytes that arrived, how long each stage worked, events by emulator,
// commits, deliveries. The stages add once a frame (never once an event) and wait for nobody; status and metrics read.
// Nothing that is judged looks at it. Thread-safe.
// Tests: tests/app/pipeline_counters_test.cpp.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/frame.h"
#include "core/snapshot.h"

namespace vigil::app {

// What a live source has received and holds.
struct Intake {
  std::uint64_t frames = 0, bytes = 0, dropped = 0;  // since it began; frames with those that were dropped
  std::uint64_t queued = 0, capacity = 0;            // frames
};

class PipelineCounters {
 public:
  enum Stage : std::uint8_t { read, emulate, judge, journal };
  static constexpr std::size_t kStages = 4;

  // Of each model a series, from the start.
  explicit PipelineCounters(const std::vector<std::string>& models);

  // For as long as it lives, its stage works.
  class Busy {
   public:
    Busy(PipelineCounters* counters, Stage stage) : counters_(counters), stage_(stage) {
      if (counters_ != nullptr) began_ = std::chrono::steady_clock::now();
    }
    ~Busy() {
      if (counters_ == nullptr) return;
      counters_->add(stage_, std::chrono::steady_clock::now() - began_, 1);
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    PipelineCounters* counters_;
    Stage stage_;
    std::chrono::steady_clock::time_point began_;
  };

  // The read stage waits inside its source, so its work is the thread's time on a processor. That clock costs as much
  // as a small frame: every kSampled-th frame is measured, and stands for as many.
  static constexpr std::uint64_t kSampled = 17;  // a prime: no rhythm of a source hides from it
  class Reading {
   public:
    explicit Reading(PipelineCounters* counters);
    ~Reading();
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

   private:
    PipelineCounters* counters_;  // null: not this frame
    std::int64_t began_ns_ = 0;
  };

  // The read stage, of every frame.
  void add_frame(const Frame& frame);
  // An emulated batch; `failed`: the emulator could not compute it.
  void add_emulated(std::string_view model, std::uint64_t events, bool failed);
  // The judge stage, of every batch that could be decoded; `arrived_ns`: wall clock.
  void add_judged(std::int64_t arrived_ns, std::uint64_t events);
  void add_commit(std::chrono::steady_clock::duration took);
  // A write to the journal that failed; `is_over`: it will not be written any more, for the reason `why`.
  void add_journal_error(const std::string& why, bool is_over);
  enum class Delivery : std::uint8_t { delivered, rejected, expired, retried };
  void add_delivery(const std::string& sink, Delivery what);

  // From now on `intake` says what arrived, not add_frame; an empty one ends that, and its last word stays.
  void set_intake(std::function<Intake()> intake);

  // All but rejections and whether sinks are up. `now_ns`: wall clock.
  PipelineSnapshot snapshot(std::int64_t now_ns) const;

 private:
  using Count = std::atomic<std::uint64_t>;
  struct alignas(64) StageCount {
    Count busy_ns{0}, frames{0};
  };
  struct alignas(64) ModelCount {
    std::string name;
    Count events{0}, failures{0};
  };
  // Events of one second of arrival; the seconds follow each other around the ring.
  struct Second {
    std::atomic<std::int64_t> at{0};
    Count events{0};
  };
  static constexpr std::size_t kSeconds = 16;      // of the ring
  static constexpr std::int64_t kRateSeconds = 5;  // that a rate is over
  static constexpr std::array kCommitBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                               0.25,  0.5,    1.0,   2.5,  5.0,   10.0};

  void add(Stage stage, std::chrono::steady_clock::duration busy, std::uint64_t frames);
  double events_per_s(std::int64_t now_ns) const;

  std::array<StageCount, kStages> stages_;
  std::deque<ModelCount> models_;  // never grows after the constructor
  Count frames_{0}, bytes_{0}, dropped_{0};
  std::array<Second, kSeconds> seconds_;
  std::array<Count, kCommitBounds.size() + 1> commits_{};
  Count commit_ns_{0}, journal_errors_{0};
  mutable std::mutex mutex_;  // of what is below: nothing of it is touched once a frame
  std::function<Intake()> intake_;
  std::optional<Intake> last_intake_;
  std::string journal_ = "ok";
  std::map<std::string, SinkSnapshot> sinks_;
};

}  // namespace vigil::app
