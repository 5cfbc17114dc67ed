#include "app/configuration_keys.h"

#include <limits>
#include <utility>

#include "app/configuration_lists.h"
#include "app/configuration_sinks.h"
#include "core/error.h"

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

#define OF(member) [](C& c) -> decltype((c.member)) { return c.member; }

std::vector<ConfigurationKey> table() {
  constexpr std::uint32_t kLs = 16384;  // lumisections: four days
  return {
      files("models", OF(models), "package folders (docs/model_package.md)"),
      lines("subscribe", OF(subscribe), "ZeroMQ endpoints to connect to"),
      lines("topics", OF(topics), "topic prefixes like scouting/; none: everything"),
      {"reference", "learn:N or path", "", true,
       "learn:N lumisections, N from 1 to 16384, or a file of `vigil reference build`", read_reference,
       writer<std::string>(OF(reference))},
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
      number("expiry_h", OF(expiry_h), 1, 24 * 365, "h", "an action nobody accepted by then is expired"),
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
      real("false_alarms_per_day", OF(monitors.false_alarms_per_day), 1e-12, 1e6, "1/day",
           "over all tests of a stream"),
      flag("sequential", OF(monitors.sequential), "judge mismatches at every closed lumisection besides the windows"),
      number("cool_down_ls", OF(cool_down_ls), 0, kLs, "LS",
             "from the end of an episode to the next action of its kind"),
      number("broad_inputs", OF(broad_inputs), 1, 4096, "inputs",
             "this many drifting inputs are conditions; fewer are a detector's fault"),
      {"rules", "list of maps", "", false, "overrides of limits for the monitors a pattern names (below)",
       [](C& c, const Node& n, const At& at) { c.monitors.rules = read_rules(n, at); },
       [](Emitter& out, const C& c) { write_rules(out, c.monitors.rules); }},
  };
}

#undef OF

}  // namespace

const std::vector<ConfigurationKey>& configuration_keys() {
  static const std::vector<ConfigurationKey> all = table();
  return all;
}

const ConfigurationKey* find_configuration_key(const std::string& key) {
  for (const ConfigurationKey& row : configuration_keys()) {
    if (row.key == key) return &row;
  }
  return nullptr;
}

}  // namespace vigil::app
