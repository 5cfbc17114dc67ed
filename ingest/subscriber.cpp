#include "ingest/subscriber.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <thread>
#include <utility>
#include <zmq.hpp>

#include "core/error.h"
#include "ingest/decode.h"
#include "ingest/subscriber_queue.h"

namespace vigil::ingest {
namespace {

constexpr auto kDrainTime = std::chrono::seconds(2);
constexpr const char* kMonitorEndpoint = "inproc://links";
// A message may have any number of parts; two are right, and what is kept of a wrong one is bounded.
constexpr std::size_t kMostParts = 16;
constexpr int kReceivesBeforePoll = 256;  // so that a fast publisher does not hide a stop or a cut link

}  // namespace

struct Subscriber::State {
  explicit State(const SubscriberSettings& settings)
      : most_bytes(static_cast<std::size_t>(settings.max_part_bytes)), queue(settings.queue_frames, settings.queue_bytes) {}
  ~State() {
    if (wake_fd >= 0) ::close(wake_fd);
  }

  void open(const SubscriberSettings& settings);
  void run();
  void receive_all();
  void drain();
  void count_cut_links();
  bool receive(Frame& frame);
  void take(Frame&& frame);

  const std::size_t most_bytes;
  SubscriberQueue queue;
  SubscriberCounters counters;
  std::atomic<bool> stop{false};
  int wake_fd = -1;
  std::exception_ptr failure;  // written before the queue finishes, read after
  zmq::context_t context;
  zmq::socket_t socket{context, ZMQ_SUB};
  zmq::socket_t monitor{context, ZMQ_PAIR};
  std::thread thread;
};

void Subscriber::State::open(const SubscriberSettings& settings) {
  if (settings.endpoints.empty()) throw Error("subscriber", "no endpoint", "at least one");
  wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_fd < 0) throw Error("subscriber", std::string("eventfd: ") + std::strerror(errno));
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::maxmsgsize, settings.max_part_bytes);
  socket.set(zmq::sockopt::ipv6, true);
  for (const std::string& topic : settings.topics) socket.set(zmq::sockopt::subscribe, topic);
  if (settings.topics.empty()) socket.set(zmq::sockopt::subscribe, "");
  if (zmq_socket_monitor(socket.handle(), kMonitorEndpoint, ZMQ_EVENT_DISCONNECTED) != 0) {
    throw Error("subscriber", std::string("socket monitor: ") + zmq_strerror(zmq_errno()));
  }
  monitor.set(zmq::sockopt::linger, 0);
  monitor.connect(kMonitorEndpoint);
  for (const std::string& endpoint : settings.endpoints) {
    // This context is nobody else's: such a link could never come up.
    if (endpoint.starts_with("inproc:")) {
      throw Error("subscribe to '" + endpoint + "'", "inproc ends at this process", "tcp://HOST:PORT or ipc://PATH");
    }
    try {
      socket.connect(endpoint);
    } catch (const zmq::error_t& e) {
      throw Error("subscribe to '" + endpoint + "'", e.what(), "tcp://HOST:PORT or ipc://PATH");
    }
  }
}

// One message without blocking. False: none is there.
bool Subscriber::State::receive(Frame& frame) {
  zmq::message_t part;
  if (!socket.recv(part, zmq::recv_flags::dontwait)) return false;
  std::size_t bytes = 0;
  for (;;) {
    bytes += part.size();
    if (frame.parts.size() < kMostParts && bytes <= most_bytes) frame.parts.push_back(part.to_string());
    if (!part.more()) break;
    if (!socket.recv(part, zmq::recv_flags::none)) break;  // the parts of a message arrive together
  }
  counters.bytes += bytes;
  frame.position = counters.frames++;
  frame.header = peek_header(frame.parts);
  return true;
}

void Subscriber::State::take(Frame&& frame) {
  if (!queue.push(std::move(frame))) ++counters.dropped;
}

void Subscriber::State::receive_all() {
  for (int i = 0; i < kReceivesBeforePoll && !stop; ++i) {
    if (queue.must_wait()) {
      queue.wait_for_room({});
      if (stop) return;
    }
    Frame frame;
    if (!receive(frame)) return;
    take(std::move(frame));
  }
}

// What the socket holds already: nothing more is dropped while the pipeline takes it in time.
void Subscriber::State::drain() {
  const auto deadline = std::chrono::steady_clock::now() + kDrainTime;
  while (std::chrono::steady_clock::now() < deadline) {
    queue.wait_for_room(deadline);
    Frame frame;
    if (!receive(frame)) return;
    take(std::move(frame));
  }
}

void Subscriber::State::count_cut_links() {
  zmq::message_t part;
  while (monitor.recv(part, zmq::recv_flags::dontwait)) {
    if (!part.more()) ++counters.links_cut;  // the second part, an address, ends each event
  }
}

void Subscriber::State::run() {
  try {
    zmq::pollitem_t items[] = {{socket.handle(), 0, ZMQ_POLLIN, 0}, {monitor.handle(), 0, ZMQ_POLLIN, 0},
                               {nullptr, wake_fd, ZMQ_POLLIN, 0}};
    while (!stop) {
      try {
        zmq::poll(items, 3, std::chrono::milliseconds(-1));
        if (items[1].revents != 0) count_cut_links();
        if (items[0].revents != 0) receive_all();
      } catch (const zmq::error_t& e) {
        if (e.num() != EINTR) throw;
      }
    }
    drain();
    count_cut_links();
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

}  // namespace vigil::ingest
