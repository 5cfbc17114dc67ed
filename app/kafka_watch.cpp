#include "app/kafka_watch.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <utility>

#include "app/configuration_kafka.h"
#include "app/kafka_frames_source.h"
#include "app/kafka_merge_source.h"
#include "app/kafka_results.h"
#include "app/logging.h"
#include "app/scale_settings.h"
#include "app/stop_on_signal.h"
#include "app/wall_clock.h"
#include "core/error.h"
#include "core/shown.h"
#include "ingest/kafka/topics.h"
#include "replay/recorder.h"

namespace vigil::app {
namespace {

namespace fs = std::filesystem;
using ingest::kafka::Need;

constexpr std::chrono::seconds kPlainStop{10}, kReplayPatience{20};
constexpr std::chrono::milliseconds kBetweenStopLooks{50};
constexpr const char* kPrefixKey = "kafka/prefix";
constexpr const char* kStartsKey = "kafka/starts";  // of all mergers of the journal, with commas
constexpr std::size_t kMostStarts = 1000;

ingest::kafka::Log log_lines() {
  return ingest::kafka::sparing([](const std::string& line) { spdlog::warn("{}", line); });
}

// What an earlier monitor left in the journal.
struct Earlier {
  std::optional<ResumePoint> from;
  std::set<std::uint64_t> starts;
};

Earlier earlier_of(const std::string& journal, const std::string& prefix) {
  Earlier earlier;
  if (journal.empty() || !fs::exists(journal) || fs::file_size(journal) == 0) return earlier;
  const alerting::JournalReader reader(journal);
  const auto meta = reader.meta();
  const auto known = meta.find(kPrefixKey);
  if (known == meta.end() && reader.counts().lumisections > 0) {
    throw Error(journal, "a journal of a monitor that was not on Kafka", "one of prefix " + prefix + ", or a new file");
  }
  if (known != meta.end() && known->second != prefix) {
    throw Error(journal, "a journal of prefix " + shown(known->second), "one of prefix " + prefix);
  }
  if (const std::string position = reader.position(); !position.empty()) {
    earlier.from = ResumePoint::load(position);
    if (earlier.from->prefix != prefix) {
      throw Error(journal, "a position in prefix " + shown(earlier.from->prefix), "one in " + prefix);
    }
  }
  if (const auto starts = meta.find(kStartsKey); starts != meta.end()) {
    const std::string& text = starts->second;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(',', at), text.size());
      std::uint64_t start = 0;
      std::from_chars(text.data() + at, text.data() + end, start);
      if (start > 0) earlier.starts.insert(start);
      at = end + 1;
    }
  }
  return earlier;
}

std::map<std::string, std::string> meta_of(const std::string& prefix, std::set<std::uint64_t> starts) {
  while (starts.size() > kMostStarts) starts.erase(starts.begin());
  std::string text;
  for (const std::uint64_t start : starts) text += (text.empty() ? "" : ",") + std::to_string(start);
  std::map<std::string, std::string> meta{{kPrefixKey, prefix}};
  if (!text.empty()) meta[kStartsKey] = text;
  return meta;
}

// A signal while Kafka is waited for at the start. Where a stop is to close everything the start goes on, as long as
// that may take; else it ends at once.
class StopOfStart {
 public:
  StopOfStart(StopOnSignal& signals, const Configuration& configuration)
      : is_patient_(configuration.close_on_stop), drain_(configuration.drain_s), clock_([this](std::stop_token ending) {
          while (!ending.stop_requested()) {
            const std::int64_t came = came_ns_;
            if (came != 0 && (!is_patient_ || wall_clock_ns() - came > std::int64_t{drain_} * 1'000'000'000))
              is_set = true;
            std::this_thread::sleep_for(kBetweenStopLooks);
          }
        }) {
    signals.watch([this] { came_ns_ = wall_clock_ns(); });
  }
  // The exit code where it came to nothing more. Throws FailedRunning where everything was to be closed.
  int code() const {
    if (is_patient_) throw FailedRunning("stopped, and nothing is closed: Kafka was away");
    return 0;
  }
  std::atomic<bool> is_set{false};

 private:
  const bool is_patient_;
  const std::uint32_t drain_;
  std::atomic<std::int64_t> came_ns_{0};
  std::jthread clock_;
};

FramesSettings frames_settings(const Configuration& configuration, const ingest::kafka::Settings& kafka) {
  FramesSettings settings;
  settings.kafka = kafka;
  settings.start = configuration.start;
  settings.drain = std::chrono::seconds(configuration.drain_s);
  return settings;
}

}  // namespace

int merge_kafka(const MonitorOptions& options, const Configuration& configuration) {
  log_to_stderr();
  StopOnSignal signals;
  StopOfStart stop(signals, configuration);
  const ingest::kafka::Log log = log_lines();
  const ingest::kafka::Settings kafka = kafka_settings(configuration, configuration.subscribe, "--subscribe");
  if (configuration.journal.empty()) {
    throw Error("--from-partials", "without a journal", "--journal FILE: it holds where the merger goes on");
  }
  if (!configuration.record.empty()) {
    throw Error("record", "with --from-partials", "none: frames are not there, `vigil record` takes them from Kafka");
  }
  check_settings(kafka, log);
  Earlier earlier = earlier_of(configuration.journal, kafka.prefix);
  const ModelSet models(configuration.models);
  const ScaleSettings scale = scale_settings(models, configuration);
  const std::vector<Need> needs{{kafka.prefix + ".frames", Need::What::read},
                                {kafka.prefix + ".partials", Need::What::read, 1},
                                {kafka.prefix + ".results", Need::What::write, 1}};
  if (!open_topics(kafka, needs, stop.is_set, {}, log)) return stop.code();

  std::unique_ptr<KafkaMergeSource> source;
  KafkaResults results(
      kafka, earlier.starts, static_cast<std::uint64_t>(wall_clock_ns()),
      [&] { return source ? source->partials_offset() : 0; },
      [&] {
        if (source) source->abandon();
      },
      log);
  const auto start = results.begin(stop.is_set);
  if (!start) return stop.code();
  earlier.starts.insert(*start);
  Session session(configuration,
                  {.json = options.json,
                   .live = true,
                   .read_again = [&](const std::string& position,
                                     const ModelSet& loaded) { return source->read_again(position, loaded); },
                   .is_exact = true,
                   .position = [&](std::uint64_t order) { return source->position(order); },
                   .log = &results,
                   .goes_on = [&] { return source->goes_on() || results.is_fenced(); },
                   .meta = meta_of(kafka.prefix, earlier.starts),
                   .may_send = [&] { return results.may_send(); }});
  MergeSettings merge;
  merge.kafka = kafka;
  merge.settings = scale.sha256;
  merge.settings_text = scale.text;
  merge.start = configuration.start;
  merge.close_on_stop = configuration.close_on_stop;
  merge.drain = std::chrono::seconds(configuration.drain_s);
  merge.every_orbits = configuration.monitors.multivariate.sampling();
  source = std::make_unique<KafkaMergeSource>(merge, session.models(), earlier.from, log);
  session.describe_scale([&] { return source->scale(); });
  if (!results.open(stop.is_set)) return stop.code();
  spdlog::info("merging the partials of {} at {}, settings {}", kafka.prefix, kafka.brokers,
               scale.sha256.substr(0, 12));
  signals.watch([&] {
    results.abandon_after(configuration.close_on_stop ? merge.drain + kPlainStop : kPlainStop);
    source->request_stop();
    session.stop_waiting();
  });
  session.run(*source);
  signals.watch(std::function<void()>{});
  if (results.is_fenced()) throw FailedRunning("fenced by a newer merger");
  return session.failed(options.fail_on) ? 1 : 0;
}

int watch_kafka(const MonitorOptions& options, const Configuration& configuration) {
  log_to_stderr();
  StopOnSignal signals;
  StopOfStart stop(signals, configuration);
  const ingest::kafka::Log log = log_lines();
  const ingest::kafka::Settings kafka = kafka_settings(configuration, configuration.subscribe, "--subscribe");
  check_settings(kafka, log);
  (void)ModelSet(configuration.models);  // what is wrong with them is said before Kafka is waited for
  const Earlier earlier = earlier_of(configuration.journal, kafka.prefix);
  if (!open_topics(kafka, {{kafka.prefix + ".frames", Need::What::read}}, stop.is_set, {}, log)) return stop.code();
  FramesSettings settings = frames_settings(configuration, kafka);
  const bool goes_on = !configuration.journal.empty() && !configuration.close_on_stop;
  settings.closes_on_stop = !goes_on;
  KafkaFramesSource source(settings, earlier.from, log);
  Session session(configuration, {.json = options.json,
                                  .live = true,
                                  .is_exact = true,
                                  .position = [&](std::uint64_t order) { return source.position(order); },
                                  .goes_on = [&] { return goes_on; },
                                  .meta = meta_of(kafka.prefix, {})});
  std::optional<RecordingTee> recording;
  if (!configuration.record.empty()) {
    replay::RecorderOptions recorder;
    recorder.compress = configuration.compress;
    recording.emplace(configuration.record, recorder, [](const std::string& fact) { spdlog::warn("{}", fact); });
  }
  signals.watch([&] {
    source.request_stop();
    session.stop_waiting();
  });
  try {
    session.run(source, recording ? &*recording : nullptr);
  } catch (const FailedRunning&) {
    if (recording) recording->close();
    throw;
  }
  signals.watch(std::function<void()>{});
  if (recording) recording->close();
  return session.failed(options.fail_on) ? 1 : 0;
}

int record_kafka(const MonitorOptions& options, const Configuration& configuration) {
  log_to_stderr();
  StopOnSignal signals;
  std::atomic<bool> stop{false};
  signals.watch([&] { stop = true; });
  const ingest::kafka::Log log = log_lines();
  const ingest::kafka::Settings kafka = kafka_settings(configuration, configuration.subscribe, "--subscribe");
  check_settings(kafka, log);
  replay::RecorderOptions recorder_options;
  recorder_options.compress = configuration.compress;
  if (!open_topics(kafka, {{kafka.prefix + ".frames", Need::What::read}}, stop, {}, log)) return 0;
  KafkaFramesSource source(frames_settings(configuration, kafka), {}, log);
  replay::Recorder recorder(configuration.record, recorder_options);
  signals.watch(source);
  std::uint64_t frames = 0, bytes = 0, dropped = 0;
  try {
    while (auto frame = source.next()) {
      // What a bridge could not carry is a drop record.
      if (frame->lost != Rejection::none) frame->dropped_before.push_back(frame->header);
      dropped += frame->dropped_before.size();
      recorder.write(*frame);
      frames += !frame->parts.empty();
      for (const std::string& part : frame->parts) bytes += part.size();
    }
    recorder.close();
  } catch (const Error& e) {
    throw FailedRunning(e.what());
  }
  signals.watch(std::function<void()>{});
  if (options.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"frames", frames}, {"bytes", bytes}, {"dropped", dropped}}.dump());
  } else {
    fmt::print("{} frames, {} bytes recorded in {}, {} dropped\n", frames, bytes, escaped(configuration.record),
               dropped);
  }
  return 0;
}

int replay_kafka(const MonitorOptions& options, const Configuration& configuration, const std::string& endpoint) {
  log_to_stderr();
  StopOnSignal signals;
  std::atomic<bool> stop{false};
  signals.watch([&] { stop = true; });
  const ingest::kafka::Log log = log_lines();
  const ingest::kafka::Settings kafka = kafka_settings(configuration, {endpoint}, "REC");
  check_settings(kafka, log);
  if (options.hold && configuration.http.listen.empty()) {
    throw Error("--hold", "without --http", "an address to go on answering at");
  }
  (void)ModelSet(configuration.models);
  if (!open_topics(kafka, {{kafka.prefix + ".frames", Need::What::read}}, stop, kReplayPatience, log)) {
    if (stop) return 0;
    throw Error(kafka.brokers, "no answer within 20 s", "a broker");
  }
  FramesSettings settings = frames_settings(configuration, kafka);
  settings.is_bounded = true;
  KafkaFramesSource source(settings, {}, log);
  Session session(configuration, {.json = options.json, .live = false});
  signals.watch([&] {
    source.request_stop();
    session.stop_waiting();
  });
  session.run(source);
  signals.watch(std::function<void()>{});
  if (options.hold) signals.wait();
  return session.failed(options.fail_on) ? 1 : 0;
}

}  // namespace vigil::app
