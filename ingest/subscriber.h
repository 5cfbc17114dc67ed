// A live stream: a ZeroMQ SUB socket on one owned thread, behind a queue bounded in frames and in bytes.
// Used by watch and record. Decodes no more than the header; never holds a publisher up: what its full queue cannot
// take is dropped, newest first, and accounted for header by header.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/frame.h"
#include "ingest/link_options.h"

namespace vigil::ingest {

struct LinkEvent {
  std::string endpoint;
  bool made = false;       // else cut
  bool heartbeat = false;  // made: the peer answers heartbeats
};

struct SubscriberSettings {
  std::vector<std::string> endpoints;  // connected to, at least one: tcp://host:port, ipc://path
  std::vector<std::string> topics{};   // prefixes; none: everything
  std::size_t queue_frames = 4096;
  std::size_t queue_bytes = std::size_t{512} << 20;  // an empty queue takes one frame of any size
  std::int64_t max_part_bytes = std::int64_t{256}
                                << 20;  // ZMQ_MAXMSGSIZE: a longer part cuts its link, which is made anew
  int link_messages = 1000;             // ZMQ_RCVHWM: what a link holds for us before it reads no more; 0: any number
  Heartbeat heartbeat{};                // to peers that know them
  // Told of every link that is made or cut, on the subscriber's thread: must return at once.
  std::function<void(const LinkEvent&)> on_link{};
};

// Only grow; may be read from any thread.
struct SubscriberCounters {
  std::atomic<std::uint64_t> frames{0};  // received, dropped ones included
  std::atomic<std::uint64_t> bytes{0};   // of all their parts
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> links_made{0};
  std::atomic<std::uint64_t> links_cut{0};  // connections that were up and ended, for whatever reason
};

class Subscriber : public Source {
 public:
  // Connects and begins to receive. Throws Error naming the endpoint that is none.
  explicit Subscriber(const SubscriberSettings& settings);
  // Stops without draining and joins the thread.
  ~Subscriber() override;

  // Frames in order of arrival; `position` counts the frames received. The headers of dropped frames come with the next
  // frame that found room, those left over at the end with a last frame that has no parts. After nullopt stays at
  // nullopt. Throws what the thread died of (a socket that fails), after the frames before it.
  std::optional<Frame> next() override;
  // Thread-safe, may be repeated. What was received already is still yielded, within two seconds.
  void request_stop() override;

  const SubscriberCounters& counters() const;
  std::size_t queued_frames() const;  // that were received and wait; thread-safe

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::ingest
