// A monitor put together from a configuration: models, reference, journal, judge, writer, dispatcher. `watch` and
// `replay` give it a source and run it. Owns what it starts.
// Tests: tests/app/pipeline_test.cpp.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>

#include "alerting/dispatcher.h"
#include "alerting/journal.h"
#include "app/configuration.h"
#include "app/http_service.h"
#include "app/judge.h"
#include "app/line_output.h"
#include "app/model_set.h"
#include "app/pipeline_counters.h"
#include "app/recording_tee.h"
#include "app/results_writer.h"
#include "app/shared_options.h"
#include "app/stop_on_signal.h"
#include "core/frame.h"

namespace vigil::app {

// Defaults (or what a plan says), then the file, then the flags. Throws Error.
Configuration effective_configuration(const MonitorOptions& options, Configuration defaults = {});

// The reference file of a configuration, matched to one of the models; nullopt to learn. Throws Error.
std::optional<monitors::References> load_reference(const Configuration& configuration, const ModelSet& models);

struct SessionSettings {
  bool json = false;
  bool live = true;            // send actions
  bool quiet = false;          // no text either
  bool demo = false;           // the built-in show: says so on the page
  int output = STDOUT_FILENO;  // where result lines and text go
  // Frames stand for what was emulated before: their state is kept at the end alone, and single ones are read again.
  bool partials = false;
  std::function<std::shared_ptr<Item>(const std::string& position, const ModelSet& models)> read_again = {};
  // A process after this one goes on with the journal as if nothing had been (app/results_writer_exact.cpp): where the
  // source stands behind a frame, where lines go first (may be null), and whether its end is none.
  bool is_exact = false;
  std::function<std::string(std::uint64_t order)> position = {};
  ResultsLog* log = nullptr;
  std::function<bool()> goes_on = {};
  std::map<std::string, std::string> meta = {};  // of the journal, besides the program's own
  std::function<bool()> may_send = {};           // actions, besides what the log says; empty: always
};

class Session {
 public:
  // Loads and opens everything but the source; throws Error.
  Session(Configuration configuration, SessionSettings settings);
  ~Session();

  // Runs the pipeline until the source ends, then flushes. Prints the digest with json. Throws FailedRunning, also
  // where result lines were left out. `recording` gets every frame first; may be null. `intake`: what a live source has
  // received, asked from any thread until it has run; empty: what the pipeline reads is what arrived.
  void run(Source& source, RecordingTee* recording = nullptr, std::function<Intake()> intake = {});
  // From now on nobody who reads standard output is waited for. From any thread.
  void stop_waiting() { output_->stop_waiting(); }

  const Configuration& configuration() const { return configuration_; }
  const ModelSet& models() const { return models_; }
  const Judge& judge() const { return *judge_; }
  // The pipeline, its journal and its sinks as they are now. From any thread.
  PipelineSnapshot pipeline() const;
  const alerting::Journal& journal() const { return *journal_; }
  // Where people look; empty: nothing listens.
  std::string url() const { return http_ ? http_->url() : std::string(); }
  // Asked by the live status while the monitor runs: `scale` of a merger. Before run().
  void describe_scale(std::function<nlohmann::ordered_json()> scale) { scale_ = std::move(scale); }
  // Whether anything of `fail_on` occurred.
  bool failed(const std::vector<std::string>& fail_on) const;

 private:
  KeepState keep_state() const;
  void start_dispatcher();
  void count(const alerting::DispatchEvent& event);
  std::string judge_all(Source& source, RecordingTee* recording);

  Configuration configuration_;
  SessionSettings settings_;
  std::function<nlohmann::ordered_json()> scale_;
  ModelSet models_;
  PipelineCounters counters_;
  std::string temporary_journal_;  // where the server needs a file and the configuration names none; goes with us
  std::unique_ptr<alerting::Journal> journal_;
  std::unique_ptr<Judge> judge_;
  std::unique_ptr<alerting::Dispatcher> dispatcher_;
  std::unique_ptr<LineOutput> output_;
  std::set<std::string> occurred_;
  std::atomic<bool> holds_actions_{false};
  std::atomic<bool> has_ended_{false};  // nothing will be committed any more
  Readiness readiness_;
  std::unique_ptr<alerting::Desk> desk_;
  std::unique_ptr<HttpService> http_;  // ends before what it asks
};

}  // namespace vigil::app
