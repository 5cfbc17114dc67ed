// The families of a stream (docs/api.md, States): its newest verdicts by what they are about, each family with a state,
// counts and its worst verdict. Used by the status document and the metrics. Pure.
// Tests: tests/shift/families_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "alerting/record.h"
#include "shift/documents/shelves.h"

namespace vigil::shift {

enum class State : std::uint8_t { good, unknown, medium, stale, bad, shelved };
std::string_view to_string(State state);
State state_of(Quality quality);
// The worst of what is not shelved, in the order bad, stale, medium, unknown, good; shelved where all are; unknown
// where there is none.
State worst_of(const std::vector<State>& states);

inline constexpr std::array<const char*, 5> kFamilies{"agreement", "score", "inputs", "rates", "data"};
// Which of them a monitor belongs to, as an index.
std::size_t family_of(const std::string& monitor);

struct WorstVerdict {
  std::string monitor, statistic, window;
  Quality quality = Quality::unknown;
  std::optional<double> value, limit;
  std::string reason;
};

struct Family {
  std::string name;
  State state = State::unknown;
  std::uint64_t monitors = 0, good = 0, medium = 0, bad = 0, unknown = 0, shelved = 0;  // of (monitor, statistic)
  std::optional<WorstVerdict> worst;                                                    // of those that are not shelved
};

// What the family `data` is made of.
struct DataFacts {
  std::string blind;         // why the newest window says nothing: below its minima, of another model; empty: it does
  std::string blind_window;  // its name
  std::string lost;          // what the newest lumisection lost, in words; empty: nothing
  std::string newest;        // run and lumisection, in words
};

// `verdicts`: the newest of each (window, monitor, statistic). Families without anything to judge are left out:
// agreement where nothing of the hardware was compared, the others without a verdict and without a monitor of the
// model.
std::vector<Family> families_of(const std::string& model, const std::string& stream,
                                const std::vector<alerting::RecordRow>& verdicts,
                                const std::vector<std::string>& monitors, bool has_hardware, const DataFacts& data,
                                const Shelves& shelves);

// What a person is told of a verdict: `loss ks 0.214 over 0.1`, or its monitor and reason. Never empty.
std::string in_words(const WorstVerdict& verdict);

nlohmann::ordered_json family_json(const Family& family);

}  // namespace vigil::shift
