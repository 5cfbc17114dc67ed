#include "ingest/subscriber.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <thread>
#include <utility>
#include <zmq.hpp>

#include "core/error.h"
#include "ingest/decode.h"
#include "ingest/subscriber_link.h"
#include "ingest/subscriber_queue.h"

namespace vigil::ingest {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kDrainTime = std::chrono::seconds(2);
// A message may have any number of parts; two are right, and what is kept of a wrong one is bounded.
constexpr std::size_t kMostParts = 16;
constexpr int kReceivesAtOnce = 256;  // so that a fast publisher hides neither the others nor a stop

}  // namespace

struct Subscriber::State {
  explicit State(const SubscriberSettings& settings)
      : most_bytes(static_cast<std::size_t>(settings.max_part_bytes)),
        queue(settings.queue_frames, settings.queue_bytes),
        on_link(settings.on_link) {}
  ~State() {
    if (wake_fd >= 0) ::close(wake_fd);
  }

  void open(const SubscriberSettings& settings);
  void run();
  std::chrono::milliseconds time_to_next_look() const;
  void count_events(SubscriberLink& link);
  void look_after(SubscriberLink& link);
  bool receive(SubscriberLink& link, Frame& frame);
  void receive_some(SubscriberLink& link);
  void drain();
  void take(Frame&& frame) {
    if (!queue.push(std::move(frame))) ++counters.dropped;
  }

  const std::size_t most_bytes;
  SubscriberQueue queue;
  SubscriberCounters counters;
  const std::function<void(const LinkEvent&)> on_link;
  std::atomic<bool> stop{false};
  int wake_fd = -1;
  std::exception_ptr failure;  // written before the queue finishes, read after
  zmq::context_t context;
  std::vector<SubscriberLink> links;
  std::thread thread;
};

void Subscriber::State::open(const SubscriberSettings& settings) {
  if (settings.endpoints.empty()) throw Error("subscriber", "no endpoint", "at least one");
  wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_fd < 0) throw Error("subscriber", std::string("eventfd: ") + std::strerror(errno));
  links.reserve(settings.endpoints.size());
  for (const std::string& endpoint : settings.endpoints) {
    links.emplace_back(context, endpoint, settings.topics, settings.max_part_bytes, settings.link_messages,
                       settings.heartbeat);
  }
}

// One message without blocking. False: none is there.
bool Subscriber::State::receive(SubscriberLink& link, Frame& frame) {
  zmq::message_t part;
  if (!link.socket().recv(part, zmq::recv_flags::dontwait)) return false;
  std::size_t bytes = 0;
  for (;;) {
    bytes += part.size();
    if (frame.parts.size() < kMostParts && bytes <= most_bytes) frame.parts.push_back(part.to_string());
    if (!part.more()) break;
    if (!link.socket().recv(part, zmq::recv_flags::none)) break;  // the parts of a message arrive together
  }
  counters.bytes += bytes;
  frame.header = peek_header(frame.parts);
  frame.position = std::to_string(counters.frames++);
  return true;
}

void Subscriber::State::receive_some(SubscriberLink& link) {
  for (int i = 0; i < kReceivesAtOnce && !stop; ++i) {
    if (queue.must_wait()) {
      queue.wait_for_room(nullptr, {});
      if (stop) return;
    }
    Frame frame;
    if (!receive(link, frame)) return;
    take(std::move(frame));
  }
}

void Subscriber::State::look_after(SubscriberLink& link) {
  count_events(link);
  if (!link.reopen_at() || Clock::now() < *link.reopen_at()) return;
  for (Frame frame; receive(link, frame); frame = {}) take(std::move(frame));  // what came before the cut
  link.reopen();
}

void Subscriber::State::count_events(SubscriberLink& link) {
  const SubscriberLink::Events events = link.read_events();
  counters.links_cut += events.cut;
  counters.links_made += events.made;
  if (!on_link) return;
  // Which came first is not known where both are there; the last state is what it is now.
  if (events.cut > 0) on_link({link.endpoint(), false, false});
  if (events.made > 0) on_link({link.endpoint(), true, link.has_heartbeat()});
}

std::chrono::milliseconds Subscriber::State::time_to_next_look() const {
  std::chrono::milliseconds time{-1};  // for ever
  for (const SubscriberLink& link : links) {
    for (const auto& at : {link.reopen_at(), link.look_at()}) {
      if (!at) continue;
      const auto left =
          std::max(std::chrono::ceil<std::chrono::milliseconds>(*at - Clock::now()), std::chrono::milliseconds(0));
      time = time.count() < 0 ? left : std::min(time, left);
    }
  }
  return time;
}

// What the sockets hold already: nothing of it is dropped while the pipeline takes it in time.
void Subscriber::State::drain() {
  const auto deadline = Clock::now() + kDrainTime;
  for (bool any = true; any;) {
    any = false;
    for (SubscriberLink& link : links) {
      if (Clock::now() >= deadline) return;
      Frame frame;
      if (!receive(link, frame)) continue;
      queue.wait_for_room(&frame, deadline);
      take(std::move(frame));
      any = true;
    }
  }
}

void Subscriber::State::run() {
  try {
    // Signals are other threads' business: none comes between the parts of a message.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::vector<zmq::pollitem_t> items;
    while (!stop) {
      items.assign(1, {nullptr, wake_fd, ZMQ_POLLIN, 0});
      for (SubscriberLink& link : links) {
        items.push_back({link.socket().handle(), 0, ZMQ_POLLIN, 0});
        items.push_back({link.monitor().handle(), 0, ZMQ_POLLIN, 0});
      }
      for (SubscriberLink& link : links) {
        if (zmq::socket_t* const probe = link.probe()) items.push_back({probe->handle(), 0, ZMQ_POLLIN, 0});
      }
      zmq::poll(items, time_to_next_look());
      for (std::size_t i = 0; i < links.size(); ++i) {
        if (items[1 + 2 * i].revents != 0) receive_some(links[i]);
        look_after(links[i]);
      }
    }
    drain();
    for (SubscriberLink& link : links) count_events(link);
  } catch (...) {
    failure = std::current_exception();
  }
  queue.finish(counters.frames);
}

Subscriber::Subscriber(const SubscriberSettings& settings) : state_(std::make_unique<State>(settings)) {
  state_->open(settings);
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Subscriber::~Subscriber() {
  state_->queue.abandon();
  request_stop();
  state_->thread.join();
}

std::optional<Frame> Subscriber::next() {
  std::optional<Frame> frame = state_->queue.pop();
  if (!frame && state_->failure) std::rethrow_exception(std::exchange(state_->failure, nullptr));
  return frame;
}

void Subscriber::request_stop() {
  state_->stop = true;
  const std::uint64_t one = 1;
  // It can only fail where it is awake already.
  [[maybe_unused]] const auto written = ::write(state_->wake_fd, &one, sizeof one);
  state_->queue.wake();
}

const SubscriberCounters& Subscriber::counters() const { return state_->counters; }

std::size_t Subscriber::queued_frames() const { return state_->queue.size(); }

}  // namespace vigil::ingest
