// What a task makes of its stretch of a plan: the facts of every frame, and the summaries of their lumisections, as
// lines of a part file. Takes the items of the pipeline in place of the judge; serial.
// Tests: tests/contract/merge_test.py.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "app/item.h"
#include "monitors/open_summary.h"
#include "replay/part_file.h"

namespace vigil::app {

class PartTask {
 public:
  // `pileup_widths`: of the summaries of each model, by its hash (app/scale_settings.h). `writer` must outlive it.
  PartTask(replay::PartWriter& writer, std::map<std::string, std::uint32_t> pileup_widths)
      : writer_(writer), pileup_widths_(std::move(pileup_widths)) {}

  void take(const std::shared_ptr<Item>& item);
  // What is open is written. Once, at the end.
  void finish();
  std::uint64_t frames() const { return frames_; }
  std::uint64_t events() const { return events_; }
  std::uint64_t rejected() const { return rejected_; }

 private:
  // Frames that go on where their source was, and others, are apart: it is the others that a sequencer may refuse, and
  // one that is refused costs emulating its whole summary again.
  struct Key {
    std::string model, stream;
    std::uint32_t run, ls;
    bool odd;
    auto operator<=>(const Key&) const = default;
  };
  struct Open {
    std::uint64_t number = 0, frames = 0, used = 0;
    std::unique_ptr<monitors::OpenSummary> summary;
  };
  struct Newest {
    std::uint64_t epoch = 0, seq = 0;
    std::uint32_t run = 0, last_orbit = 0;
  };
  static constexpr std::size_t kMostOpen = 32;  // the one that was not used for longest is written

  bool is_odd(const EventBatch& batch);
  Open& open_of(const Item& item, bool odd);
  void write(const Key& key, Open& open);

  replay::PartWriter& writer_;
  std::map<std::string, std::uint32_t> pileup_widths_;
  std::map<Key, Open> open_;
  std::map<std::tuple<std::string, std::string, std::string>, Newest> newest_;  // model, stream, source
  std::uint64_t next_number_ = 0, uses_ = 0, frames_ = 0, events_ = 0, rejected_ = 0;
};

}  // namespace vigil::app
