// The event streams of /v1/events (docs/api.md): numbers what happens, keeps the newest, and sends each client what it
// has not had. Fed by the follower; asked by event_routes. A client that is far behind gets what it missed bit by bit,
// so that resuming never counts as being slow. Thread-safe.
// Tests: tests/shift/event_hub_test.cpp, tests/contract/api_events_test.py.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shift/documents/outlook.h"
#include "shift/documents/status_document.h"
#include "shift/events/follower.h"
#include "shift/server/event_stream.h"

namespace vigil::shift {

extern const std::vector<std::string> kEventTypes;  // all but reset, which everybody gets

class EventHub : public Listener {
 public:
  static constexpr std::size_t kKept = 4096;
  static constexpr std::size_t kResumedAtOnce = 256 * 1024;  // bytes that wait for a client that resumes

  // Both outlive it.
  EventHub(const Outlook& outlook, StatusCache& status);

  void take(const News& news) override;
  void turn(bool changed) override;

  // A client: the types it wants (empty: all), the id it has seen last. What it reads first is pushed before this
  // returns.
  void add(std::shared_ptr<EventStream> stream, std::set<std::string> types, const std::optional<std::string>& last_id);
  std::size_t clients() const;

 private:
  struct Event {
    std::uint64_t number = 0;
    std::string type, bytes;
  };
  struct Client {
    std::shared_ptr<EventStream> stream;
    std::set<std::string> types;
    std::optional<std::uint64_t> resumed_to = {};  // has had what is numbered so far; none: has had all
    bool wants_status = true;                      // has not had the newest
    std::int64_t status_sent_ns = 0;
    bool wants(const std::string& type) const { return types.empty() || types.contains(type); }
  };

  void publish(const std::string& type, const std::string& data);
  void publish_changes();
  void publish_alarms();
  void send_status(Client& client, std::int64_t now_ns);
  void tell(const std::string& type, const std::string& data);
  void resume(Client& client);
  bool is_kept(std::uint64_t after) const { return after <= newest_ && newest_ - after <= kept_.size(); }

  const Outlook& outlook_;
  StatusCache& status_;
  mutable std::mutex mutex_;
  std::deque<Event> kept_;
  std::uint64_t newest_ = 0;
  std::vector<Client> clients_;
  std::map<std::string, nlohmann::ordered_json> alarms_;  // leaves by node
  std::deque<alerting::RecordedChange> changes_;          // not published yet: the desk could not be asked
  std::int64_t looked_ns_ = 0, ticked_ns_ = 0;
  std::string essence_;  // of the status as it was looked at last
};

}  // namespace vigil::shift
