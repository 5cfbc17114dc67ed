#include "replay/recorder.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string>

#include "core/error.h"
#include "replay/recorder_file.h"
#include "replay/recording_clock.h"

namespace vigil::replay {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kLastFile = 999'999;  // six digits: names sort as they were made

// The highest number of a recording in the folder, 0 if it has none.
std::uint64_t last_number(const fs::path& folder) {
  std::uint64_t last = 0;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) throw Error(folder.string(), "cannot be listed: " + error.message(), "a folder to record into");
  for (const fs::directory_entry& entry : entries) {
    if (entry.path().extension() != kRecordingSuffix) continue;
    const std::string stem = entry.path().stem().string();
    std::uint64_t number = 0;
    const auto [rest, wrong] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (wrong == std::errc{} && rest == stem.data() + stem.size() && stem.size() == 6) last = std::max(last, number);
  }
  return last;
}

}  // namespace

struct Recorder::State {
  explicit State(const RecorderOptions& o) : options(o), file(o.compress ? std::clamp(o.level, 1, 19) : 0) {}

  void open_next() {
    for (;;) {  // another recorder may take the number first
      if (number >= kLastFile) throw Error(folder.string(), "holds the last file number 999999", "another folder");
      char name[16];
      std::snprintf(name, sizeof(name), "%06u", static_cast<unsigned>(++number));
      if (file.open(folder / (name + std::string(kRecordingSuffix)), RecorderFile::Existing::refuse)) break;
    }
    ++stats.files;
    lumisections = 1;
  }

  void close_file() {
    file.close();
    closed_bytes += file.bytes();
  }

  RecorderOptions options;
  fs::path folder;  // empty: a single file
  std::uint64_t number = 0;
  RecorderFile file;
  RecordingClock clock;
  std::uint64_t lumisections = 1;  // begun in this file
  std::uint64_t closed_bytes = 0;
  RecorderStats stats;
};

Recorder::Recorder(const fs::path& folder, RecorderOptions options) : state_(std::make_unique<State>(options)) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(folder.string(), "cannot be created: " + error.message(), "a folder to record into");
  state_->folder = folder;
  state_->number = last_number(folder);
  state_->open_next();
}

Recorder::Recorder(std::unique_ptr<State> state) : state_(std::move(state)) {}

Recorder Recorder::to_file(const fs::path& file, RecorderOptions options) {
  auto state = std::make_unique<State>(options);
  state->file.open(file, RecorderFile::Existing::replace);
  state->stats.files = 1;
  return Recorder(std::move(state));
}

Recorder::Recorder(Recorder&&) noexcept = default;

Recorder::~Recorder() {
  if (!state_) return;
  try {
    close();
  } catch (const std::exception&) {
    // The caller who wants to know calls close().
  }
}

void Recorder::write(const Frame& frame) {
  State& s = *state_;
  if (!s.file.is_open()) throw Error(s.file.path().string(), "is closed");
  const ClockStep step = s.clock.feed(frame.header);
  bool opens = step == ClockStep::advanced || step == ClockStep::restarted;
  if (opens && s.file.records() > 0) {
    s.file.flush();
    ++s.lumisections;
  }
  if (!s.folder.empty() && s.file.records() > 0) {
    std::uint64_t size = 256;
    for (const std::string& part : frame.parts) size += part.size();
    const bool long_enough = s.options.rotate_ls > 0 && s.lumisections > s.options.rotate_ls;
    const bool large_enough = s.options.rotate_bytes > 0 && s.file.bytes() + size > s.options.rotate_bytes;
    if (long_enough || large_enough) {
      s.close_file();
      s.open_next();
    }
  }
  for (const FrameHeader& dropped : frame.dropped_before) {
    s.file.add_drop(dropped, opens);
    opens = false;
    ++s.stats.drops;
  }
  if (frame.parts.empty()) return;
  if (RecorderFile::fits(frame)) {
    s.file.add_frame(frame, opens);
    ++s.stats.frames;
  } else {
    s.file.add_drop(frame.header, opens);
    ++s.stats.drops;
    ++s.stats.oversized;
  }
}

void Recorder::flush() { state_->file.flush(); }

void Recorder::close() {
  if (state_->file.is_open()) state_->close_file();
}

RecorderStats Recorder::stats() const {
  RecorderStats stats = state_->stats;
  stats.bytes = state_->closed_bytes + (state_->file.is_open() ? state_->file.bytes() : 0);
  return stats;
}

fs::path Recorder::current_file() const { return state_->file.path(); }

}  // namespace vigil::replay
