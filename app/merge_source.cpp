#include "app/merge_source.h"

#include <utility>

#include "core/error.h"

namespace vigil::app {

// Summaries stand behind the frames they are of: they are read first.
void MergeSource::open_next() {
  const std::filesystem::path& path = parts_[next_part_++];
  summaries_.clear();
  replay::PartReader first(path);
  while (const auto line = first.next()) {
    if (line_type(*line) != "summary") continue;
    PartialSummary read = summary_from_line(*line, path.string());
    read.origin = std::to_string(next_part_);
    auto summary = std::make_shared<const PartialSummary>(std::move(read));
    if (!summaries_.emplace(summary->number, summary).second) {
      throw Error(path.string(), "summary " + std::to_string(summary->number) + " twice", "each once");
    }
  }
  reader_.emplace(path);
}

std::optional<Frame> MergeSource::next() {
  while (!stopped_) {
    if (!reader_) {
      if (next_part_ == parts_.size()) return std::nullopt;
      open_next();
    }
    const auto line = reader_->next();
    if (!line) {
      reader_.reset();
      continue;
    }
    if (line_type(*line) == "summary") continue;
    if (line_type(*line) != "frame") {
      throw Error(parts_[next_part_ - 1].string(), "a line of another kind", "frames and summaries");
    }
    auto partial = std::make_shared<PartialFrame>();
    partial->line = *line;
    if (const auto number = summary_of(*line)) {
      const auto found = summaries_.find(*number);
      if (found == summaries_.end()) {
        throw Error(parts_[next_part_ - 1].string(), "no summary " + std::to_string(*number), "it, a frame names it");
      }
      partial->summary = found->second;
    }
    Frame frame;
    frame.partial = std::move(partial);
    return frame;
  }
  return std::nullopt;
}

}  // namespace vigil::app
