#include "app/kafka_beside_worker.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "app/held_state.h"
#include "app/pipeline.h"
#include "app/wall_clock.h"
#include "core/bounded_queue.h"
#include "ingest/partial_message.h"

namespace vigil::app {
namespace {

using ingest::kafka::Transactions;

constexpr std::size_t kBesideFrames = 64;
constexpr std::size_t kMostSequencers = 4096;
constexpr std::chrono::milliseconds kIdle{5};

}  // namespace

BesideWorker::BesideWorker(const WorkerIdentity& who, const ingest::kafka::Settings& kafka,
                           const ingest::SequencerSettings& sequencing, const ModelSet& models,
                           PipelineCounters& counters, const std::atomic<bool>& hurry, ingest::kafka::Log log)
    : who_(who),
      sequencing_(sequencing),
      models_(models),
      counters_(counters),
      hurry_(hurry),
      log_(log),
      transactions_(kafka, who.transactional_id(), log),
      builder_([this](std::string_view line) { lines_.append(line).push_back('\n'); }, who.pileup_widths) {
  builder_.keep_odd_apart();
}

bool BesideWorker::open(const std::atomic<bool>& stop) {
  if (transactions_.open(stop) == Transactions::Outcome::stopped) return false;
  (void)transactions_.check_rights(who_.partials());
  return true;
}

bool BesideWorker::run(Source& source, const std::function<void(const WorkerTotals&)>& tick) {
  // Reading waits for the publishers, partials do not: they go out when their time has come.
  BoundedQueue<Frame> queue(kBesideFrames);
  std::exception_ptr failure;
  std::atomic<bool> has_ended{false};
  std::thread reader([&] {
    try {
      while (auto frame = source.next()) {
        if (!queue.push_wait(std::move(*frame))) break;
      }
    } catch (...) {
      failure = std::current_exception();
    }
    has_ended = true;
    queue.close();
  });
  Clock::time_point flushed = Clock::now();
  const auto due = [&] {
    return Clock::now() - flushed >= std::chrono::milliseconds(who_.partial_ms) ||
           next_ - first_ >= kMostPartialFrames || lines_.size() >= kMostPartialLines;
  };
  for (bool more = true; more;) {
    const bool was_ended = has_ended;
    std::vector<Frame> frames;
    while (frames.size() < kBesideFrames && queue.size() > 0) frames.push_back(std::move(*queue.pop()));
    if (frames.empty()) {
      more = !was_ended;
      if (more) std::this_thread::sleep_for(kIdle);
      tick(written_);
    }
    take(std::move(frames));
    if (due()) {
      flush();
      flushed = Clock::now();
    }
  }
  reader.join();
  flush();
  if (failure) std::rethrow_exception(failure);
  return !is_lost_;
}

void BesideWorker::take(std::vector<Frame>&& frames) {
  std::vector<std::shared_ptr<Item>> items;
  for (Frame& frame : frames) {
    counters_.add_frame(frame);
    frame.strand = StrandMark{who_.name, who_.session, next_ + items.size(), false};
    frame.position = who_.name + ":" + std::to_string(who_.session) + ":" + std::to_string(frame.strand->n);
    for (const std::string& part : frame.parts) totals_.bytes_in += part.size();
    std::shared_ptr<Item> item = items_.take();
    item->frame = std::move(frame);
    item->arrived_ns = wall_clock_ns();
    items.push_back(std::move(item));
  }
  emulate_many(items, models_, who_.every_orbits, who_.jobs);
  for (const std::shared_ptr<Item>& item : items) {
    // No partial reaches over a closing: all of its frames have one fate.
    if (cuts(*item)) flush();
    const std::uint64_t n = builder_.frames(), events = builder_.events(), rejected = builder_.rejected();
    builder_.take(*item);
    ++next_;
    totals_.frames += builder_.frames() - n;
    totals_.events += builder_.events() - events;
    totals_.rejected += builder_.rejected() - rejected;
    if (item->model != nullptr && item->rejection == Rejection::none) {
      counters_.add_emulated(item->batch.model, item->batch.n, !item->failure.empty());
    }
  }
}

// Whether its own clock closes a lumisection by this frame; and whether the frame is odd.
bool BesideWorker::cuts(Item& item) {
  if (item.rejection != Rejection::none || item.frame.parts.empty()) return false;
  const auto key = std::pair(item.batch.model, item.batch.stream);
  if (sequencers_.size() >= kMostSequencers && !sequencers_.contains(key)) sequencers_.clear();
  ingest::Sequencer& sequencer = sequencers_.try_emplace(key, sequencing_).first->second;
  const auto self = std::make_shared<char>();
  bool closes = false, placed = false;
  for (const ingest::Step& step : sequencer.offer(batch_facts(item.batch), self)) {
    closes = closes || std::holds_alternative<ingest::Closed>(step);
    const auto* at = std::get_if<ingest::Placed>(&step);
    placed = placed || (at != nullptr && at->payload == self);
  }
  item.frame.is_odd = !placed;
  return closes;
}

bool BesideWorker::flush() {
  builder_.finish();
  if (next_ == first_) return true;
  ingest::PartialHeader header;
  header.settings = who_.settings;
  header.worker = who_.name;
  header.strand = who_.name;
  header.session = who_.session;
  header.first = first_;
  header.next = next_;
  const std::string value = ingest::packed_partial(header, lines_);
  const std::uint64_t frames = next_ - first_;
  first_ = next_;
  lines_.clear();
  for (;;) {
    // Where nobody knows whether it counts it is sent again: the merger takes a number once.
    transactions_.send(who_.partials(), 0, who_.name, value,
                       {{"vigil-partial", "1"},
                        {"vigil-settings", who_.settings},
                        {"vigil-worker", who_.name},
                        {"vigil-settings-text", who_.settings_text}});
    if (transactions_.commit() == Transactions::Outcome::done) break;
    if (transactions_.failure().refused || hurry_) {
      if (log_) log_(std::to_string(frames) + " frames are lost: " + transactions_.failure().said);
      is_lost_ = true;
      if (!hurry_) (void)transactions_.open(hurry_);
      return false;
    }
    if (transactions_.open(hurry_) == Transactions::Outcome::stopped) {
      is_lost_ = true;
      return false;
    }
  }
  totals_.bytes_out += value.size();
  ++totals_.partials;
  written_ = totals_;
  return true;
}

}  // namespace vigil::app
