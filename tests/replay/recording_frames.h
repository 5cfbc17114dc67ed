// Frames and folders for the recording tests: random but seeded frames, a folder that cleans up, whole files as
// strings.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "core/frame.h"
#include "replay/recording_reader.h"
#include "replay/replay_source.h"

namespace vigil {

inline bool operator==(const Frame& a, const Frame& b) {  // the position is the reader's
  return a.parts == b.parts && a.header == b.header && a.dropped_before == b.dropped_before;
}

inline void PrintTo(const Frame& frame, std::ostream* out) {
  *out << "frame n=" << frame.header.n << " parts=" << frame.parts.size() << " drops=" << frame.dropped_before.size();
}

}  // namespace vigil

namespace vigil::replay {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "vigil_recording_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::remove(path);  // truncating a file in place makes some file systems write through to the disk
  std::ofstream(path, std::ios::binary) << bytes;
}

inline FrameHeader labelled(std::uint32_t run, std::uint32_t ls, std::uint64_t seq = 0) {
  FrameHeader header;
  header.topic = "scouting/axol1tl";
  header.stream = "scouting";
  header.model = "axol1tl";
  header.source = "link0";
  header.epoch = 1;
  header.seq = seq;
  header.run = run;
  header.ls = ls;
  header.first_orbit = (ls - 1) << 18;
  header.last_orbit = *header.first_orbit + 100;
  header.n = 3;
  return header;
}

inline Frame simple_frame(std::uint32_t run, std::uint32_t ls, std::uint64_t seq, std::size_t body_bytes = 50) {
  Frame frame;
  frame.header = labelled(run, ls, seq);
  frame.parts = {frame.header.topic, std::string(body_bytes, static_cast<char>('a' + seq % 26))};
  return frame;
}

// Any mixture of present and absent fields, 1 to 4 parts with every byte value, now and then drops before it.
inline Frame random_frame(std::mt19937_64& random, std::uint64_t seq) {
  const auto chance = [&random](int percent) { return static_cast<int>(random() % 100) < percent; };
  const auto header = [&] {
    FrameHeader h;
    h.topic = chance(90) ? "scouting/m" : "";
    h.stream = chance(90) ? "scouting" : "";
    h.model = chance(90) ? "m" : "";
    if (chance(80)) h.source = chance(90) ? "link" + std::to_string(random() % 4) : "";
    if (chance(80)) h.epoch = random();
    if (chance(80)) h.seq = seq;
    if (chance(80)) h.run = static_cast<std::uint32_t>(random());
    if (chance(80)) h.ls = static_cast<std::uint32_t>(random() % 20);
    if (chance(80)) h.first_orbit = static_cast<std::uint32_t>(random());
    if (chance(80)) h.last_orbit = static_cast<std::uint32_t>(random());
    h.n = static_cast<std::uint32_t>(random() % 5000);
    return h;
  };
  Frame frame;
  frame.header = header();
  const std::size_t count = 1 + random() % 4;
  for (std::size_t i = 0; i < count; ++i) {
    std::string part(random() % 120, '\0');
    const bool plain = chance(50);  // compressible
    for (char& c : part) c = plain ? 'x' : static_cast<char>(random());
    if (chance(20)) part += "\xD7VRC";
    frame.parts.push_back(std::move(part));
  }
  if (chance(70)) frame.parts[0] = frame.header.topic;
  if (chance(15)) {
    for (std::uint64_t i = 0, n = 1 + random() % 3; i < n; ++i) frame.dropped_before.push_back(header());
  }
  return frame;
}

inline std::vector<Frame> read_all(ReplaySource& source) {
  std::vector<Frame> frames;
  while (auto frame = source.next()) frames.push_back(std::move(*frame));
  return frames;
}

inline std::vector<Frame> read_all(const std::filesystem::path& path, ReplayOptions options = {}) {
  ReplaySource source({path}, std::move(options));
  return read_all(source);
}

// An item with its parts copied, so that it outlives the reader's next step.
struct KeptItem {
  RecordingItem item;
  std::vector<std::string> parts;
};

inline std::vector<KeptItem> items_of(const std::filesystem::path& path) {
  RecordingReader reader(path);
  RecordingItem item;
  std::vector<KeptItem> items;
  while (reader.next(item)) items.push_back({item, {item.parts.begin(), item.parts.end()}});
  return items;
}

}  // namespace vigil::replay
