// vigil replay, vigil publish: recordings.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/command_part.h"
#include "app/kafka_watch.h"
#include "app/logging.h"
#include "app/pipeline.h"
#include "app/recordings.h"
#include "app/session.h"
#include "app/shared_options.h"
#include "core/error.h"
#include "core/shown.h"
#include "ingest/publisher.h"
#include "ingest/relabel.h"

namespace vigil::app {
namespace {

struct PlannedReplay : ReplayOptions {
  std::optional<std::string> plan, output;
  std::optional<std::uint32_t> part;
};

// With --plan and --part: what there is to say stands in the plan.
int replay_part(const PlannedReplay& o) {
  if (!o.plan) throw Error("--part, -o", "without --plan", "a plan");
  if (!o.part) throw Error("--plan", "without --part", "the number of a part");
  if (!o.recordings.empty()) {
    throw Error(o.recordings.front(), "a recording beside --plan", "none: the plan says which");
  }
  const MonitorOptions& m = o.monitor;
  if (!m.configuration.empty() || !m.models.empty() || !m.settings.empty() || !m.reference.empty() ||
      !m.limits.empty() || !m.journal.empty() || !m.http.empty() || !m.fail_on.empty() || m.window_ls || m.hop_ls ||
      m.hold || o.from_ls || o.to_ls || o.speed != "max") {
    throw Error("--plan", "beside options of the run",
                "--part, -o, --jobs and --json alone: the rest stands in the plan");
  }
  return run_part({*o.plan, o.output.value_or(""), *o.part, o.jobs, m.json});
}

struct PublishOptions {
  std::vector<std::string> recordings;
  std::string endpoint, speed = "realtime";
  bool loop = false, json = false;
};

bool is_kafka_among(const std::vector<std::string>& recordings) {
  return std::any_of(recordings.begin(), recordings.end(),
                     [](const std::string& name) { return name.starts_with("kafka://"); });
}

int replay_from_kafka(const ReplayOptions& options, const Configuration& configuration) {
  const std::string& endpoint = options.recordings.front();
  if (options.recordings.size() > 1) throw Error("REC", "an endpoint of Kafka among others", "that alone");
  if (options.from_ls || options.to_ls || options.speed != "max") {
    throw Error(endpoint, "with --from-ls, --to-ls or --speed",
                "none of them: all that Kafka holds, as fast as may be");
  }
#ifdef VIGIL_KAFKA
  return replay_kafka(options.monitor, configuration, endpoint);
#else
  throw Error(endpoint, "Kafka", "a vigil that was built with librdkafka; this one was not");
#endif
}

int run_replay(const PlannedReplay& planned) {
  const ReplayOptions& options = planned;
  if (planned.plan || planned.part || planned.output) return replay_part(planned);
  if (options.recordings.empty())
    throw Error("REC", "no recording", "recording files or folders, or --plan and --part");
  log_to_stderr();
  Configuration configuration = effective_configuration(options.monitor);
  if (options.jobs > 0) configuration.jobs = options.jobs;
  if (is_kafka_among(options.recordings)) return replay_from_kafka(options, configuration);
  StopOnSignal signals;
  replay::ReplaySource source(paths(options.recordings), source_options(options));
  if (options.monitor.hold && configuration.http.listen.empty()) {
    throw Error("--hold", "without --http", "an address to go on answering at");
  }
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
  if (options.monitor.hold) signals.wait();
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

}  // namespace

Command replay_command() {
  const auto o = std::make_shared<PlannedReplay>();
  Option recordings = recordings_option(o->recordings);
  recordings.presence = Presence::optional;
  return {"replay", "recorded runs through the same pipeline", "vigil replay run1/ --model demo/model --json",
          joined({{recordings,
                   {"--plan", &o->plan, "a plan of `vigil plan`, with --part"},
                   {"--part", &o->part, "emulate this part of the plan into a part file"},
                   {"-o,--output", &o->output, "part file (default PLAN.parts/<K>.vsum)"}},
                  monitor_options(o->monitor, "-c,--configuration",
                                  "result lines as JSON on standard output, the digest last"),
                  {{"--speed", &o->speed, "max, realtime or a factor like 4x"},
                   http_option(o->monitor),
                   hold_option(o->monitor)},
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

}  // namespace vigil::app
