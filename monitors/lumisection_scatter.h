// How the residual outside the principal components scatters over a reference's own lumisections: what the statistic of
// the residual is tested with. Sums are kept by lumisection, or by groups of neighbours, while a reference is built; of
// a complete one a number for each is. Part of a Reference.
// Tests: tests/monitors/together_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model.h"
#include "core/summary.h"

namespace vigil::monitors {

struct LumisectionScatter {
  static constexpr std::size_t kMostParts = 32;  // then neighbours are joined
  static constexpr std::size_t kLeastParts = 3;  // for a scatter
  struct Part {
    double events = 0;  // sampled
    double ratio = 0;   // of its residual to that of the rest, from components of the rest
    bool operator==(const Part&) const = default;
  };
  std::vector<Part> inputs, outputs;  // of a complete reference; empty: not known

  const std::vector<Part>& of(std::size_t index) const { return index == 0 ? inputs : outputs; }
  // Adds one lumisection in its order.
  void add(const Summary& lumisection);
  // The reference is complete, `reference` its summary: parts become numbers.
  void complete(const Summary& reference);

  // An object; keys inputs and outputs, [[events, ratio], …], and parts while it is built.
  std::string to_json() const;
  // Throws Error naming `where` on text to_json() did not write for such a model.
  static LumisectionScatter from_json(std::string_view text, const ModelInfo& model, const std::string& where);
  bool empty() const { return inputs.empty() && outputs.empty() && sums_.empty(); }
  bool operator==(const LumisectionScatter&) const = default;

 private:
  struct Sums {
    CrossMoments inputs, outputs;
    bool operator==(const Sums&) const = default;
  };
  std::vector<Sums> sums_;
  std::size_t joined_ = 1;   // lumisections a part
  std::size_t in_last_ = 0;  // of them in the last one
};

}  // namespace vigil::monitors
