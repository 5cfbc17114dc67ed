// vigil simulate: a scenario into a recording or onto the wire.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/demo_data.h"
#include "app/logging.h"
#include "app/progress.h"
#include "app/session.h"
#include "core/error.h"
#include "core/lhc.h"
#include "core/shown.h"
#include "fpga_model/package/npy.h"
#include "fpga_model/package/package.h"
#include "ingest/encode.h"
#include "ingest/publisher.h"
#include "replay/pacer.h"
#include "replay/recorder.h"
#include "replay/replay_source.h"
#include "replay/scenario_source.h"

namespace vigil::app {
namespace {

struct SimulateOptions {
  std::string scenario, model, other_model, events, record, publish, truth, speed = "max";
  bool compress = false, json = false;
};

replay::ScenarioEvents events_for(const SimulateOptions& options, const Model& model, const std::string& package) {
  std::string file = options.events;
  if (file.empty()) {
    // The demo events fit any model with the same 57 objects words; other models bring their own.
    replay::ScenarioEvents demo = demo_events();
    if (demo.words.size() % model.info().inputs.size() == 0 && model.info().inputs.size() == kDemoColumns) return demo;
    file = (std::filesystem::path(package) / "golden_inputs.npy").string();
    if (!std::filesystem::exists(file)) {
      throw Error(package, "no golden_inputs.npy to take events from",
                  "--events FILE: integers of shape [n," + std::to_string(model.info().inputs.size()) + "]");
    }
    spdlog::info("{} has {} inputs: events are its golden inputs", model.info().name, model.info().inputs.size());
  }
  const auto array = fpga_model::read_npy(file);
  if (!array.is_integer || array.shape.size() != 2 || array.shape[1] != model.info().inputs.size()) {
    throw Error(file, "not integers of shape [n," + std::to_string(model.info().inputs.size()) + "]",
                "the inputs of " + model.info().name);
  }
  replay::ScenarioEvents events;
  events.raw = options.events.empty();
  for (const std::int64_t word : array.integers) {
    if (word < INT32_MIN || word > INT32_MAX) throw Error(file, "word " + std::to_string(word), "a 32-bit integer");
    events.words.push_back(static_cast<std::int32_t>(word));
  }
  return events;
}

int run_simulate(const SimulateOptions& options) {
  log_to_stderr();
  StopOnSignal signals;
  if (options.record.empty() == options.publish.empty()) {
    throw Error("vigil simulate", options.record.empty() ? "no output" : "two outputs",
                "--record FILE or --publish ENDPOINT");
  }
  replay::Scenario scenario = replay::read_scenario(options.scenario);
  const std::string package = options.model.empty() ? demo_model_folder() : options.model;
  const auto model = fpga_model::load_package(package);
  std::shared_ptr<const Model> other;
  std::string other_package = options.other_model;
  for (const replay::Fault& fault : scenario.faults) {
    if (other_package.empty()) other_package = fault.model;  // of the fault wrong_weights, as the scenario names it
  }
  if (!other_package.empty()) other = fpga_model::load_package(other_package);
  std::ofstream truth;
  if (!options.truth.empty()) {
    truth.open(options.truth, std::ios::trunc);
    if (!truth) throw Error(options.truth, std::strerror(errno), "a file that can be written");
  }
  const std::uint32_t lumisections = scenario.lumisections, first_ls = scenario.first_ls;
  replay::ScenarioSource source(
      std::move(scenario), model, events_for(options, *model, package), ingest::encode, other,
      options.truth.empty() ? replay::WriteLine{} : [&](const std::string& line) { truth << line << '\n'; });
  std::unique_ptr<replay::Recorder> recorder;
  std::unique_ptr<ingest::Publisher> publisher;
  std::unique_ptr<replay::Pacer> pacer;
  std::atomic<bool> stop{false};
  if (!options.record.empty()) {
    replay::RecorderOptions recording;
    recording.compress = options.compress;
    const bool is_folder = options.record.ends_with('/') || std::filesystem::is_directory(options.record);
    recorder = std::make_unique<replay::Recorder>(is_folder ? replay::Recorder(options.record, recording)
                                                            : replay::Recorder::to_file(options.record, recording));
  } else {
    publisher = std::make_unique<ingest::Publisher>(options.publish);
    pacer = std::make_unique<replay::Pacer>(replay::parse_speed(options.speed));
  }
  signals.watch([&] {
    stop = true;
    source.request_stop();
    if (pacer) pacer->request_stop();
  });
  std::uint64_t frames = 0, events = 0;
  try {
    if (publisher) {
      spdlog::info("waiting for a subscriber on {}", publisher->last_endpoint());
      if (!publisher->wait_for_subscriber(stop)) return 0;
    }
    Progress progress("simulate", lumisections, "LS");
    while (const auto frame = source.next()) {
      if (frame->parts.empty()) continue;
      if (recorder) recorder->write(*frame);
      if (publisher) {
        if (!pacer->wait(frame->header) || !publisher->send(frame->parts, stop)) break;
      }
      ++frames;
      events += frame->header.n;
      progress.update(frame->header.ls.value_or(first_ls) - first_ls);
    }
    if (recorder) recorder->close();
    if (publisher) publisher->close();
    if (truth.is_open() && !truth.flush()) throw Error(options.truth, std::strerror(errno), "room on the disk");
  } catch (const std::exception& e) {
    throw FailedRunning(e.what());
  }
  signals.watch(std::function<void()>{});
  const std::string target = recorder ? options.record : publisher->last_endpoint();
  if (options.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"frames", frames},
                                              {"events", events},
                                              {"lumisections", lumisections},
                                              {"model", model->info().name},
                                              {"model_hash", model->info().hash},
                                              {"target", target}}
                           .dump());
  } else {
    fmt::print("{} lumisections, {} events in {} frames to {}\n", lumisections, events, frames, escaped(target));
  }
  return 0;
}

}  // namespace

Command simulate_command() {
  const auto o = std::make_shared<SimulateOptions>();
  return {"simulate",
          "scenario generator with injected faults",
          "vigil simulate conf/scenarios/demo.yaml --record demo.vrec",
          {{"SCENARIO", &o->scenario, "scenario file (YAML)", Presence::required},
           {"--model", &o->model, "model package (default: the demo model)"},
           {"--wrong-model", &o->other_model, "package whose weights the fault wrong_weights uses"},
           {"--events", &o->events, "events to resample, .npy [n, features] (default: the demo events)"},
           {"--record", &o->record, "recording to write"},
           {"--publish", &o->publish, "endpoint to bind and publish on"},
           {"--truth", &o->truth, "truth labels, JSON Lines"},
           {"--speed", &o->speed, "max, realtime or a factor like 50x (with --publish)"},
           {"--compress", &o->compress, "compress the recording (zstd)"},
           {"--json", &o->json, "one JSON document at the end"}},
          [o] { return run_simulate(*o); }};
}

}  // namespace vigil::app
