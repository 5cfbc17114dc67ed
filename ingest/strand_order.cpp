#include "ingest/strand_order.h"

#include <iterator>
#include <limits>
#include <utility>

namespace vigil::ingest {

StrandOrder::StrandOrder(StrandPlaces places) : places_(std::move(places)) {
  for (const auto& [partition, offset] : places_.last_begins()) partition_of(partition).last_begin = offset;
  for (const auto& [partition, offset] : places_.last_begins()) note_ends_in(partition, nullptr);
  for (const auto& [id, place] : places_.strands()) refresh(strand_of(id));
}

StrandOrder::Partition& StrandOrder::partition_of(std::int32_t number) {
  const auto [known, is_new] = partitions_.try_emplace(number);
  if (is_new) {
    ++bare_partitions_;
    refresh_all();  // a number that was gone may lie in the new one
  }
  return known->second;
}

std::size_t StrandOrder::partitions_for(const StrandId& id) const {
  return id.partition == StrandId::kOfWorker ? 1 : partitions_.size() - partitions_.count(kBeside);
}

template <class Change>
void StrandOrder::change_share(Strand& strand, std::int32_t partition, Change change) {
  Share& share = strand.shares[partition];
  strand.covered -= share.is_covered();
  strand.ended -= share.ended;
  strand.removed -= share.removed;
  change(share);
  strand.covered += share.is_covered();
  strand.ended += share.ended;
  strand.removed += share.removed;
}

StrandOrder::Strand& StrandOrder::strand_of(const StrandId& id) {
  const auto [known, is_new] = strands_.try_emplace(id, id);
  Strand& strand = known->second;
  if (!is_new) return strand;
  const auto place = places_.strands().find(id);
  if (place != places_.strands().end()) strand.place = place->second;
  if (strand.place && strand.place->next > 0) strand.met_round = 0;
  if (id.name.empty()) return strand;
  for (const auto& [number, partition] : partitions_) {
    if ((number == kBeside) != (id.partition == StrandId::kOfWorker)) continue;
    const auto end = places_.end_in(id, number);
    change_share(strand, number, [&](Share& share) {
      share.ended = end && *end <= partition.reached;
      if (share.ended) strand.ended_round = rounds_begun_;
      share.removed = partition.removed && !places_.has_begun_in(id, number);
    });
  }
  return strand;
}

// Whether numbers before its first frame may be among those that are not read: they are waited for no longer than the
// topic's end.
bool StrandOrder::lacks_removed(const Strand& strand) const { return !strand.place || strand.removed > 0; }

StrandOrder::State StrandOrder::state_of(const Strand& strand) const {
  const bool is_named = !strand.id.name.empty();
  const std::size_t partitions = partitions_for(strand.id);
  if (strand.waiting.empty()) {
    // Of the partitions that there are now, not only of those known when the last one was seen to end.
    const bool has_ended = is_named && strand.ended == partitions && rounds_begun_ > strand.ended_round;
    return has_ended ? State::ended : State::idle;
  }
  const auto& [n, first] = *strand.waiting.begin();
  if (!is_named || finished_ || n == (strand.place ? strand.place->next : 0)) return State::head;
  // In each partition numbers only grow: behind a later one, and behind the end of the session, none comes. The missing
  // one may be in a partition that is not known yet, but that one was there before `first`.
  if (strand.covered == partitions && rounds_begun_ > first.round) return State::head;
  return lacks_removed(strand) && rounds_passed_ > first.round ? State::head : State::gap;
}

StrandOrder::Rank StrandOrder::rank_of(const Strand& strand) const {
  if (strand.waiting.empty()) return {};
  const Waiting& first = strand.waiting.begin()->second;
  std::optional<std::uint32_t> run = first.run, ls = first.ls;
  if ((!run || !ls) && strand.place) run = strand.place->run, ls = strand.place->ls;
  if (!run || !ls) return {0, 0};
  return {places_.has_begun(*run) ? 1 : 2, *ls};
}

void StrandOrder::refresh(Strand& strand) {
  const State state = state_of(strand);
  const Rank rank = state == State::head ? rank_of(strand) : Rank{};
  if (state == strand.state && rank == strand.rank) return;
  if (strand.state == State::head) heads_.erase(&strand);
  idle_ -= strand.state == State::idle;
  gaps_ -= strand.state == State::gap;
  strand.state = state;
  strand.rank = rank;
  if (state == State::head) heads_.insert(&strand);
  idle_ += state == State::idle;
  gaps_ += state == State::gap;
}

void StrandOrder::refresh_all() {
  for (auto& [id, strand] : strands_) refresh(strand);
}

StrandOrder::Added StrandOrder::add(Arrival&& a) {
  Partition& partition = partition_of(a.partition);
  advance(a.partition, a.offset);
  const bool is_named = a.n && !a.strand.name.empty();
  StrandId id;
  if (is_named) {
    id = {std::move(a.strand.name), a.strand.session,
          a.partition == kBeside ? StrandId::kOfWorker : StrandId::kInFrames};
    const auto end = places_.end_in(id, a.partition);
    if (end && a.offset >= *end) return Added::fenced;
    if (id.session <= places_.over(id)) return Added::repeated;
  } else {
    id.partition = a.partition;
  }
  const std::uint64_t n = is_named ? *a.n : static_cast<std::uint64_t>(a.offset);
  const std::uint64_t numbers = is_named ? a.numbers : 1;
  if (numbers == 0 || n > std::numeric_limits<std::uint64_t>::max() - numbers) return Added::repeated;
  Strand& strand = strand_of(id);
  if (strand.place && n < strand.place->next) return Added::repeated;
  const auto behind = strand.waiting.lower_bound(n);
  if (behind != strand.waiting.end() && behind->first < n + numbers) return Added::repeated;
  if (behind != strand.waiting.begin() && std::prev(behind)->first + std::prev(behind)->second.numbers > n) {
    return Added::repeated;
  }
  strand.waiting.emplace_hint(
      behind, n, Waiting{std::move(a.payload), a.partition, a.offset, a.run, a.ls, rounds_begun_, numbers});
  ++frames_;
  if (partition.waiting++ == 0) --bare_partitions_;
  if (!strand.met_round) strand.met_round = rounds_begun_;
  if (is_named) {
    change_share(strand, a.partition, [](Share& share) {
      ++share.waiting;
      share.removed = false;
    });
    // A partition that was added after it began, or whose mark was removed.
    if (!places_.has_begun_in(id, a.partition)) {
      learn_begin({id.name, id.session, a.partition, a.offset, false});
    }
  }
  refresh(strand);
  return Added::waits;
}

bool StrandOrder::may_take(const Strand& head) const {
  if (finished_) return true;
  if (gaps_ > 0 || rounds_begun_ == 0) return false;
  // The topic, as it was after this frame came, is here: who is not known has nothing in it.
  if (rounds_passed_ > head.waiting.begin()->second.round) return true;
  return idle_ == 0 && bare_partitions_ == 0;
}

std::optional<StrandOrder::Taken> StrandOrder::take() {
  if (heads_.empty() || !may_take(**heads_.begin())) return {};
  Strand& strand = **heads_.begin();
  const auto first = strand.waiting.extract(strand.waiting.begin());
  const std::uint64_t n = first.key();
  Waiting& frame = first.mapped();
  Taken taken;
  taken.begins = std::exchange(begins_, {});
  taken.strand = strand.id;
  taken.next = n + frame.numbers;
  taken.run = frame.run;
  taken.ls = frame.ls;
  if (!frame.run || !frame.ls) {
    taken.run = strand.place ? strand.place->run : std::nullopt;
    taken.ls = strand.place ? strand.place->ls : std::nullopt;
  }
  taken.payload = std::move(frame.payload);
  taken.partition = frame.partition;
  taken.offset = frame.offset;
  if (!strand.id.name.empty()) {
    if (strand.place) taken.gone = n - strand.place->next;
    change_share(strand, frame.partition, [](Share& share) { --share.waiting; });
  }
  gone_ += taken.gone;
  --frames_;
  if (--partitions_.at(frame.partition).waiting == 0) ++bare_partitions_;
  strand.place = {taken.next, taken.run, taken.ls};
  const bool runs_changed = places_.take(strand.id, taken.next, taken.run, taken.ls);
  refresh(strand);
  if (runs_changed) refresh_all();
  if (strand.state == State::ended) forget_over(taken.strand);
  taken.over = std::exchange(over_, {});
  return taken;
}

// Sessions are over in their order: what is known of a name is then one number.
void StrandOrder::forget_over(const StrandId& of) {
  for (auto each = strands_.lower_bound({of.name, 0, StrandId::kOfWorker});
       each != strands_.end() && each->first.name == of.name;) {
    if (each->first.partition != of.partition) {
      ++each;
      continue;
    }
    if (each->second.state != State::ended) return;
    over_.push_back(each->first);
    places_.end(each->first);
    each = strands_.erase(each);
  }
}

}  // namespace vigil::ingest
