// A sequencer, tiny batches for it and what it made of them, for the tests of the sequencer.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/lhc.h"
#include "ingest/sequencer.h"

namespace vigil::ingest::test {

// Drives a sequencer with tiny batches: each covers `orbits` orbits of its lumisection, at slot `k`.
struct Stream {
  explicit Stream(SequencerSettings settings = {}) : sequencer(settings) {}

  BatchFacts batch(const std::string& source, std::uint64_t seq, std::uint32_t ls, std::uint64_t k = 0,
                   std::uint32_t slots = 1, std::uint32_t run = 1, std::uint64_t epoch = 1) const {
    const std::uint32_t width = lhc::kOrbitsPerLumisection / slots;
    const std::uint32_t first = lhc::first_orbit(ls) + static_cast<std::uint32_t>(k) * width;
    return {source, epoch, seq, run, ls, first, first + width - 1, "zero_bias", 0};
  }
  void send(const BatchFacts& facts) { take(sequencer.offer(facts, {})); }
  void finish() { take(sequencer.end()); }
  void take(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (const auto* placed = std::get_if<Placed>(&step)) ++placed_in[{placed->run, placed->ls}];
      if (const auto* c = std::get_if<Closed>(&step)) closed.push_back(*c);
      if (const auto* r = std::get_if<Refused>(&step)) refused.push_back(*r);
    }
  }
  const Closed& line(std::uint32_t ls, std::uint32_t run = 1) const {
    for (const Closed& c : closed) {
      if (c.ls == ls && c.run == run) return c;
    }
    throw std::runtime_error("lumisection " + std::to_string(ls) + " has no line");
  }

  // Sums over all lines and sources.
  SourceCounts total() const {
    SourceCounts sum;
    for (const Closed& c : closed) {
      for (const auto& [source, counts] : c.sources) add_counts(sum, counts);
    }
    return sum;
  }
  std::vector<std::string> reasons() const {
    std::vector<std::string> out;
    for (const Refused& r : refused) out.push_back(describe(r));
    return out;
  }

  Sequencer sequencer;
  std::vector<Closed> closed;
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> placed_in;
  std::vector<Refused> refused;
};

}  // namespace vigil::ingest::test
