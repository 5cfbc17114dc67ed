#include "ingest/sequence_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/lhc.h"

namespace vigil::ingest {
namespace {
// Above this many separate runs the two oldest are joined: a number that comes later inside that old gap then reads as
// a duplicate instead of late. Bounds memory against a source that sends every second number; what is missing stays
// exact.
constexpr std::size_t kMostRuns = 4096;
// Excused numbers outside the received span, as intervals; above it the oldest is forgotten (and counts as missing
// too).
constexpr std::size_t kMostExcused = 65536;

constexpr std::uint64_t after(std::uint64_t seq) { return seq == ~std::uint64_t{0} ? seq : seq + 1; }
}  // namespace

std::uint32_t lumisection_after(const BatchEnd& end) {
  return lhc::lumisection_of(end.last_orbit == ~0u ? end.last_orbit : end.last_orbit + 1);
}

SequenceLog::SequenceLog(State state)
    : before_(state.before),
      runs_(std::move(state.runs)),
      lost_(std::move(state.lost)),
      excused_(std::move(state.excused)),
      joined_(std::move(state.joined)) {}

bool SequenceLog::received(std::uint64_t seq) const {
  const auto it = runs_.upper_bound(seq);
  return it != runs_.begin() && seq <= std::prev(it)->second.last;
}

// Numbers that have come to lie inside the received span: lost, but for those that were excused before.
void SequenceLog::lose(std::uint64_t first, std::uint64_t last) {
  std::uint64_t from = first;
  for (const auto& [a, b] : excused_.erase(first, last)) {
    if (a > from) lost_.insert(from, a - 1);
    if (b == last) return;
    from = b + 1;
  }
  lost_.insert(from, last);
}

void SequenceLog::receive(std::uint64_t seq, const BatchEnd& end) {
  if (received(seq)) return;
  if (runs_.empty()) {
    if (before_ && seq > 0) lose(0, seq - 1);
  } else if (const std::uint64_t top = runs_.rbegin()->second.last; seq > top) {
    if (seq - top > 1) lose(top + 1, seq - 1);
  } else if (const std::uint64_t bottom = runs_.begin()->first; seq < bottom && !before_) {
    if (bottom - seq > 1) lose(seq + 1, bottom - 1);
  }
  lost_.erase(seq, seq);
  excused_.erase(seq, seq);

  auto next = runs_.upper_bound(seq);
  if (next != runs_.end() && seq + 1 == next->first) {  // the run behind it begins earlier now
    Run run = next->second;
    next = runs_.emplace_hint(runs_.erase(next), seq, run);
  } else {
    next = runs_.emplace_hint(next, seq, Run{seq, end});
  }
  if (next != runs_.begin()) {
    const auto before = std::prev(next);
    if (before->second.last + 1 == seq) {
      before->second = next->second;
      runs_.erase(next);
    }
  }
  if (runs_.size() > kMostRuns) join_oldest();
}

void SequenceLog::join_oldest() {
  const auto oldest = runs_.begin();
  const auto second = std::next(oldest);
  std::uint64_t unsettled = 0;
  for (const auto& [first, last] : lost_.erase(oldest->second.last + 1, second->first - 1)) {
    unsettled += last - first + 1;
  }
  if (unsettled > 0) {
    // Which lumisection a gap belongs to is all that is asked of its end: one entry each.
    const BatchEnd& end = oldest->second.end;
    const auto known = std::find_if(joined_.rbegin(), joined_.rend(), [&](const auto& entry) {
      return entry.first.run == end.run && lumisection_after(entry.first) == lumisection_after(end);
    });
    if (known != joined_.rend()) {
      known->second += unsettled;
    } else {
      joined_.emplace_back(end, unsettled);
    }
  }
  oldest->second = second->second;
  runs_.erase(second);
}

void SequenceLog::excuse(std::uint64_t seq) {
  if (received(seq)) return;
  const bool inside = !runs_.empty() && seq < runs_.rbegin()->second.last && (before_ || seq > runs_.begin()->first);
  if (inside) {
    lost_.erase(seq, seq);
    return;
  }
  excused_.insert(seq, seq);
  if (excused_.intervals().size() > kMostExcused) {
    const auto [first, last] = *excused_.intervals().begin();
    excused_.erase(first, last);
  }
}

std::optional<std::uint64_t> SequenceLog::newest() const {
  if (runs_.empty()) return {};
  return runs_.rbegin()->second.last;
}

std::optional<std::uint64_t> SequenceLog::next() const {
  const auto top = newest();
  if (!top) return {};
  // Intervals do not touch, so that at most one holds the number after the newest.
  const std::uint64_t seq = after(*top);
  const auto above = excused_.intervals().upper_bound(seq);
  if (above != excused_.intervals().begin() && std::prev(above)->second >= seq) return after(std::prev(above)->second);
  return seq;
}

const BatchEnd* SequenceLog::end_before(std::uint64_t seq) const {
  const auto after = runs_.upper_bound(seq);
  if (after != runs_.begin()) return &std::prev(after)->second.end;
  return before_ ? &*before_ : nullptr;
}

std::uint64_t SequenceLog::settle(const std::function<bool(const BatchEnd&)>& due) {
  std::uint64_t missing = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> settled;
  for (const auto& [first, last] : lost_.intervals()) {
    const BatchEnd* end = end_before(first);
    if (end == nullptr || !due(*end)) continue;
    missing += last - first + 1;
    settled.emplace_back(first, last);
  }
  for (const auto& [first, last] : settled) lost_.erase(first, last);
  std::erase_if(joined_, [&](const auto& entry) {
    if (!due(entry.first)) return false;
    missing += entry.second;
    return true;
  });
  return missing;
}

}  // namespace vigil::ingest
