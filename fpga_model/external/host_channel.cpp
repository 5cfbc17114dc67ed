#include "fpga_model/external/host_channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace vigil::fpga_model {
namespace {

using Clock = std::chrono::steady_clock;
using Deadline = std::optional<Clock::time_point>;

struct Head {
  std::uint32_t kind;
  std::uint32_t zero;
  std::uint64_t bytes;
};

Deadline deadline_after(std::optional<std::chrono::milliseconds> timeout) {
  return timeout ? Deadline(Clock::now() + *timeout) : Deadline{};
}

ChannelStatus wait_for(int fd, short events, const Deadline& deadline) {
  while (true) {
    int left = -1;
    if (deadline) {
      const auto ms = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()).count();
      if (ms <= 0) return ChannelStatus::timed_out;
      left = static_cast<int>(std::min<std::int64_t>(ms, 1 << 30));
    }
    ::pollfd poll{fd, events, 0};
    const int n = ::poll(&poll, 1, left);
    if (n > 0) return ChannelStatus::ok;  // also for a hang-up: the call that follows says so
    if (n < 0 && errno != EINTR) return ChannelStatus::closed;
  }
}

ChannelStatus send_all(int fd, std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    if (const ChannelStatus status = wait_for(fd, POLLOUT, deadline); status != ChannelStatus::ok) return status;
    const ::ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return ChannelStatus::closed;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return ChannelStatus::ok;
}

ChannelStatus receive_all(int fd, char* at, std::size_t bytes, const Deadline& deadline) {
  while (bytes > 0) {
    if (const ChannelStatus status = wait_for(fd, POLLIN, deadline); status != ChannelStatus::ok) return status;
    const ::ssize_t n = ::recv(fd, at, bytes, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return ChannelStatus::closed;
    at += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return ChannelStatus::ok;
}

}  // namespace

ChannelStatus send_frame(int fd, FrameKind kind, std::span<const std::string_view> parts,
                         std::optional<std::chrono::milliseconds> timeout) {
  const Deadline deadline = deadline_after(timeout);
  Head head{static_cast<std::uint32_t>(kind), 0, 0};
  for (const std::string_view part : parts) head.bytes += part.size();
  char bytes[sizeof head];
  std::memcpy(bytes, &head, sizeof head);
  ChannelStatus status = send_all(fd, {bytes, sizeof bytes}, deadline);
  for (const std::string_view part : parts) {
    if (status == ChannelStatus::ok) status = send_all(fd, part, deadline);
  }
  return status;
}

ChannelStatus receive_frame(int fd, std::size_t most, Frame& frame, std::optional<std::chrono::milliseconds> timeout) {
  const Deadline deadline = deadline_after(timeout);
  Head head{};
  char bytes[sizeof head];
  if (const ChannelStatus status = receive_all(fd, bytes, sizeof bytes, deadline); status != ChannelStatus::ok)
    return status;
  std::memcpy(&head, bytes, sizeof head);
  if (head.kind < static_cast<std::uint32_t>(FrameKind::open) ||
      head.kind > static_cast<std::uint32_t>(FrameKind::error) || head.zero != 0 || head.bytes > most) {
    return ChannelStatus::closed;
  }
  frame.kind = static_cast<FrameKind>(head.kind);
  frame.body.resize(head.bytes);
  return receive_all(fd, frame.body.data(), frame.body.size(), deadline);
}

}  // namespace vigil::fpga_model
