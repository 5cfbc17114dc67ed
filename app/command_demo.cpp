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
#include "app/demo_approval.h"
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
  std::unique_ptr<DemoApproval> approval;  // once the monitor has a journal
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

std::string faults_text(const replay::Scenario& scenario) {
  std::string text;
  for (const replay::Fault& fault : scenario.faults) {
    const bool ends = fault.to_ls < scenario.lumisections;
    text += fmt::format("{}{} {} lumisection {}{}", text.empty() ? "" : ", ", replay::to_string(fault.type),
                        ends ? "in" : "from", fault.from_ls, ends ? fmt::format(" to {}", fault.to_ls) : "");
  }
  return text.empty() ? "no fault" : text;
}

struct DemoOptions {
  std::string http = "127.0.0.1:0";
  bool json = false, hold = false;
};

int run_demo(const DemoOptions& options) {
  const bool json = options.json;
  log_to_stderr();
  if (std::getenv("VIGIL_LOG") == nullptr) spdlog::set_level(spdlog::level::warn);
  StopOnSignal signals;
  const replay::Scenario scenario = replay::read_scenario(demo_folder() + "/scenario.yaml");
  const auto model = fpga_model::load_package(demo_model_folder());
  replay::ScenarioSource source(scenario, model, demo_events(), ingest::encode);
  ingest::Publisher publisher("tcp://127.0.0.1:*");
  Received received;
  const auto say = [json](const std::string& line) {
    if (json) return;
    fmt::print("{}\n", line);
    std::fflush(stdout);
  };
  const alerting::ActionReceiver receiver("tcp://127.0.0.1:*", [&](const std::string& text) {
    std::lock_guard lock(received.mutex);
    received.events.push_back(ordered_json::parse(text));
    const auto& data = received.events.back()["data"];
    const std::string id = data["id"].get<std::string>();
    say(fmt::format("PIPELINE received {} {} and accepted it", shown(data["kind"].get<std::string>()), shown(id)));
    if (received.approval) received.approval->received(id);
  });

  const fs::path journal = fs::temp_directory_path() / fmt::format("vigil-demo-{}.db", getpid());
  Configuration configuration;
  configuration.models = {demo_model_folder()};
  configuration.subscribe = {publisher.last_endpoint()};
  configuration.actions_to = receiver.endpoint();
  configuration.journal = journal.string();
  configuration.approval = DemoApproval::rules();
  configuration.reference = "learn:10";
  configuration.monitors.learn_ls = 10;
  configuration.http.set_listen(options.http);
  check_http(configuration.http);
  Session session(configuration, {.json = false, .live = true, .quiet = json, .demo = true});
  if (!json) {
    fmt::print(
        "vigil demo: one machine, three parts, real sockets\n"
        "  page       {}  open it in a browser: the fault and what is done about it happen there\n"
        "  publisher  {}  a simulated fill, {} lumisections at {:.0f} times real time, {}\n"
        "  monitor    model {} {} ({}…), reference learned from the first 10 lumisections, journal {}\n"
        "  pipeline   {}  receives the actions: a retraining at once, a threshold when two people approved it\n\n",
        session.url(), publisher.last_endpoint(), scenario.lumisections, kSpeed, faults_text(scenario),
        shown(model->info().name), shown(model->info().version), model->info().hash.substr(0, 12), journal.string(),
        receiver.endpoint());
    std::fflush(stdout);
  }

  std::atomic<bool> stop{false}, published{false};
  {
    std::lock_guard lock(received.mutex);
    received.approval = std::make_unique<DemoApproval>(journal.string(), say);
  }
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
    session.run(subscriber, nullptr, [&] {
      const ingest::SubscriberCounters& c = subscriber.counters();
      return Intake{c.frames, c.bytes, c.dropped, subscriber.queued_frames(), configuration.queue_frames};
    });
  } catch (...) {
    failure = std::current_exception();
  }
  stop = true;
  publishing.join();
  quiet.join();
  signals.watch(std::function<void()>{});
  if (failure) std::rethrow_exception(failure);
  received.approval->finish();

  const Totals& totals = session.judge().totals();
  const auto counts = session.journal().counts();
  std::lock_guard lock(received.mutex);
  if (json) {
    ordered_json out = {{"events", totals.events},
                        {"lumisections", totals.lumisections},
                        {"windows", totals.windows},
                        {"actions", totals.actions},
                        {"delivered", counts.delivered},
                        {"received", ordered_json::array()},
                        {"decided", received.approval->decided()},
                        {"journal", journal.string()}};
    for (const auto& event : received.events)
      out["received"].push_back({{"id", event["id"]}, {"kind", event["data"]["kind"]}});
    fmt::print("{}\n", out.dump());
    std::fflush(stdout);
    if (options.hold) signals.wait();
    return 0;
  }
  fmt::print("\nWhat was seen\n");
  fmt::print("  {} events in {} lumisections, {} windows judged, {} verdicts\n",
             short_number(static_cast<double>(totals.events)), totals.lumisections, totals.windows, totals.verdicts);
  fmt::print("  injected: {}\n", faults_text(scenario));
  for (const auto& decided : received.approval->decided()) fmt::print("  {}\n", decided_text(decided));
  for (const auto& event : received.events) {
    fmt::print("  received by the pipeline: {} — {}\n", shown(event["data"]["kind"].get<std::string>()),
               shown(event["data"]["reason"].get<std::string>(), kShownReason));
  }
  if (received.events.empty()) fmt::print("  no action was proposed\n");
  fmt::print(
      "\nWhat to try next\n"
      "  vigil serve {0}                the page again, of what was found\n"
      "  vigil status {0}\n"
      "  vigil actions list --journal {0}\n"
      "  vigil simulate conf/scenarios/dead_column.yaml --record dead.vrec && vigil replay dead.vrec --model "
      "demo/model\n"
      "  vigil watch --model demo/model --subscribe ENDPOINT     (README: Watch a stream)\n",
      journal.string());
  if (options.hold) {
    fmt::print("\n{} goes on answering until Ctrl-C\n", session.url());
    std::fflush(stdout);
    signals.wait();
  }
  return 0;
}

}  // namespace

Command demo_command() {
  const auto o = std::make_shared<DemoOptions>();
  return {"demo",
          "everything on one machine: a stream with a fault, the monitor and its page, a receiving pipeline",
          "vigil demo",
          {{"--http", &o->http, "HOST:PORT of the page; the default takes a free port of this machine"},
           {"--hold", &o->hold, "goes on answering after its end, until SIGINT or SIGTERM"},
           {"--json", &o->json, "one JSON document at the end"}},
          [o] { return run_demo(*o); }};
}

}  // namespace vigil::app
