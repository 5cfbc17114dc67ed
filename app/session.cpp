#include "app/session.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <utility>

#include "alerting/sinks.h"
#include "app/configuration_sinks.h"
#include "app/live_status.h"
#include "app/pipeline.h"
#include "app/text.h"
#include "core/error.h"
#include "core/result_lines.h"

namespace vigil::app {
namespace {
constexpr std::int64_t kDispatchGraceMs = 3000;  // at the end: what is due is tried once more
}

Configuration effective_configuration(const MonitorOptions& options) {
  Configuration c;
  if (!options.configuration.empty()) read_configuration(c, options.configuration);
  if (!options.models.empty()) c.models = options.models;
  if (!options.subscribe.empty()) c.subscribe = options.subscribe;
  if (!options.topics.empty()) c.topics = options.topics;
  if (!options.reference.empty()) c.reference = options.reference;
  if (!options.journal.empty()) c.journal = options.journal;
  if (!options.actions_to.empty()) c.actions_to = options.actions_to;
  if (!options.record.empty()) c.record = options.record;
  if (options.window_ls || options.hop_ls) {
    monitors::WindowSettings window = c.monitors.windows.front();
    if (options.window_ls) window.window_ls = *options.window_ls;
    // Half the window by default, so that a change is never split evenly between all windows.
    window.hop_ls = options.hop_ls ? *options.hop_ls : std::max(1u, window.window_ls / 2);
    if (window.window_ls == 0 || window.hop_ls == 0) throw Error("--window-ls, --hop-ls", "0", "at least 1");
    window.name = std::to_string(window.window_ls) + "ls";
    c.monitors.windows = {window};
  }
  for (const std::string& setting : options.settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos) throw Error("--set " + setting, "no '='", "key=value");
    set_key(c, setting.substr(0, equals), setting.substr(equals + 1));
  }
  if (const auto n = learn_lumisections(c.reference)) c.monitors.learn_ls = *n;
  return c;
}

std::optional<monitors::Reference> load_reference(const Configuration& configuration, const ModelSet& models) {
  if (learn_lumisections(configuration.reference)) return {};
  std::optional<Error> first;
  for (const auto& model : models.all()) {
    try {
      return monitors::load_reference(configuration.reference, model->info());
    } catch (const Error& e) {
      if (!first) first = e;
    }
  }
  throw *first;
}

Session::Session(Configuration configuration, SessionSettings settings)
    : configuration_(std::move(configuration)), settings_(settings), models_(configuration_.models) {
  auto reference = load_reference(configuration_, models_);
  journal_ = std::make_unique<alerting::Journal>(configuration_.journal);
  judge_ = std::make_unique<Judge>(models_, configuration_, std::move(reference), !configuration_.journal.empty(),
                                   [](const std::string& fact) { spdlog::warn("{}", fact); });
  if (configuration_.journal.empty()) {
    spdlog::info("no --journal: state lives in memory only");
  } else {
    judge_->load(journal_->state(), "journal " + configuration_.journal);
  }
  std::map<std::string, std::string> meta{{"configuration", to_yaml(configuration_)}, {"version", VIGIL_VERSION}};
  for (const auto& model : models_.all()) meta["model/" + model->info().name] = model->info().hash;
  journal_->set_meta(meta);
  output_ = std::make_unique<LineOutput>(OutputSettings{.may_wait = !settings_.live},
                                         [](const std::string& fact) { spdlog::warn("{}", fact); });
  if (settings_.live) start_dispatcher();
}

Session::~Session() = default;

void Session::start_dispatcher() {
  std::vector<alerting::Outlet> sinks;
  for (alerting::SinkSettings& sink : configured_sinks(configuration_)) {
    sink.log = [](const std::string& line) { spdlog::warn("{}", line); };
    sinks.push_back({alerting::make_sink(sink), sink.routing});
  }
  alerting::DispatchSettings dispatch;
  dispatch.expiry_ms = std::int64_t{configuration_.expiry_h} * 3600 * 1000;
  dispatch.seed = std::hash<std::string>{}(configuration_.journal) ^ static_cast<std::uint64_t>(getpid());
  dispatcher_ = std::make_unique<alerting::Dispatcher>(
      *journal_, std::move(sinks), dispatch, [last = std::string()](const alerting::DispatchEvent& event) mutable {
        using Kind = alerting::DispatchEvent::Kind;
        const char* what = event.kind == Kind::delivered  ? "delivered"
                           : event.kind == Kind::rejected ? "rejected"
                           : event.kind == Kind::retry    ? "not delivered, will be sent again"
                           : event.kind == Kind::expired  ? "expired undelivered"
                                                          : "not recorded";
        const std::string text = event.id + " " + what + " by " + event.sink + " " + event.reason;
        if (event.kind == Kind::retry && text == last) return;  // on change only
        last = text;
        spdlog::log(event.kind == Kind::delivered ? spdlog::level::info : spdlog::level::warn,
                    "action {} at {}: {}{}{}", event.id, shown(event.sink), what, event.reason.empty() ? "" : ": ",
                    event.reason);
      });
  dispatcher_->start();
}

// Returns the digest. What was judged before a failure is still committed.
std::string Session::judge_all(Source& source, RecordingTee* recording) {
  ResultsWriter writer(
      *journal_, {.json = settings_.json, .quiet = settings_.quiet, .queue_actions = settings_.live}, *output_,
      [&] { source.request_stop(); },
      [&] {
        if (dispatcher_) dispatcher_->wake();
      });
  std::unique_ptr<LiveStatus> status;
  if (!configuration_.journal.empty()) {
    status = std::make_unique<LiveStatus>(
        *journal_, *judge_,
        [&] {
          return ProgramStatus{.mode = settings_.live ? "watch" : "replay",
                               .records = recording != nullptr,
                               .is_recording = recording != nullptr && recording->is_recording(),
                               .frames_not_recorded = recording != nullptr ? recording->left_out_frames() : 0,
                               .lines_left_out = output_->left_out()};
        },
        [](const std::string& fact) { spdlog::warn("{}", fact); });
  }
  std::exception_ptr failure;
  try {
    PipelineOutputs outputs;
    if (recording != nullptr) outputs.record = [&](const Frame& frame) { recording->write(frame); };
    outputs.closed = [&](Closing&& closing) { writer.push(std::move(closing)); };
    run_pipeline(source, models_, *judge_, outputs, configuration_.jobs);
  } catch (...) {
    failure = std::current_exception();
  }
  writer.finish();
  if (failure) std::rethrow_exception(failure);
  if (status) status->stop();
  occurred_ = writer.occurred();
  return writer.digest();
}

void Session::run(Source& source, RecordingTee* recording) {
  try {
    const std::string digest = judge_all(source, recording);
    if (settings_.json) output_->put(digest_line(digest, judge_->totals()) + "\n");
    output_->finish();
  } catch (const std::exception& e) {
    output_->stop_waiting();
    throw FailedRunning(e.what());
  }
  if (dispatcher_) dispatcher_->stop(kDispatchGraceMs);
  if (const std::uint64_t left_out = output_->left_out(); left_out > 0) {
    throw FailedRunning("standard output: " + std::to_string(left_out) +
                        " result lines left out, which nobody read; judged, journaled and delivered all the same");
  }
}

bool Session::failed(const std::vector<std::string>& fail_on) const {
  for (const std::string& what : fail_on) {
    if (occurred_.contains(what)) return true;
  }
  return false;
}

}  // namespace vigil::app
