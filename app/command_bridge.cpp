// vigil bridge: live streams into Kafka (docs/scale_out.md).
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/command.h"
#include "app/configuration_kafka.h"
#include "app/counters_service.h"
#include "app/kafka_bridge.h"
#include "app/logging.h"
#include "app/pipeline_counters.h"
#include "app/session.h"
#include "app/shared_options.h"
#include "app/stop_on_signal.h"
#include "app/wall_clock.h"
#include "core/error.h"
#include "ingest/bridge_buffer.h"
#include "ingest/kafka/topics.h"
#include "ingest/subscriber.h"

namespace vigil::app {
namespace {

using Clock = std::chrono::steady_clock;
using ingest::BridgeBuffer;
using ingest::BridgeCounts;

constexpr auto kBetweenBridgeLines = std::chrono::seconds(10);
constexpr auto kBetweenBridgeLooks = std::chrono::milliseconds(200);

// One that receives, into the buffer, until its subscriber ends.
class Receiving {
 public:
  Receiving(ingest::Subscriber& subscriber, BridgeBuffer& buffer, PipelineCounters& counters)
      : subscriber_(subscriber), buffer_(buffer), thread_([this, &counters] {
          try {
            while (auto frame = subscriber_.next()) {
              counters.add_frame(*frame);
              buffer_.take(std::move(*frame));
            }
          } catch (...) {
            failure_ = std::current_exception();
          }
          buffer_.finish();
          is_over_ = true;
        }) {}
  ~Receiving() { stop(); }
  bool is_over() const { return is_over_; }
  void stop() {
    if (!thread_.joinable()) return;
    buffer_.stop_waiting();
    subscriber_.request_stop();
    thread_.join();
  }
  // Why it ended before it was told to; after stop().
  std::exception_ptr failure() const { return failure_; }

 private:
  ingest::Subscriber& subscriber_;
  BridgeBuffer& buffer_;
  std::exception_ptr failure_;
  std::atomic<bool> is_over_{false};
  std::thread thread_;  // last: uses what is above
};

void log_bridge_link(const ingest::LinkEvent& event) {
  if (event.made) {
    spdlog::info("link to {} made", event.endpoint);
  } else {
    spdlog::warn("link to {} cut; it is made anew as soon as its peer answers", event.endpoint);
  }
}

// A status line every ten seconds, and what changes, whatever the other threads wait for.
class BridgeLines {
 public:
  explicit BridgeLines(const BridgeBuffer& buffer) : buffer_(buffer), thread_([this] { run(); }) {}
  ~BridgeLines() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    auto said = Clock::now();
    bool was_full = false;
    while (!wake_.wait_for(lock, kBetweenBridgeLooks, [this] { return is_over_; })) {
      const BridgeCounts counts = buffer_.counts();
      if (counts.is_full && !was_full) {
        spdlog::warn("the buffer (bridge_buffer_mb) is full: the newest frames are dropped until Kafka takes some");
      } else if (!counts.is_full && was_full) {
        spdlog::info("frames find room in the buffer again; {} were dropped so far", counts.dropped);
      }
      was_full = counts.is_full;
      if (Clock::now() - said < kBetweenBridgeLines) continue;
      said = Clock::now();
      spdlog::info("bridge {}: {} frames received, {} delivered, {} dropped, {} rejected, {} wait", buffer_.name(),
                   counts.received, counts.delivered, counts.dropped, counts.rejected, counts.waiting);
    }
  }

  const BridgeBuffer& buffer_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_over_ = false;
  std::thread thread_;
};

void print_totals(const BridgeBuffer& buffer, bool json) {
  const BridgeCounts c = buffer.counts();
  // What Kafka did not get is lost, and counted.
  const std::uint64_t dropped = c.received - c.delivered - c.rejected;
  const nlohmann::ordered_json line = {
      {"type", "bridge"},         {"name", buffer.name()}, {"session", buffer.session()}, {"received", c.received},
      {"delivered", c.delivered}, {"dropped", dropped},    {"rejected", c.rejected},      {"bytes", c.bytes}};
  spdlog::info("{}", line.dump());
  if (json) fmt::print("{}\n", line.dump());
}

ingest::kafka::Settings settings_of(const Configuration& configuration, const ingest::kafka::Log& log) {
  if (configuration.subscribe.empty()) throw Error("--subscribe", "no endpoint", "ZeroMQ endpoints to connect to");
  if (is_kafka(configuration, configuration.subscribe, "--subscribe")) {
    throw Error("--subscribe", "an endpoint of Kafka", "of ZeroMQ: what a bridge reads is not in Kafka yet");
  }
  std::vector<std::string> to;
  if (!configuration.to.empty()) to.push_back(configuration.to);
  if (!is_kafka(configuration, to, "--to")) {
    throw Error("--to", to.empty() ? "none" : to.front(), "kafka://HOST:PORT[,HOST:PORT…]/PREFIX");
  }
  auto kafka = kafka_settings(configuration, to, "--to");
  check_settings(kafka, log);
  return kafka;
}

// Turns until everything is acknowledged, or for so long after the last frame was received. False: something is not.
bool send_all(KafkaBridge& bridge, const BridgeBuffer& buffer, const Receiving& receiving, std::chrono::seconds drain,
              const std::function<void()>& begun) {
  std::optional<Clock::time_point> ended;
  bool has_begun = false;
  while (!buffer.is_done()) {
    bridge.turn();
    if (!has_begun && bridge.has_begun()) begun();
    has_begun = bridge.has_begun();
    if (!receiving.is_over()) continue;
    if (!ended) ended = Clock::now();
    if (Clock::now() - *ended > drain) return false;
  }
  return true;
}

int run_bridge(const MonitorOptions& options) {
  log_to_stderr();
  StopOnSignal signals;
  const ingest::kafka::Log log = ingest::kafka::sparing([](const std::string& line) { spdlog::warn("{}", line); });
  const Configuration configuration = effective_configuration(options);
  const ingest::kafka::Settings kafka = settings_of(configuration, log);
  const std::string name = name_or_host(configuration);
  const auto session = static_cast<std::uint64_t>(wall_clock_ns());
  BridgeBuffer buffer(name, session, std::size_t{configuration.bridge_buffer_mb} << 20);
  PipelineCounters counters({});
  ingest::Subscriber subscriber({.endpoints = configuration.subscribe,
                                 .topics = configuration.topics,
                                 .queue_frames = configuration.queue_frames,
                                 .on_link = log_bridge_link});
  counters.set_intake([&] {
    const auto& c = subscriber.counters();
    const BridgeCounts now = buffer.counts();
    return Intake{c.frames, c.bytes, now.dropped, now.waiting, 0};
  });
  const CountersService http(configuration.http, [&] { return counters.snapshot(wall_clock_ns()); });
  // Receives from the start, whatever Kafka does.
  Receiving receiving(subscriber, buffer, counters);
  const BridgeLines lines(buffer);
  std::atomic<bool> stop{false};
  signals.watch([&] {
    stop = true;
    buffer.stop_waiting();
    subscriber.request_stop();
  });
  const std::chrono::seconds drain(configuration.drain_s);
  const std::vector<ingest::kafka::Need> needs{{kafka.prefix + ".frames", ingest::kafka::Need::What::write}};
  bool is_open = open_topics(kafka, needs, stop, {}, log);
  if (!is_open && buffer.counts().received > 0) {
    const std::atomic<bool> never{false};
    is_open = open_topics(kafka, needs, never, drain, log);
  }
  bool is_sent = false;
  if (is_open) {
    KafkaBridge bridge(kafka, buffer, configuration.bridge_buffer_mb, log);
    is_sent = send_all(bridge, buffer, receiving, drain, [&] {
      for (const std::string& endpoint : configuration.subscribe) spdlog::info("subscribed to {}", endpoint);
      spdlog::info("bridge {} to {}.frames, session {}", name, kafka.prefix, session);
    });
  }
  receiving.stop();
  signals.watch(std::function<void()>{});
  print_totals(buffer, options.json);
  if (receiving.failure()) {
    try {
      std::rethrow_exception(receiving.failure());
    } catch (const std::exception& e) {
      throw FailedRunning(e.what());
    }
  }
  const std::uint64_t left = buffer.counts().waiting;
  if (!is_sent && left > 0) throw FailedRunning(fmt::format("{} frames were not delivered to Kafka", left));
  return 0;
}

}  // namespace

Command bridge_command() {
  const auto o = std::make_shared<MonitorOptions>();
  return {"bridge", "live streams into Kafka, frame by frame as received",
          "vigil bridge --subscribe tcp://127.0.0.1:5555 --to kafka://127.0.0.1:9092/vigil",
          joined({{{"-c,--configuration", &o->configuration, "configuration file (YAML)"}},
                  live_options(*o),
                  {{"--to", &o->to, "Kafka that gets the frames: kafka://HOST:PORT/PREFIX"},
                   {"--name", &o->name, "of this bridge (default: the host's)"},
                   settings_option(*o),
                   jobs_option(o->jobs),
                   {"--json", &o->json, "one JSON document at the end"},
                   http_option(*o)}}),
          [o] { return run_bridge(*o); }};
}

}  // namespace vigil::app
