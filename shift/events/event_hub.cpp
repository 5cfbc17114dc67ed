#include "shift/events/event_hub.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "core/action.h"
#include "core/cloud_event.h"
#include "core/json_text.h"
#include "core/utc_time.h"
#include "shift/documents/json_values.h"
#include "shift/events/event_order.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kStatusEveryNs = kSecondNs / 2;
constexpr std::int64_t kLookEveryNs = kSecondNs;  // for what changes by time alone: stale, a shelf that ends
constexpr std::int64_t kTickNs = 5 * kSecondNs;

std::string event_text(const std::string& type, const std::string& data) {
  return "event: " + type + "\ndata: " + data + "\n\n";
}

// n of "<boot>-<n>"; nullopt: not of this boot.
std::optional<std::uint64_t> number_of(const std::string& id, const std::string& boot) {
  if (!id.starts_with(boot + "-")) return {};
  std::uint64_t out = 0;
  const char* const end = id.data() + id.size();
  const auto [rest, error] = std::from_chars(id.data() + boot.size() + 1, end, out);
  if (error != std::errc() || rest != end) return {};
  return out;
}

// The `data` of the event of a state change (docs/actions.md); nullopt: it is none.
std::optional<std::string> state_change(alerting::Desk& desk, const alerting::RecordedChange& change) {
  const nlohmann::json detail = parsed_object(change.detail);
  if (change.action_id.empty() || !detail.contains("from") || !detail.contains("to") || !detail.contains("n"))
    return {};
  StateChange out;
  out.action = change.action_id;
  out.n = count_at(detail, "n");
  out.from = text_at(detail, "from");
  out.to = text_at(detail, "to");
  out.at_ns = change.at_ns;
  out.actor = change.actor;
  out.reason = change.reason;
  const alerting::DeskAnswer action = desk.show(change.action_id);
  if (action.problem) return {};
  out.kind = action_kind(text_at(action.body, "kind")).value_or(ActionKind::notify);
  // The run downstream: as it was claimed, else as a sink answered.
  const ordered_json& claim = object_at(action.body, "claim");
  out.run = text_at(claim, "run");
  out.url = text_at(claim, "url");
  for (const auto& sink : value_at(action.body, "sinks")) {
    if (out.run.empty()) out.run = text_at(sink, "run");
    if (out.url.empty()) out.url = text_at(sink, "url");
  }
  const alerting::DeskAnswer audit = desk.audit(static_cast<std::uint64_t>(change.seq - 1), 1);
  const ordered_json rows = audit.problem ? ordered_json() : value_at(audit.body, "rows");
  if (rows.is_array() && !rows.empty()) out.audit = text_at(rows.front(), "hash");
  return status_event("", out).line;
}

}  // namespace

const std::vector<std::string> kEventTypes{"lumisection", "window", "action", "action-status",
                                           "alarm",       "status", "tick"};

EventHub::EventHub(const Outlook& outlook, StatusCache& status) : outlook_(outlook), status_(status) {
  ticked_ns_ = outlook_.now_ns();
  publish_alarms();  // what there is already is no news
  kept_.clear();
  newest_ = 0;
}

void EventHub::publish(const std::string& type, const std::string& data) {
  Event event{++newest_, type, "id: " + outlook_.boot + "-" + std::to_string(newest_) + "\n" + event_text(type, data)};
  for (const Client& client : clients_) {
    if (!client.resumed_to && client.wants(type)) client.stream->push(event.bytes);
  }
  kept_.push_back(std::move(event));
  if (kept_.size() > kKept) kept_.pop_front();
}

void EventHub::tell(const std::string& type, const std::string& data) {
  const std::string bytes = event_text(type, data);
  for (const Client& client : clients_) {
    if (!client.resumed_to && client.wants(type)) client.stream->push(bytes);
  }
}

void EventHub::take(const News& news) {
  const std::lock_guard lock(mutex_);
  for (const OrderedRow& row : in_order(news)) publish(row.type, row.row->line);
  changes_.insert(changes_.end(), news.changes.begin(), news.changes.end());
}

void EventHub::publish_changes() {
  for (; !changes_.empty(); changes_.pop_front()) {
    if (outlook_.desk == nullptr) continue;
    if (const auto data = state_change(*outlook_.desk, changes_.front())) publish("action-status", *data);
  }
}

void EventHub::publish_alarms() {
  if (outlook_.desk == nullptr) return;
  const alerting::DeskAnswer answer = outlook_.desk->alarms("");
  if (answer.problem) return;
  std::map<std::string, ordered_json> now;
  for (const auto& leaf : value_at(answer.body, "alarms")) now[text_at(leaf, "node")] = leaf;
  for (const auto& [node, leaf] : now) {
    const auto before = alarms_.find(node);
    if (before == alarms_.end() || before->second != leaf) publish("alarm", json_text(leaf));
  }
  for (auto& [node, leaf] : alarms_) {
    if (now.contains(node)) continue;
    // It left the list: neither latched nor shelved any more.
    leaf["severity"] = "ok";
    leaf["latched"] = "ok";
    leaf["shelved_until"] = nullptr;
    publish("alarm", json_text(leaf));
  }
  alarms_ = std::move(now);
}

// What it lacks of the status, at most twice a second.
void EventHub::send_status(Client& client, std::int64_t now_ns) {
  if (!client.wants_status || client.resumed_to || !client.wants("status")) return;
  if (std::abs(now_ns - client.status_sent_ns) < kStatusEveryNs) return;
  client.stream->push(event_text("status", status_.now()->text));
  client.wants_status = false;
  client.status_sent_ns = now_ns;
}

void EventHub::turn(bool changed) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ns = outlook_.now_ns();
  std::erase_if(clients_, [](const Client& client) { return !client.stream->is_open(); });
  publish_changes();
  bool is_news = changed;
  if (const bool looks = std::abs(now_ns - looked_ns_) >= kLookEveryNs; changed || looks) {
    publish_alarms();
    if (looks && !clients_.empty()) {
      const std::string essence = status_.now()->essence;
      is_news |= essence != essence_;
      essence_ = essence;
    }
    if (looks) looked_ns_ = now_ns;
  }
  for (Client& client : clients_) {
    if (client.resumed_to) resume(client);
    client.wants_status |= is_news;
    send_status(client, now_ns);
  }
  if (std::abs(now_ns - ticked_ns_) >= kTickNs) {
    ticked_ns_ = now_ns;
    tell("tick", json_text(ordered_json{{"time", rfc3339(now_ns)}}));
  }
}

// Pushes what the client missed, as far as it has taken what was pushed before.
void EventHub::resume(Client& client) {
  if (!is_kept(*client.resumed_to)) {  // it took so long that the oldest it needs was given up
    client.stream->push(event_text("reset", "{}"));
    client.resumed_to.reset();
    return;
  }
  for (auto event = kept_.end() - static_cast<std::ptrdiff_t>(newest_ - *client.resumed_to); event != kept_.end();
       ++event) {
    if (client.stream->waiting() >= kResumedAtOnce) return;
    if (client.wants(event->type)) client.stream->push(event->bytes);
    client.resumed_to = event->number;
  }
  client.resumed_to.reset();
}

void EventHub::add(std::shared_ptr<EventStream> stream, std::set<std::string> types,
                   const std::optional<std::string>& last_id) {
  const std::lock_guard lock(mutex_);
  Client client{std::move(stream), std::move(types)};
  client.stream->push("retry: 2000\n\n");
  if (last_id) {
    client.resumed_to = number_of(*last_id, outlook_.boot);
    if (!client.resumed_to) client.stream->push(event_text("reset", "{}"));
  }
  if (client.resumed_to) resume(client);
  send_status(client, outlook_.now_ns());
  clients_.push_back(std::move(client));
}

std::size_t EventHub::clients() const {
  const std::lock_guard lock(mutex_);
  return clients_.size();
}

}  // namespace vigil::shift
