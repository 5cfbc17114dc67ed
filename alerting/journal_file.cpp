#include "alerting/journal_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string_view>

#include "core/error.h"

namespace vigil::alerting::store {
namespace {

// A byte that SQLite never locks (its own are at 2^30).
constexpr off_t kLockByte = off_t{1} << 62;
constexpr std::uint64_t kLeastFree = 64 * 1024;  // a new journal's first pages and its shared memory

struct OpenFiles {
  std::mutex mutex;
  std::map<Inode, int> open;
  std::set<Inode> written;
};
OpenFiles& open_files() {
  static OpenFiles files;
  return files;
}

void count_open(const Inode& inode, int change) {
  OpenFiles& files = open_files();
  std::lock_guard lock(files.mutex);
  if ((files.open[inode] += change) == 0) files.open.erase(inode);
}

bool is_open_here(const Inode& inode) {
  OpenFiles& files = open_files();
  std::lock_guard lock(files.mutex);
  return files.open.contains(inode);
}

std::string hex(int value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", static_cast<unsigned>(value));
  return text;
}

int big_endian(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<int>(value);
}

[[noreturn]] void cannot_open(const std::string& file, int cause) {
  if (cause == EROFS) throw Error("journal " + file, "read-only disk", "a writable file");
  if (cause == EACCES)
    throw Error("journal " + file, "read-only: " + std::string(std::strerror(cause)), "a writable file");
  if (cause == ENOSPC || cause == EDQUOT) throw Error("journal " + file, "disk full", "a disk with room");
  throw Error("journal " + file, std::string("cannot be opened: ") + std::strerror(cause),
              "a file in a writable folder");
}

[[noreturn]] void written_elsewhere(const std::string& file) {
  throw Error("journal " + file, "is written by another process", "one vigil process a journal");
}

}  // namespace

bool in_memory(const std::string& file) { return file.empty() || file == ":memory:"; }

void check_identity(const std::string& file, int application_id, int version) {
  if (application_id != kApplicationId) {
    throw Error("journal " + file, "an SQLite file of another program (application_id " + hex(application_id) + ")",
                "a vigil journal (" + hex(kApplicationId) + ")");
  }
  if (version < 1 || version > kVersion) {
    throw Error("journal " + file, "journal version " + std::to_string(version),
                "version 1 to " + std::to_string(kVersion));
  }
}

bool holds_journal(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return false;
  if (!S_ISREG(info.st_mode)) throw Error("journal " + file, "not a regular file", "a vigil journal or a new file");
  if (info.st_size == 0) return false;
  if (is_open_here({info.st_dev, info.st_ino})) return true;
  std::ifstream stream(file, std::ios::binary);
  std::array<char, 100> head{};
  stream.read(head.data(), head.size());
  if (!stream && stream.gcount() == 0) throw Error("journal " + file, std::strerror(errno), "a readable file");
  if (std::string_view(head.data(), 16) != std::string_view("SQLite format 3\0", 16)) {
    throw Error("journal " + file, "not an SQLite file", "a vigil journal or a new file");
  }
  // Zero: nothing there yet, or all of it still in the write-ahead log, where SQLite will look.
  const int version = big_endian(&head[60]), application_id = big_endian(&head[68]);
  if (application_id != 0) check_identity(file, application_id, version);
  return true;
}

std::string disk_trouble(const std::string& file) {
  struct statvfs disk {};
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (::statvfs(folder.empty() ? "." : folder.c_str(), &disk) != 0) return {};
  if ((disk.f_flag & ST_RDONLY) != 0) return "read-only disk";
  const std::uint64_t blocks = ::geteuid() == 0 ? disk.f_bfree : disk.f_bavail;
  return blocks * disk.f_frsize < kLeastFree ? "disk full" : std::string{};
}

OpenFile::OpenFile(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) throw Error("journal " + file, std::strerror(errno), "a vigil journal");
  inode_ = {info.st_dev, info.st_ino};
  count_open(inode_, 1);
}

OpenFile::~OpenFile() { count_open(inode_, -1); }

WriterLock::WriterLock(const std::string& file) : file_(file) {
  if (in_memory(file)) return;
  holds_journal(file);
  struct stat info {};
  if (::stat(file.c_str(), &info) == 0) {
    OpenFiles& files = open_files();
    std::lock_guard lock(files.mutex);
    if (files.written.contains({info.st_dev, info.st_ino})) written_elsewhere(file);
  }
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  made_ = fd_ >= 0;
  if (fd_ < 0 && errno == EEXIST) fd_ = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd_ < 0) cannot_open(file, errno);
  struct flock byte {};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = kLockByte;
  byte.l_len = 1;
  if (::fcntl(fd_, F_OFD_SETLK, &byte) != 0 || ::fstat(fd_, &info) != 0) {
    const int cause = errno;
    ::close(fd_);
    if (cause == EAGAIN || cause == EACCES) written_elsewhere(file);
    throw Error("journal " + file, std::string("cannot be locked: ") + std::strerror(cause), "a file on a local disk");
  }
  inode_ = {info.st_dev, info.st_ino};
  count_open(inode_, 1);
  OpenFiles& files = open_files();
  std::lock_guard lock(files.mutex);
  files.written.insert(inode_);
}

WriterLock::~WriterLock() {
  if (fd_ < 0) return;
  if (made_) {
    for (const char* part : {"", "-journal", "-wal", "-shm"}) ::unlink((file_ + part).c_str());
  }
  {
    OpenFiles& files = open_files();
    std::lock_guard lock(files.mutex);
    files.written.erase(inode_);
  }
  count_open(inode_, -1);
  ::close(fd_);
}

}  // namespace vigil::alerting::store
