// Where result lines go besides standard output before anybody may act on them: the topic of results of a merger
// (docs/scale_out.md). Called by the journal thread alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vigil::app {

struct ResultLine {
  std::uint64_t number = 0;  // from 1 for each journal, no gaps
  std::string key;           // <model>/<stream>
  std::string text;          // without newline
};

class ResultsLog {
 public:
  virtual ~ResultsLog() = default;
  // Before anything is committed. Waits where it cannot be known; throws FailedRunning where somebody newer has taken
  // over.
  virtual void check() = 0;
  // All of them, once, behind those before; returns when they are there. Throws as check() does.
  virtual void append(const std::vector<ResultLine>& lines) = 0;
};

}  // namespace vigil::app
