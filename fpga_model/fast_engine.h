// The fast form of an engine: blocks of at most 64 events, one event a lane, the same bits as the reference path.
// Made by Engine::fast for one instruction set, driven by PackageModel. Knows nothing of packages.
// Tests: tests/fpga_model/differential_test.cpp.
#pragma once

#include <cstddef>
#include <string>

#include "core/model.h"

namespace vigil::fpga_model {

class FastEngine {
 public:
  static constexpr std::size_t kLanes = 64;  // events a block

  virtual ~FastEngine() = default;
  // 64-byte aligned memory of any content that run needs, one a thread.
  virtual std::size_t workspace_bytes() const = 0;
  // Emulates events first .. first + rows - 1 of `in`, 1 <= rows <= 64: checks every input word against its type and
  // writes the same rows of `out`. On anything but ok the contents of those rows are undefined.
  [[nodiscard]] virtual Status run(const WordsView& in, const MutableWordsView& out, std::size_t first,
                                   std::size_t rows, std::byte* workspace) const = 0;
  // How layer `layer` (index into Engine::layers()) is computed and why that is exact, for people.
  virtual std::string kernel(std::size_t layer) const = 0;
};

}  // namespace vigil::fpga_model
