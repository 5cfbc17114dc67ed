// A monitor put together from a configuration: models, reference, journal, judge, writer, dispatcher. `watch` and
// `replay` give it a source and run it. Owns what it starts.
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
#include "app/model_set.h"
#include "app/results_writer.h"
#include "app/shared_options.h"
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

  // Runs the pipeline until the source ends, then flushes. Prints the digest with json. Throws FailedRunning.
  // `record` gets every frame first; may be empty.
  void run(Source& source, const std::function<void(const Frame&)>& record);

  const Configuration& configuration() const { return configuration_; }
  const ModelSet& models() const { return models_; }
  const Judge& judge() const { return *judge_; }
  const alerting::Journal& journal() const { return *journal_; }
  // Whether anything of `fail_on` occurred.
  bool failed(const std::vector<std::string>& fail_on) const;

 private:
  void start_dispatcher();

  Configuration configuration_;
  SessionSettings settings_;
  ModelSet models_;
  std::unique_ptr<alerting::Journal> journal_;
  std::unique_ptr<Judge> judge_;
  std::unique_ptr<alerting::Dispatcher> dispatcher_;
  std::set<std::string> occurred_;
};

// Stops `source` at SIGINT or SIGTERM, from a thread of its own that waits for the signal. Make it before any other
// thread (the signals are blocked in all threads started after it). A second signal ends the process at once.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  void watch(Source& source);  // from now on; one source at a time
  void watch(std::function<void()> stop);
  bool stopped() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace vigil::app
