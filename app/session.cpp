#include "app/session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "alerting/alarm_board.h"
#include "alerting/sinks.h"
#include "app/configuration_actions.h"
#include "app/configuration_alarms.h"
#include "app/configuration_conditions.h"
#include "app/configuration_sinks.h"
#include "app/desk_factory.h"
#include "app/http_outlook.h"
#include "app/limits.h"
#include "app/live_status.h"
#include "app/pipeline.h"
#include "app/text.h"
#include "app/wall_clock.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/result_lines.h"
#include "monitors/rule.h"

namespace vigil::app {
namespace {
constexpr std::int64_t kDispatchGraceMs = 3000;  // at the end: what is due is tried once more

// What is monitored of each model, whatever the stream.
std::vector<alerting::RecordedModel> recorded_models(const Configuration& c, const ModelSet& models) {
  std::vector<alerting::RecordedModel> out;
  for (const auto& model : models.all()) {
    alerting::RecordedModel& recorded = out.emplace_back();
    recorded.info = model->info();
    for (const monitors::Rule& rule : monitors::make_rules(model->info(), c.monitors)) {
      if (std::find(recorded.monitors.begin(), recorded.monitors.end(), rule.monitor) == recorded.monitors.end()) {
        recorded.monitors.push_back(rule.monitor);
      }
    }
  }
  return out;
}

std::int64_t expiry_ns(const Configuration& c) { return static_cast<std::int64_t>(c.expiry_h * 3600e9); }

std::vector<std::string> names_of(const ModelSet& models) {
  std::vector<std::string> out;
  for (const auto& model : models.all()) out.push_back(model->info().name);
  return out;
}
}  // namespace

Configuration effective_configuration(const MonitorOptions& options, Configuration defaults) {
  Configuration c = std::move(defaults);
  if (!options.configuration.empty()) read_configuration(c, options.configuration);
  if (!options.models.empty()) c.models = options.models;
  if (!options.subscribe.empty()) c.subscribe = options.subscribe;
  if (!options.topics.empty()) c.topics = options.topics;
  if (!options.reference.empty()) c.reference = options.reference;
  if (!options.limits.empty()) c.limits = options.limits;
  if (!options.journal.empty()) c.journal = options.journal;
  if (!options.actions_to.empty()) c.actions_to = options.actions_to;
  if (!options.record.empty()) c.record = options.record;
  if (!options.http.empty()) c.http.set_listen(options.http);
  if (!options.to.empty()) c.to = options.to;
  if (!options.name.empty()) set_key(c, "name", options.name);
  if (options.close_on_stop) c.close_on_stop = true;
  if (options.jobs > 0) c.jobs = options.jobs;
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
  check_http(c.http);
  return c;
}

std::optional<monitors::References> load_reference(const Configuration& configuration, const ModelSet& models) {
  if (learn_lumisections(configuration.reference)) return {};
  std::optional<Error> first;
  for (const auto& model : models.all()) {
    try {
      return monitors::load_references(configuration.reference, model->info());
    } catch (const Error& e) {
      if (!first) first = e;
    }
  }
  throw *first;
}

Session::Session(Configuration configuration, SessionSettings settings)
    : configuration_(std::move(configuration)),
      settings_(settings),
      models_(configuration_.models),
      counters_(names_of(models_)) {
  require_approval(configuration_);
  if (settings_.live) (void)configured_sinks(configuration_);  // refused before anything is opened
  check_prescales(configuration_.monitors.prescales, models_);
  auto reference = load_reference(configuration_, models_);
  configuration_.monitors.limits = load_limits(configuration_, models_);
  if (configuration_.journal.empty() && !configuration_.http.listen.empty()) {
    temporary_journal_ = (std::filesystem::temp_directory_path() / fmt::format("vigil-{}.db", getpid())).string();
  }
  journal_ =
      std::make_unique<alerting::Journal>(temporary_journal_.empty() ? configuration_.journal : temporary_journal_);
  journal_->set_rules({configuration_.approval, expiry_ns(configuration_)});
  judge_ = std::make_unique<Judge>(models_, configuration_, std::move(reference), keep_state(),
                                   [](const std::string& fact) { spdlog::warn("{}", fact); });
  judge_->ask_succeeded([this](const std::string& model, const std::string& stream, const std::string& hash) {
    return journal_->has_succeeded(model, stream, hash);
  });
  if (settings_.read_again)
    judge_->read_again([this](const std::string& at) { return settings_.read_again(at, models_); });
  if (configuration_.journal.empty()) {
    spdlog::info("no --journal: state lives in memory only");
  } else {
    judge_->load(journal_->state(), "journal " + configuration_.journal);
  }
  std::map<std::string, std::string> meta{{"configuration", to_yaml(configuration_)}, {"version", VIGIL_VERSION}};
  for (const auto& model : models_.all()) meta["model/" + model->info().name] = model->info().hash;
  meta.insert(settings_.meta.begin(), settings_.meta.end());
  journal_->set_meta(meta);
  journal_->put_models(recorded_models(configuration_, models_));
  if (!configuration_.journal.empty() || !configuration_.http.listen.empty()) {
    journal_->keep_contents(configuration_.http.keep_histograms, configuration_.reference);
  }
  journal_->set_alarms(alarm_settings(configuration_));
  output_ = std::make_unique<LineOutput>(OutputSettings{.may_wait = !settings_.live, .descriptor = settings_.output},
                                         [](const std::string& fact) { spdlog::warn("{}", fact); });
  if (settings_.live) start_dispatcher();
  desk_ = open_desk(*journal_, configuration_, models_, dispatcher_.get());
  if (configuration_.http.listen.empty()) return;
  HttpProgram program{.mode = settings_.demo   ? shift::Mode::demo
                              : settings_.live ? shift::Mode::live
                                               : shift::Mode::replay,
                      .journal = journal_->file(),
                      .windows = window_names(configuration_),
                      .has_ended = [this] { return has_ended_.load(); },
                      .pipeline = [this] { return pipeline(); }};
  if (dispatcher_) {
    for (const alerting::SinkHealth& sink : dispatcher_->health()) program.sinks.push_back(sink.name);
  }
  http_ = start_http(configuration_.http, desk_.get(), readiness_, std::move(program));
}

KeepState Session::keep_state() const {
  if (configuration_.journal.empty()) return KeepState::never;
  if (settings_.is_exact) return KeepState::exact;
  return settings_.partials ? KeepState::at_the_end : KeepState::always;
}

Session::~Session() {
  if (temporary_journal_.empty()) return;
  http_.reset();
  desk_.reset();
  dispatcher_.reset();
  judge_.reset();
  journal_.reset();
  for (const char* end : {"", "-wal", "-shm"}) {
    std::error_code ignored;
    std::filesystem::remove(temporary_journal_ + end, ignored);
  }
}

void Session::start_dispatcher() {
  std::vector<alerting::Outlet> sinks;
  for (alerting::SinkSettings& sink : configured_sinks(configuration_)) {
    sink.log = [](const std::string& line) { spdlog::warn("{}", line); };
    // Of the configuration alone: a sink renders while the journal is held.
    sink.guidance = [alarms = alarm_settings(configuration_)](const std::string& model, const std::string& stream,
                                                              const std::string& monitor) {
      return alarms.of(alerting::node_of(model, stream, monitor)).guidance;
    };
    sink.routing.status = sink.flag("status");
    sinks.push_back({alerting::make_sink(sink), sink.routing, alerting::pacing_of(sink), sink.type});
  }
  alerting::DispatchSettings dispatch;
  dispatch.expiry_ms = std::max<std::int64_t>(1, expiry_ns(configuration_) / 1'000'000);
  dispatch.is_shelved = [board = std::make_shared<alerting::AlarmBoard>(*journal_)](const OutgoingAction& action) {
    const auto line = nlohmann::json::parse(action.line);
    return board->is_shelved(line.at("model").get<std::string>(), line.at("stream").get<std::string>(),
                             alerting::monitors_of_action(line));
  };
  holds_actions_ = settings_.log != nullptr;  // until what an earlier process left is there
  dispatch.may_send = [this] { return !holds_actions_ && (!settings_.may_send || settings_.may_send()); };
  dispatch.seed = std::hash<std::string>{}(configuration_.journal) ^ static_cast<std::uint64_t>(getpid());
  dispatcher_ = std::make_unique<alerting::Dispatcher>(
      *journal_, std::move(sinks), dispatch,
      [this, last = std::string()](const alerting::DispatchEvent& event) mutable {
        count(event);
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

void Session::count(const alerting::DispatchEvent& event) {
  using Kind = alerting::DispatchEvent::Kind;
  using Delivery = PipelineCounters::Delivery;
  switch (event.kind) {
    case Kind::delivered:
      counters_.add_delivery(event.sink, Delivery::delivered);
      break;
    case Kind::rejected:
      counters_.add_delivery(event.sink, Delivery::rejected);
      break;
    case Kind::expired:
      counters_.add_delivery(event.sink, Delivery::expired);
      break;
    case Kind::retry:
      counters_.add_delivery(event.sink, Delivery::retried);
      break;
    case Kind::journal_failed:
      counters_.add_journal_error(event.reason, false);
      break;
  }
}

PipelineSnapshot Session::pipeline() const {
  PipelineSnapshot out = counters_.snapshot(wall_clock_ns());
  out.rejections = judge_->rejections();
  if (!dispatcher_) return out;
  for (const alerting::SinkHealth& sink : dispatcher_->health()) {
    out.sinks[sink.name].is_up = sink.state == alerting::SinkHealth::State::ok;
  }
  return out;
}

// Returns the digest. What was judged before a failure is still committed.
std::string Session::judge_all(Source& source, RecordingTee* recording) {
  ResultsWriter writer(
      *journal_,
      {.json = settings_.json,
       .quiet = settings_.quiet,
       .queue_actions = settings_.live,
       .counters = &counters_,
       .is_exact = settings_.is_exact && !configuration_.journal.empty(),
       .position = settings_.position,
       .log = settings_.log,
       .hold_actions = [this](bool hold) { holds_actions_ = hold; }},
      *output_,
      [&] {
        readiness_.add("journal or output: no longer written, see the log");
        source.request_stop();
      },
      [&] {
        if (dispatcher_) dispatcher_->wake();
      });
  std::unique_ptr<LiveStatus> status;
  if (!configuration_.journal.empty() || !temporary_journal_.empty()) {
    status = std::make_unique<LiveStatus>(
        *journal_, *judge_,
        [&] {
          return ProgramStatus{.mode = settings_.live ? "watch" : "replay",
                               .records = recording != nullptr,
                               .is_recording = recording != nullptr && recording->is_recording(),
                               .frames_not_recorded = recording != nullptr ? recording->left_out_frames() : 0,
                               .lines_left_out = output_->left_out(),
                               .scale = scale_ ? json_text(scale_()) : std::string()};
        },
        [this](const std::string& fact) {
          counters_.add_journal_error(fact, false);
          spdlog::warn("{}", fact);
        });
  }
  std::exception_ptr failure;
  try {
    PipelineOutputs outputs;
    outputs.goes_on = settings_.goes_on;
    outputs.counters = &counters_;
    if (recording != nullptr) outputs.record = [&](const Frame& frame) { recording->write(frame); };
    outputs.closed = [&](Closing&& closing) {
      writer.push(std::move(closing));
      if (status) status->wake();
    };
    run_pipeline(source, models_, *judge_, outputs, configuration_.jobs);
  } catch (...) {
    failure = std::current_exception();
    readiness_.add("pipeline: failed, see the log");
  }
  writer.finish();
  if (failure) std::rethrow_exception(failure);
  if (status) status->stop();
  occurred_ = writer.occurred();
  return writer.digest();
}

void Session::run(Source& source, RecordingTee* recording, std::function<Intake()> intake) {
  // The source ends before the server: nobody may ask it then.
  struct Asked {
    ~Asked() { counters.set_intake({}); }
    PipelineCounters& counters;
  };
  counters_.set_intake(std::move(intake));
  const Asked asked{counters_};
  const struct Ending {
    ~Ending() { has_ended = true; }
    std::atomic<bool>& has_ended;
  } ending{has_ended_};
  try {
    const std::string digest = judge_all(source, recording);
    const bool goes_on = settings_.goes_on && settings_.goes_on();
    if (settings_.json && !goes_on) output_->put(digest_line(digest, judge_->totals()) + "\n");
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
