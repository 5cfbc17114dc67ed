#include "app/configuration_keys.h"

#include <limits>
#include <utility>

#include "app/configuration_actions.h"
#include "app/configuration_alarms.h"
#include "app/configuration_budget.h"
#include "app/configuration_conditions.h"
#include "app/configuration_kafka.h"
#include "app/configuration_lists.h"
#include "app/configuration_multivariate.h"
#include "app/configuration_sinks.h"
#include "core/error.h"
#include "core/shown.h"
#include "ingest/strand_places.h"

namespace vigil::app {
namespace {

using C = Configuration;
using Node = YAML::Node;
using Emitter = YAML::Emitter;
using At = YamlPlace;

template <class T>
using Member = T& (*)(C&);

// Writing needs a member of a const configuration, found by the same function that reading uses.
template <class T>
const T& read_only(Member<T> member, const C& c) {
  return member(const_cast<C&>(c));
}

template <class T>
std::function<void(Emitter&, const C&)> writer(Member<T> member) {
  return [member](Emitter& out, const C& c) { out << read_only(member, c); };
}

template <class T>
ConfigurationKey whole(const char* key, Member<T> member, T lowest, T highest, const char* unit, const char* text) {
  return {key,
          expected_whole_number(lowest, highest),
          unit,
          false,
          text,
          [=](C& c, const Node& n, const At& at) { member(c) = static_cast<T>(whole_number(n, at, lowest, highest)); },
          writer(member)};
}

constexpr auto number = whole<std::uint32_t>;

ConfigurationKey real(const char* key, Member<double> member, double lowest, double highest, const char* unit,
                      const char* text) {
  return {key,           expected_real_number(lowest, highest),
          unit,          false,
          text,          [=](C& c, const Node& n, const At& at) { member(c) = real_number(n, at, lowest, highest); },
          writer(member)};
}

ConfigurationKey flag(const char* key, Member<bool> member, const char* text) {
  return {key,
          "true or false",
          "",
          false,
          text,
          [=](C& c, const Node& n, const At& at) { member(c) = boolean(n, at); },
          writer(member)};
}

ConfigurationKey line(const char* key, Member<std::string> member, const char* text) {
  return {key,           "text", "",
          false,         text,   [=](C& c, const Node& n, const At& at) { member(c) = app::text(n, at); },
          writer(member)};
}

ConfigurationKey file(const char* key, Member<std::string> member, const char* text) {
  return {key,           "path", "", true, text, [=](C& c, const Node& n, const At& at) { member(c) = path(n, at); },
          writer(member)};
}

using Texts = std::vector<std::string>;

std::function<void(Emitter&, const C&)> list_writer(Member<Texts> member) {
  return [member](Emitter& out, const C& c) { out << YAML::Flow << read_only(member, c); };
}

ConfigurationKey lines(const char* key, Member<Texts> member, const char* text) {
  return {key,
          "list of texts",
          "",
          false,
          text,
          [=](C& c, const Node& n, const At& at) { member(c) = texts(n, at); },
          list_writer(member)};
}

ConfigurationKey files(const char* key, Member<Texts> member, const char* text) {
  return {key,
          "list of paths",
          "",
          true,
          text,
          [=](C& c, const Node& n, const At& at) { member(c) = paths(n, at); },
          list_writer(member)};
}

// Names of sources, in which * stands for any characters.
ConfigurationKey sources(const char* key, Member<Texts> member, const char* text) {
  const char* const expected = "list of names, * for any characters";
  const auto read = [=](C& c, const Node& n, const At& at) {
    Texts names = texts(n, at);
    for (const std::string& name : names) {
      if (name.empty() || name.size() > 4096) {
        throw Error(at.where, "key '" + at.key + "': a name of " + std::to_string(name.size()) + " bytes",
                    "names of 1 to 4096 bytes, * for any characters");
      }
    }
    member(c) = std::move(names);
  };
  return {key, expected, "", false, text, read, list_writer(member)};
}

// learn:N or a file: a path only where it is no learn:N.
void read_reference(C& c, const Node& node, const At& at) {
  const std::string value = text(node, at);
  c.reference = learn_lumisections(value) ? value : path(node, at);
}

// Keys of sinks that stand here for all sinks that do not say.
std::function<void(Emitter&, const C&)> sink_writer(const char* key, const std::string& absent) {
  return [=](Emitter& out, const C& c) {
    const auto found = c.sink_defaults.find(key);
    out << (found == c.sink_defaults.end() ? absent : found->second);
  };
}
ConfigurationKey sink_number(const char* key, std::uint64_t absent, std::uint64_t lowest, std::uint64_t highest,
                             const char* unit, const char* text) {
  return {key,
          expected_whole_number(lowest, highest),
          unit,
          false,
          text,
          [=](C& c, const Node& n, const At& at) {
            c.sink_defaults[key] = std::to_string(whole_number(n, at, lowest, highest));
          },
          sink_writer(key, std::to_string(absent))};
}
ConfigurationKey sink_flag(const char* key, const char* text) {
  return {key,
          "true or false",
          "",
          false,
          text,
          [=](C& c, const Node& n, const At& at) { c.sink_defaults[key] = boolean(n, at) ? "true" : "false"; },
          sink_writer(key, "false")};
}

#define OF(member) [](C& c) -> decltype((c.member)) { return c.member; }

std::vector<ConfigurationKey> table() {
  constexpr std::uint32_t kLs = 16384;  // lumisections: four days
  return {
      files("models", OF(models), "package folders (docs/model_package.md)"),
      lines("subscribe", OF(subscribe), "ZeroMQ endpoints to connect to, or one of Kafka"),
      lines("topics", OF(topics), "topic prefixes like scouting/; none: everything"),
      {"reference", "learn:N or path", "", true,
       "learn:N lumisections, N from 1 to 16384, or a file of `vigil reference build`", read_reference,
       writer<std::string>(OF(reference))},
      file("limits", OF(limits), "effect sizes made by `vigil calibrate`; empty: the defaults"),
      file("journal", OF(journal), "SQLite file for state, results and actions; empty: in memory"),
      file("record", OF(record), "folder to record what arrives; empty: none"),
      flag("compress", OF(compress), "zstd in recordings"),
      line("actions_to", OF(actions_to), "endpoint of the pipeline that receives actions (docs/actions_wire.md)"),
      file("actions_file", OF(actions_file), "JSON Lines file that actions are appended to; empty: none"),
      number("reply_timeout_ms", OF(reply_timeout_ms), 1, 600000, "ms",
             "for the answer of the pipeline that actions_to names"),
      {"sinks", "list of maps", "", false, "where actions go besides, each at its own pace (below)",
       [](C& c, const Node& n, const At& at) { c.sinks = read_sinks(n, at); },
       [](Emitter& out, const C& c) { write_sinks(out, c.sinks); }},
      sink_flag("dry_run", "of all sinks: record what would be sent as delivered, and send nothing"),
      sink_number("first_back_off_ms", 1000, 0, 86'400'000, "ms", "of a sink's first wait after a failure, doubling"),
      sink_number("longest_back_off_ms", 300'000, 0, 86'400'000, "ms", "of any such wait"),
      sink_number("settle_s", 30, 0, 86400, "s", "before a sink looks downstream for what may be done"),
      sink_number("max_server_errors", 5, 1, 1000, "", "5xx answers to one action, with which a sink gives it up"),
      sink_number("breaker_failures", 5, 1, 1'000'000, "", "in a row, after which a sink sends nothing for a while"),
      sink_number("breaker_open_s", 60, 0, 86400, "s", "how long it sends nothing then"),
      real("expiry_h", OF(expiry_h), 1e-6, 24 * 365, "h", "an action nobody accepted by then is expired"),
      {"approval", "map or none", "", false, "who approves what before a pipeline gets it (below); none: nobody has to",
       [](C& c, const Node& n, const At& at) { c.approval = read_approval(n, at); },
       [](Emitter& out, const C& c) { write_approval(out, c.approval); }},
      {"act_when", "map of lists", "", false,
       "beam_mode and menu in which something may be changed (below); empty: always",
       [](C& c, const Node& n, const At& at) { c.act_when = read_act_when(n, at); },
       [](Emitter& out, const C& c) { write_act_when(out, c.act_when); }},
      {"budget_per_day", "map of whole numbers", "1/day", false,
       "actions of a kind that a stream may open in a day of data",
       [](C& c, const Node& n, const At& at) { c.budget_per_day = read_budget_per_day(n, at); },
       [](Emitter& out, const C& c) { write_budget_per_day(out, c.budget_per_day); }},
      number("verify_ls", OF(verify_ls), 1, kLs, "LS", "a new model that turns bad so soon is rolled back"),
      number("queue_frames", OF(queue_frames), 1, 1u << 24, "frames",
             "received and not yet read; the newest is dropped, and counted, when full"),
      number("jobs", OF(jobs), 0, 1024, "threads", "of the pipeline; 0: one a core"),
      number("close_after_ls", OF(sequencer.close_after_ls), 1, kLs, "LS",
             "a lumisection closes when any source is this far ahead of it"),
      number("source_timeout_ls", OF(sequencer.source_timeout_ls), 1, kLs, "LS",
             "a source that stopped counts as uncovered for so long, then it is silent"),
      number("max_jump_ls", OF(sequencer.max_jump_ls), 1, kLs, "LS",
             "a larger jump of the clock waits for the next batch"),
      {"sources", "all or split", "", false, "all: every source covers every orbit; split: they share the orbits",
       [](C& c, const Node& n, const At& at) {
         c.sequencer.split_sources = one_of(n, at, {"all", "split"}) == "split";
       },
       [](Emitter& out, const C& c) { out << (c.sequencer.split_sources ? "split" : "all"); }},
      sources("expected_sources", OF(sequencer.expected_sources),
              "in the set from the start of every run; a pattern: those that match it and were seen before"),
      sources("optional_sources", OF(sequencer.optional_sources), "may stay away: never silent, never expected"),
      {"windows", "list of maps", "LS", false, "window_ls lumisections every hop_ls, and a name (below)",
       [](C& c, const Node& n, const At& at) { c.monitors.windows = read_windows(n, at); },
       [](Emitter& out, const C& c) { write_windows(out, c.monitors.windows); }},
      whole<std::uint64_t>("reference_events", OF(monitors.reference_events), 1,
                           std::numeric_limits<std::uint32_t>::max(), "events",
                           "a learned reference goes on learning until it has so many"),
      whole<std::uint64_t>("minimum_events", OF(monitors.minimum_events), 1, std::numeric_limits<std::uint32_t>::max(),
                           "events", "of a window; below: unknown"),
      real("minimum_coverage", OF(monitors.minimum_coverage), 0, 1, "", "of a window's orbits; below: unknown"),
      {"judge_beam_modes", "list of texts", "", false,
       "lumisections that state another beam mode are counted only: not judged, not learned; [] judges all",
       [](C& c, const Node& n, const At& at) { c.monitors.judge_beam_modes = texts(n, at); },
       list_writer(OF(monitors.judge_beam_modes))},
      {"prescales", "columns, each a map of seeds to prescales", "", false,
       "prescale 0: the seed is off in that column, its decisions are not compared",
       [](C& c, const Node& n, const At& at) { c.monitors.prescales = read_prescales(n, at); },
       [](Emitter& out, const C& c) { write_prescales(out, c.monitors.prescales); }},
      {"budget", "map of page and warn (N/week) and shares", "", false,
       "false alarms of a stream a week that are tolerated (below)",
       [](C& c, const Node& n, const At& at) { read_budget(c, n, at); },
       [](Emitter& out, const C& c) { write_budget(out, c.monitors.budget); }},
      number("week_ls", OF(monitors.week_ls), 1, 1u << 24, "LS", "judged lumisections in a week of the budget"),
      {"multivariate", "map of statistics and every_orbits", "", false,
       "statistics of all inputs, or outputs, together, and the orbits whose events they see (below)",
       [](C& c, const Node& n, const At& at) { c.monitors.multivariate = read_multivariate(n, at); },
       [](Emitter& out, const C& c) { write_multivariate(out, c.monitors.multivariate); }},
      flag("sequential", OF(monitors.sequential), "judge at every closed lumisection besides the windows"),
      number("cool_down_ls", OF(cool_down_ls), 0, kLs, "LS",
             "from the end of an episode to the next action of its kind"),
      number("broad_inputs", OF(broad_inputs), 1, 4096, "inputs",
             "this many drifting inputs are conditions; fewer are a detector's fault"),
      {"rules", "list of maps", "", false, "overrides of limits for the monitors a pattern names (below)",
       [](C& c, const Node& n, const At& at) { c.monitors.rules = read_rules(n, at); },
       [](Emitter& out, const C& c) { write_rules(out, c.monitors.rules); }},
      {"alarms", "list of maps", "", false, "how alarms behave for the nodes a pattern names (below)",
       [](C& c, const Node& n, const At& at) { c.alarms = read_alarms(n, at); },
       [](Emitter& out, const C& c) { write_alarms(out, c.alarms); }},
      number("flood_alarms", OF(flood_alarms), 0, 65536, "alarms",
             "more unacknowledged ones of a stream: only the essential are spoken"),
  };
}

// Keys of the server remember where they stand: they are checked together, once all are read.
ConfigurationKey placed(ConfigurationKey row) {
  row.read = [key = row.key, read = std::move(row.read)](C& c, const Node& n, const At& at) {
    read(c, n, at);
    c.http.places[key] = at.where;
  };
  return row;
}

std::vector<ConfigurationKey> http_table() {
  return {
      placed(
          line("http_listen", OF(http.listen), "HOST:PORT that people and pipelines ask (docs/http.md); empty: none")),
      placed(file("http_certificate_file", OF(http.certificate_file), "PEM; with it https only")),
      placed(file("http_key_file", OF(http.key_file), "PEM, its private key, which others may not read")),
      placed(file("http_tokens_file", OF(http.tokens_file), "who may act; empty: nobody")),
      placed(lines("http_names", OF(http.names), "further host names the server answers to")),
      number("http_requests_per_s", OF(http.requests_per_s), 1, 1u << 20, "1/s",
             "from one address; twice as many at once"),
      number("http_streams", OF(http.streams), 1, 4096, "streams", "of events open at a time"),
      number("stale_after_s", OF(http.stale_after_s), 1, 604'800, "s",
             "a stream that closed no lumisection for so long is shown as stale"),
      number("keep_histograms", OF(http.keep_histograms), 0, 1u << 24, "windows",
             "of each stream and window name whose histograms stay in the journal"),
  };
}

// docs/scale_out.md
std::vector<ConfigurationKey> scale_table() {
  return {
      {"kafka", "map of brokers, prefix, properties, create_partitions, replication", "", false,
       "the Kafka that many machines work on, in place of or besides an endpoint (docs/scale_out.md)",
       [](C& c, const Node& n, const At& at) { read_kafka(c.kafka, n, at); },
       [](Emitter& out, const C& c) { write_kafka(out, c.kafka); }},
      {"name", "1 to 64 of A-Z a-z 0-9 _ . -", "", false, "of a bridge or worker; empty: the host's",
       [](C& c, const Node& n, const At& at) {
         c.name = text(n, at);
         if (!c.name.empty() && !ingest::is_strand_name(c.name)) {
           throw Error(at.where, "key '" + at.key + "': '" + shown(c.name) + "'", "1 to 64 of A-Z a-z 0-9 _ . -");
         }
       },
       writer<std::string>(OF(name))},
      {"start", "earliest or latest", "", false, "where who has no place in Kafka yet begins",
       [](C& c, const Node& n, const At& at) {
         c.start = one_of(n, at, {"earliest", "latest"});
       },
       writer<std::string>(OF(start))},
      number("partial_ms", OF(partial_ms), 50, 60000, "ms", "a worker's partials go out at the latest after so long"),
      number("bridge_buffer_mb", OF(bridge_buffer_mb), 1, 1u << 20, "MB",
             "of frames a bridge keeps while Kafka is away; the newest is dropped, and counted, when full"),
      number("drain_s", OF(drain_s), 0, 86400, "s", "that a stop waits for what is under way"),
      flag("close_on_stop", OF(close_on_stop),
           "on Kafka: a stop is the end of the data, everything is judged and closed"),
  };
}

#undef OF

}  // namespace

const std::vector<ConfigurationKey>& configuration_keys() {
  static const std::vector<ConfigurationKey> all = [] {
    std::vector<ConfigurationKey> rows = table();
    for (ConfigurationKey& row : http_table()) rows.push_back(std::move(row));
    for (ConfigurationKey& row : scale_table()) rows.push_back(std::move(row));
    return rows;
  }();
  return all;
}

const std::vector<ConfigurationKey>& superseded_configuration_keys() {
  static const std::vector<ConfigurationKey> all{
      {"false_alarms_per_day", "a number above 0", "1/day", false, "x is budget: {page: 7x/week, warn: 70x/week}",
       [](C& c, const Node& n, const At& at) { read_false_alarms_per_day(c, n, at); }, [](Emitter&, const C&) {}}};
  return all;
}

const ConfigurationKey* find_configuration_key(const std::string& key) {
  for (const auto* keys : {&configuration_keys(), &superseded_configuration_keys()}) {
    for (const ConfigurationKey& row : *keys) {
      if (row.key == key) return &row;
    }
  }
  return nullptr;
}

}  // namespace vigil::app
