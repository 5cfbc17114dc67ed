#include "replay/part_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/digest.h"
#include "core/error.h"
#include "core/json_text.h"

namespace vigil::replay {
namespace fs = std::filesystem;
namespace {

using nlohmann::ordered_json;

constexpr std::uint32_t kPartVersion = 1;
constexpr std::size_t kLineLimit = std::size_t{256} << 20;
constexpr std::size_t kFirstLineLimit = 4096;  // a file that is none must not make us hold 256 MiB to say so
constexpr int kLevel = 3;
constexpr int kWindowLog = 23;  // largest window a reader allocates: 8 MiB; ours need 2
constexpr std::string_view kZstdMagic{"\x28\xB5\x2F\xFD", 4};
constexpr std::string_view kEndLine = R"({"type":"end",)";
constexpr const char* kStream = "one zstd stream of lines";
constexpr const char* kExpected = "a part file of version 1";

std::string system_message() { return std::generic_category().message(errno); }

std::string first_line(const PartHeader& header) {
  return json_text(ordered_json{{"type", "part"},
                                {"version", kPartVersion},
                                {"settings", header.settings},
                                {"plan", header.plan},
                                {"part", header.part},
                                {"parts", header.parts}});
}

bool is_sha256(const nlohmann::json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool is_count(const nlohmann::json& value, std::uint64_t most) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= most;
}

PartHeader parsed_header(const fs::path& path, std::string_view line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object() || json.value("type", nlohmann::json()) != "part") {
    throw Error(path.string(), "is no part file", kExpected);
  }
  const auto version = json.find("version");
  if (version == json.end() || !is_count(*version, UINT32_MAX)) {
    throw Error(path.string(), "first line: no version", kExpected);
  }
  if (*version != kPartVersion) {
    throw Error(path.string(), "is a part file of version " + std::to_string(version->get<std::uint32_t>()), kExpected);
  }
  for (const char* key : {"settings", "plan"}) {
    if (!json.contains(key) || !is_sha256(json[key])) {
      throw Error(path.string(), std::string("first line, key '") + key + "'", "a SHA-256");
    }
  }
  for (const char* key : {"part", "parts"}) {
    if (!json.contains(key) || !is_count(json[key], UINT32_MAX)) {
      throw Error(path.string(), std::string("first line, key '") + key + "'", "a whole number");
    }
  }
  const PartHeader header{json["settings"], json["plan"], json["part"], json["parts"]};
  if (json.size() != 6 || header.part >= header.parts) {
    throw Error(path.string(), "first line", "part below parts, and the keys of version 1 alone");
  }
  return header;
}

}  // namespace

// ---- writing

struct PartWriter::State {
  explicit State(fs::path p) : path(std::move(p)) {}
  ~State() {
    ZSTD_freeCCtx(zstd);
    if (fd >= 0) ::close(fd);
    if (!beside.empty()) ::unlink(beside.c_str());
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(path.string(), what, "a writable folder with room on the disk");
  }

  void begin() {
    // Two machines that share the folder may run the same part under the same process id.
    const std::string name = path.string() + ".new-" + std::to_string(::getpid());
    for (int i = 0; fd < 0; ++i) {
      const std::string next = i == 0 ? name : name + "-" + std::to_string(i);
      fd = ::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd >= 0) {
        beside = next;
      } else if (errno != EEXIST || i == 1000) {
        fail("cannot be written: " + system_message());
      }
    }
    zstd = ZSTD_createCCtx();
    if (zstd == nullptr) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
  }

  void put(std::string_view bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      const std::size_t left = ZSTD_compressStream2(zstd, &out, &in, directive);
      if (ZSTD_isError(left)) fail(std::string("cannot be compressed: ") + ZSTD_getErrorName(left));
      write(out.pos);
      if (directive == ZSTD_e_continue ? in.pos == in.size : left == 0) return;  // else: more than the buffer takes
    }
  }

  void write(std::size_t bytes) {
    for (std::size_t at = 0; at < bytes;) {
      const ssize_t n = ::write(fd, buffer.data() + at, bytes - at);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) fail("cannot be written: " + system_message());
      at += static_cast<std::size_t>(n);
      written += static_cast<std::uint64_t>(n);
    }
  }

  void line(std::string_view json) {
    if (json.size() > kLineLimit || json.find('\n') != std::string_view::npos) {
      throw Error(path.string(), "a line of " + std::to_string(json.size()) + " bytes", "one line of at most 256 MiB");
    }
    for (const std::string_view piece : {json, std::string_view("\n")}) {
      sha.update(piece);
      put(piece, ZSTD_e_continue);
    }
  }

  void finish() {
    if (::fsync(fd) != 0) fail("cannot be synced: " + system_message());
    const int closed = ::close(fd);
    fd = -1;
    if (closed != 0) fail("cannot be closed: " + system_message());
    if (::rename(beside.c_str(), path.c_str()) != 0) fail("cannot be renamed to its place: " + system_message());
    beside.clear();
    // The name too must outlive a power cut.
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return;
    ::fsync(directory);
    ::close(directory);
  }

  fs::path path;
  std::string beside;  // empty: nothing to remove
  int fd = -1;
  ZSTD_CCtx* zstd = nullptr;
  std::array<char, 1 << 16> buffer;
  Sha256 sha;
  std::uint64_t written = 0;
};

PartWriter::PartWriter(const fs::path& path, const PartHeader& header) : state_(std::make_unique<State>(path)) {
  state_->begin();
  state_->line(first_line(header));
  state_->put({}, ZSTD_e_flush);  // so that what it was can be read of a torn one
}
PartWriter::~PartWriter() = default;

void PartWriter::line(std::string_view json) { state_->line(json); }

std::uint64_t PartWriter::finish(std::uint64_t frames) {
  State& s = *state_;
  const std::string end = json_text(ordered_json{{"type", "end"}, {"frames", frames}, {"sha256", s.sha.hex()}}) + "\n";
  s.put(end, ZSTD_e_end);
  s.finish();
  return s.written;
}

// ---- reading

struct PartReader::State {
  explicit State(fs::path p) : path(std::move(p)) {}
  ~State() {
    ZSTD_freeDCtx(zstd);
    if (fd >= 0) ::close(fd);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  [[noreturn]] void torn() const { throw DamagedPart(path.string(), "is torn: it ends before its last line"); }
  [[noreturn]] void changed(const std::string& what) const {
    throw DamagedPart(path.string(), "has been changed: " + what);
  }

  void open() {
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // non-blocking: a FIFO must not hang us
    if (fd < 0) throw Error(path.string(), "cannot be opened: " + system_message(), "a part file");
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
      throw Error(path.string(), "is no regular file", "a part file");
    }
    // Nor are frames that decompressors skip.
    if (refill() && !kZstdMagic.starts_with(std::string_view(stored.data(), std::min(in.size, kZstdMagic.size())))) {
      throw Error(path.string(), "is no part file", kStream);
    }
    zstd = ZSTD_createDCtx();
    if (zstd == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, kWindowLog);
  }

  // More of the file into `stored`; false at its end.
  bool refill() {
    ssize_t n = 0;
    do {
      n = ::read(fd, stored.data(), stored.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0) throw Error(path.string(), "cannot be read: " + system_message(), "a part file");
    in = {stored.data(), static_cast<std::size_t>(n), 0};
    return n > 0;
  }

  // Further text behind `text`; false where the stream has ended in order.
  bool more() {
    while (!stream_ended) {
      if (failure != nullptr && !has_header) {
        throw Error(path.string(), std::string("is no part file, or damaged from the beginning on: ") + failure,
                    kStream);
      }
      if (failure != nullptr) changed(failure);
      ZSTD_outBuffer out{expanded.data(), expanded.size(), 0};
      // The decompressor gives nothing of a call in which it fails: up to the first line, which tells what the file is, it
      // gets no more than it asks for.
      ZSTD_inBuffer piece = in;
      if (!has_header) piece.size = std::min(in.size, in.pos + hint);
      const std::size_t left = ZSTD_decompressStream(zstd, &out, &piece);
      in.pos = piece.pos;
      if (ZSTD_isError(left)) failure = ZSTD_getErrorName(left);
      hint = std::max<std::size_t>(left, 1);
      if (failure == nullptr && left == 0) {
        stream_ended = true;
        if (in.pos < in.size || refill()) changed("bytes follow its end");
      }
      if (out.pos > 0) {
        text.append(expanded.data(), out.pos);
        return true;
      }
      if (!stream_ended && failure == nullptr && in.pos == in.size && !refill()) torn();
    }
    return false;
  }

  // The next line without newline, valid until the next call; nullopt where no text is left.
  std::optional<std::string_view> line(std::size_t most) {
    std::size_t searched = taken;
    for (;;) {
      const std::size_t at = text.find('\n', searched);
      if (std::min(at, text.size()) - taken > most) {
        throw Error(path.string(), "a line of more than " + std::to_string(most) + " bytes", kExpected);
      }
      if (at != std::string::npos) {
        const std::string_view found = std::string_view(text).substr(taken, at - taken);
        taken = at + 1;
        return found;
      }
      text.erase(0, taken);  // once a piece of the stream, not once a line
      taken = 0;
      searched = text.size();
      if (more()) continue;
      if (!text.empty()) changed("its last line has no end");
      return std::nullopt;
    }
  }

  // The end line against all before it, and nothing behind.
  void check_end(std::string_view end) {
    const auto json = nlohmann::json::parse(end, nullptr, false);
    if (!json.is_object() || json.size() != 3 || !json.contains("frames") || !json.contains("sha256") ||
        !is_count(json["frames"], UINT64_MAX) || !is_sha256(json["sha256"])) {
      changed("its end line is none");
    }
    if (json["sha256"] != sha.hex()) changed("its lines are not those of its SHA-256");
    frames = json["frames"];
    ended = true;
    if (line(kLineLimit)) changed("lines follow its end line");
  }

  fs::path path;
  int fd = -1;
  ZSTD_DCtx* zstd = nullptr;
  std::array<char, 1 << 16> stored;
  std::array<char, 1 << 17> expanded;
  ZSTD_inBuffer in{nullptr, 0, 0};
  bool stream_ended = false;
  std::size_t hint = 1;           // bytes it asks for
  const char* failure = nullptr;  // of the decompressor
  std::string text;               // expanded
  std::size_t taken = 0;          // bytes of it that were given out
  Sha256 sha;
  PartHeader header;
  bool has_header = false;
  bool ended = false;
  std::uint64_t frames = 0;
};

PartReader::PartReader(const fs::path& path) : state_(std::make_unique<State>(path)) {
  State& s = *state_;
  s.open();
  const auto first = s.line(kFirstLineLimit);
  if (!first) throw Error(path.string(), "is no part file", kExpected);
  s.header = parsed_header(path, *first);
  s.has_header = true;
  s.sha.update(*first);
  s.sha.update("\n");
}
PartReader::~PartReader() = default;
PartReader::PartReader(PartReader&&) noexcept = default;
PartReader& PartReader::operator=(PartReader&&) noexcept = default;

const PartHeader& PartReader::header() const { return state_->header; }

std::optional<std::string_view> PartReader::next() {
  State& s = *state_;
  if (s.ended) return std::nullopt;
  const auto line = s.line(kLineLimit);
  if (!line) s.changed("it has no end line");
  if (line->starts_with(kEndLine)) {
    s.check_end(*line);
    return std::nullopt;
  }
  s.sha.update(*line);
  s.sha.update("\n");
  return line;
}

std::uint64_t PartReader::frames() const { return state_->frames; }

PartHeader check_part(const fs::path& path) {
  PartReader reader(path);
  while (reader.next()) {
  }
  return reader.header();
}

}  // namespace vigil::replay
