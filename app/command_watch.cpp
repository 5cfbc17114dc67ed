// vigil watch, vigil record: live streams.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/configuration_kafka.h"
#include "app/kafka_watch.h"
#include "app/logging.h"
#include "app/recording_tee.h"
#include "app/session.h"
#include "app/shared_options.h"
#include "core/error.h"
#include "core/shown.h"
#include "ingest/subscriber.h"
#include "replay/recorder.h"

namespace vigil::app {
namespace {

void require_endpoints(const Configuration& configuration) {
  if (configuration.subscribe.empty()) {
    throw Error("subscribe", "no endpoint", "--subscribe ENDPOINT, or `subscribe` in the configuration");
  }
}

replay::RecorderOptions recorder_options(const Configuration& configuration) {
  replay::RecorderOptions options;
  options.compress = configuration.compress;
  return options;
}

void log_link(const ingest::LinkEvent& event) {
  if (event.made) {
    spdlog::info("link to {} made{}", event.endpoint,
                 event.heartbeat ? "" : " (its peer knows no heartbeats: TCP keep-alive alone)");
  } else {
    spdlog::warn("link to {} cut; it is made anew as soon as its peer answers", event.endpoint);
  }
}

void log_counters(const ingest::Subscriber& subscriber) {
  const auto& c = subscriber.counters();
  spdlog::info("{} frames received, {} dropped, {} links made, {} cut", c.frames.load(), c.dropped.load(),
               c.links_made.load(), c.links_cut.load());
}

int run_watch(const MonitorOptions& options) {
  log_to_stderr();
  Configuration configuration = effective_configuration(options);
  const bool on_kafka = is_kafka(configuration, configuration.subscribe, "--subscribe");
#ifdef VIGIL_KAFKA
  if (on_kafka) {
    return options.from_partials ? merge_kafka(options, configuration) : watch_kafka(options, configuration);
  }
#endif
  if (options.from_partials) throw Error("--from-partials", "without Kafka", "--subscribe kafka://HOST:PORT/PREFIX");
  if (configuration.close_on_stop && !on_kafka && options.close_on_stop) {
    throw Error("--close-on-stop", "without Kafka", "none: without Kafka a stop is the end of the data");
  }
  StopOnSignal signals;
  require_endpoints(configuration);
  Session session(configuration, {.json = options.json, .live = true});
  std::optional<RecordingTee> recording;
  if (!configuration.record.empty()) {
    recording.emplace(configuration.record, recorder_options(configuration),
                      [](const std::string& fact) { spdlog::warn("{}", fact); });
  }
  ingest::Subscriber subscriber({.endpoints = configuration.subscribe,
                                 .topics = configuration.topics,
                                 .queue_frames = configuration.queue_frames,
                                 .on_link = log_link});
  signals.watch(subscriber);
  for (const std::string& endpoint : configuration.subscribe) spdlog::info("subscribing to {}", endpoint);
  try {
    session.run(subscriber, recording ? &*recording : nullptr, [&] {
      const ingest::SubscriberCounters& c = subscriber.counters();
      return Intake{c.frames, c.bytes, c.dropped, subscriber.queued_frames(), configuration.queue_frames};
    });
  } catch (const FailedRunning&) {
    if (recording) recording->close();
    throw;
  }
  signals.watch(std::function<void()>{});
  if (recording) recording->close();
  log_counters(subscriber);
  return session.failed(options.fail_on) ? 1 : 0;
}

int run_record(const MonitorOptions& options) {
  log_to_stderr();
  const Configuration configuration = effective_configuration(options);
#ifdef VIGIL_KAFKA
  if (is_kafka(configuration, configuration.subscribe, "--subscribe")) return record_kafka(options, configuration);
#endif
  StopOnSignal signals;
  require_endpoints(configuration);
  replay::Recorder recorder(configuration.record, recorder_options(configuration));
  ingest::Subscriber subscriber({.endpoints = configuration.subscribe,
                                 .topics = configuration.topics,
                                 .queue_frames = configuration.queue_frames,
                                 .on_link = log_link});
  signals.watch(subscriber);
  std::uint64_t frames = 0, bytes = 0;
  try {
    while (const auto frame = subscriber.next()) {
      recorder.write(*frame);
      frames += !frame->parts.empty();
      for (const std::string& part : frame->parts) bytes += part.size();
    }
    recorder.close();
  } catch (const Error& e) {
    throw FailedRunning(e.what());
  }
  signals.watch(std::function<void()>{});
  const std::uint64_t dropped = subscriber.counters().dropped.load();
  if (options.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"frames", frames}, {"bytes", bytes}, {"dropped", dropped}}.dump());
  } else {
    fmt::print("{} frames, {} bytes recorded in {}, {} dropped\n", frames, bytes, escaped(configuration.record),
               dropped);
  }
  return 0;
}

}  // namespace

Command watch_command() {
  const auto o = std::make_shared<MonitorOptions>();
  return {"watch", "the online monitor", "vigil watch --model demo/model --subscribe tcp://127.0.0.1:5555",
          joined({monitor_options(*o, "CONF,-c,--configuration", "result lines as JSON on standard output"),
                  live_options(*o),
                  {{"--from-partials", &o->from_partials, "merge what workers write into Kafka"},
                   {"--close-on-stop", &o->close_on_stop, "on Kafka: a stop is the end of the data"},
                   {"--actions-to", &o->actions_to, "endpoint of the pipeline that receives actions"},
                   {"--record", &o->record, "also record what arrives into this folder"},
                   jobs_option(o->jobs),
                   http_option(*o)}}),
          [o] { return run_watch(*o); }};
}

Command record_command() {
  const auto o = std::make_shared<MonitorOptions>();
  return {"record", "write what arrives to recordings", "vigil record --subscribe tcp://127.0.0.1:5555 -o run1/",
          joined({{{"-c,--configuration", &o->configuration, "configuration file (YAML)"}},
                  live_options(*o),
                  {{"-o,--output", &o->record, "folder for the recordings", Presence::required},
                   jobs_option(o->jobs),
                   settings_option(*o),
                   {"--json", &o->json, "one JSON document at the end"}}}),
          [o] { return run_record(*o); }};
}

}  // namespace vigil::app
