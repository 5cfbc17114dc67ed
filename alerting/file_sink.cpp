// The JSON Lines file: one action a line, on disk (fsync) before it counts as delivered.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "alerting/sinks.h"
#include "core/error.h"

namespace vigil::alerting {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// The whole text or an errno.
int write_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    done += static_cast<std::size_t>(n);
  }
  return 0;
}

// The file is opened anew for every action: actions are rare, and a rotated or removed file is then simply created
// again.
class FileSink : public Sink {
 public:
  explicit FileSink(const SinkSettings& settings) : name_(settings.name), path_(settings.text("path")) {
    const std::string failed = append({});
    if (!failed.empty())
      throw Error("sink " + shown(name_) + ", file '" + path_ + "'", failed, "a file that can be appended to");
  }

  std::string name() const override { return name_; }
  RenderedRequest render(const OutgoingAction& action) const override {
    return {name_, "FILE", path_, "application/json", action.line};
  }

  Answer send(const OutgoingAction& action, const Begin& begin) override {
    if (!begin()) return {};
    const std::string failed = append(action.line + "\n");
    if (failed.empty()) return {Delivery::delivered, {}};
    return {Delivery::retry, path_ + ": " + failed};
  }

 private:
  // Ends a line that a death tore off (its action is pending and comes again whole), then appends `text`. Empty on
  // success.
  std::string append(std::string text) const {
    const bool created = !std::filesystem::exists(path_);
    const Descriptor file(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
    struct stat info {};
    if (file.get() < 0 || ::fstat(file.get(), &info) != 0) return std::strerror(errno);
    char last = '\n';
    if (S_ISREG(info.st_mode) && info.st_size > 0 && ::pread(file.get(), &last, 1, info.st_size - 1) != 1) {
      return std::strerror(errno);
    }
    if (last != '\n') text.insert(text.begin(), '\n');
    int failed = write_all(file.get(), text);
    if (failed == 0 && S_ISREG(info.st_mode) && ::fsync(file.get()) != 0) failed = errno;
    if (failed != 0) {
      // What was written of the line is taken back where that is possible; else the next attempt ends it.
      if (S_ISREG(info.st_mode) && ::ftruncate(file.get(), info.st_size) != 0) return std::strerror(failed);
      return std::strerror(failed);
    }
    if (created) sync_folder();
    return {};
  }

  // A new file's name is on disk only with its folder.
  void sync_folder() const {
    const auto folder = std::filesystem::absolute(path_).parent_path();
    const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() >= 0) (void)::fsync(fd.get());
  }

  std::string name_;
  std::string path_;
};

}  // namespace

std::unique_ptr<Sink> make_file_sink(const SinkSettings& settings) { return std::make_unique<FileSink>(settings); }

}  // namespace vigil::alerting
