// The order of frames, word by word as docs/scale_out.md has it, in loops over everything: what StrandOrder must agree
// with. Used by its tests; slow on purpose.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "ingest/strand_order.h"

namespace vigil::ingest {

class StrandModel {
 public:
  struct Frame {
    StrandId strand;
    std::uint64_t n;
    std::int32_t partition;
    std::int64_t offset;
    std::optional<std::uint32_t> run, ls;
    std::uint64_t round = 0, numbers = 1;
  };
  // The strand as StrandOrder names it.
  static StrandId id_of(const Arrival& a) {
    if (a.strand.name.empty()) return {"", 0, a.partition};
    return {a.strand.name, a.strand.session, a.partition == kBeside ? StrandId::kOfWorker : StrandId::kInFrames};
  }

  StrandOrder::Added add(const Arrival& a) {
    learn(a.partition);
    reach(a.partition, a.offset);
    const Frame f{id_of(a), a.n.value_or(a.offset), a.partition, a.offset, a.run, a.ls, rounds_, a.numbers};
    const bool named = !f.strand.name.empty();
    if (named) {
      for (const SessionBegin& b : begins_) {
        if (ends(b, f.strand, f.partition) && b.offset <= f.offset) return StrandOrder::Added::fenced;
      }
      if (over_.contains({f.strand.name, f.strand.partition}) &&
          f.strand.session <= over_[{f.strand.name, f.strand.partition}]) {
        return StrandOrder::Added::repeated;
      }
    }
    if (places_.contains(f.strand) && f.n < places_[f.strand].next) return StrandOrder::Added::repeated;
    for (const Frame& other : waiting_) {
      if (other.strand == f.strand && other.n < f.n + f.numbers && f.n < other.n + other.numbers)
        return StrandOrder::Added::repeated;
    }
    waiting_.push_back(f);
    met_.try_emplace(f.strand, rounds_);
    if (named && !has_begun_in(f.strand, f.partition)) begins_.push_back(implied(f.strand, f.partition, f.offset));
    note_ended();
    return StrandOrder::Added::waits;
  }
  void begin(std::int32_t partition, std::int64_t offset, const std::string& name, std::uint64_t session) {
    learn(partition);
    reach(partition, offset);
    const StrandId id{name, session, partition == kBeside ? StrandId::kOfWorker : StrandId::kInFrames};
    if (over_.contains({id.name, id.partition}) && session <= over_[{id.name, id.partition}]) return;
    begins_.push_back({name, session, partition, offset});
    places_.try_emplace(id);
    note_ended();
  }
  void reach(std::int32_t partition, std::int64_t next) {
    learn(partition);
    reached_[partition] = std::max(reached_[partition], next);
    note_ended();
    pass();
  }
  void ends(const std::map<std::int32_t, std::int64_t>& offsets) {
    for (const auto& [p, end] : offsets) learn(p);
    ends_[++rounds_] = offsets;
    forget();
    pass();
  }
  void finish() { finished_ = true; }

  std::optional<Frame> take() {
    std::optional<Frame> best;
    for (const auto& [id, place] : strands()) {
      const auto head = head_of(id);
      if (head && (!best || rank(*head) < rank(*best))) best = head;
    }
    if (!best || !(finished_ || may_take(*best))) return {};
    std::erase_if(waiting_, [&](const Frame& f) { return f.strand == best->strand && f.n == best->n; });
    auto& place = places_[best->strand];
    place.next = best->n + best->numbers;
    if (best->run && best->ls) place.run = best->run, place.ls = best->ls;
    if (place.run && !std::count(runs_.begin(), runs_.end(), *place.run)) runs_.push_back(*place.run);
    forget();
    return best;
  }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  using Place = StrandPlaces::Place;
  static bool lies_in(const StrandId& id, std::int32_t partition) {
    return (partition == kBeside) == (id.partition == StrandId::kOfWorker);
  }
  static bool ends(const SessionBegin& b, const StrandId& id, std::int32_t partition) {
    return b.name == id.name && b.session > id.session && b.partition == partition && lies_in(id, partition);
  }
  static SessionBegin implied(const StrandId& id, std::int32_t partition, std::int64_t offset) {
    return {id.name, id.session, partition, offset, false};
  }
  bool has_begun_in(const StrandId& id, std::int32_t partition) const {
    return std::any_of(begins_.begin(), begins_.end(), [&](const SessionBegin& b) {
      return b.name == id.name && b.session >= id.session && b.partition == partition && lies_in(id, partition);
    });
  }
  bool ended_in(const StrandId& id, std::int32_t partition) const {
    return std::any_of(begins_.begin(), begins_.end(), [&](const SessionBegin& b) {
      return ends(b, id, partition) && b.offset <= reached_.at(partition);
    });
  }
  void learn(std::int32_t partition) { reached_.try_emplace(partition, 0); }
  // Every strand that is not over.
  std::map<StrandId, Place> strands() const {
    std::map<StrandId, Place> all = places_;
    for (const Frame& f : waiting_) all.try_emplace(f.strand);
    return all;
  }
  std::optional<Frame> first_of(const StrandId& id) const {
    std::optional<Frame> first;
    for (const Frame& f : waiting_) {
      if (f.strand == id && (!first || f.n < first->n)) first = f;
    }
    return first;
  }
  std::optional<Frame> head_of(const StrandId& id) const {
    const auto first = first_of(id);
    const auto place = places_.find(id);
    if (!first || finished_ || id.name.empty()) return first;
    if (first->n == (place == places_.end() ? 0 : place->second.next)) return first;
    if (place == places_.end() && passed_ > first->round) return first;
    if (rounds_ <= first->round) return {};
    for (const auto& [p, next] : reached_) {
      if (!lies_in(id, p)) continue;
      const bool has_later = std::any_of(waiting_.begin(), waiting_.end(),
                                         [&, q = p](const Frame& f) { return f.strand == id && f.partition == q; });
      if (!has_later && !ended_in(id, p)) return {};
    }
    return first;
  }
  std::tuple<int, std::uint32_t, StrandId> rank(const Frame& f) const {
    std::optional<std::uint32_t> run = f.run, ls = f.ls;
    const auto place = places_.find(f.strand);
    if ((!run || !ls) && place != places_.end()) run = place->second.run, ls = place->second.ls;
    if (!run || !ls) return {0, 0, f.strand};
    return {std::count(runs_.begin(), runs_.end(), *run) ? 1 : 2, *ls, f.strand};
  }
  bool is_over(const StrandId& id) const {
    if (id.name.empty() || first_of(id)) return false;
    return std::all_of(reached_.begin(), reached_.end(), [&](const auto& p) {
      if (!lies_in(id, p.first)) return true;
      const auto at = ended_at_.find({id, p.first});
      return at != ended_at_.end() && at->second < rounds_;
    });
  }
  bool may_take(const Frame& head) const {
    if (ends_.empty()) return false;
    const bool nothing_left = passed_ > head.round;
    for (const auto& [id, place] : strands()) {
      if (head_of(id) || is_over(id)) continue;
      if (first_of(id) || !nothing_left) return false;
    }
    for (const auto& [p, next] : reached_) {
      const bool has_frame =
          std::any_of(waiting_.begin(), waiting_.end(), [&, q = p](const Frame& f) { return f.partition == q; });
      if (!has_frame && !nothing_left) return false;
    }
    return true;
  }
  void pass() {
    const std::uint64_t before = passed_;
    while (passed_ < rounds_ && std::all_of(ends_[passed_ + 1].begin(), ends_[passed_ + 1].end(),
                                            [&](const auto& e) { return reached_[e.first] >= e.second; })) {
      ++passed_;
    }
    if (passed_ == before) return;
    const auto all = strands();
    for (const auto& [id, place] : all) {
      if (id.name.empty() || !met_.contains(id) || met_[id] >= passed_) continue;
      const bool has_earlier = std::any_of(all.begin(), all.end(), [&, later = id](const auto& e) {
        return e.first.name == later.name && e.first.session < later.session && e.first.partition == later.partition;
      });
      if (!has_earlier) continue;
      for (const auto& [p, next] : reached_) {
        if (lies_in(id, p) && !has_begun_in(id, p)) begins_.push_back(implied(id, p, next));
      }
    }
    note_ended();
  }
  // When each was seen to end in each of the partitions known then.
  void note_ended() {
    for (const auto& [id, place] : strands()) {
      for (const auto& [p, next] : reached_) {
        if (!id.name.empty() && lies_in(id, p) && ended_in(id, p)) ended_at_.try_emplace({id, p}, rounds_);
      }
    }
  }
  void forget() {
    for (const auto& [id, place] : strands()) {
      const bool is_first = std::none_of(places_.begin(), places_.end(), [&, mine = id](const auto& e) {
        return e.first.name == mine.name && e.first.session < mine.session && e.first.partition == mine.partition;
      });
      if (!is_first || !is_over(id)) continue;
      over_[{id.name, id.partition}] = id.session;
      places_.erase(id);
    }
  }

  std::vector<Frame> waiting_;
  std::vector<SessionBegin> begins_;
  std::map<StrandId, Place> places_;
  std::map<StrandId, std::uint64_t> met_;
  std::map<std::pair<std::string, std::int32_t>, std::uint64_t> over_;
  std::map<std::pair<StrandId, std::int32_t>, std::uint64_t> ended_at_;
  std::map<std::int32_t, std::int64_t> reached_;
  std::map<std::uint64_t, std::map<std::int32_t, std::int64_t>> ends_;
  std::vector<std::uint32_t> runs_;
  std::uint64_t rounds_ = 0, passed_ = 0;
  bool finished_ = false;
};

}  // namespace vigil::ingest
