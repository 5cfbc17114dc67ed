// vigil worker: emulates a share of the frames, beside others (docs/scale_out.md).
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "app/command.h"
#include "app/configuration_kafka.h"
#include "app/counters_service.h"
#include "app/kafka_beside_worker.h"
#include "app/kafka_worker.h"
#include "app/logging.h"
#include "app/scale_settings.h"
#include "app/session.h"
#include "app/shared_options.h"
#include "app/stop_on_signal.h"
#include "app/wall_clock.h"
#include "core/error.h"
#include "ingest/kafka/topics.h"
#include "ingest/subscriber.h"

namespace vigil::app {
namespace {

using ingest::kafka::Need;

struct WorkerOptions {
  MonitorOptions monitor;
  std::uint32_t jobs = 0;
};

constexpr std::chrono::seconds kBetweenLines{10};

nlohmann::ordered_json line_of(const WorkerIdentity& who, const WorkerTotals& t) {
  return {{"type", "worker"},       {"name", who.name},       {"settings", who.settings},
          {"frames", t.frames},     {"events", t.events},     {"rejected", t.rejected},
          {"partials", t.partials}, {"bytes_in", t.bytes_in}, {"bytes_out", t.bytes_out}};
}

// A status line every ten seconds.
class Lines {
 public:
  explicit Lines(const WorkerIdentity& who) : who_(who) {}
  void operator()(const WorkerTotals& totals) {
    if (std::chrono::steady_clock::now() - said_ < kBetweenLines) return;
    said_ = std::chrono::steady_clock::now();
    spdlog::info("{}", line_of(who_, totals).dump());
  }

 private:
  const WorkerIdentity& who_;
  std::chrono::steady_clock::time_point said_ = std::chrono::steady_clock::now();
};

void print_end(const WorkerIdentity& who, const WorkerTotals& totals, bool json) {
  const std::string line = line_of(who, totals).dump();
  spdlog::info("{}", line);
  if (json) fmt::print("{}\n", line);
}

int run_worker(const WorkerOptions& options) {
  log_to_stderr();
  StopOnSignal signals;
  std::atomic<bool> stop{false};
  signals.watch([&] { stop = true; });
  const ingest::kafka::Log log = ingest::kafka::sparing([](const std::string& line) { spdlog::warn("{}", line); });
  Configuration configuration = effective_configuration(options.monitor);
  if (options.jobs > 0) configuration.jobs = options.jobs;
  const bool on_kafka = is_kafka(configuration, configuration.subscribe, "--subscribe");
  if (on_kafka && !configuration.to.empty()) {
    throw Error("--to", "beside frames from Kafka", "none: partials go where the frames are");
  }
  if (!on_kafka && configuration.subscribe.empty()) {
    throw Error("--subscribe", "no endpoint", "kafka://HOST:PORT/PREFIX, or ZeroMQ endpoints and --to");
  }
  if (!on_kafka && configuration.to.empty() && configuration.kafka.brokers.empty()) {
    throw Error("--to", "no Kafka to write partials to", "kafka://HOST:PORT/PREFIX");
  }
  std::vector<std::string> endpoints = configuration.subscribe;
  if (!on_kafka) {
    endpoints.clear();
    if (!configuration.to.empty()) endpoints.push_back(configuration.to);
    if (!is_kafka(configuration, endpoints, "--to")) throw Error("--to", configuration.to, "kafka://HOST:PORT/PREFIX");
  }
  const ingest::kafka::Settings kafka = kafka_settings(configuration, endpoints, on_kafka ? "--subscribe" : "--to");
  check_settings(kafka, log);
  if (configuration.models.empty()) throw Error("--model", "none", "the packages that are emulated");
  const ModelSet models(configuration.models);
  WorkerIdentity who;
  who.name = name_or_host(configuration);
  if (on_kafka && configuration.name.empty()) who.name += "-" + std::to_string(getpid());
  who.prefix = kafka.prefix;
  const ScaleSettings scale = scale_settings(models, configuration);
  who.settings_text = scale.text;
  who.settings = scale.sha256;
  who.every_orbits = configuration.monitors.multivariate.sampling();
  who.pileup_widths = scale.pileup_widths;
  who.session = static_cast<std::uint64_t>(wall_clock_ns());
  who.partial_ms = configuration.partial_ms;
  who.jobs = configuration.jobs;

  std::vector<Need> needs{{who.partials(), Need::What::write, 1}};
  if (on_kafka) needs.push_back({who.frames(), Need::What::read});
  if (!open_topics(kafka, needs, stop, {}, log)) return 0;
  std::vector<std::string> names;
  for (const auto& model : models.all()) names.push_back(model->info().name);
  PipelineCounters counters(names);
  const CountersService http(configuration.http, [&] { return counters.snapshot(wall_clock_ns()); });
  Lines tick(who);
  const auto say_begin = [&] {
    spdlog::info("worker {} of {}, settings {}", who.name, kafka.prefix, who.settings.substr(0, 12));
  };
  if (on_kafka) {
    KafkaWorker worker(who, kafka, configuration.start, models, counters, stop, log);
    if (worker.open()) {
      say_begin();
      worker.run([&](const WorkerTotals& totals) { tick(totals); });
    }
    print_end(who, worker.totals(), options.monitor.json);
    return 0;
  }
  std::atomic<bool> hurry{false};
  BesideWorker worker(who, kafka, configuration.sequencer, models, counters, hurry, log);
  if (!worker.open(stop)) return 0;
  say_begin();
  ingest::Subscriber subscriber({.endpoints = configuration.subscribe,
                                 .topics = configuration.topics,
                                 .queue_frames = configuration.queue_frames});
  std::atomic<std::int64_t> hurry_at{0};
  signals.watch([&] {
    hurry_at = wall_clock_ns() + static_cast<std::int64_t>(configuration.drain_s) * 1'000'000'000;
    subscriber.request_stop();
  });
  // Kafka that stays away is waited for no longer than that.
  std::jthread clock([&](const std::stop_token& ending) {
    while (!ending.stop_requested()) {
      if (hurry_at != 0 && wall_clock_ns() > hurry_at) hurry = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  const bool done = worker.run(subscriber, [&](const WorkerTotals& totals) { tick(totals); });
  signals.watch(std::function<void()>{});
  print_end(who, worker.totals(), options.monitor.json);
  if (!done) throw FailedRunning("frames were taken whose partials Kafka did not get");
  return 0;
}

}  // namespace

Command worker_command() {
  const auto o = std::make_shared<WorkerOptions>();
  return {"worker", "emulates a share of the frames, for a merger",
          "vigil worker --model demo/model --subscribe kafka://127.0.0.1:9092/vigil",
          joined({{{"CONF,-c,--configuration", &o->monitor.configuration, "configuration file (YAML)"},
                   {"--model", &o->monitor.models, "model package, a folder (repeatable)"},
                   {"--reference", &o->monitor.reference, "reference file: of it the width of pile-up strata"},
                   {"--to", &o->monitor.to, "Kafka that gets the partials of frames from ZeroMQ"},
                   {"--name", &o->monitor.name, "of this worker (default: the host's)"},
                   settings_option(o->monitor),
                   {"--json", &o->monitor.json, "one JSON document at the end"},
                   jobs_option(o->jobs),
                   http_option(o->monitor)},
                  live_options(o->monitor)}),
          [o] { return run_worker(*o); }};
}

}  // namespace vigil::app
