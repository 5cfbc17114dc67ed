#include "ingest/sequence_log.h"

#include <iterator>
#include <utility>

namespace vigil::ingest {
namespace {
// Above this many separate runs the two oldest are joined: a repeat inside that old gap then reads as a duplicate
// instead of late. Bounds memory against a source that sends every second number.
constexpr std::size_t kMostRuns = 4096;
}  // namespace

bool SequenceLog::received(std::uint64_t seq) const {
  auto it = runs_.upper_bound(seq);
  if (it == runs_.begin()) return false;
  --it;
  return seq <= it->second.last;
}

void SequenceLog::receive(std::uint64_t seq, const BatchEnd& end) {
  if (received(seq)) return;
  auto next = runs_.upper_bound(seq);
  Run run{seq, end};
  std::uint64_t first = seq;
  if (next != runs_.begin()) {
    auto before = std::prev(next);
    if (before->second.last + 1 == seq) {
      first = before->first;
      runs_.erase(before);
    }
  }
  if (next != runs_.end() && seq + 1 == next->first) {
    run = next->second;
    runs_.erase(next);
  }
  runs_[first] = run;
  if (runs_.size() > kMostRuns) {
    auto oldest = runs_.begin();
    auto second = std::next(oldest);
    Run joined = second->second;
    const std::uint64_t start = oldest->first;
    runs_.erase(oldest);
    runs_.erase(second);
    runs_[start] = joined;
  }
}

std::optional<std::uint64_t> SequenceLog::newest() const {
  if (runs_.empty()) return {};
  return runs_.rbegin()->second.last;
}

std::optional<std::uint64_t> SequenceLog::next() const {
  if (runs_.empty()) return {};
  std::uint64_t seq = runs_.rbegin()->second.last + 1;
  for (const auto& [first, last] : excused_.intervals()) {
    if (first > seq) break;
    if (last >= seq) seq = last + 1;
  }
  return seq;
}

std::uint64_t SequenceLog::settle(const std::function<bool(const BatchEnd&)>& due) {
  std::uint64_t missing = 0;
  const auto gap = [&](std::uint64_t first, std::uint64_t last, const BatchEnd& end) {
    if (!due(end)) return;
    IntervalSet known;
    known.insert(first, last);
    known &= excused_;
    const std::uint64_t lost = last - first + 1 - known.size();
    if (lost == 0) return;
    missing += lost;
    excused_.insert(first, last);
  };
  if (runs_.empty()) return 0;
  if (before_ && runs_.begin()->first > 0) gap(0, runs_.begin()->first - 1, *before_);
  for (auto it = runs_.begin(), after = std::next(it); after != runs_.end(); ++it, ++after) {
    gap(it->second.last + 1, after->first - 1, it->second.end);
  }
  return missing;
}

void SequenceLog::restore(std::map<std::uint64_t, Run> runs, IntervalSet excused) {
  runs_ = std::move(runs);
  excused_ = std::move(excused);
}

}  // namespace vigil::ingest
