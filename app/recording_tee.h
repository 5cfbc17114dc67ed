// The recording beside the monitor: every frame that arrives, as long as its disk takes them. A disk that is full or
// gone stops the recording, never the monitor; at every new lumisection it is tried again, in a new file. Used by
// watch.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/frame.h"
#include "replay/recorder.h"
#include "replay/recording_clock.h"

namespace vigil::app {

class RecordingTee {
 public:
  // Throws Error where the folder cannot be recorded into from the start. `log` is told when it stops and goes on.
  RecordingTee(std::filesystem::path folder, replay::RecorderOptions options,
               std::function<void(const std::string&)> log);

  void write(const Frame& frame);
  // Closes the file; what fails is said.
  void close();

  bool is_recording() const { return recording_; }             // from any thread
  std::uint64_t left_out_frames() const { return left_out_; }  // from any thread

 private:
  void stop(const std::string& why);
  void try_again();

  const std::filesystem::path folder_;
  const replay::RecorderOptions options_;
  const std::function<void(const std::string&)> log_;
  std::unique_ptr<replay::Recorder> recorder_;
  replay::RecordingClock clock_;
  std::uint64_t left_out_since_ = 0;  // it stopped
  std::atomic<bool> recording_{true};
  std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace vigil::app
