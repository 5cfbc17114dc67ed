// Puts the batches of one (model, stream) into lumisections: sequence accounting per source and epoch, the data clock,
// closing and coverage, as docs/results.md defines them. Used by the pipeline's serial judge stage.
// Knows no events: a batch is its facts and an opaque payload, handed back when it is placed. Not synchronised.
// What a batch costs grows neither with what was lost before it nor (but by a logarithm) with the number of sources.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/interval_set.h"
#include "ingest/sequencer_run.h"
#include "ingest/sequencer_source.h"
#include "ingest/sequencer_steps.h"

namespace vigil::ingest {

struct SequencerSettings {
  std::uint32_t close_after_ls = 2;
  std::uint32_t source_timeout_ls = 10;
  std::uint32_t max_jump_ls = 100;
  bool split_sources = false;  // sources share out the orbits: coverage is their union
  // Names, or patterns with `*`. Expected: in the set from the start of every run. A pattern stands for every source of
  // the stream that matches it and has sent before; while there is none, for itself. Optional: never silent, and not
  // expected either.
  std::vector<std::string> expected_sources = {};
  std::vector<std::string> optional_sources = {};
};
inline constexpr std::uint64_t kMaxSequenceJump = 1ull << 20;
inline constexpr std::size_t kMostSources = 4096;

// Whether `name` is `pattern`, each `*` of which stands for any characters.
bool matches(std::string_view pattern, std::string_view name);

class Sequencer {
 public:
  explicit Sequencer(const SequencerSettings& settings) : settings_(settings) {}
  Sequencer(Sequencer&&) = default;
  Sequencer& operator=(Sequencer&&) = default;  // no copies: the orders below hold views of the names in sources_

  // What follows from one more batch, in order: exactly one Placed or Refused for each batch, at once or with a later
  // one.
  std::vector<Step> offer(const BatchFacts& batch, Payload payload);
  // A batch that was rejected before it got here; counted, its number excused.
  void reject(const LostFacts& batch, Rejection cause);
  // A batch our own queue dropped.
  void drop(const LostFacts& batch);
  // The end of the input: what is held is used, what is open closes.
  std::vector<Step> end();
  // Counts that no line has taken (after end()); cleared.
  Unplaced take_unplaced();

  // What is held, in order of arrival, for who keeps it with the state. put_back(): after load(), in the same order.
  struct HeldBatch {
    BatchFacts batch;
    Payload payload;
    std::uint32_t why = 0;
    bool restart = false;
  };
  std::vector<HeldBatch> held() const;
  void put_back(HeldBatch&& held);  // throws Error on a reason that is none

  // Complete state, but for held batches (who does not put them back has them missing). load() throws Error on text
  // save() did not make.
  std::string save() const;
  void load(std::string_view text);

  std::size_t sources() const { return sources_.size(); }

 private:
  enum class Hold : std::uint8_t { none, clock, sequence, new_name };
  struct Held {
    BatchFacts batch;
    Payload payload;
    Hold why = Hold::none;
    bool restart = false;  // by the data clock
    std::uint64_t order = 0;
  };
  // Where a source goes on: run, epoch, its next number, the last orbit before it; and its name.
  using Continuation = std::tuple<std::uint32_t, std::uint64_t, std::uint64_t, std::uint32_t, std::string_view>;
  struct SourceState {
    SourceHistory history;
    std::optional<Continuation> continuation;  // as in continuations_
  };
  using Sources = std::map<std::string, SourceState>;

  // sequencer.cpp: a batch and its accounting
  OpenRun* find_run(std::uint32_t run);
  const OpenRun* find_run(std::uint32_t run) const;
  bool is_closed(const BatchFacts& batch) const;
  OpenRun& begin_run(const BatchFacts& batch);
  void move_clock(const BatchFacts& batch, Sources::iterator source);
  void use(const BatchFacts& batch, Payload payload, bool restart, std::vector<Step>& steps);
  void count_late(const BatchFacts& batch, Sources::iterator source, bool closed, std::vector<Step>& steps);
  void refuse(const BatchFacts& batch, Refused&& refused, std::vector<Step>& steps);
  SourceCounts& counts_for(const std::string& source, std::optional<std::uint32_t> run,
                           std::optional<std::uint32_t> ls);
  SourceCounts& pending_of(const std::string& source);
  std::string accounted_name(const std::optional<std::string>& source) const;
  void excuse(const LostFacts& batch);

  // sequencer_hold.cpp: what is held, and when it is believed
  Hold hold_reason(const BatchFacts& batch) const;
  bool jumps_ahead(const BatchFacts& batch) const;
  bool jumps_in_number(const BatchFacts& batch) const;
  bool confirms(const Held& held, const BatchFacts& batch) const;
  bool goes_on_in_later_run(const Held& held, const BatchFacts& batch) const;
  bool confirms_restart(const BatchFacts& first, const BatchFacts& batch) const;
  bool contradicts(const Held& held, const BatchFacts& batch) const;
  void hold(const BatchFacts& batch, Payload payload, Hold why, bool restart);
  std::optional<Held> take_held(const std::string& source);
  void resolve_held(const BatchFacts& next, std::vector<Step>& steps);
  void refuse_held(const Held& held, const BatchFacts* next, std::vector<Step>& steps);

  // sequencer_sources.cpp: who is known, expected, given up
  Sources::iterator source_of(const std::string& name);
  void set_newest(Sources::iterator source, Position newest);
  void note_continuation(Sources::iterator source);
  bool has_room_for(const std::string& name, std::vector<Step>& steps);
  bool give_up_oldest();
  bool is_optional(const std::string& name) const;
  void expect_sources(OpenRun& run) const;
  void meet_expectation(const std::string& name);

  // data_clock.cpp: closing
  void release_before_close(std::uint32_t run, std::uint32_t ls, std::vector<Step>& steps);
  void advance(std::vector<Step>& steps);
  bool closes(const OpenRun& run, std::uint32_t ls) const;
  bool run_closes(const OpenRun& run) const;
  void close(OpenRun& run, std::vector<Step>& steps);
  void close_run(std::uint32_t run);

  SequencerSettings settings_;
  Sources sources_;
  std::set<Continuation> continuations_;                    // of sources that sent twice
  std::set<std::pair<Position, std::string_view>> by_age_;  // every source, by its newest lumisection
  std::map<std::string, Held> held_;
  std::map<std::uint64_t, std::string> held_strangers_;  // held batches of unknown names, by age
  std::uint64_t hold_order_ = 0;
  std::deque<OpenRun> runs_;  // open, oldest first
  IntervalSet closed_runs_;
  std::uint32_t next_run_index_ = 0;
  std::map<std::string, SourceCounts> pending_;  // count in the next line to close
};

}  // namespace vigil::ingest
