#include "app/report_output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "app/command.h"
#include "core/error.h"

namespace vigil::app {
namespace {

constexpr const char* kExpected = "a file in a folder that exists and can be written";

[[noreturn]] void fail(const std::string& path, const char* why) {
  throw FailedRunning(path + ": cannot be written: " + why + "; nothing of it was kept");
}

}  // namespace

ReportOutput::ReportOutput(const std::string& path) : path_(path) {
  if (path.empty() || path == "-") {
    path_ = "standard output";
    file_ = STDOUT_FILENO;
    return;
  }
  struct stat found {};
  const bool exists = stat(path.c_str(), &found) == 0;
  if (exists && S_ISDIR(found.st_mode)) throw Error(path, "a folder", kExpected);
  if (exists && !S_ISREG(found.st_mode)) {
    file_ = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file_ < 0) throw Error(path, std::strerror(errno), kExpected);
    return;
  }
  // A link stays one: what it points to is replaced.
  std::error_code error;
  const auto whole = std::filesystem::weakly_canonical(path, error);
  if (!error && exists) path_ = whole.string();
  std::string next = path_ + ".new-" + std::to_string(getpid());
  file_ = open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file_ < 0) throw Error(path, std::strerror(errno), kExpected);
  next_ = std::move(next);
}

ReportOutput::~ReportOutput() {
  if (file_ > STDERR_FILENO) close(file_);
  if (!next_.empty()) unlink(next_.c_str());
}

void ReportOutput::write(const std::string& bytes) {
  for (std::size_t written = 0; written < bytes.size();) {
    const ssize_t n = ::write(file_, bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path_, std::strerror(errno));
    written += static_cast<std::size_t>(n);
  }
  finish();
}

void ReportOutput::finish() {
  if (next_.empty()) return;
  const int file = std::exchange(file_, -1);
  const int synced = fsync(file), why = errno;
  if (close(file) != 0 || synced != 0) fail(path_, std::strerror(synced != 0 ? why : errno));
  if (std::rename(next_.c_str(), path_.c_str()) != 0) fail(path_, std::strerror(errno));
  next_.clear();
}

}  // namespace vigil::app
