// vigil replay, vigil publish, vigil reference build: recordings.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/logging.h"
#include "app/pipeline.h"
#include "app/progress.h"
#include "app/session.h"
#include "app/shared_options.h"
#include "core/error.h"
#include "core/shown.h"
#include "ingest/publisher.h"
#include "ingest/relabel.h"
#include "monitors/reference.h"
#include "replay/replay_source.h"

namespace vigil::app {
namespace {

struct PublishOptions {
  std::vector<std::string> recordings;
  std::string endpoint, speed = "realtime";
  bool loop = false, json = false;
};

struct ReferenceOptions {
  ReplayOptions replay;
  std::string output;
};

replay::ReplayOptions source_options(const ReplayOptions& options) {
  replay::ReplayOptions out;
  out.speed = replay::parse_speed(options.speed);
  out.from_ls = options.from_ls;
  out.to_ls = options.to_ls;
  return out;
}

std::vector<std::filesystem::path> paths(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

// What a damaged recording lost, on stderr.
void report_damage(const replay::ReplaySource& source) {
  const auto& stats = source.stats();
  if (stats.bytes_lost == 0) return;
  fmt::print(stderr, "vigil: {} bytes lost in {} damaged regions of the recording\n", stats.bytes_lost,
             stats.damaged_regions);
}

// Shows how far a replay is while it runs.
class Watched : public Source {
 public:
  Watched(replay::ReplaySource& source, const std::string& what)
      : source_(source), progress_(what, source.total_bytes(), "B") {}
  std::optional<Frame> next() override {
    auto frame = source_.next();
    if (frame) progress_.update(source_.stats().bytes);
    return frame;
  }
  void request_stop() override { source_.request_stop(); }

 private:
  replay::ReplaySource& source_;
  Progress progress_;
};

int run_replay(const ReplayOptions& options) {
  log_to_stderr();
  StopOnSignal signals;
  Configuration configuration = effective_configuration(options.monitor);
  if (options.jobs > 0) configuration.jobs = options.jobs;
  replay::ReplaySource source(paths(options.recordings), source_options(options));
  Session session(configuration, {.json = options.monitor.json, .live = false});
  {
    Watched watched(source, "replay");
    signals.watch([&] {
      watched.request_stop();
      session.stop_waiting();
    });
    session.run(watched);
    signals.watch(std::function<void()>{});
  }
  report_damage(source);
  return session.failed(options.monitor.fail_on) ? 1 : 0;
}

int run_publish(const PublishOptions& options) {
  log_to_stderr();
  StopOnSignal signals;
  ingest::Publisher publisher(options.endpoint);
  ReplayOptions replay_options;
  replay_options.speed = options.speed;
  std::uint64_t frames = 0;
  std::atomic<bool> stop{false};
  ingest::RelabelledTurns turns;
  // Sends the recordings once; false where nothing is left to send in a further turn.
  const auto send_turn = [&](replay::ReplaySource& recordings, std::uint64_t turn) {
    const std::uint64_t before = frames;
    while (auto frame = recordings.next()) {
      if (turn == 0) turns.see(frame->header);
      if (!turns.relabel(frame->parts, turn)) {
        spdlog::warn("run or epoch would be beyond what the wire carries: ended after {} turns", turn);
        return false;
      }
      if (!frame->parts.empty() && publisher.send(frame->parts, stop)) ++frames;
      if (stop) break;
    }
    report_damage(recordings);
    return frames > before;
  };
  const auto open = [&] {
    return std::make_unique<replay::ReplaySource>(paths(options.recordings), source_options(replay_options));
  };
  std::unique_ptr<replay::ReplaySource> source = open();
  const auto watch = [&] {
    signals.watch([&] {
      stop = true;
      source->request_stop();
    });
  };
  watch();
  try {
    spdlog::info("waiting for a subscriber on {}", publisher.last_endpoint());
    bool more = publisher.wait_for_subscriber(stop);
    for (std::uint64_t turn = 0; more; ++turn) {
      more = send_turn(*source, turn) && options.loop && !stop;
      if (!more) break;
      signals.watch([&] { stop = true; });  // this source ends
      source = open();
      watch();
    }
  } catch (const Error& e) {
    throw FailedRunning(e.what());
  }
  signals.watch(std::function<void()>{});
  publisher.close();
  if (options.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"frames", frames}, {"endpoint", publisher.last_endpoint()}}.dump());
  } else {
    fmt::print("{} frames published on {}\n", frames, publisher.last_endpoint());
  }
  return 0;
}

int run_reference_build(const ReferenceOptions& options) {
  log_to_stderr();
  StopOnSignal signals;
  Configuration configuration = effective_configuration(options.replay.monitor);
  if (configuration.models.size() != 1)
    throw Error("--model", std::to_string(configuration.models.size()) + " packages", "one");
  const ModelSet models(configuration.models);
  const ModelInfo& info = models.all().front()->info();
  replay::ReplaySource source(paths(options.replay.recordings), source_options(options.replay));
  Judge judge(models, configuration, {}, false, [](const std::string& fact) { spdlog::warn("{}", fact); });
  monitors::Reference reference;
  reference.model = info.name;
  std::uint64_t lumisections = 0, complete = 0;
  std::string stream;
  monitors::Conditions conditions;
  judge.observe([&](const monitors::ClosedLumisection& closed) {
    ++lumisections;
    const Lumisection& line = closed.lumisection;
    const double coverage = static_cast<double>(line.covered_orbits) / static_cast<double>(line.expected_orbits);
    if (coverage < configuration.monitors.minimum_coverage || closed.summary.events == 0 || closed.mixed_context ||
        closed.summary.wrong_model_events > 0) {
      return;
    }
    if (complete == 0) {
      stream = reference.stream = line.stream;
      conditions = closed.conditions;
      reference.selection = closed.conditions.selection;
    }
    // A reference is of one stream and one set of conditions.
    if (line.stream != stream)
      throw Error(options.output, "streams '" + shown(stream) + "' and '" + shown(line.stream) + "'",
                  "recordings of one stream");
    if (closed.conditions != conditions) {
      throw Error(options.output, "two contexts, " + in_words(conditions) + " and " + in_words(closed.conditions),
                  "one; choose with --from-ls and --to-ls");
    }
    reference.add(line.run, line.ls, closed.summary);
    ++complete;
  });
  {
    Watched watched(source, "reference");
    signals.watch(watched);
    run_pipeline(watched, models, judge, {}, options.replay.jobs);
    signals.watch(std::function<void()>{});
  }
  report_damage(source);
  if (complete == 0) {
    throw Error(options.output,
                "no complete lumisection of model '" + info.name + "' among " + std::to_string(lumisections),
                "recordings of good runs with events of model hash " + info.hash);
  }
  monitors::save_reference(reference, options.output);
  if (options.replay.monitor.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"file", options.output},
                                              {"model", info.name},
                                              {"model_hash", info.hash},
                                              {"lumisections", complete},
                                              {"of", lumisections},
                                              {"events", reference.summary.events}}
                           .dump());
  } else {
    fmt::print("{}: {} events of {} lumisections ({} were not complete), model {} {}\n", escaped(options.output),
               reference.summary.events, complete, lumisections - complete, shown(info.name), info.hash.substr(0, 12));
  }
  return 0;
}

}  // namespace

Command replay_command() {
  const auto o = std::make_shared<ReplayOptions>();
  return {"replay", "recorded runs through the same pipeline", "vigil replay run1/ --model demo/model --json",
          joined({{recordings_option(o->recordings)},
                  monitor_options(o->monitor, "-c,--configuration",
                                  "result lines as JSON on standard output, the digest last"),
                  {{"--speed", &o->speed, "max, realtime or a factor like 4x"}},
                  range_options(*o)}),
          [o] { return run_replay(*o); }};
}

Command publish_command() {
  const auto o = std::make_shared<PublishOptions>();
  return {"publish",
          "a recording as a live stream",
          "vigil publish run1/ --endpoint tcp://127.0.0.1:5555",
          {recordings_option(o->recordings),
           {"--endpoint", &o->endpoint, "endpoint to bind", Presence::required},
           {"--speed", &o->speed, "max, realtime or a factor like 4x"},
           {"--loop", &o->loop, "start over at the end"},
           {"--json", &o->json, "one JSON document at the end"}},
          [o] { return run_publish(*o); }};
}

Command reference_build_command() {
  const auto o = std::make_shared<ReferenceOptions>();
  MonitorOptions& monitor = o->replay.monitor;
  return {"reference build", "a reference from recordings",
          "vigil reference build run1/ --model demo/model -o good.json",
          joined({{recordings_option(o->replay.recordings),
                   {"--model", &monitor.models, "model package", Presence::required},
                   settings_option(monitor),
                   {"-o,--output", &o->output, "reference file to write", Presence::required}},
                  range_options(o->replay),
                  {{"--json", &monitor.json, "one JSON document"}}}),
          [o] { return run_reference_build(*o); }};
}

}  // namespace vigil::app
