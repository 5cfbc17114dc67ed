#include "alerting/alarm_board.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "alerting/alarm_times.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

using nlohmann::ordered_json;
using AlarmVerb = AlarmRequest::Verb;

constexpr double kShortestShelf = 1, kLongestShelf = 365.0 * 86400;  // [s]
constexpr std::size_t kLongestNode = 4096, kLongestReason = 4096;    // bytes

std::int64_t system_clock_ns() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

// Until when a leaf is out of sight: the latest of the shelves it lies on; 0: it is not.
std::int64_t shelved_until(const AlarmTable& table, const std::string& leaf, std::int64_t now_ns) {
  std::int64_t until = 0;
  for (const AlarmShelf& shelf : table.shelves) {
    if (shelf.until_ns > now_ns && covers(shelf.node, leaf)) until = std::max(until, shelf.until_ns);
  }
  return until;
}

struct Group {
  bool asked = false;  // has a leaf below the node that was asked for
  Severity severity = Severity::ok;
  std::uint64_t raised = 0, unacknowledged = 0, shelved = 0;
  std::vector<std::pair<std::string, bool>> to_speak;  // node, essential
};

ordered_json group_json(const std::string& node, const Group& group, std::uint32_t flood_alarms) {
  ordered_json spoken = ordered_json::array();
  const bool flood = group.to_speak.size() > flood_alarms;
  for (const auto& [leaf, essential] : group.to_speak) {
    if (!flood || essential) spoken.push_back(leaf);
  }
  return {{"node", node},
          {"severity", std::string(to_string(group.severity))},
          {"raised", group.raised},
          {"unacknowledged", group.unacknowledged},
          {"shelved", group.shelved},
          {"spoken", std::move(spoken)}};
}

DeskAnswer problem(const std::string& name, int status, std::string detail) {
  DeskAnswer answer;
  answer.status = status;
  answer.problem = Problem{.name = name, .status = status, .detail = std::move(detail), .state = std::nullopt};
  return answer;
}

// A body that is not as the contract has it.
struct BadRequest {
  std::string detail;
};

std::string text_of(const ordered_json& body, const char* key, std::size_t most) {
  const ordered_json& value = body.at(key);
  if (!value.is_string()) throw BadRequest{std::string(key) + ": not a text, expected a text"};
  auto text = value.get<std::string>();
  if (text.size() > most) {
    throw BadRequest{std::string(key) + ": " + std::to_string(text.size()) + " bytes, expected at most " +
                     std::to_string(most)};
  }
  return text;
}

std::int64_t until_of(const ordered_json& body, std::int64_t now_ns) {
  const bool until = body.contains("until"), span = body.contains("for_s");
  if (until == span)
    throw BadRequest{std::string(until ? "until and for_s" : "neither until nor for_s") + ", expected one of them"};
  const std::string range = "expected 1 s to 365 days";
  if (span) {
    const ordered_json& value = body.at("for_s");
    const double s = value.is_number() ? value.get<double>() : NAN;
    if (!(s >= kShortestShelf && s <= kLongestShelf))
      throw BadRequest{"for_s: " + shown(value.dump(-1, ' ', true, ordered_json::error_handler_t::replace)) + ", " +
                       range};
    return now_ns + static_cast<std::int64_t>(s * 1e9);
  }
  const std::string text = text_of(body, "until", 64);
  const auto at = from_rfc3339(text);
  if (!at) throw BadRequest{"until: '" + shown(text) + "', expected a time like 2026-11-26T12:00:00Z"};
  // A time is somebody's clock, and has been on its way: only what is over already is refused at the short end.
  if (*at <= now_ns || static_cast<double>(*at - now_ns) / 1e9 > kLongestShelf) {
    throw BadRequest{"until: '" + shown(text) + "', expected a time from now to 365 days from now"};
  }
  return *at;
}

std::optional<AlarmVerb> verb_of(const std::string& text) {
  for (const AlarmVerb verb : {AlarmVerb::ack, AlarmVerb::shelve, AlarmVerb::unshelve}) {
    if (to_string(verb) == text) return verb;
  }
  return std::nullopt;
}

// Checks all of `body` but which keys are about the node.
AlarmRequest request_of(const Asker& asker, const std::string& verb, const ordered_json& body, bool names_node,
                        std::int64_t now_ns) {
  const auto known = verb_of(verb);
  if (!known) throw BadRequest{"verb '" + shown(verb) + "', expected ack, shelve or unshelve"};
  if (!body.is_object()) throw BadRequest{"body: not a JSON object, expected one"};
  std::set<std::string> keys = {"reason"};
  if (names_node) keys.insert("node");
  if (*known == AlarmVerb::shelve) keys.insert({"until", "for_s"});
  for (const auto& [key, value] : body.items()) {
    if (keys.contains(key)) continue;
    std::string all;
    for (const std::string& k : keys) all += (all.empty() ? "" : ", ") + k;
    throw BadRequest{"unknown key '" + shown(key) + "', expected " + all};
  }
  AlarmRequest request;
  request.verb = *known;
  request.actor = asker.actor;
  request.at_ns = now_ns;
  if (names_node) {
    if (!body.contains("node")) throw BadRequest{"no node, expected MODEL, MODEL/STREAM or MODEL/STREAM/MONITOR"};
    request.nodes = {text_of(body, "node", kLongestNode)};
    if (request.nodes.front().empty())
      throw BadRequest{"node: empty, expected MODEL, MODEL/STREAM or MODEL/STREAM/MONITOR"};
  }
  if (body.contains("reason")) request.reason = text_of(body, "reason", kLongestReason);
  if (*known == AlarmVerb::shelve) request.until_ns = until_of(body, now_ns);
  return request;
}

std::optional<DeskAnswer> forbidden(const Asker& asker) {
  if (asker.shifter || asker.expert) return std::nullopt;
  return problem("forbidden", 403, "alarms are for shifters and experts");
}

}  // namespace

std::vector<std::string> monitors_of_action(const ordered_json& line) {
  std::vector<std::string> monitors;
  const ordered_json proposal = line.value("proposal", ordered_json::object());
  for (const auto& m : proposal.value("monitors", ordered_json::array())) {
    if (m.is_string()) monitors.push_back(m.get<std::string>());
  }
  if (monitors.empty() && proposal.contains("source") && proposal["source"].is_string()) {
    monitors.push_back("source/" + proposal["source"].get<std::string>());
  }
  if (monitors.empty()) {
    for (const auto& verdict : line.value("evidence", ordered_json::array())) {
      if (!verdict.is_object() || !verdict.contains("monitor")) continue;
      auto monitor = verdict["monitor"].get<std::string>();
      if (std::find(monitors.begin(), monitors.end(), monitor) == monitors.end())
        monitors.push_back(std::move(monitor));
    }
  }
  return monitors;
}

ordered_json alarms_document(const AlarmTable& table, const std::string& node, std::int64_t now_ns) {
  std::map<std::string, ordered_json> alarms;  // by node
  std::map<std::string, Group> groups;
  for (const AlarmLeaf& leaf : table.leaves) {
    const Alarm& a = leaf.alarm;
    const std::string name = node_of(leaf.model, leaf.stream, leaf.monitor);
    const bool asked = covers(node, name);
    const std::int64_t until = shelved_until(table, name, now_ns);
    Group& group = groups[leaf.model + "/" + leaf.stream];
    group.asked |= asked;
    group.shelved += until > 0;
    if (a.latched == Severity::ok && until == 0) continue;
    const AlarmRule rule = table.settings.of(name);
    if (a.latched != Severity::ok) {
      ++group.raised;
      group.unacknowledged += !a.acknowledged;
      if (!a.acknowledged && until == 0) {
        group.severity = std::max(group.severity, a.latched);
        group.to_speak.emplace_back(name, rule.essential);
      }
    }
    if (!asked) continue;
    alarms[name] = {{"node", name},
                    {"model", leaf.model},
                    {"stream", leaf.stream},
                    {"monitor", leaf.monitor},
                    {"severity", std::string(to_string(a.severity))},
                    {"latched", std::string(to_string(a.latched))},
                    {"acknowledged", a.acknowledged},
                    {"known", a.known},
                    {"run", a.run},
                    {"ls", a.ls},
                    {"shelved_until", until > 0 ? ordered_json(rfc3339(until)) : ordered_json(nullptr)},
                    {"essential", rule.essential},
                    {"guidance", rule.guidance},
                    {"contact", rule.contact}};
  }
  ordered_json document = {{"alarms", ordered_json::array()}, {"groups", ordered_json::array()}};
  for (auto& [name, alarm] : alarms) document["alarms"].push_back(std::move(alarm));
  for (auto& [name, group] : groups) {
    std::sort(group.to_speak.begin(), group.to_speak.end());
    if (group.asked) document["groups"].push_back(group_json(name, group, table.settings.flood_alarms));
  }
  // Of nodes that may have no leaf at all: streams, what has no verdicts.
  std::map<std::string, std::int64_t> shelves;
  for (const AlarmShelf& shelf : table.shelves) {
    if (shelf.until_ns > now_ns) shelves[shelf.node] = std::max(shelves[shelf.node], shelf.until_ns);
  }
  document["shelves"] = ordered_json::array();
  for (const auto& [name, until] : shelves) document["shelves"].push_back({{"node", name}, {"until", rfc3339(until)}});
  return document;
}

AlarmCounts alarm_counts(const AlarmTable& table, std::int64_t now_ns) {
  AlarmCounts counts;
  for (const AlarmLeaf& leaf : table.leaves) {
    counts.raised += leaf.alarm.latched != Severity::ok;
    counts.unacknowledged += leaf.alarm.latched != Severity::ok && !leaf.alarm.acknowledged;
    counts.shelved += shelved_until(table, node_of(leaf.model, leaf.stream, leaf.monitor), now_ns) > 0;
  }
  return counts;
}

AlarmBoard::AlarmBoard(Journal& journal, Clock clock)
    : journal_(&journal), clock_(clock ? std::move(clock) : Clock(system_clock_ns)) {}

AlarmBoard::AlarmBoard(std::string file, Clock clock)
    : journal_(std::move(file)), clock_(clock ? std::move(clock) : Clock(system_clock_ns)) {
  (void)JournalReader(std::get<std::string>(journal_));
}

AlarmTable AlarmBoard::table() const {
  if (Journal* const* journal = std::get_if<Journal*>(&journal_)) return (*journal)->alarms();
  return JournalReader(std::get<std::string>(journal_)).alarms();
}

void AlarmBoard::carry_out(const AlarmRequest& request) {
  if (Journal* const* journal = std::get_if<Journal*>(&journal_)) {
    (*journal)->act_on_alarms(request);
  } else {
    act_on_alarms(std::get<std::string>(journal_), request);
  }
}

DeskAnswer AlarmBoard::alarms(const std::string& node) const {
  return {.status = 200, .body = alarms_document(table(), node, clock_()), .problem = std::nullopt};
}

DeskAnswer AlarmBoard::act(const Asker& asker, const std::string& verb, const ordered_json& body) {
  if (auto answer = forbidden(asker)) return *answer;
  try {
    const AlarmRequest request = request_of(asker, verb, body, true, clock_());
    carry_out(request);
    return alarms(request.nodes.front());
  } catch (const BadRequest& bad) {
    return problem("bad-request", 400, bad.detail);
  }
}

DeskAnswer AlarmBoard::act_on_action(const Asker& asker, const std::string& action_id, const std::string& model,
                                     const std::string& stream, const std::vector<std::string>& monitors,
                                     const std::string& verb, const ordered_json& body) {
  if (auto answer = forbidden(asker)) return *answer;
  try {
    AlarmRequest request = request_of(asker, verb, body, false, clock_());
    if (request.verb == AlarmVerb::shelve && request.reason.empty()) throw BadRequest{"no reason, expected one"};
    request.action_id = action_id;
    for (const std::string& monitor : monitors) request.nodes.push_back(node_of(model, stream, monitor));
    carry_out(request);
    return {};
  } catch (const BadRequest& bad) {
    return problem("bad-request", 400, bad.detail);
  }
}

bool AlarmBoard::is_shelved(const std::string& model, const std::string& stream,
                            const std::vector<std::string>& monitors) const {
  const AlarmTable now = table();
  const std::int64_t now_ns = clock_();
  if (monitors.empty()) return shelved_until(now, model + "/" + stream, now_ns) > 0;
  return std::all_of(monitors.begin(), monitors.end(), [&](const std::string& monitor) {
    return shelved_until(now, node_of(model, stream, monitor), now_ns) > 0;
  });
}

}  // namespace vigil::alerting
