// Which orbits, and which numbered batches, of each source are in a lumisection: what coverage and losses are counted
// from. Stands beside the Summary of the same batches and merges with it, so that parts of a stream that were
// summarised apart can be put together. Filled by the sequencer. Values only; not synchronised.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/interval_set.h"

namespace vigil {

struct SourceAccounting {
  IntervalSet orbits;                            // of its batches, inclusive
  std::map<std::uint64_t, IntervalSet> numbers;  // epoch -> seq
  bool operator==(const SourceAccounting&) const = default;
};

struct Accounting {
  std::map<std::string, SourceAccounting> sources;  // of each with a batch

  // One batch, first_orbit <= last_orbit. A number that is in already (a publisher that starts its numbers again in the
  // epoch) stays in once.
  void add(const std::string& source, std::uint64_t epoch, std::uint64_t seq, std::uint32_t first_orbit,
           std::uint32_t last_orbit);

  // The union: associative and commutative. Throws Error naming source, epoch and numbers where both hold a batch of
  // one number, which was then counted twice; nothing is changed.
  Accounting& operator+=(const Accounting& other);
  bool operator==(const Accounting&) const = default;
};

// Serialised form, versioned (docs/summary.md). Compact JSON text; equal values give equal text.
std::string to_json(const Accounting& accounting);
// Throws Error naming `where` on text that is no accounting of this version: wrong types, intervals that are reversed,
// out of order, touching, or of orbits beyond 32 bits.
Accounting accounting_from_json(std::string_view text, const std::string& where);

}  // namespace vigil
