// What a partial holds of the frames it is of: the facts of every frame and the exact summaries of their lumisections,
// as lines (docs/partials.md). Takes the items of the pipeline in place of the judge. Used by the tasks of a plan and
// by workers; serial. Tests: tests/app/exact_state_test.cpp, tests/contract/merge_test.py.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "app/item.h"
#include "ingest/odd_frames.h"
#include "monitors/open_summary.h"

namespace vigil::app {

class PartialBuilder {
 public:
  using Line = std::function<void(std::string_view)>;
  // `pileup_widths`: of the summaries of each model, by its hash (app/scale_settings.h). `line` takes the lines in
  // order.
  PartialBuilder(Line line, std::map<std::string, std::uint32_t> pileup_widths)
      : line_(std::move(line)), pileup_widths_(std::move(pileup_widths)) {}

  void take(const Item& item);
  // Of frames that nobody can read again: each odd one has a summary of its own, so that none is lost with another.
  void keep_odd_apart() { apart_ = true; }
  // What is open is written; the next frame begins another partial.
  void finish();
  std::uint64_t frames() const { return frames_; }  // over all partials
  std::uint64_t events() const { return events_; }
  std::uint64_t rejected() const { return rejected_; }

 private:
  // Frames that go on where their source was, and others, are apart: it is the others that a sequencer may refuse, and
  // one that is refused costs emulating its whole summary again.
  struct Key {
    std::string model, stream;
    std::uint32_t run, ls;
    std::uint64_t odd;  // 0: it goes on
    auto operator<=>(const Key&) const = default;
  };
  struct Open {
    std::uint64_t number = 0, frames = 0, used = 0;
    std::unique_ptr<monitors::OpenSummary> summary;
  };
  static constexpr std::size_t kMostOpen = 32;  // the one that was not used for longest is written

  bool is_odd(const Item& item);
  Open& open_of(const Item& item, std::uint64_t odd);
  void write(const Key& key, Open& open);

  Line line_;
  std::map<std::string, std::uint32_t> pileup_widths_;
  std::map<Key, Open> open_;
  ingest::OddFrames odd_;
  bool apart_ = false;
  std::uint64_t odd_frames_ = 0;
  std::uint64_t next_number_ = 0, uses_ = 0, frames_ = 0, events_ = 0, rejected_ = 0;
};

}  // namespace vigil::app
