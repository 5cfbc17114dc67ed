// Alarms for people: what a shifter is told of one monitor, after IEC 62682 (severity, latch, acknowledgement, delay,
// shelf, flood). Values and one state machine; no clock but the lumisections it is told of, no I/O. The journal keeps
// the state (alarm_store.h), the board answers for it (alarm_board.h). Not synchronised.
// Tests: tests/alerting/alarms_test.cpp, alarms_property_test.cpp.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/verdict.h"

namespace vigil::alerting {

enum class Severity : std::uint8_t { ok, minor, major };
std::string_view to_string(Severity severity);
std::optional<Severity> severity_of(std::string_view text);
// bad is major, medium is minor, all else ok.
Severity severity_of(Quality quality);

// How the alarm of one leaf behaves, and what it says.
struct AlarmRule {
  bool latching = true;        // stays after it is ok again, until somebody acknowledges it
  std::uint32_t delay_ls = 0;  // closed lumisections it has to have been away from ok; 0: at once
  std::uint32_t count = 0;     // or as often as this away from ok within delay_ls; 0: that does not count
  bool essential = false;      // still spoken in a flood
  std::string guidance = {}, contact = {};
  bool operator==(const AlarmRule&) const = default;
};

// What one entry of the configuration says of the leaves its pattern names; what is absent stays as it was.
struct AlarmOverride {
  std::string node;  // pattern (core/pattern.h) of leaves or of nodes above them
  std::optional<bool> latching = {};
  std::optional<std::uint32_t> delay_ls = {}, count = {};
  std::optional<bool> essential = {};
  std::optional<std::string> guidance = {}, contact = {};
  bool operator==(const AlarmOverride&) const = default;
};

struct AlarmSettings {
  std::vector<AlarmOverride> alarms;  // later entries override key by key
  std::uint32_t flood_alarms = 5;     // more than so many to be spoken of one stream: the essential ones only
  std::vector<std::string> windows;   // names of windows that are judged, `sequential` among them; none: not known
  AlarmRule of(std::string_view node) const;
  bool judges(std::string_view window) const;
  bool operator==(const AlarmSettings&) const = default;
};
nlohmann::ordered_json to_json(const AlarmSettings& settings);
// Of to_json(); of anything else the defaults.
AlarmSettings alarm_settings(std::string_view json);

// <model>/<stream>/<monitor>.
std::string node_of(std::string_view model, std::string_view stream, std::string_view monitor);
// Whether `node` is `leaf` or lies above it; the empty node lies above all.
bool covers(std::string_view node, std::string_view leaf);

// What one lumisection said of one stream.
struct AlarmReading {
  std::string monitor, statistic;
  Quality quality = Quality::unknown;
};
struct AlarmWindow {
  std::string name;                    // `sequential` included
  std::vector<AlarmReading> readings;  // of every rule of a window of that name, unknown ones too
};
struct AlarmUpdate {
  std::string model, stream;
  std::uint32_t run = 0, ls = 0;
  bool is_lumisection = true;  // false: windows cut after the last one; no time passes
  bool acts = true;            // false: its context is not for people (act_when): nothing raises, nothing recovers
  bool ended = false;          // the stream is given up: nobody will judge it again
  std::vector<AlarmWindow> windows = {};
  // Not where people are not to be told of its context (`acts`).
  void add(const JudgedWindow& judged, bool acts_on_it = true);
};

// The newest known verdict of one statistic in one window.
struct AlarmVerdict {
  std::string window, statistic;
  Quality quality = Quality::unknown;  // the newest that is known
  bool known = false;                  // whether the newest of all is
  bool operator==(const AlarmVerdict&) const = default;
};

struct Said {
  std::string_view statistic;
  Quality quality = Quality::unknown;
};

// The state of one leaf. Everything a restart goes on from is in its members.
struct Alarm {
  Severity severity = Severity::ok;  // now
  Severity latched = Severity::ok;   // the worst since it was last cleared or acknowledged; ok: no alarm
  bool acknowledged = false;
  bool known = false;               // some newest verdict is known; false: severity is of earlier ones
  std::uint32_t run = 0, ls = 0;    // of the last change of severity
  std::vector<std::uint64_t> left;  // at which closed lumisections (counted) it last left ok, oldest first
  std::vector<AlarmVerdict> verdicts;
  bool operator==(const Alarm&) const = default;

  // All that a window of this name said of the monitor: statistics it does not name are judged no more, and forgotten.
  // True where that changed anything.
  bool take(const std::string& window, std::span<const Said> said);
  // Ends closed lumisection number `now` (1, 2, … of its stream), whose verdicts it has taken. True where that changed
  // anything.
  bool close(std::uint64_t now, std::uint32_t run, std::uint32_t ls, const AlarmRule& rule);
  // A person has seen it. True where that changed anything.
  bool acknowledge();

 private:
  Severity judged() const;
  bool may_raise(std::uint64_t now, bool leaves_ok, const AlarmRule& rule) const;
};

// A leaf as it is shown; its verdicts and times of leaving ok are not read.
struct AlarmLeaf {
  std::string model, stream, monitor;
  Alarm alarm;
};
struct AlarmShelf {
  std::string node;
  std::int64_t until_ns = 0;  // wall clock
};
// One look at everything there is; leaves in order of their node.
struct AlarmTable {
  AlarmSettings settings;  // of the program that wrote the journal last
  std::vector<AlarmLeaf> leaves;
  std::vector<AlarmShelf> shelves;  // those that are over too, until the next verb
};

// What a person does about nodes and what lies below them.
struct AlarmRequest {
  enum class Verb : std::uint8_t { ack, shelve, unshelve };
  Verb verb = Verb::ack;
  std::vector<std::string> nodes;
  std::string actor, reason;
  std::string action_id;      // where it was asked of an action
  std::int64_t at_ns = 0;     // now
  std::int64_t until_ns = 0;  // shelve
};
std::string_view to_string(AlarmRequest::Verb verb);

}  // namespace vigil::alerting
