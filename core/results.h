// The JSON Lines of docs/results.md, from values. Floats are rounded to 9 significant digits and printed in shortest
// form. Used by the journal, the result stream and the action sinks. Pure; throws nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/action.h"
#include "core/verdict.h"

namespace vigil {

// What became of one source's batches in a lumisection.
struct SourceCounts {
  std::uint64_t batches = 0;
  std::uint64_t covered_orbits = 0;
  std::uint64_t missing = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t late = 0;
  std::uint64_t rejected = 0;
  std::uint64_t dropped = 0;
  std::uint64_t restarts = 0;
  std::map<std::string, std::uint64_t> rejected_by;  // cause -> count
  bool operator==(const SourceCounts&) const = default;
};

struct Lumisection {
  std::string model;
  std::string model_hash;
  std::string stream;
  std::uint32_t run = 0;
  std::uint32_t ls = 0;
  std::uint64_t expected_orbits = 0;
  std::uint64_t covered_orbits = 0;
  std::map<std::string, SourceCounts> sources;
};

// Batches no lumisection line could take.
struct Unplaced {
  std::uint64_t duplicate = 0, late = 0, rejected = 0, dropped = 0;
};

struct Totals {
  std::uint64_t events = 0, lumisections = 0, windows = 0, verdicts = 0, actions = 0;
  Unplaced unplaced;
};

// Each returns one JSON object without the newline; `summary` and `info` of the same model.
std::string lumisection_line(const Lumisection& lumisection, const Summary& summary, const ModelInfo& info);
std::string window_line(const Window& window);
std::string verdict_line(const Verdict& verdict);
std::string action_line(const Action& action);
std::string digest_line(const std::string& sha256, const Totals& totals);

// CloudEvents 1.0 structured JSON around the action line (docs/actions_wire.md), at most 64 KiB: evidence beyond that
// is left out.
std::string cloudevent(const Action& action);

// A kept event as one JSON object.
std::string kept_event_json(const KeptEvent& event, const ModelInfo& info);

// `value` rounded to 9 significant digits; what the lines print.
double round9(double value);

}  // namespace vigil
