#include "app/kafka_worker.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "app/pipeline.h"
#include "app/wall_clock.h"
#include "core/shown.h"
#include "ingest/frame_message.h"
#include "ingest/partial_message.h"

namespace vigil::app {
namespace {

using ingest::kafka::GroupReader;
using ingest::kafka::Message;
using ingest::kafka::Transactions;

constexpr std::size_t kBatchFrames = 256, kBatchBytes = std::size_t{16} << 20;
constexpr std::chrono::milliseconds kLongestPoll{100};
constexpr std::chrono::seconds kClosing{10};

}  // namespace

KafkaWorker::KafkaWorker(const WorkerIdentity& who, const ingest::kafka::Settings& kafka, const std::string& start,
                         const ModelSet& models, PipelineCounters& counters, const std::atomic<bool>& stop,
                         ingest::kafka::Log log)
    : who_(who),
      models_(models),
      counters_(counters),
      stop_(stop),
      log_(log),
      transactions_(kafka, who.transactional_id(), log),
      reader_(kafka, who.group(), who.frames(), start,
              {.assigned = [this](const auto&) { shares_.clear(); },
               .revoked =
                   [this](const auto&) {
                     process();
                     flush();
                     shares_.clear();
                   },
               .lost =
                   [this](const auto&) {
                     batch_.clear();
                     batch_bytes_ = 0;
                     shares_.clear();
                     transactions_.abort();
                   }},
              log),
      most_frames_(kMostPartialFrames),
      at_once_(4 * threads_of(who.jobs)) {}

bool KafkaWorker::open() {
  if (transactions_.open(stop_) == Transactions::Outcome::stopped) return false;
  (void)transactions_.check_rights(who_.partials(), who_.group(), who_.frames());
  return true;
}

void KafkaWorker::run(const std::function<void(const WorkerTotals&)>& tick) {
  while (!stop_) {
    const bool more = collect();
    process();
    const bool full = std::any_of(shares_.begin(), shares_.end(), [&](const auto& share) {
      return share.second.frames >= most_frames_ || share.second.lines.size() >= kMostPartialLines;
    });
    if (full || Clock::now() - flushed_ >= std::chrono::milliseconds(who_.partial_ms)) flush();
    if (!more) tick(totals_);
  }
  process();
  flush();
  reader_.close(kClosing);
}

KafkaWorker::Share& KafkaWorker::share_of(std::int32_t partition) {
  Share& share = shares_[partition];
  if (!share.builder) {
    share.builder = std::make_unique<PartialBuilder>(
        [&share](std::string_view line) { share.lines.append(line).push_back('\n'); }, who_.pileup_widths);
  }
  return share;
}

// False: nothing more is there now.
bool KafkaWorker::collect() {
  while (!stop_ && batch_.size() < kBatchFrames && batch_bytes_ < kBatchBytes) {
    const auto due = flushed_ + std::chrono::milliseconds(who_.partial_ms) - Clock::now();
    const auto wait = std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(due),
                                 std::chrono::milliseconds(0), kLongestPoll);
    auto message = reader_.poll(batch_.empty() ? wait : std::chrono::milliseconds(0));
    for (const auto& removed : reader_.take_removed()) {
      process();  // what came before
      flush();
      share_of(removed.partition).first = removed.next;
      if (log_) {
        log_("partition " + std::to_string(removed.partition) + ": frames " + std::to_string(removed.first) + " to " +
             std::to_string(removed.next - 1) + " were removed unread");
      }
    }
    if (!message) return false;
    batch_bytes_ += message->value ? message->value->size() : 0;
    batch_.push_back(std::move(*message));
  }
  return true;
}

void KafkaWorker::process() {
  std::vector<Message> batch = std::exchange(batch_, {});
  batch_bytes_ = 0;
  std::vector<std::shared_ptr<Item>> items;
  std::vector<std::int32_t> partitions;
  for (Message& message : batch) {
    Share& share = share_of(message.partition);
    if (share.first < 0) share.first = message.offset;
    share.next = message.offset + 1;
    share.bytes_in += message.value ? message.value->size() : 0;
    const std::int32_t partition = message.partition;
    const std::int64_t offset = message.offset;
    std::string problem;
    std::optional<Frame> frame = ingest::frame_of(std::move(message), problem);
    if (!frame) {
      if (log_ && std::has_single_bit(++passed_over_)) {
        log_("message " + ingest::frame_position(partition, offset) + " is passed over: " + problem + " (" +
             std::to_string(passed_over_) + " so far)");
      }
      continue;
    }
    counters_.add_frame(*frame);
    std::shared_ptr<Item> item = items_.take();
    item->frame = std::move(*frame);
    item->arrived_ns = wall_clock_ns();
    partitions.push_back(partition);
    items.push_back(std::move(item));
    if (items.size() < at_once_) continue;
    emulate_all(items, partitions);
    items.clear();
    partitions.clear();
  }
  emulate_all(items, partitions);
}

// As many as stay in the caches from one step to the next.
void KafkaWorker::emulate_all(const std::vector<std::shared_ptr<Item>>& items,
                              const std::vector<std::int32_t>& partitions) {
  emulate_many(items, models_, who_.every_orbits, who_.jobs);
  for (std::size_t i = 0; i < items.size(); ++i) {
    Share& share = shares_.at(partitions[i]);
    const std::uint64_t frames = share.builder->frames(), events = share.builder->events(),
                        rejected = share.builder->rejected();
    share.builder->take(*items[i]);
    share.frames += share.builder->frames() - frames;
    share.events += share.builder->events() - events;
    share.rejected += share.builder->rejected() - rejected;
    if (items[i]->model != nullptr && items[i]->rejection == Rejection::none) {
      counters_.add_emulated(items[i]->batch.model, items[i]->batch.n, !items[i]->failure.empty());
    }
  }
}

void KafkaWorker::flush() {
  flushed_ = Clock::now();
  std::map<std::int32_t, std::int64_t> offsets;
  WorkerTotals add;
  const auto& reached = reader_.reached();
  for (auto& [partition, share] : shares_) {
    if (const auto at = reached.find(partition); at != reached.end() && share.first >= 0) {
      share.next = std::max(share.next, at->second);
    }
    if (share.first < 0 || share.next <= share.first) continue;
    offsets[partition] = share.next;
    if (too_large_in_ == partition && share.frames <= 1) {
      too_large_in_ = -1;
      most_frames_ = kMostPartialFrames;
      if (log_)
        log_("partition " + std::to_string(partition) +
             ": a frame's partial is too large for Kafka, the merger emulates it");
      continue;
    }
    share.builder->finish();
    ingest::PartialHeader header;
    header.settings = who_.settings;
    header.worker = who_.name;
    header.partition = partition;
    header.first = static_cast<std::uint64_t>(share.first);
    header.next = static_cast<std::uint64_t>(share.next);
    const std::string value = ingest::packed_partial(header, share.lines);
    transactions_.send(who_.partials(), 0, std::to_string(partition), value,
                       {{"vigil-partial", "1"},
                        {"vigil-settings", who_.settings},
                        {"vigil-worker", who_.name},
                        {"vigil-settings-text", who_.settings_text}});
    add.frames += share.frames;
    add.events += share.events;
    add.rejected += share.rejected;
    add.bytes_in += share.bytes_in;
    add.bytes_out += value.size();
    ++add.partials;
  }
  if (offsets.empty()) return;
  if (transactions_.commit(reader_, offsets) != Transactions::Outcome::done) return recover();
  totals_.frames += add.frames;
  totals_.events += add.events;
  totals_.rejected += add.rejected;
  totals_.partials += add.partials;
  totals_.bytes_in += add.bytes_in;
  totals_.bytes_out += add.bytes_out;
  for (auto& [partition, share] : shares_) {
    if (!offsets.contains(partition)) continue;
    share.first = share.next;
    share.lines.clear();
    share.frames = share.events = share.rejected = share.bytes_in = 0;
  }
}

// Nothing of it counts, or nobody knows: on from what is committed.
void KafkaWorker::recover() {
  const Transactions::Failure failure = transactions_.failure();
  if (failure.refused) {
    std::uint64_t most = 1;
    for (const auto& [partition, share] : shares_) {
      if (share.frames < most) continue;
      most = share.frames;
      if (most <= 1) too_large_in_ = partition;
    }
    most_frames_ = std::max<std::uint64_t>(1, most / 2);
  }
  shares_.clear();
  batch_.clear();
  batch_bytes_ = 0;
  if (failure.no_member) reader_.rejoin();
  if (transactions_.open(stop_) == Transactions::Outcome::stopped) return;
  if (!failure.no_member) reader_.seek_to_committed();
}

}  // namespace vigil::app
