// The frames of a plan as its parts hold them, in order: what a merge judges in place of the recordings. Used by `vigil
// merge`. One caller at a time.
// Tests: tests/contract/merge_test.py.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/frame.h"
#include "core/frame_facts.h"
#include "replay/part_file.h"

namespace vigil::app {

class MergeSource : public Source {
 public:
  // `parts`: files that check_part() accepted, in order.
  explicit MergeSource(std::vector<std::filesystem::path> parts) : parts_(std::move(parts)) {}

  // Throws Error naming the file where one is no longer what it was.
  std::optional<Frame> next() override;
  void request_stop() override { stopped_ = true; }

 private:
  void open_next();

  std::vector<std::filesystem::path> parts_;
  std::size_t next_part_ = 0;
  std::optional<replay::PartReader> reader_;
  std::map<std::uint64_t, std::shared_ptr<const PartialSummary>> summaries_;  // of this part
  std::atomic<bool> stopped_{false};
};

}  // namespace vigil::app
