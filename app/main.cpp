// The command line: subcommands and their flags, nothing else. The one file that includes CLI11.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>

#include "app/commands.h"
#include "core/error.h"

namespace {

using namespace vigil::app;

constexpr int kWrongUsage = 2;
constexpr int kFailedRunning = 3;

std::function<int()> chosen;

CLI::App* command(CLI::App& app, const std::string& name, const std::string& about, const std::string& example) {
  CLI::App* sub = app.add_subcommand(name, about);
  sub->footer("Example:\n  " + example);
  return sub;
}

void monitor_flags(CLI::App* sub, MonitorOptions& o) {
  sub->add_option("CONF,-c,--configuration", o.configuration, "configuration file (YAML)");
  sub->add_option("--model", o.models, "model package, a folder (repeatable)")->take_all()->expected(1);
  sub->add_option("--reference", o.reference, "reference file, or learn:N lumisections (default learn:20)");
  sub->add_option("--window-ls", o.window_ls, "window length in lumisections (default 10)");
  sub->add_option("--hop-ls", o.hop_ls, "lumisections from one window to the next (default 5)");
  sub->add_option("--journal", o.journal, "SQLite file for state, results and actions");
  sub->add_option("--set", o.settings, "key=value of any configuration key (repeatable)")->take_all()->expected(1);
  sub->add_flag("--json", o.json, "result lines as JSON on standard output");
  sub->add_option("--fail-on", o.fail_on, "exit 1 when it occurred (repeatable)")
      ->check(CLI::IsMember({"bad", "unknown", "mismatch", "action"}))
      ->take_all()
      ->expected(1);
}

void live_flags(CLI::App* sub, MonitorOptions& o) {
  sub->add_option("--subscribe", o.subscribe, "ZeroMQ endpoint to connect to (repeatable)")->take_all()->expected(1);
  sub->add_option("--topic", o.topics, "topic prefix (repeatable; default all)")->take_all()->expected(1);
}

void replay_flags(CLI::App* sub, ReplayOptions& o) {
  sub->add_option("--jobs", o.jobs, "threads (default one a core); the results do not depend on it");
  sub->add_option("--from-ls", o.from_ls, "first lumisection");
  sub->add_option("--to-ls", o.to_ls, "last lumisection");
}

void add_streams(CLI::App& app) {
  static MonitorOptions watch;
  CLI::App* sub =
      command(app, "watch", "the online monitor", "vigil watch --model demo/model --subscribe tcp://127.0.0.1:5555");
  monitor_flags(sub, watch);
  live_flags(sub, watch);
  sub->add_option("--actions-to", watch.actions_to, "endpoint of the pipeline that receives actions");
  sub->add_option("--record", watch.record, "also record what arrives into this folder");
  sub->callback([] { chosen = [] { return run_watch(watch); }; });

  static ReplayOptions replay;
  sub =
      command(app, "replay", "recorded runs through the same pipeline", "vigil replay run1/ --model demo/model --json");
  sub->add_option("REC", replay.recordings, "recording files or folders")->required();
  sub->add_option("-c,--configuration", replay.monitor.configuration, "configuration file (YAML)");
  sub->add_option("--model", replay.monitor.models, "model package, a folder (repeatable)")->take_all()->expected(1);
  sub->add_option("--reference", replay.monitor.reference, "reference file, or learn:N lumisections");
  sub->add_option("--window-ls", replay.monitor.window_ls, "window length in lumisections (default 10)");
  sub->add_option("--hop-ls", replay.monitor.hop_ls, "lumisections from one window to the next (default 5)");
  sub->add_option("--journal", replay.monitor.journal, "SQLite file for state, results and actions");
  sub->add_option("--set", replay.monitor.settings, "key=value of any configuration key (repeatable)")
      ->take_all()
      ->expected(1);
  sub->add_flag("--json", replay.monitor.json, "result lines as JSON on standard output, the digest last");
  sub->add_option("--fail-on", replay.monitor.fail_on, "exit 1 when it occurred (repeatable)")
      ->check(CLI::IsMember({"bad", "unknown", "mismatch", "action"}))
      ->take_all()
      ->expected(1);
  sub->add_option("--speed", replay.speed, "max, realtime or a factor like 4x");
  replay_flags(sub, replay);
  sub->callback([] { chosen = [] { return run_replay(replay); }; });

  static MonitorOptions record;
  sub = command(app, "record", "write what arrives to recordings",
                "vigil record --subscribe tcp://127.0.0.1:5555 -o run1/");
  sub->add_option("-c,--configuration", record.configuration, "configuration file (YAML)");
  live_flags(sub, record);
  sub->add_option("-o,--output", record.record, "folder for the recordings")->required();
  sub->add_option("--set", record.settings, "key=value of any configuration key (repeatable)")->take_all()->expected(1);
  sub->add_flag("--json", record.json, "one JSON document at the end");
  sub->callback([] { chosen = [] { return run_record(record); }; });

  static PublishOptions publish;
  sub = command(app, "publish", "a recording as a live stream", "vigil publish run1/ --endpoint tcp://127.0.0.1:5555");
  sub->add_option("REC", publish.recordings, "recording files or folders")->required();
  sub->add_option("--endpoint", publish.endpoint, "endpoint to bind")->required();
  sub->add_option("--speed", publish.speed, "max, realtime or a factor like 4x");
  sub->add_flag("--loop", publish.loop, "start over at the end");
  sub->add_flag("--json", publish.json, "one JSON document at the end");
  sub->callback([] { chosen = [] { return run_publish(publish); }; });

  static SimulateOptions simulate;
  sub = command(app, "simulate", "scenario generator with injected faults",
                "vigil simulate conf/scenarios/demo.yaml --record demo.vrec");
  sub->add_option("SCENARIO", simulate.scenario, "scenario file (YAML)")->required();
  sub->add_option("--model", simulate.model, "model package (default: the demo model)");
  sub->add_option("--wrong-model", simulate.other_model, "package whose weights the fault wrong_weights uses");
  sub->add_option("--events", simulate.events, "events to resample, .npy [n, features] (default: the demo events)");
  sub->add_option("--record", simulate.record, "recording to write");
  sub->add_option("--publish", simulate.publish, "endpoint to bind and publish on");
  sub->add_option("--truth", simulate.truth, "truth labels, JSON Lines");
  sub->add_option("--speed", simulate.speed, "max, realtime or a factor like 50x (with --publish)");
  sub->add_flag("--compress", simulate.compress, "compress the recording (zstd)");
  sub->add_flag("--json", simulate.json, "one JSON document at the end");
  sub->callback([] { chosen = [] { return run_simulate(simulate); }; });
}

constexpr const char* kKernels = "auto, reference (the plain scalar path), sse4, avx2, avx512 or vnni: same bits";

void add_models(CLI::App& app) {
  static EmulateOptions emulate;
  CLI::App* sub = command(app, "emulate", "the emulator on arrays",
                          "vigil emulate --model demo/model --input x.npy --output y.npy");
  sub->add_option("--model", emulate.model, "model package")->required();
  sub->add_option("--input", emulate.input, "[n, features]: integers are raw words, floats are quantised")->required();
  sub->add_option("--output", emulate.output, "raw output words [n, output words]");
  sub->add_option("--layers", emulate.layers, "folder for one file a tensor");
  sub->add_option("--compare", emulate.compare,
                  "hardware words to compare with (.npy, or a folder of <tensor>.npy); exit 1 on a mismatch");
  sub->add_option("--jobs", emulate.jobs, "threads")->check(CLI::Range(1u, 1024u));
  sub->add_option("--kernel", emulate.kernel, kKernels);
  sub->add_flag("--json", emulate.json, "one JSON document");
  sub->callback([] { chosen = [] { return run_emulate(emulate); }; });

  static ModelOptions model;
  CLI::App* group = command(app, "model", "make and look at model packages", "vigil model inspect demo/model");
  group->require_subcommand(1);
  sub = command(*group, "inspect", "layers, types, sizes, hash, golden vectors", "vigil model inspect demo/model");
  sub->add_option("PKG", model.package, "model package")->required();
  sub->add_option("--kernel", model.kernel, kKernels);
  sub->add_flag("--json", model.json, "one JSON document");
  sub->callback([] { chosen = [] { return run_model_inspect(model); }; });
  sub = command(*group, "bench", "how fast this machine emulates it", "vigil model bench demo/model --seconds 2");
  sub->add_option("PKG", model.package, "model package")->required();
  sub->add_option("--input", model.input, "events, .npy (default: the golden inputs)");
  sub->add_option("--jobs", model.jobs, "threads")->check(CLI::Range(1u, 1024u));
  sub->add_option("--kernel", model.kernel, kKernels);
  sub->add_option("--seconds", model.seconds, "time to measure")->check(CLI::Range(0.01, 3600.0));
  sub->add_flag("--json", model.json, "one JSON document");
  sub->callback([] { chosen = [] { return run_model_bench(model); }; });
  static ImportOptions import;
  sub = command(*group, "import", "what the firmware team has, as a model package",
                "vigil model import my-hls4ml-prj -o my-model");
  sub->add_option("SRC", import.source,
                  "hls4ml project folder, conifer JSON, DAIS program, emulator library or network.json")
      ->required();
  sub->add_option("-o,--output", import.output, "package to write, a new or empty folder")->required();
  sub->add_option("--name", import.name, "name of the model (default: the source's own)");
  sub->add_option("--version-label", import.version, "version of the model (default 1)");
  sub->add_option("--hls4ml-version", import.hls4ml_version, "release that wrote the project, e.g. 1.1.0");
  sub->add_option("--conifer-sum", import.conifer_sum, "order in which leaves are added (default: as the file's backend does)")
      ->check(CLI::IsMember({"sequential", "tree"}));
  sub->add_flag("--json", import.json, "one JSON document");
  sub->callback([] { chosen = [] { return run_model_import(import); }; });

  static StatisticsOptions statistics;
  sub = command(app, "statistics", "every statistic on two samples",
                "vigil statistics --reference a.npy --sample b.npy --json");
  sub->add_option("--reference", statistics.reference, "1-D .npy")->required();
  sub->add_option("--sample", statistics.sample, "1-D .npy")->required();
  sub->add_option("--bins", statistics.bins, "equal-width bins over both samples (default: none)")
      ->check(CLI::Range(1u, 1u << 20));
  sub->add_flag("--json", statistics.json, "one JSON document");
  sub->callback([] { chosen = [] { return run_statistics(statistics); }; });

  static ReferenceOptions reference;
  group = command(app, "reference", "references from good runs",
                  "vigil reference build run1/ --model demo/model -o good.json");
  group->require_subcommand(1);
  sub = command(*group, "build", "a reference from recordings",
                "vigil reference build run1/ --model demo/model -o good.json");
  sub->add_option("REC", reference.replay.recordings, "recording files or folders")->required();
  sub->add_option("--model", reference.replay.monitor.models, "model package")->required()->take_all()->expected(1);
  sub->add_option("--set", reference.replay.monitor.settings, "key=value of any configuration key (repeatable)")
      ->take_all()
      ->expected(1);
  sub->add_option("-o,--output", reference.output, "reference file to write")->required();
  replay_flags(sub, reference.replay);
  sub->add_flag("--json", reference.replay.monitor.json, "one JSON document");
  sub->callback([] { chosen = [] { return run_reference_build(reference); }; });
}

void add_journal(CLI::App& app) {
  static MonitorOptions check;
  CLI::App* sub = command(app, "check", "validates a configuration, loads model and reference, opens nothing",
                          "vigil check conf/watch.yaml");
  monitor_flags(sub, check);
  live_flags(sub, check);
  sub->callback([] { chosen = [] { return run_check(check); }; });

  static ActionsOptions actions;
  CLI::App* group = command(app, "actions", "the journal's actions", "vigil actions list --journal vigil.db --json");
  group->require_subcommand(1);
  const auto journal = [](CLI::App* s) {
    s->add_option("--journal", actions.journal, "journal file")->required();
    s->add_flag("--json", actions.json, "JSON on standard output");
  };
  sub = command(*group, "list", "every action, with its delivery", "vigil actions list --journal vigil.db --json");
  journal(sub);
  sub->callback([] { chosen = [] { return run_actions_list(actions); }; });
  sub = command(*group, "show", "one action and what was done about it", "vigil actions show ID --journal vigil.db");
  sub->add_option("ID", actions.id, "action id")->required();
  journal(sub);
  sub->callback([] { chosen = [] { return run_actions_show(actions); }; });
  sub = command(*group, "export", "every action with its audit trail, JSON Lines",
                "vigil actions export --journal vigil.db -o actions.jsonl");
  sub->add_option("-o,--output", actions.output, "file to write (default standard output)");
  journal(sub);
  sub->callback([] { chosen = [] { return run_actions_export(actions); }; });
  for (const char* verb : {"approve", "reject", "ack", "shelve", "retry"}) {
    sub = command(*group, verb, std::string(verb) + " an action; recorded with actor and reason",
                  std::string("vigil actions ") + verb + " ID --journal vigil.db --actor anna --reason 'seen'");
    sub->add_option("ID", actions.id, "action id")->required();
    sub->add_option("--actor", actions.actor, "who (default: the user)");
    sub->add_option("--reason", actions.reason, "why");
    if (std::string(verb) == "shelve") {
      sub->add_option("--hours", actions.hours, "out of sight for so long")
          ->required()
          ->check(CLI::Range(0.01, 24.0 * 365));
    }
    journal(sub);
    sub->callback([verb] { chosen = [verb] { return run_actions_note(actions, verb); }; });
  }

  static std::string where;
  static bool json = false;
  sub = command(app, "status", "one screen: models, quality, rates, losses", "vigil status vigil.db");
  sub->add_option("JOURNAL", where, "journal file")->required();
  sub->add_flag("--json", json, "one JSON document");
  sub->callback([] { chosen = [] { return run_status(where, json); }; });
  sub = command(app, "list", "statistics, model formats, sources, sinks", "vigil list");
  sub->add_flag("--json", json, "one JSON document");
  sub->callback([] { chosen = [] { return run_list(json); }; });
  sub = command(app, "decode", "annotated dump of a frame or recording", "vigil decode run1/000001.vrec");
  sub->add_option("FILE", where, "recording, or the msgpack body of one frame")->required();
  sub->add_flag("--json", json, "JSON Lines");
  sub->callback([] { chosen = [] { return run_decode(where, json); }; });
  sub = command(app, "demo", "everything on one machine: a stream with a fault, the monitor, a receiving pipeline",
                "vigil demo");
  sub->add_flag("--json", json, "one JSON document at the end");
  sub->callback([] { chosen = [] { return run_demo(json); }; });
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is a write error, reported as such
  std::signal(SIGXFSZ, SIG_IGN);  // and so is a file size limit
  CLI::App app{"vigil: watches machine-learning models that run in FPGA triggers", "vigil"};
  app.require_subcommand(1);
  app.set_version_flag("--version", VIGIL_VERSION);
  add_streams(app);
  add_models(app);
  add_journal(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);
    std::fprintf(stderr, "vigil: %s; see vigil --help\n", e.what());
    return kWrongUsage;
  }
  try {
    return chosen();
  } catch (const FailedRunning& e) {
    std::fprintf(stderr, "vigil: %s\n", e.what());
    return kFailedRunning;
  } catch (const vigil::Error& e) {
    std::fprintf(stderr, "vigil: %s\n", e.what());
    return kWrongUsage;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "vigil: %s\n", e.what());
    return kFailedRunning;
  }
}
