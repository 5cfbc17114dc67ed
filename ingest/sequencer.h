// Puts the batches of one (model, stream) into lumisections: sequence accounting per source and epoch, the data clock,
// closing and coverage, as docs/results.md defines them. Used by the pipeline's serial judge stage.
// Knows no events: a batch is its facts and an opaque payload, handed back when it is placed. Not synchronised.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/event_batch.h"
#include "core/interval_set.h"
#include "core/results.h"
#include "ingest/sequence_log.h"

namespace vigil::ingest {

struct SequencerSettings {
  std::uint32_t close_after_ls = 2;
  std::uint32_t source_timeout_ls = 10;
  std::uint32_t max_jump_ls = 100;
  bool split_sources = false;  // sources share out the orbits: coverage is their union
};
inline constexpr std::uint64_t kMaxSequenceJump = 1ull << 20;
inline constexpr std::size_t kMostSources = 4096;

using Payload = std::shared_ptr<void>;

// A decoded batch that fits its model.
struct BatchFacts {
  std::string source;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::uint32_t run = 0;
  std::uint32_t ls = 0;
  std::uint32_t first_orbit = 0;
  std::uint32_t last_orbit = 0;
  std::string selection = "zero_bias";
  std::uint32_t ignored_annotations = 0;
};

// A batch that cannot be used, as far as it could be read. `ls` only where it is to be believed.
struct LostFacts {
  std::optional<std::string> source;
  std::optional<std::uint64_t> epoch;
  std::optional<std::uint64_t> seq;
  std::optional<std::uint32_t> run;
  std::optional<std::uint32_t> ls;
};

// The batch counts in lumisection (run, ls), which is open.
struct Placed {
  Payload payload;
  std::uint32_t run = 0;
  std::uint32_t ls = 0;
};
// The lumisection is closed: its line's counts are final. In order, none left out.
struct Closed {
  std::uint32_t run = 0;
  std::uint32_t ls = 0;
  std::uint64_t covered_orbits = 0;
  std::map<std::string, SourceCounts> sources;
};
// The batch was refused after decoding.
struct Refused {
  enum class What : std::uint8_t { rejected, late, duplicate };
  std::string source;
  What what = What::rejected;
  Rejection cause = Rejection::none;
  std::uint32_t run = 0, ls = 0;
  std::string detail;
};
// Adds every count but the covered orbits, which are a union, not a sum.
void add_counts(SourceCounts& to, const SourceCounts& from);

using Step = std::variant<Placed, Closed, Refused>;

class Sequencer {
 public:
  explicit Sequencer(const SequencerSettings& settings) : settings_(settings) {}

  // What follows from one more batch, in order. A batch that is late or a duplicate yields no Placed.
  std::vector<Step> offer(const BatchFacts& batch, Payload payload);
  // A batch that was rejected before it got here; counted, its number excused.
  void reject(const LostFacts& batch, Rejection cause);
  // A batch our own queue dropped.
  void drop(const LostFacts& batch);
  // The end of the input: what is held is used, what is open closes.
  std::vector<Step> end();
  // Counts that no line has taken (after end()); cleared.
  Unplaced take_unplaced();

  // Complete state, but for held batches (they are then missing). load() throws Error on text save() did not make.
  std::string save() const;
  void load(std::string_view text);

 private:
  struct Position {
    std::uint32_t run_index = 0;  // order in which runs began
    std::uint32_t ls = 0;
    auto operator<=>(const Position&) const = default;
  };
  enum class Hold : std::uint8_t { none, clock, sequence, new_name };
  struct Held {
    BatchFacts batch;
    Payload payload;
    Hold why = Hold::none;
    std::uint64_t order = 0;
  };
  struct SourceState {
    std::uint64_t epoch = 0;
    std::map<std::uint64_t, SequenceLog> logs;  // by epoch, at most kMostEpochs
    BatchEnd newest_end;
    Position newest;
    std::uint64_t accepted = 0;
  };
  struct OpenLumisection {
    std::map<std::string, SourceCounts> counts;
    std::map<std::string, IntervalSet> orbits;
  };
  struct Run {
    std::uint32_t run = 0;
    std::uint32_t index = 0;
    std::string selection;
    std::uint32_t next_ls = 0;    // first lumisection not closed
    std::uint32_t newest_ls = 0;  // newest with an accepted batch
    bool any_closed = false;
    std::map<std::string, std::uint32_t> first_ls;  // per source
    std::map<std::string, std::uint32_t> newest_of;
    std::map<std::uint32_t, OpenLumisection> open;
  };

  Run* find_run(std::uint32_t run);
  Hold hold_reason(const BatchFacts& batch) const;
  bool confirms(const Held& held, const BatchFacts& batch) const;
  bool contradicts(const Held& held, const BatchFacts& batch) const;
  bool is_late(const BatchFacts& batch);
  void resolve_held(const BatchFacts& next, std::vector<Step>& steps);
  void refuse(const BatchFacts& batch, Rejection cause, std::vector<Step>& steps);
  void move_clock(const BatchFacts& batch);
  void use(const BatchFacts& batch, Payload payload, std::vector<Step>& steps);
  void release_before_close(std::uint32_t run, std::uint32_t ls, std::vector<Step>& steps);
  void advance(std::vector<Step>& steps);
  bool closes(const Run& run, std::uint32_t ls) const;
  bool run_closes(const Run& run) const;
  bool in_set(const Run& run, const std::string& source, std::uint32_t ls) const;
  void close(Run& run, std::vector<Step>& steps);
  std::uint64_t covered(const Run& run, std::uint32_t ls, const OpenLumisection& open) const;
  SourceCounts& counts_for(const std::string& source, std::optional<std::uint32_t> run,
                           std::optional<std::uint32_t> ls);
  std::string accounted_name(const std::optional<std::string>& source) const;
  SequenceLog& log_of(SourceState& source, std::uint64_t epoch);
  void excuse(const LostFacts& batch);

  SequencerSettings settings_;
  std::map<std::string, SourceState> sources_;
  std::map<std::string, Held> held_;
  std::uint64_t hold_order_ = 0;
  std::deque<Run> runs_;  // open, oldest first
  std::set<std::uint32_t> closed_runs_;
  std::uint32_t next_run_index_ = 0;
  std::map<std::string, SourceCounts> pending_;  // count in the next line to close
};

}  // namespace vigil::ingest
