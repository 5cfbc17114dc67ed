// The file of a journal before SQLite sees it: what it is, whether another process writes it, why the disk would not
// take it. Used by journal_store.cpp only. Nothing is made or changed before a file has been found to be ours.
// Tests: tests/alerting/journal_test.cpp.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

namespace vigil::alerting::store {

inline constexpr int kApplicationId = 0x56474a4c;  // "VGJL"
inline constexpr int kVersion = 2;

bool in_memory(const std::string& file);

// Looks at the first bytes: false for a missing or empty file. Throws Error for what is no regular file, no SQLite
// file, an SQLite file of another program, or another version of the journal.
bool holds_journal(const std::string& file);
void check_identity(const std::string& file, int application_id, int version);

// "disk full" or "read-only disk" where that is why `file` cannot be written, else empty.
std::string disk_trouble(const std::string& file);

using Inode = std::pair<dev_t, ino_t>;

// Counts a file among those this process has open. Closing any descriptor of a file drops the locks that SQLite holds
// on it for this process (POSIX), so an open one is not looked at a second time.
class OpenFile {
 public:
  explicit OpenFile(const std::string& file);  // an existing file
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

 private:
  Inode inode_{};
};

// The right to write one journal: a lock on a byte of the file itself, by whatever path or link it is reached, which
// the kernel releases when the process dies. Makes the file where it is missing, and takes it away again unless keep()
// says that it has become a journal.
class WriterLock {
 public:
  explicit WriterLock(const std::string& file);  // Error when another holds it; memory journals take none
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

  void keep() { made_ = false; }

 private:
  std::string file_;
  int fd_ = -1;
  bool made_ = false;
  Inode inode_{};
};

}  // namespace vigil::alerting::store
