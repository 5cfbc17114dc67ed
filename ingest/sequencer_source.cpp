#include "ingest/sequencer_source.h"

#include <utility>

namespace vigil::ingest {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};

// Whether the batch begins after `end` on the data clock. Runs that are open are in the order in which they began,
// others in the order of their numbers.
bool lies_after(const BatchFacts& batch, std::optional<std::uint32_t> run_index, const BatchEnd& end,
                std::uint32_t end_index) {
  if (batch.run == end.run) return batch.first_orbit > end.last_orbit;
  return run_index ? *run_index > end_index : batch.run > end.run;
}

}  // namespace

std::size_t SourceHistory::find(std::uint64_t epoch) const {
  for (std::size_t i = generations_.size(); i-- > 0;) {
    if (generations_[i].epoch == epoch) return i;
  }
  return kNone;
}

// Of several generations of one epoch: the newest that began before the batch.
std::size_t SourceHistory::find(const BatchFacts& batch, std::optional<std::uint32_t> run_index) const {
  std::size_t oldest = kNone;
  for (std::size_t i = generations_.size(); i-- > 0;) {
    const Generation& g = generations_[i];
    if (g.epoch != batch.epoch) continue;
    oldest = i;
    const std::optional<BatchEnd>& before = g.log.before();
    if (!before || lies_after(batch, run_index, *before, g.run_index_before)) return i;
  }
  return oldest;
}

const SequenceLog* SourceHistory::log_of(const BatchFacts& batch, std::optional<std::uint32_t> run_index) const {
  const std::size_t i = find(batch, run_index);
  return i == kNone ? nullptr : &generations_[i].log;
}

bool SourceHistory::is_ahead(const BatchFacts& batch, std::optional<std::uint32_t> run_index) const {
  return lies_after(batch, run_index, newest_end_, end_index_);
}

SourceHistory::Fit SourceHistory::fit(const BatchFacts& batch, std::optional<std::uint32_t> run_index,
                                      bool closed) const {
  const std::size_t i = find(batch, run_index);
  const auto unless_restart = [&](Fit otherwise) {
    return accepted() && !closed && is_ahead(batch, run_index) ? Fit::restart : otherwise;
  };
  if (i != kNone && generations_[i].log.received(batch.seq)) return unless_restart(Fit::duplicate);
  if (!accepted() || i == current_) return Fit::goes_on;
  if (i == kNone) return batch.epoch < epoch() ? unless_restart(Fit::old) : Fit::goes_on;
  // A generation of which so far nothing came in time may still begin; one that ended may not.
  return i > current_ && batch.epoch > epoch() ? Fit::goes_on : unless_restart(Fit::old);
}

std::size_t SourceHistory::add(std::uint64_t epoch, bool after_restart) {
  Generation begun{epoch, SequenceLog(after_restart ? std::optional(newest_end_) : std::nullopt), end_index_};
  if (after_restart) {
    for (const auto& [of_epoch, seq] : early_) {
      if (of_epoch == epoch) begun.log.excuse(seq);
    }
  }
  generations_.push_back(std::move(begun));
  if (generations_.size() > kMostGenerations) {
    const std::size_t oldest = accepted() && current_ == 0 ? 1 : 0;
    owed_ += generations_[oldest].log.settle([](const BatchEnd&) { return true; });
    generations_.erase(generations_.begin() + static_cast<std::ptrdiff_t>(oldest));
    if (current_ > oldest) --current_;
  }
  return generations_.size() - 1;
}

void SourceHistory::receive_late(const BatchFacts& batch, std::optional<std::uint32_t> run_index) {
  std::size_t i = find(batch, run_index);
  if (i == kNone) i = add(batch.epoch, accepted() && batch.epoch > epoch());
  generations_[i].log.receive(batch.seq, {batch.run, batch.last_orbit});
}

bool SourceHistory::accept(const BatchFacts& batch, std::uint32_t run_index, bool restart) {
  std::size_t i = restart ? kNone : find(batch, run_index);
  if (i == kNone) i = add(batch.epoch, accepted());
  const bool begins = accepted() && i != current_;
  current_ = i;
  const BatchEnd end{batch.run, batch.last_orbit};
  generations_[i].log.receive(batch.seq, end);
  const bool furthest = run_index > end_index_ || (run_index == end_index_ && end.last_orbit >= newest_end_.last_orbit);
  if (!accepted() || furthest) {
    newest_end_ = end;
    end_index_ = run_index;
  }
  ++accepted_;
  early_.clear();
  return begins;
}

void SourceHistory::excuse(std::optional<std::uint64_t> epoch, std::uint64_t seq) {
  if (!accepted()) return;
  const std::size_t i = epoch ? find(*epoch) : current_;
  if (i != kNone) generations_[i].log.excuse(seq);
  const bool of_a_restart = epoch && (i == kNone || generations_[i].log.received(seq));
  if (of_a_restart && early_.size() < kMostEarly) early_.emplace_back(*epoch, seq);
}

std::uint64_t SourceHistory::settle(const std::function<bool(const BatchEnd&)>& due) {
  std::uint64_t missing = std::exchange(owed_, 0);
  for (Generation& g : generations_) {
    if (g.log.owes()) missing += g.log.settle(due);
  }
  return missing;
}

void SourceHistory::restore(State state) {
  generations_ = std::move(state.generations);
  current_ = state.current;
  newest_end_ = state.newest_end;
  end_index_ = state.end_index;
  newest = state.newest;
  accepted_ = state.accepted;
  owed_ = state.owed;
  early_ = std::move(state.early);
}

}  // namespace vigil::ingest
