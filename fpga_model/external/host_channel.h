// Frames over a socket between this program and the process that runs a library. Used by both sides; knows nothing of
// what the frames hold.
// Tests: tests/fpga_model/external_library_test.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace vigil::fpga_model {

enum class FrameKind : std::uint32_t { open = 1, layout, run, words, error };

struct Frame {
  FrameKind kind = FrameKind::error;
  std::string body;
};

enum class ChannelStatus { ok, closed, timed_out };

// `timeout`: of the whole frame; none: waits for ever.
ChannelStatus send_frame(int fd, FrameKind kind, std::span<const std::string_view> parts,
                         std::optional<std::chrono::milliseconds> timeout = {});
// A frame of more than `most` bytes, or of an unknown kind, counts as closed: the other side talks nonsense.
ChannelStatus receive_frame(int fd, std::size_t most, Frame& frame,
                            std::optional<std::chrono::milliseconds> timeout = {});

}  // namespace vigil::fpga_model
