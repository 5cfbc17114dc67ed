// A child process that runs one instance of an emulator library: started, asked and ended from here. Used by the engine
// of library packages. Does not decide when to start another.
// Tests: tests/fpga_model/external_library_test.cpp.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace vigil::fpga_model {

inline constexpr std::size_t kMaxFrame = std::size_t{1} << 29;

// The first frame to the process.
struct OpenRequest {
  std::string where;   // names the library in messages
  std::string hints;   // JSON, LibraryHints
  std::string layout;  // JSON, LibraryLayout: known from an earlier process; empty: find it
  std::string library;
};
OpenRequest read_open_request(std::string_view body);  // throws Error

// The program to start: $VIGIL_EMULATOR_HOST, else vigil_emulator_host beside the running program. Throws Error.
std::string emulator_host_program();

// How long a block of events may take; the opening of a library may take six times as long. $VIGIL_EMULATOR_TIMEOUT_MS,
// else 10 s.
std::chrono::milliseconds emulator_timeout();

class HostProcess {
 public:
  // Starts the process and opens the library in it. Throws Error naming request.where: what the library or the process
  // did.
  explicit HostProcess(const OpenRequest& request);
  ~HostProcess();
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;

  const std::string& layout() const { return layout_; }  // JSON, LibraryLayout
  // rows events. Throws Error naming the library when it crashed, hung or failed: the process has ended then.
  void run(const std::int64_t* inputs, std::size_t input_words, std::int64_t* outputs, std::size_t output_words,
           std::size_t rows);

 private:
  [[noreturn]] void fail(const std::string& while_what, bool timed_out, std::chrono::milliseconds timeout);
  void end();

  std::string where_;
  std::string layout_;
  ::pid_t pid_ = -1;
  int socket_ = -1;
  std::chrono::milliseconds timeout_;
};

}  // namespace vigil::fpga_model
