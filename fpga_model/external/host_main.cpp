// vigil_emulator_host: the process an emulator library runs in, so that its crash is not the monitor's. Started by
// HostProcess with a socket as descriptor 3; ends when the socket closes. No use on its own.
#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>

#include "core/error.h"
#include "fpga_model/external/host_channel.h"
#include "fpga_model/external/host_process.h"
#include "fpga_model/external/probe.h"

namespace {

using namespace vigil;
using namespace vigil::fpga_model;

constexpr int kSocket = 3;

void answer(FrameKind kind, std::string_view body) {
  if (send_frame(kSocket, kind, std::array{body}) != ChannelStatus::ok) ::_exit(0);
}

// A library that never returns must not outlive the monitor: the socket is looked at every second.
void end_if_socket_closed(int) {
  const int error = errno;
  ::pollfd poll{kSocket, POLLRDHUP, 0};
  if (::poll(&poll, 1, 0) > 0 && (poll.revents & (POLLRDHUP | POLLHUP)) != 0) ::_exit(0);
  errno = error;
}

void end_with_the_socket() {
  struct sigaction action {};
  action.sa_handler = end_if_socket_closed;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGALRM, &action, nullptr);
  const ::itimerval every_second{{1, 0}, {1, 0}};
  ::setitimer(ITIMER_REAL, &every_second, nullptr);
}

void serve(const SharedObject& object, const LibraryLayout& layout, const std::string& where) {
  const auto instance = open_instance(object, layout, where);
  answer(FrameKind::layout, to_json(layout));
  const std::size_t in = layout.input_words(), out = layout.output_words();
  std::vector<std::int64_t> inputs, outputs;
  Frame frame;
  while (receive_frame(kSocket, kMaxFrame, frame) == ChannelStatus::ok && frame.kind == FrameKind::run) {
    const std::size_t rows = frame.body.size() / (in * sizeof(std::int64_t));
    inputs.resize(rows * in);
    outputs.resize(rows * out);
    std::memcpy(inputs.data(), frame.body.data(), inputs.size() * sizeof(std::int64_t));
    for (std::size_t r = 0; r < rows; ++r) instance->run(inputs.data() + r * in, outputs.data() + r * out);
    answer(FrameKind::words, {reinterpret_cast<const char*>(outputs.data()), outputs.size() * sizeof(std::int64_t)});
  }
}

}  // namespace

int main() {
  const ::rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  std::signal(SIGPIPE, SIG_IGN);
  Frame frame;
  if (receive_frame(kSocket, kMaxFrame, frame) != ChannelStatus::ok) {
    static constexpr char kText[] = "vigil_emulator_host is started by vigil\n";
    return ::write(STDERR_FILENO, kText, sizeof kText - 1) > 0 ? 2 : 3;
  }
  try {
    end_with_the_socket();
    const OpenRequest request = read_open_request(frame.body);
    const LibrarySymbols symbols = read_library_symbols(request.library, request.where);
    const SharedObject object(request.library, request.where);
    LibraryLayout layout = request.layout.empty()
                               ? probe_library(object, symbols, read_hints(request.hints, request.where), request.where)
                               : read_layout(request.layout, request.where);
    layout.left_out = object.left_out();
    serve(object, layout, request.where);
  } catch (const Error& error) {
    answer(FrameKind::error, error.what());
  } catch (const std::exception& error) {
    answer(FrameKind::error, std::string("the library throws: ") + error.what());
  } catch (...) {
    answer(FrameKind::error, "the library throws");
  }
  ::_exit(0);
}
