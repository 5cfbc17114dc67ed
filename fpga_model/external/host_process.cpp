#include "fpga_model/external/host_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/error.h"
#include "fpga_model/external/host_channel.h"

namespace vigil::fpga_model {
namespace {

constexpr int kHostSocket = 3;

std::string size_bytes(std::size_t size) {
  std::string bytes(8, '\0');
  const auto value = static_cast<std::uint64_t>(size);
  std::memcpy(bytes.data(), &value, 8);
  return bytes;
}

::pid_t start(const std::string& program, int socket) {
  ::posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, socket, kHostSocket);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  // What a library prints must not end up between result lines.
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  // Ctrl-C ends the monitor, which then finishes what it received: the library is still needed.
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::sigset_t empty;
  ::sigemptyset(&empty);
  ::posix_spawnattr_setsigmask(&attributes, &empty);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  std::string name = program;
  std::array<char*, 2> arguments = {name.data(), nullptr};
  ::pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw Error(program, std::string("cannot be started: ") + std::strerror(error));
  return pid;
}

}  // namespace

OpenRequest read_open_request(std::string_view body) {
  OpenRequest request;
  for (std::string* part : {&request.where, &request.hints, &request.layout, &request.library}) {
    std::uint64_t size = 0;
    if (body.size() < 8) throw Error("request", "cut short");
    std::memcpy(&size, body.data(), 8);
    body.remove_prefix(8);
    if (size > body.size()) throw Error("request", "cut short");
    part->assign(body.substr(0, size));
    body.remove_prefix(size);
  }
  return request;
}

std::string emulator_host_program() {
  namespace fs = std::filesystem;
  std::error_code error;
  if (const char* given = std::getenv("VIGIL_EMULATOR_HOST"); given != nullptr && *given != '\0') {
    if (::access(given, X_OK) == 0) return given;
    throw Error(given, "is no program", "the path of vigil_emulator_host in VIGIL_EMULATOR_HOST");
  }
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path() / "vigil_emulator_host";
  if (::access(beside.c_str(), X_OK) == 0) return beside.string();
  throw Error(beside.string(), "no such program",
              "vigil_emulator_host beside vigil, or its path in VIGIL_EMULATOR_HOST");
}

std::chrono::milliseconds emulator_timeout() {
  std::int64_t ms = 10'000;
  if (const char* given = std::getenv("VIGIL_EMULATOR_TIMEOUT_MS"); given != nullptr) {
    const char* end = given + std::strlen(given);
    const auto [at, error] = std::from_chars(given, end, ms);
    if (error != std::errc{} || at != end || ms < 1 || ms > 3'600'000)
      throw Error("VIGIL_EMULATOR_TIMEOUT_MS", "'" + std::string(given).substr(0, 40) + "'", "1..3600000");
  }
  return std::chrono::milliseconds(ms);
}

HostProcess::HostProcess(const OpenRequest& request) : where_(request.where), timeout_(emulator_timeout()) {
  const std::string program = emulator_host_program();
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw Error(where_, std::string("no socket: ") + std::strerror(errno));
  // dup2 onto itself would leave the descriptor closed on exec.
  if (ends[1] == kHostSocket) ends[1] = ::fcntl(kHostSocket, F_DUPFD_CLOEXEC, kHostSocket + 1);
  socket_ = ends[0];
  try {
    pid_ = start(program, ends[1]);
  } catch (...) {
    ::close(ends[1]);
    end();
    throw;
  }
  ::close(ends[1]);

  const std::array sizes = {size_bytes(request.where.size()), size_bytes(request.hints.size()),
                            size_bytes(request.layout.size()), size_bytes(request.library.size())};
  const std::array<std::string_view, 8> parts = {sizes[0], request.where,  sizes[1], request.hints,
                                                 sizes[2], request.layout, sizes[3], request.library};
  const auto opening = timeout_ * 6;
  Frame frame;
  ChannelStatus status = send_frame(socket_, FrameKind::open, parts, opening);
  if (status == ChannelStatus::ok) status = receive_frame(socket_, kMaxFrame, frame, opening);
  if (status != ChannelStatus::ok) fail("while it was opened", status == ChannelStatus::timed_out, opening);
  if (frame.kind != FrameKind::layout) {
    end();
    const std::string text = frame.body.substr(0, 1000);
    if (text.starts_with(where_ + ": ")) throw Error(where_, text.substr(where_.size() + 2));
    throw Error(where_, frame.kind == FrameKind::error ? text : "answers nonsense");
  }
  layout_ = std::move(frame.body);
}

HostProcess::~HostProcess() { end(); }

void HostProcess::end() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  pid_ = -1;
}

void HostProcess::fail(const std::string& while_what, bool timed_out, std::chrono::milliseconds timeout) {
  std::string what = "did not answer within " + std::to_string(timeout.count()) + " ms";
  if (!timed_out) {
    // The socket is closed: the process ends now, or is made to.
    int status = 0;
    ::pid_t ended = 0;
    for (int i = 0; i < 200 && ended == 0; ++i) {
      ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == 0) ::usleep(1000);
    }
    if (ended == pid_) pid_ = -1;
    what = ended <= 0            ? "closed its connection"
           : WIFSIGNALED(status) ? std::string("crashed (") + ::strsignal(WTERMSIG(status)) + ")"
                                 : "ended its process with exit code " + std::to_string(WEXITSTATUS(status));
  }
  end();
  throw Error(where_, "the library " + what + " " + while_what);
}

void HostProcess::run(const std::int64_t* inputs, std::size_t input_words, std::int64_t* outputs,
                      std::size_t output_words, std::size_t rows) {
  const std::string_view body(reinterpret_cast<const char*>(inputs), rows * input_words * sizeof(std::int64_t));
  Frame frame;
  ChannelStatus status = send_frame(socket_, FrameKind::run, std::array{body}, timeout_);
  if (status == ChannelStatus::ok) status = receive_frame(socket_, kMaxFrame, frame, timeout_);
  if (status != ChannelStatus::ok) fail("while it computed", status == ChannelStatus::timed_out, timeout_);
  if (frame.kind != FrameKind::words || frame.body.size() != rows * output_words * sizeof(std::int64_t)) {
    end();
    throw Error(where_, frame.kind == FrameKind::error ? frame.body.substr(0, 1000) : "answers nonsense");
  }
  std::memcpy(outputs, frame.body.data(), frame.body.size());
}

}  // namespace vigil::fpga_model
