// Which lumisections a window of one name covers, and which windows a cut closes. Counting only: it holds no summaries.
// Used by StreamMonitor, one object a window name. docs/results.md is the rule.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace vigil::monitors {

struct WindowSpan {
  std::uint32_t first_ls = 0;
  std::uint32_t last_ls = 0;
  bool operator==(const WindowSpan&) const = default;
};

class WindowCutter {
 public:
  // Both at least 1; hop may exceed window.
  WindowCutter(std::uint32_t window_ls, std::uint32_t hop_ls) : window_(window_ls), hop_(hop_ls) {}

  // The next lumisection, greater than the one before. Returns the windows that it filled (several only after a gap).
  std::vector<WindowSpan> add(std::uint32_t ls);
  // Ends the row of windows; the next add starts anew. Returns the earliest-started window that is not full, if it
  // holds a lumisection that no window since the cut before it held when it closed.
  std::optional<WindowSpan> cut();
  // The earliest lumisection that a window not yet closed needs.
  std::optional<std::uint32_t> needed() const;

  // Everything cut() and add() depend on, for the journal.
  struct State {
    bool started = false;
    std::uint32_t start = 0;    // of the earliest window not yet closed
    std::uint32_t last = 0;     // newest lumisection
    std::uint32_t covered = 0;  // newest lumisection of a closed window, 0: none since the cut
  };
  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  std::uint32_t window_;
  std::uint32_t hop_;
  State state_;
};

}  // namespace vigil::monitors
