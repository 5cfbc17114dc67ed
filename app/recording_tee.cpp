#include "app/recording_tee.h"

#include <utility>

#include "core/error.h"

namespace vigil::app {

RecordingTee::RecordingTee(std::filesystem::path folder, replay::RecorderOptions options,
                           std::function<void(const std::string&)> log)
    : folder_(std::move(folder)),
      options_(options),
      log_(std::move(log)),
      recorder_(std::make_unique<replay::Recorder>(folder_, options_)) {}

void RecordingTee::write(const Frame& frame) {
  const replay::ClockStep step = clock_.feed(frame.header);
  const bool is_new_lumisection = step == replay::ClockStep::advanced || step == replay::ClockStep::restarted;
  if (!recorder_ && is_new_lumisection) try_again();
  if (recorder_) {
    try {
      recorder_->write(frame);
      return;
    } catch (const Error& e) {
      stop(e.what());
    }
  }
  left_out_ += frame.parts.empty() ? 0 : 1;
  left_out_since_ += frame.parts.empty() ? 0 : 1;
}

void RecordingTee::stop(const std::string& why) {
  recorder_.reset();
  recording_ = false;
  left_out_since_ = 0;
  log_("recording stopped: " + why + "; tried again at every lumisection, the monitor goes on");
}

void RecordingTee::try_again() {
  try {
    recorder_ = std::make_unique<replay::Recorder>(folder_, options_);
  } catch (const Error&) {
    return;
  }
  recording_ = true;
  log_("recording again into " + recorder_->current_file().string() + "; " + std::to_string(left_out_since_) +
       " frames were not recorded");
}

void RecordingTee::close() {
  if (recorder_) {
    try {
      recorder_->close();
    } catch (const Error& e) {
      stop(e.what());
    }
  }
  if (left_out_ > 0) log_("recording: " + std::to_string(left_out_.load()) + " frames were not recorded");
}

}  // namespace vigil::app
