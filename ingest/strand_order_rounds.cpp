// What StrandOrder knows of the partitions: how far they were read, where sessions began, which ends were reached.
#include <algorithm>
#include <utility>

#include "ingest/strand_order.h"

namespace vigil::ingest {
namespace {

constexpr std::size_t kMostRounds = 64;  // that have not passed

}  // namespace

void StrandOrder::begin(std::int32_t partition, std::int64_t offset, const std::string& name, std::uint64_t session) {
  if (name.empty()) return;
  partition_of(partition);
  advance(partition, offset);
  learn_begin({name, session, partition, offset, true});
}

void StrandOrder::learn_begin(const SessionBegin& begin) {
  if (!places_.begin(begin)) return;
  begins_.push_back(begin);
  const StrandId id{begin.name, begin.session, begin.partition == kBeside ? StrandId::kOfWorker : StrandId::kInFrames};
  if (begin.by_mark) {
    Strand& strand = strand_of(id);
    if (!strand.place) strand.place = places_.strands().at(id);
    if (strand.shares[begin.partition].removed) {
      --strand.removed;
      strand.shares[begin.partition].removed = false;
    }
    refresh(strand);
  }
  note_ends_in(begin.partition, &id);
}

// Strands (null: all, else those of its name) whose end in this partition was read.
void StrandOrder::note_ends_in(std::int32_t partition, const StrandId* of) {
  const std::int64_t reached = partitions_.at(partition).reached;
  const auto first = of == nullptr ? strands_.begin() : strands_.lower_bound({of->name, 0, StrandId::kOfWorker});
  for (auto each = first; each != strands_.end(); ++each) {
    const auto& [id, strand] = *each;
    if (of != nullptr && id.name != of->name) break;
    if (id.name.empty() || (partition == kBeside) != (id.partition == StrandId::kOfWorker)) continue;
    const auto end = places_.end_in(id, partition);
    if (!end || *end > reached) continue;
    Strand& ending = each->second;
    Share& share = ending.shares[partition];
    if (share.ended) continue;
    ending.covered += !share.is_covered();
    ++ending.ended;
    share.ended = true;
    ending.ended_round = rounds_begun_;
    refresh(ending);
  }
}

void StrandOrder::reach(std::int32_t partition, std::int64_t next) {
  partition_of(partition);
  advance(partition, next);
}

void StrandOrder::advance(std::int32_t number, std::int64_t next) {
  Partition& partition = partitions_.at(number);
  if (next <= partition.reached) return;
  const bool passes_begins = partition.reached < partition.last_begin;
  partition.reached = next;
  if (passes_begins) note_ends_in(number, nullptr);
  if (rounds_.empty() || !lacking_.contains(number) || next < rounds_.front().ends.at(number)) return;
  lacking_.erase(number);
  if (lacking_.empty()) pass_rounds();
}

void StrandOrder::removed(std::int32_t number) {
  partition_of(number).removed = true;
  for (auto& [id, strand] : strands_) {
    if (id.name.empty() || (number == kBeside) != (id.partition == StrandId::kOfWorker)) continue;
    Share& share = strand.shares[number];
    if (share.removed || share.waiting > 0) continue;
    share.removed = true;
    ++strand.removed;
    refresh(strand);
  }
}

void StrandOrder::ends(const std::map<std::int32_t, std::int64_t>& offsets) {
  for (const auto& [partition, end] : offsets) partition_of(partition);
  Round round{++rounds_begun_, offsets};
  see_who_ended();
  if (rounds_.size() == kMostRounds) {
    rounds_.back() = std::move(round);  // the later one says more
    return;
  }
  rounds_.push_back(std::move(round));
  if (rounds_.size() > 1) return;
  look_at_first_round();
  if (lacking_.empty()) pass_rounds();
}

// All partitions are known, as of what was added so far.
void StrandOrder::see_who_ended() {
  std::set<StrandId> ended;
  for (auto& [id, strand] : strands_) {
    if (strand.state == State::gap || (strand.state == State::idle && strand.ended > 0)) refresh(strand);
    if (strand.state == State::ended) ended.insert(id);
  }
  for (const StrandId& id : ended) forget_over(id);
}

void StrandOrder::look_at_first_round() {
  lacking_.clear();
  if (rounds_.empty()) return;
  for (const auto& [partition, end] : rounds_.front().ends) {
    if (partitions_.at(partition).reached < end) lacking_.insert(partition);
  }
}

void StrandOrder::pass_rounds() {
  while (!rounds_.empty() && lacking_.empty()) {
    rounds_passed_ = rounds_.front().number;
    rounds_.pop_front();
    look_at_first_round();
  }
  begin_where_nobody_began();
  if (gaps_ == 0) return;
  for (auto& [id, strand] : strands_) {
    if (strand.state == State::gap) refresh(strand);
  }
}

// A session marks every partition there is before it sends its first frame. So when a frame of it is there, and the
// topic was read as it was after that, a partition without its mark is younger than it; an earlier session of the name
// had ended before.
void StrandOrder::begin_where_nobody_began() {
  std::vector<SessionBegin> begins;
  for (auto each = strands_.begin(); each != strands_.end(); ++each) {
    const auto& [id, strand] = *each;
    if (id.name.empty() || !strand.met_round || *strand.met_round >= rounds_passed_) continue;
    const bool has_earlier = std::any_of(strands_.lower_bound({id.name, 0, StrandId::kOfWorker}), each,
                                         [&](const auto& other) { return other.first.partition == id.partition; });
    if (!has_earlier) continue;
    for (const auto& [number, partition] : partitions_) {
      if ((number == kBeside) != (id.partition == StrandId::kOfWorker) || places_.has_begun_in(id, number)) continue;
      begins.push_back({id.name, id.session, number, partition.reached, false});
    }
  }
  for (const SessionBegin& begin : begins) learn_begin(begin);
}

void StrandOrder::finish() {
  finished_ = true;
  refresh_all();
}

std::optional<StrandOrder::Waits> StrandOrder::waits_for() const {
  if (frames_ == 0 || (!heads_.empty() && may_take(**heads_.begin()))) return {};
  Waits waits;
  std::uint64_t round = heads_.empty() ? 0 : (*heads_.begin())->waiting.begin()->second.round;
  for (const auto& [id, strand] : strands_) {
    if (strand.state != State::gap) continue;
    const auto& [n, first] = *strand.waiting.begin();
    if (lacks_removed(strand) || strand.covered == partitions_for(id)) {
      round = std::max(round, first.round);
      continue;
    }
    waits.what = Waits::What::gap;
    waits.strand = id;
    waits.n = strand.place->next;
    waits.frames = n - waits.n;
    for (const auto& [number, partition] : partitions_) {
      if ((number == kBeside) != (id.partition == StrandId::kOfWorker)) continue;
      const auto share = strand.shares.find(number);
      if (share != strand.shares.end() && share->second.is_covered()) continue;
      waits.partition = number;
      break;
    }
    return waits;
  }
  const auto asked = std::find_if(rounds_.begin(), rounds_.end(), [&](const Round& r) { return r.number > round; });
  if (asked == rounds_.end()) return waits;
  waits.what = Waits::What::partition;
  for (const auto& [number, end] : asked->ends) {
    const std::int64_t lacking = end - partitions_.at(number).reached;
    if (lacking <= static_cast<std::int64_t>(waits.frames)) continue;
    waits.frames = static_cast<std::uint64_t>(lacking);
    waits.partition = number;
  }
  return waits;
}

}  // namespace vigil::ingest
