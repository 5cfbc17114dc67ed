// A monitor put together from a configuration: models, reference, journal, judge, writer, dispatcher. `watch` and
// `replay` give it a source and run it. Owns what it starts.
// Tests: tests/app/pipeline_test.cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "alerting/dispatcher.h"
#include "alerting/journal.h"
#include "app/configuration.h"
#include "app/judge.h"
#include "app/line_output.h"
#include "app/model_set.h"
#include "app/recording_tee.h"
#include "app/results_writer.h"
#include "app/shared_options.h"
#include "app/stop_on_signal.h"
#include "core/frame.h"

namespace vigil::app {

// Defaults, then the file, then the flags. Throws Error.
Configuration effective_configuration(const MonitorOptions& options);

// The reference file of a configuration, matched to one of the models; nullopt to learn. Throws Error.
std::optional<monitors::Reference> load_reference(const Configuration& configuration, const ModelSet& models);

struct SessionSettings {
  bool json = false;
  bool live = true;    // send actions
  bool quiet = false;  // no text either
};

class Session {
 public:
  // Loads and opens everything but the source; throws Error.
  Session(Configuration configuration, SessionSettings settings);
  ~Session();

  // Runs the pipeline until the source ends, then flushes. Prints the digest with json. Throws FailedRunning, also
  // where result lines were left out. `recording` gets every frame first; may be null.
  void run(Source& source, RecordingTee* recording = nullptr);
  // From now on nobody who reads standard output is waited for. From any thread.
  void stop_waiting() { output_->stop_waiting(); }

  const Configuration& configuration() const { return configuration_; }
  const ModelSet& models() const { return models_; }
  const Judge& judge() const { return *judge_; }
  const alerting::Journal& journal() const { return *journal_; }
  // Whether anything of `fail_on` occurred.
  bool failed(const std::vector<std::string>& fail_on) const;

 private:
  void start_dispatcher();
  std::string judge_all(Source& source, RecordingTee* recording);

  Configuration configuration_;
  SessionSettings settings_;
  ModelSet models_;
  std::unique_ptr<alerting::Journal> journal_;
  std::unique_ptr<Judge> judge_;
  std::unique_ptr<alerting::Dispatcher> dispatcher_;
  std::unique_ptr<LineOutput> output_;
  std::set<std::string> occurred_;
};

}  // namespace vigil::app
