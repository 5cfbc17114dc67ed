// What the documents of the server are made from: the journal, the desk, what the program says of itself, and the two
// computations that belong to other rooms. Filled by app/http_service.cpp; used by every file that makes a document,
// the metrics and the report. Values and functions only; every function is thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "alerting/desk.h"
#include "alerting/record.h"
#include "core/snapshot.h"
#include "core/summary.h"

namespace vigil::shift {

enum class Mode : std::uint8_t { live, replay, demo, journal };

// What `vigil rate-curve` says of one seed (docs/thresholds.md): thresholds in hardware words, rates in Hz.
struct RatePoint {
  std::int64_t threshold = 0;
  double rate_hz = 0, low_hz = 0, high_hz = 0;  // 95% interval
};
// Where one word holds too much for any threshold to meet the target: the highest threshold above it, which part of the
// events with that word would meet it, and the prescale there that does.
struct RateTie {
  std::int64_t threshold = 0;
  double fraction = 0, prescale = 0;
};
struct RateCurve {
  std::uint64_t n_bx = 0, events = 0;
  std::optional<double> target_rate_hz;  // null: the three below are null too
  std::optional<RatePoint> nearest;
  std::optional<std::int64_t> threshold_not_above;
  std::vector<std::int64_t> thresholds_compatible = {};  // lowest and highest; empty: none
  std::optional<RateTie> tie;
  std::vector<RatePoint> points = {};  // ascending thresholds, at most 512, each exact
};

struct Outlook {
  alerting::Record* record = nullptr;  // never null
  alerting::Desk* desk = nullptr;      // null: nobody can act (serve)
  Mode mode = Mode::live;
  std::string version;  // of vigil
  std::string boot;     // 16 hexadecimal digits, other ones at each start
  std::int64_t started_ns = 0;
  double stale_after_s = 120;
  std::vector<std::string> windows = {};      // names as configured, the first the default; empty: not known
  std::function<std::int64_t()> now_ns = {};  // wall clock
  std::function<std::vector<std::string>()> reasons = {};  // why not ready; empty when it is
  std::function<bool()> has_ended = {};                    // nothing will be added any more
  std::function<PipelineSnapshot()> pipeline = {};         // of this process; empty: of the journal's live table
  // Rates of a seed in a window's summary: of the emulator's words.
  std::function<RateCurve(const Summary&, const ModelInfo&, std::size_t seed, std::optional<double> target_hz)>
      rate_curve = {};
  // 95% interval of a Poisson mean of which `n` were counted (Garwood 1936).
  std::function<std::array<double, 2>(std::uint64_t n)> interval = {};
};

}  // namespace vigil::shift
