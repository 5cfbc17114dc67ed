// vigil demo: publisher, monitor and a receiving pipeline on one machine, over real ZeroMQ sockets on 127.0.0.1.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "alerting/receiver.h"
#include "app/command.h"
#include "app/demo_data.h"
#include "app/logging.h"
#include "app/session.h"
#include "app/text.h"
#include "core/error.h"
#include "core/shown.h"
#include "fpga_model/package/package.h"
#include "ingest/encode.h"
#include "ingest/publisher.h"
#include "ingest/subscriber.h"
#include "replay/pacer.h"
#include "replay/scenario_source.h"

namespace vigil::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
constexpr double kSpeed = 45;  // times real time: a lumisection in half a second

struct Received {
  std::mutex mutex;
  std::vector<ordered_json> events;
};

void publish(replay::ScenarioSource& source, ingest::Publisher& publisher, const std::atomic<bool>& stop) {
  if (!publisher.wait_for_subscriber(stop)) return;
  replay::Pacer pacer(kSpeed);
  while (!stop) {
    const auto frame = source.next();
    if (!frame) break;
    if (!pacer.wait(frame->header)) break;
    if (!frame->parts.empty() && !publisher.send(frame->parts, stop)) break;
  }
  publisher.close();
}

// Ends the subscriber when the publisher is done and nothing more has arrived for a moment.
void stop_when_quiet(ingest::Subscriber& subscriber, const std::atomic<bool>& published,
                     const std::atomic<bool>& stop) {
  std::uint64_t before = ~0ull;
  while (!stop) {
    const std::uint64_t now = subscriber.counters().frames.load();
    if (published && now == before) break;
    before = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  subscriber.request_stop();
}

std::string first_fault(const replay::Scenario& scenario) {
  if (scenario.faults.empty()) return "no fault";
  const replay::Fault& fault = scenario.faults.front();
  return fmt::format("{} from lumisection {}", replay::to_string(fault.type), fault.from_ls);
}

int run_demo(bool json) {
  log_to_stderr();
  if (std::getenv("VIGIL_LOG") == nullptr) spdlog::set_level(spdlog::level::warn);
  StopOnSignal signals;
  const replay::Scenario scenario = replay::read_scenario(demo_folder() + "/scenario.yaml");
  const auto model = fpga_model::load_package(demo_model_folder());
  replay::ScenarioSource source(scenario, model, demo_events(), ingest::encode);
  ingest::Publisher publisher("tcp://127.0.0.1:*");
  Received received;
  const alerting::ActionReceiver receiver("tcp://127.0.0.1:*", [&](const std::string& text) {
    std::lock_guard lock(received.mutex);
    received.events.push_back(ordered_json::parse(text));
    const auto& data = received.events.back()["data"];
    if (json) return;
    fmt::print("PIPELINE received {} {} and accepted it\n", shown(data["kind"].get<std::string>()),
               shown(data["id"].get<std::string>()));
    std::fflush(stdout);
  });

  const fs::path journal = fs::temp_directory_path() / fmt::format("vigil-demo-{}.db", getpid());
  Configuration configuration;
  configuration.models = {demo_model_folder()};
  configuration.subscribe = {publisher.last_endpoint()};
  configuration.actions_to = receiver.endpoint();
  configuration.journal = journal.string();
  configuration.reference = "learn:10";
  configuration.monitors.learn_ls = 10;
  if (!json) {
    fmt::print(
        "vigil demo: one machine, three parts, real sockets\n"
        "  publisher  {}  a simulated fill, {} lumisections at {:.0f} times real time, {}\n"
        "  monitor    model {} {} ({}…), reference learned from the first 10 lumisections, journal {}\n"
        "  pipeline   {}  receives the actions\n\n",
        publisher.last_endpoint(), scenario.lumisections, kSpeed, first_fault(scenario), shown(model->info().name),
        shown(model->info().version), model->info().hash.substr(0, 12), journal.string(), receiver.endpoint());
    std::fflush(stdout);
  }

  std::atomic<bool> stop{false}, published{false};
  Session session(configuration, {.json = false, .live = true, .quiet = json});
  ingest::Subscriber subscriber(
      {.endpoints = configuration.subscribe, .topics = {}, .queue_frames = configuration.queue_frames});
  signals.watch([&] {
    stop = true;
    source.request_stop();
    subscriber.request_stop();
  });
  std::thread publishing([&] {
    try {
      publish(source, publisher, stop);
    } catch (const std::exception& e) {
      spdlog::error("publisher: {}", e.what());
    }
    published = true;
  });
  std::thread quiet([&] { stop_when_quiet(subscriber, published, stop); });
  std::exception_ptr failure;
  try {
    session.run(subscriber, {});
  } catch (...) {
    failure = std::current_exception();
  }
  stop = true;
  publishing.join();
  quiet.join();
  signals.watch(std::function<void()>{});
  if (failure) std::rethrow_exception(failure);

  const Totals& totals = session.judge().totals();
  const auto counts = session.journal().counts();
  std::lock_guard lock(received.mutex);
  if (json) {
    ordered_json out = {{"events", totals.events},       {"lumisections", totals.lumisections},
                        {"windows", totals.windows},     {"actions", totals.actions},
                        {"delivered", counts.delivered}, {"received", ordered_json::array()},
                        {"journal", journal.string()}};
    for (const auto& event : received.events)
      out["received"].push_back({{"id", event["id"]}, {"kind", event["data"]["kind"]}});
    fmt::print("{}\n", out.dump());
    return 0;
  }
  fmt::print("\nWhat was seen\n");
  fmt::print("  {} events in {} lumisections, {} windows judged, {} verdicts\n",
             short_number(static_cast<double>(totals.events)), totals.lumisections, totals.windows, totals.verdicts);
  fmt::print("  injected: {}\n", first_fault(scenario));
  for (const auto& event : received.events) {
    fmt::print("  received by the pipeline: {} — {}\n", shown(event["data"]["kind"].get<std::string>()),
               shown(event["data"]["reason"].get<std::string>(), kShownReason));
  }
  if (received.events.empty()) fmt::print("  no action was proposed\n");
  fmt::print(
      "\nWhat to try next\n"
      "  vigil status {0}\n"
      "  vigil actions list --journal {0}\n"
      "  vigil simulate conf/scenarios/dead_column.yaml --record dead.vrec && vigil replay dead.vrec --model "
      "demo/model\n"
      "  vigil watch --model demo/model --subscribe ENDPOINT     (README: Watch a stream)\n",
      journal.string());
  return 0;
}

}  // namespace

Command demo_command() {
  const auto json = std::make_shared<bool>(false);
  return {"demo",
          "everything on one machine: a stream with a fault, the monitor, a receiving pipeline",
          "vigil demo",
          {{"--json", json.get(), "one JSON document at the end"}},
          [json] { return run_demo(*json); }};
}

}  // namespace vigil::app
