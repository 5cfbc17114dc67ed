#include "replay/recorder_file.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <system_error>

#include "core/error.h"
#include "replay/crc32c.h"

namespace vigil::replay {
namespace {

constexpr std::size_t kBufferBytes = 1u << 20;

// write() that reports a file-size limit as EFBIG instead of ending the process with SIGXFSZ.
ssize_t write_without_signal(int fd, const char* from, std::size_t bytes) {
  sigset_t quota, before;
  sigemptyset(&quota);
  sigaddset(&quota, SIGXFSZ);
  pthread_sigmask(SIG_BLOCK, &quota, &before);
  const ssize_t put = ::write(fd, from, bytes);
  const int error = errno;
  if (put < 0 && error == EFBIG && sigismember(&before, SIGXFSZ) == 0) {
    const timespec now{};
    sigtimedwait(&quota, nullptr, &now);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return put;
}

}  // namespace

RecorderFile::RecorderFile(int level) : level_(level) {
  if (level_ > 0) zstd_ = ZSTD_createCCtx();
}

RecorderFile::~RecorderFile() {
  if (fd_ >= 0) ::close(fd_);
  ZSTD_freeCCtx(zstd_);
}

void RecorderFile::fail(const char* what, int error) {
  failed_ = true;
  throw Error(path_.string(), std::string(what) + ": " + std::generic_category().message(error));
}

bool RecorderFile::open(const std::filesystem::path& path, Existing existing) {
  path_ = path;
  failed_ = false;
  const int mode = existing == Existing::refuse ? O_EXCL : O_TRUNC;
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0666);
  if (fd_ < 0 && errno == EEXIST && existing == Existing::refuse) return false;
  if (fd_ < 0) fail("cannot be created", errno);
  buffer_ = encode_file_header();
  written_ = 0;
  number_ = 0;
  index_.clear();
  try {
    flush();
    sync();  // from here on the file is a recording, whatever happens
  } catch (const Error&) {
    if (existing == Existing::refuse) ::unlink(path.c_str());  // made here: no headless file may stay in a folder
    throw;
  }
  return true;
}

bool RecorderFile::fits(const Frame& frame) {
  const FrameHeader& header = frame.header;
  std::uint64_t bytes = 64 + header.topic.size() + header.stream.size() + header.model.size();
  if (header.source) bytes += header.source->size();
  for (const std::string& part : frame.parts) bytes += part.size() + 4;
  return bytes <= kRecordLimit && frame.parts.size() <= kPartLimit;
}

void RecorderFile::add_frame(const Frame& frame, bool opens) {
  meta_.clear();
  append_meta(frame.header, frame.parts, meta_);
  body_.clear();
  for (const std::string& part : frame.parts) body_.append(part);
  const std::uint64_t offset = bytes();
  add_record(RecordType::frame, meta_, body_);
  index_.add(offset, bytes() - offset, number_ - 1, frame.header, false, opens);
  if (buffer_.size() >= kBufferBytes) flush();
}

void RecorderFile::add_drop(const FrameHeader& header, bool opens) {
  meta_.clear();
  append_meta(header, {}, meta_);
  if (meta_.size() > kRecordLimit) {  // names of hundreds of megabytes: the counts are what matters
    FrameHeader nameless = header;
    nameless.topic.clear();
    nameless.stream.clear();
    nameless.model.clear();
    if (nameless.source) nameless.source->clear();
    meta_.clear();
    append_meta(nameless, {}, meta_);
  }
  const std::uint64_t offset = bytes();
  add_record(RecordType::drop, meta_, {});
  index_.add(offset, bytes() - offset, number_ - 1, header, true, opens);
  if (buffer_.size() >= kBufferBytes) flush();
}

void RecorderFile::add_record(RecordType type, std::string_view meta, std::string_view body) {
  if (failed_ || fd_ < 0) throw Error(path_.string(), "is no longer written");
  RecordHead head;
  head.type = static_cast<std::uint8_t>(type);
  head.number = number_;
  head.meta_bytes = static_cast<std::uint32_t>(meta.size());
  head.raw_bytes = static_cast<std::uint32_t>(body.size());
  if (zstd_ != nullptr && type == RecordType::frame && !body.empty() && body.size() <= kCompressedLimit) {
    packed_.resize(ZSTD_compressBound(body.size()));
    const std::size_t size = ZSTD_compressCCtx(zstd_, packed_.data(), packed_.size(), body.data(), body.size(), level_);
    if (!ZSTD_isError(size) && size < body.size()) {
      body = std::string_view(packed_).substr(0, size);
      head.flags = kFlagZstd;
    }
  }
  head.body_bytes = static_cast<std::uint32_t>(body.size());
  head.payload_crc = crc32c(body, crc32c(meta));
  append_record_head(head, buffer_);
  buffer_.append(meta);
  buffer_.append(body);
  ++number_;
}

void RecorderFile::write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write_without_signal(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) fail("cannot be written", put < 0 ? errno : ENOSPC);
    bytes.remove_prefix(static_cast<std::size_t>(put));
    written_ += static_cast<std::uint64_t>(put);
  }
}

void RecorderFile::flush() {
  if (failed_) throw Error(path_.string(), "is no longer written");
  write_out(buffer_);
  buffer_.clear();
}

void RecorderFile::sync() {
  // Devices and pipes have nothing to sync.
  if (::fsync(fd_) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP) fail("cannot be synced", errno);
}

void RecorderFile::close() {
  if (fd_ < 0) return;
  const std::uint64_t offset = bytes();
  const std::string body = encode_index(index_.entries(), offset);
  add_record(RecordType::index, {}, body);
  flush();
  sync();
  const int closed = ::close(fd_);
  fd_ = -1;
  if (closed != 0) fail("cannot be closed", errno);
}

}  // namespace vigil::replay
