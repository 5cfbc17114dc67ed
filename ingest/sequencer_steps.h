// What goes into the sequencer and what follows from it: the facts of a batch, and the steps the judge stage applies in
// order. Values only.
// Tests: tests/ingest/sequencer_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/event_batch.h"
#include "core/results.h"

namespace vigil::ingest {

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
  std::vector<SilentSource> silent;  // in order of names; each has its entry in `sources`, too
};

// A batch that was decoded and is not used. One a batch, so that it can be counted and said; numbers only, the sentence
// is made by describe() when somebody wants it.
struct Refused {
  enum class What : std::uint8_t { rejected, late, duplicate };
  enum class Why : std::uint8_t {
    closed_lumisection,  // expected: that lumisection or a later one
    closed_run,          // expected: another run
    older_epoch,         // found, expected: epochs
    used_number,         // found: its number; expected: the one that would go on
    unconfirmed_run,     // expected: where the source was before, next: where its next batch was
    unconfirmed_lumisection,
    unconfirmed_epoch,
    unconfirmed_number,
    unconfirmed_name,
    other_selection,
    too_many_sources
  };
  std::string source;      // as the batch names it
  std::string counted_as;  // in the lines: the same, or "" before the source's first accepted batch
  What what = What::rejected;
  Rejection cause = Rejection::none;  // where it is rejected
  std::uint32_t run = 0;              // of the batch
  std::uint32_t ls = 0;
  Why why = Why::closed_lumisection;
  std::uint64_t found = 0, expected = 0;
  std::uint32_t expected_run = 0, expected_ls = 0;
  std::optional<LostFacts> next;  // the batch that did not confirm it
  std::string found_text, expected_text;
};
// What was found and what was expected, for people: "run 1 LS 3, expected LS 61 or later (closed)". Names neither
// source nor cause. Text from the wire is escaped.
std::string describe(const Refused& refused);

// Adds every count but the covered orbits, which are a union, not a sum.
void add_counts(SourceCounts& to, const SourceCounts& from);

using Step = std::variant<Placed, Closed, Refused>;

}  // namespace vigil::ingest
