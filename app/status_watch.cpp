#include "app/status_watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>

#include "app/status_screen.h"
#include "app/text.h"
#include "app/wall_clock.h"
#include "core/plain_text.h"
#include "core/utc_time.h"

namespace vigil::app {
namespace {

constexpr auto kPause = std::chrono::milliseconds(1000);
constexpr int kRedrawMs = 2000;

// Reads the source on a thread of its own, so that keys and signals never wait for a server.
class Reader {
 public:
  struct State {
    std::optional<FoundStatus> found;
    std::string why_not;       // empty: the source answers
    std::int64_t lost_ns = 0;  // since when it does not
    std::uint64_t generation = 0;
  };

  explicit Reader(const std::function<std::unique_ptr<StatusSource>()>& open)
      : changed_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        thread_([this, open](std::stop_token stop) { run(stop, open); }) {}
  ~Reader() {
    thread_.request_stop();
    {
      const std::lock_guard lock(mutex_);
      if (source_) source_->abandon();
    }
    wake_.notify_all();
    thread_.join();
    close(changed_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  int file() const { return changed_; }  // readable when something changed
  State state() {
    std::uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t n = ::read(changed_, &ignored, sizeof ignored);
    const std::lock_guard lock(mutex_);
    return state_;
  }

 private:
  void run(std::stop_token stop, const std::function<std::unique_ptr<StatusSource>()>& open) {
    std::uint64_t version = 0;  // with is_known
    bool is_known = false;
    auto read_at = std::chrono::steady_clock::time_point();
    while (!stop.stop_requested()) {
      try {
        if (!source_) {
          auto source = open();
          const std::lock_guard lock(mutex_);
          source_ = std::move(source);
        }
        const std::uint64_t now = source_->version();
        // Ages run on: a document that nothing was added to is read again after a while.
        if (!is_known || now != version ||
            std::chrono::steady_clock::now() - read_at > std::chrono::milliseconds(kRedrawMs)) {
          FoundStatus found = source_->read();
          version = now;
          is_known = true;
          read_at = std::chrono::steady_clock::now();
          const std::lock_guard lock(mutex_);
          state_.found = std::move(found);
          state_.why_not.clear();
          ++state_.generation;
        }
      } catch (const std::exception& e) {
        const std::lock_guard lock(mutex_);
        is_known = false;
        if (state_.why_not.empty()) state_.lost_ns = wall_clock_ns();
        state_.why_not = e.what();
        ++state_.generation;
      }
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t n = ::write(changed_, &one, sizeof one);
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kPause, [&] { return stop.stop_requested(); });
    }
  }

  const int changed_;
  std::mutex mutex_;
  std::condition_variable wake_;
  State state_;
  std::unique_ptr<StatusSource> source_;
  std::jthread thread_;
};

// The alternate screen, keys without Enter; as it was when the object is gone.
class Terminal {
 public:
  Terminal() {
    keys_ = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before_) == 0;
    if (keys_) {
      termios raw = before_;
      raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      raw.c_cc[VMIN] = 0;
      raw.c_cc[VTIME] = 0;
      raw.c_cc[VSUSP] = _POSIX_VDISABLE;  // a stopped program would leave the screen as it is
      tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    std::fputs("\033[?1049h\033[?25l", stdout);
    std::fflush(stdout);
  }
  ~Terminal() {
    // Keys first: who sees the screen come back may type at once.
    if (keys_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    std::fputs("\033[?25h\033[?1049l", stdout);
    std::fflush(stdout);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool has_keys() const { return keys_; }
  static std::size_t rows() {
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 2 ? size.ws_row : 24;
  }

 private:
  termios before_{};
  bool keys_ = false;
};

std::string lost_text(const std::string& where, const Reader::State& state) {
  return plain(fmt::format("no answer since {}: {}; waiting for {}", rfc3339(state.lost_ns, 3), state.why_not, where));
}

void draw(const std::string& where, const Reader::State& state) {
  std::size_t rows = Terminal::rows() - 1;
  std::string text = "\033[H";
  if (!state.why_not.empty()) {
    // Numbers stay with the age they had; nothing of them is said of now.
    const std::string lost = lost_text(where, state);
    std::string line;
    for (std::size_t at = 0; at < lost.size() && rows > 4; ++at) {
      line += lost[at];
      const bool full = columns_of(line) >= kScreenColumns && (at + 1 == lost.size() || (lost[at + 1] & 0xc0) != 0x80);
      if (!full && at + 1 < lost.size()) continue;
      text += line + "\033[K\n";
      line.clear();
      --rows;
    }
  }
  std::string body;
  if (state.found && state.why_not.empty()) {
    body = status_screen(*state.found, colours(), rows);
  } else if (state.found) {
    FoundStatus old = *state.found;
    for (auto& stream : old.document["streams"]) {
      stream["state"] = "stale";
      stream["reason"] = "no answer; what follows is old";
      stream["live"] = nullptr;
      stream["families"] = nlohmann::ordered_json::array();
    }
    body = status_screen(old, colours(), rows);
  }
  for (const char c : body) text += c == '\n' ? "\033[K\n" : std::string(1, c);
  std::fputs((text + "\033[J").c_str(), stdout);
  std::fflush(stdout);
}

// What changed since it was printed last.
class Lines {
 public:
  // False: nobody reads any more.
  bool print(const std::string& where, const Reader::State& state) {
    std::string out;
    if (!state.why_not.empty()) {
      if (!lost_) out += lost_text(where, state) + "\n";
      lost_ = true;
    } else if (state.found) {
      if (lost_) out += where + " answers again\n";
      lost_ = false;
      std::set<std::string> now;
      for (const std::string& line : status_lines(*state.found)) {
        now.insert(line);
        if (!said_.contains(line)) out += rfc3339(wall_clock_ns(), 3) + " " + line + "\n";
      }
      said_ = std::move(now);
    }
    return out.empty() || (std::fputs(out.c_str(), stdout) >= 0 && std::fflush(stdout) == 0);
  }

 private:
  bool lost_ = false;
  std::set<std::string> said_;
};

}  // namespace

int watch_status(const std::string& where, const std::function<std::unique_ptr<StatusSource>()>& open) {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&ends, signal);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  const int signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);

  Reader reader(open);
  std::optional<Terminal> terminal;
  if (isatty(STDOUT_FILENO) == 1) terminal.emplace();
  Lines lines;
  bool reads_keys = terminal && terminal->has_keys();
  for (;;) {
    pollfd waits[] = {{signals, POLLIN, 0}, {reader.file(), POLLIN, 0}, {reads_keys ? STDIN_FILENO : -1, POLLIN, 0}};
    if (poll(waits, 3, kRedrawMs) < 0 && errno != EINTR) break;
    if (waits[0].revents != 0) {
      signalfd_siginfo came{};
      const bool is_end = ::read(signals, &came, sizeof came) == sizeof came && came.ssi_signo != SIGWINCH;
      if (is_end) break;
    }
    if (waits[2].revents != 0) {
      char keys[64];
      const ssize_t n = ::read(STDIN_FILENO, keys, sizeof keys);
      if (n <= 0) reads_keys = false;
      const std::string_view typed(keys, n > 0 ? static_cast<std::size_t>(n) : 0);
      if (typed.find_first_of("qQ") != std::string_view::npos) break;
    }
    const Reader::State state = reader.state();
    if (terminal) {
      draw(where, state);
    } else if (!lines.print(where, state)) {
      break;
    }
  }
  close(signals);
  return 0;
}

}  // namespace vigil::app
