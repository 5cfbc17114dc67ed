#include "replay/replay_source.h"

#include <algorithm>
#include <atomic>

#include "core/error.h"
#include "replay/recording.h"
#include "replay/recording_reader.h"
#include "replay/recording_window.h"

namespace vigil::replay {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kDropsPerFrame = 4096;  // bounds what a recording of nothing but drops makes us hold
constexpr std::size_t kRegionsKept = 64;

void add(std::atomic<std::uint64_t>& counter, std::uint64_t value) {
  counter.store(counter.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);  // one writer
}

}  // namespace

std::vector<fs::path> recording_files(const std::vector<fs::path>& recordings) {
  std::vector<fs::path> files;
  for (const fs::path& recording : recordings) {
    std::error_code error;
    if (!fs::is_directory(recording, error)) {
      files.push_back(recording);
      continue;
    }
    const std::size_t before = files.size();
    fs::directory_iterator entries(recording, error);
    if (error) throw Error(recording.string(), "cannot be listed: " + error.message(), "a recording");
    for (const fs::directory_entry& entry : entries) {
      // A file of no bytes is what a recorder leaves that was killed while making it: it never held anything.
      const bool empty = entry.is_regular_file(error) && entry.file_size(error) == 0;
      if (entry.path().extension() == kRecordingSuffix && !empty) files.push_back(entry.path());
    }
    if (files.size() == before) throw Error(recording.string(), "holds no *.vrec file", "a folder with recordings");
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

struct ReplaySource::State {
  explicit State(ReplayOptions o) : options(std::move(o)), pacer(options.speed, options.clock) {}

  bool passes(const FrameHeader& header) const {
    if (!header.ls) return true;
    return *header.ls >= options.from_ls.value_or(0) && *header.ls <= options.to_ls.value_or(0xffffffffu);
  }

  bool outside(const IndexEntry& entry) const {
    if (entry.unlabelled) return false;
    return entry.max_ls < options.from_ls.value_or(0) || entry.min_ls > options.to_ls.value_or(0xffffffffu);
  }

  bool open_next() {
    if (next_file == files.size()) return false;
    const Stretch& stretch = files[next_file++];
    if (whole) {
      reader.emplace(stretch.file);
    } else {
      reader.emplace(stretch.file, stretch.first, stretch.end);
      base = stretch.base;
      end = stretch.base + stretch.end;
      first = stretch.first;
    }
    if ((options.from_ls || options.to_ls) && options.use_index) {
      if (const auto index = reader->read_index()) {
        for (const IndexEntry& entry : index->entries) {
          if (outside(entry)) reader->skip(entry);
        }
      }
    }
    return true;
  }

  Frame take_drops(std::uint64_t position) {
    Frame frame;
    frame.position = std::to_string(position);
    frame.dropped_before = std::move(dropped);
    dropped.clear();
    add(drops, frame.dropped_before.size());
    return frame;
  }

  ReplayOptions options;
  Pacer pacer;
  // Where the reader stands, of total_bytes().
  std::uint64_t reached() const { return whole ? base + reader->offset() : done + (reader->offset() - first); }
  void close() {
    if (whole) base += reader->size();
    done = whole ? base : done + (files[next_file - 1].end - first);
    bytes.store(done, std::memory_order_relaxed);
    reader.reset();
  }

  bool whole = true;  // files as they are when their turn comes, whatever their stretches say
  std::vector<Stretch> files;
  std::size_t next_file = 0;
  std::optional<RecordingReader> reader;
  RecordingItem item;
  std::uint64_t base = 0;   // bytes of the files before this one
  std::uint64_t first = 0;  // of this stretch
  std::uint64_t end = 0;    // position behind this stretch
  std::uint64_t done = 0;   // bytes of the stretches before this one
  std::uint64_t total = 0;
  std::vector<FrameHeader> dropped;
  std::vector<ReplayDamage> regions;
  std::atomic<bool> stopped{false};
  std::atomic<std::uint64_t> frames{0}, drops{0}, bytes{0}, bytes_lost{0}, damaged_regions{0}, records_lost{0};
};

namespace {
void check_range(const ReplayOptions& o) {
  if (o.from_ls && o.to_ls && *o.from_ls > *o.to_ls) {
    throw Error("lumisections " + std::to_string(*o.from_ls) + " to " + std::to_string(*o.to_ls), "are none",
                "the first not beyond the last");
  }
}
}  // namespace

ReplaySource::ReplaySource(const std::vector<fs::path>& recordings, ReplayOptions options)
    : state_(std::make_unique<State>(std::move(options))) {
  check_range(state_->options);
  for (const fs::path& file : recording_files(recordings)) {
    state_->files.push_back({file, 0, 0, 0});
    state_->total += RecordingReader(file).size();
  }
}

ReplaySource::ReplaySource(std::vector<Stretch> stretches, ReplayOptions options)
    : state_(std::make_unique<State>(std::move(options))) {
  check_range(state_->options);
  state_->whole = false;
  state_->files = std::move(stretches);
  for (const Stretch& stretch : state_->files) {
    (void)RecordingReader(stretch.file, stretch.first, stretch.end);
    state_->total += stretch.end - stretch.first;
  }
}

ReplaySource::~ReplaySource() = default;

std::optional<Frame> ReplaySource::next() {
  State& s = *state_;
  RecordingItem& item = s.item;
  while (!s.stopped.load(std::memory_order_relaxed)) {
    if (!s.reader && !s.open_next()) {
      if (s.dropped.empty()) return std::nullopt;
      return s.take_drops(s.whole ? s.total : s.end);
    }
    if (!s.reader->next(item)) {
      s.close();
      continue;
    }
    s.bytes.store(s.reached(), std::memory_order_relaxed);
    switch (item.kind) {
      case RecordingItem::Kind::damage:
        add(s.bytes_lost, item.length);
        add(s.damaged_regions, 1);
        add(s.records_lost, item.records_lost);
        if (s.regions.size() < kRegionsKept) {
          s.regions.push_back({s.files[s.next_file - 1].file, item.offset, item.length, item.reason});
        }
        break;
      case RecordingItem::Kind::drop:
        if (!s.passes(item.header)) break;
        s.dropped.push_back(item.header);
        if (s.dropped.size() >= kDropsPerFrame) return s.take_drops(s.base + item.offset);
        break;
      case RecordingItem::Kind::frame: {
        if (!s.passes(item.header)) break;
        if (!s.pacer.wait(item.header)) return std::nullopt;
        Frame frame = s.take_drops(s.base + item.offset);
        frame.header = item.header;
        frame.parts.assign(item.parts.begin(), item.parts.end());
        add(s.frames, 1);
        return frame;
      }
      case RecordingItem::Kind::index:
      case RecordingItem::Kind::unknown:
        break;
    }
  }
  return std::nullopt;
}

void ReplaySource::request_stop() {
  state_->stopped.store(true, std::memory_order_relaxed);
  state_->pacer.request_stop();
}

std::uint64_t ReplaySource::total_bytes() const { return state_->total; }

ReplayStats ReplaySource::stats() const {
  const State& s = *state_;
  ReplayStats stats;
  stats.frames = s.frames.load(std::memory_order_relaxed);
  stats.drops = s.drops.load(std::memory_order_relaxed);
  stats.bytes = s.bytes.load(std::memory_order_relaxed);
  stats.bytes_lost = s.bytes_lost.load(std::memory_order_relaxed);
  stats.damaged_regions = s.damaged_regions.load(std::memory_order_relaxed);
  stats.records_lost = s.records_lost.load(std::memory_order_relaxed);
  return stats;
}

std::vector<ReplayDamage> ReplaySource::damage() const { return state_->regions; }

std::optional<Frame> read_frame_at(const fs::path& file, std::uint64_t offset) {
  char bytes[kRecordHeadBytes];
  const RecordingWindow window(file);
  if (offset < kFileHeaderBytes || !window.peek(offset, bytes, sizeof(bytes))) return std::nullopt;
  const auto head = decode_record_head({bytes, sizeof(bytes)});
  if (!head || head->record_bytes() > window.size() - offset) return std::nullopt;
  RecordingReader reader(file, offset, offset + head->record_bytes());
  RecordingItem item;
  if (!reader.next(item) || item.kind != RecordingItem::Kind::frame || item.offset != offset) return std::nullopt;
  Frame frame;
  frame.header = item.header;
  frame.parts.assign(item.parts.begin(), item.parts.end());
  frame.position = std::to_string(offset);
  return frame;
}

}  // namespace vigil::replay
