// vigil rate-curve.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/arrays.h"
#include "app/command.h"
#include "app/http_outlook.h"
#include "app/logging.h"
#include "app/seed_words.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"
#include "core/whole_file.h"
#include "monitors/rate_curve.h"
#include "shift/report/svg_rate_curve.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kRows = 24;  // of the table people read

struct RateCurveOptions {
  ReplayOptions replay;
  std::optional<std::string> seed, scores, crossings, target_hz, range, svg;
  double confidence = 0.95;
  bool json = false;
};

// What a curve is made of.
struct Spectrum {
  WordCounts words;
  std::uint64_t crossings = 0;
  std::optional<std::int64_t> current;  // threshold of the seed
  std::optional<double> target_hz;
  monitors::ThresholdRange range;
  std::string name;
};

template <class T>
bool read_number(std::string_view text, T& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

double target_of(const std::string& text) {
  double target = 0;
  if (!read_number(text, target) || !std::isfinite(target) || !(target > 0)) {
    throw Error("--target", "'" + shown(text) + "'", "a rate in Hz above 0");
  }
  return target;
}

monitors::ThresholdRange range_of(const std::string& text) {
  monitors::ThresholdRange range;
  const auto colon = text.find(':');
  if (colon == std::string::npos || !read_number(std::string_view(text).substr(0, colon), range.lowest) ||
      !read_number(std::string_view(text).substr(colon + 1), range.highest) || range.lowest > range.highest) {
    throw Error("--range", "'" + shown(text) + "'", "LO:HI, whole numbers with LO not above HI");
  }
  return range;
}

Spectrum spectrum_of_scores(const RateCurveOptions& o) {
  if (!o.replay.recordings.empty() || !o.replay.monitor.models.empty() || o.seed) {
    throw Error("vigil rate-curve", "--scores together with recordings, --model or --seed", "one or the other");
  }
  if (!o.crossings || !o.target_hz) throw Error("vigil rate-curve", "--scores alone", "--n-bx and --target with it");
  Spectrum out;
  if (!read_number(*o.crossings, out.crossings) || out.crossings == 0) {
    throw Error("--n-bx", "'" + shown(*o.crossings) + "'", "a whole number of crossings, at least 1");
  }
  auto array = read_vector(*o.scores);
  if (!array.is_integer) throw Error(*o.scores, "elements of type " + array.element, "integer words");
  std::vector<std::int64_t>& words = array.integers;
  if (words.empty()) throw Error(*o.scores, "no word", "one at least, an event each");
  if (words.size() > out.crossings) {
    throw Error("--n-bx", std::to_string(out.crossings) + " crossings",
                "at least the " + std::to_string(words.size()) + " events of " + *o.scores);
  }
  std::sort(words.begin(), words.end());
  for (std::size_t i = 0; i < words.size();) {
    std::size_t end = i;
    while (end < words.size() && words[end] == words[i]) ++end;
    out.words.append(words[i], end - i);
    i = end;
  }
  constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
  out.range = {words.front(), words.back() < kLargest ? words.back() + 1 : kLargest};
  out.name = *o.scores;
  return out;
}

Spectrum spectrum_of_recordings(const RateCurveOptions& o) {
  if (o.replay.recordings.empty()) {
    throw Error("vigil rate-curve", "nothing to count", "recordings or reference files, or --scores");
  }
  if (!o.seed || o.replay.monitor.models.empty()) {
    throw Error("vigil rate-curve", "recordings alone", "--model and --seed with them");
  }
  if (o.crossings) throw Error("--n-bx", "given with recordings", "--n-bx only with --scores");
  SeedWords found = read_seed_words(o.replay, *o.seed);
  const Seed& seed = found.of();
  const FixedPoint& type = found.model.outputs[seed.output].type;
  return {std::move(found.words),
          found.crossings,
          seed.threshold,
          seed.target_rate_hz,
          {type.lowest(), type.highest()},
          found.model.name + " " + seed.name};
}

ordered_json in_json(const monitors::RateCurve& curve, const Spectrum& s) {
  ordered_json threshold = ordered_json::array(), rate = threshold, low = threshold, high = threshold;
  for (const monitors::CurvePoint& point : curve.every_point()) {
    threshold.push_back(point.threshold);
    rate.push_back(point.rate_hz);
    low.push_back(point.low_hz);
    high.push_back(point.high_hz);
  }
  ordered_json out = {{"n_bx", s.crossings},
                      {"events", curve.events()},
                      {"target_rate_hz", s.target_hz ? ordered_json(*s.target_hz) : ordered_json(nullptr)},
                      {"nearest", nullptr},
                      {"threshold_not_above", nullptr},
                      {"thresholds_compatible", ordered_json::array()},
                      {"tie", nullptr}};
  if (s.target_hz) {
    const monitors::TargetThresholds found = curve.meet(*s.target_hz);
    out["nearest"] = found.nearest.threshold;
    if (found.not_above) out["threshold_not_above"] = *found.not_above;
    if (found.compatible) out["thresholds_compatible"] = *found.compatible;
    if (found.tie) {
      out["tie"] = {
          {"threshold", found.tie->threshold}, {"fraction", found.tie->fraction}, {"prescale", found.tie->prescale}};
    }
  }
  put(out, "threshold", std::move(threshold));
  put(out, "rate_hz", std::move(rate));
  put(out, "low_hz", std::move(low));
  put(out, "high_hz", std::move(high));
  return out;
}

void print_table(const monitors::RateCurve& curve, const Spectrum& s, double confidence) {
  fmt::print("{}: {} events in {} crossings, thresholds {} to {}\n", escaped(s.name), curve.events(), s.crossings,
             s.range.lowest, s.range.highest);
  std::vector<std::int64_t> marked{s.range.highest};
  if (s.current) marked.push_back(*s.current);
  if (s.target_hz) {
    const monitors::TargetThresholds found = curve.meet(*s.target_hz);
    marked.push_back(found.nearest.threshold);
    fmt::print("target {:.6g} Hz: nearest {}, not above it from {}\n", *s.target_hz, found.nearest.threshold,
               found.not_above ? std::to_string(*found.not_above) : "no threshold");
    if (found.compatible) {
      fmt::print("compatible at {:g}%: {} to {}\n", 100 * confidence, (*found.compatible)[0], (*found.compatible)[1]);
    } else if (found.tie) {
      fmt::print(
          "no threshold is compatible: word {} holds too much; {:.4g} of its events, or threshold {} with "
          "prescale {:.6g}, meet the target\n",
          found.tie->threshold, found.tie->fraction, found.tie->threshold, found.tie->prescale);
    } else {
      fmt::print("no threshold is compatible\n");
    }
  }
  fmt::print("{:>12} {:>14} {:>14} {:>14}\n", "threshold", "rate (Hz)", "low", "high");
  for (const monitors::CurvePoint& point : curve.points(kRows, marked)) {
    fmt::print("{:>12} {:>14.6g} {:>14.6g} {:>14.6g}{}\n", point.threshold, point.rate_hz, point.low_hz, point.high_hz,
               s.current == point.threshold ? "  current" : "");
  }
}

void write_svg(const std::string& path, const monitors::RateCurve& curve, const Spectrum& s) {
  // No further than where nothing passes any more.
  const bool has_end = !s.words.empty() && s.words.rbegin()->first < s.range.highest;
  std::vector<std::int64_t> also{has_end ? s.words.rbegin()->first + 1 : s.range.highest};
  if (s.current) also.push_back(*s.current);
  shift::RateCurveFigure figure;
  figure.title = "Rate of " + s.name + " by threshold, " + std::to_string(curve.events()) + " events";
  figure.curve = in_points(curve, s.crossings, s.target_hz, std::move(also));
  figure.current = s.current;
  write_whole(path, shift::svg_rate_curve(figure));
}

int run_rate_curve(const RateCurveOptions& o) {
  log_to_stderr();
  if (!(o.confidence > 0) || !(o.confidence < 1)) {
    throw Error("--confidence", fmt::format("{}", o.confidence), "a number between 0 and 1, both excluded");
  }
  std::optional<double> target;
  if (o.target_hz) target = target_of(*o.target_hz);
  std::optional<monitors::ThresholdRange> range;
  if (o.range) range = range_of(*o.range);
  Spectrum spectrum = o.scores ? spectrum_of_scores(o) : spectrum_of_recordings(o);
  if (target) spectrum.target_hz = target;
  if (range) spectrum.range = *range;
  const monitors::RateCurve curve(spectrum.words, spectrum.range, spectrum.crossings, o.confidence);
  if (o.svg) write_svg(*o.svg, curve, spectrum);
  if (o.json) {
    fmt::print("{}\n", line_text(in_json(curve, spectrum)));
  } else {
    print_table(curve, spectrum, o.confidence);
  }
  return 0;
}

}  // namespace

Command rate_curve_command() {
  const auto o = std::make_shared<RateCurveOptions>();
  MonitorOptions& monitor = o->replay.monitor;
  return {"rate-curve", "rate of a seed by threshold, and which thresholds meet a target",
          "vigil rate-curve good.json --model demo/model --seed L1_VIGIL_Demo_Tight --json",
          joined({{{"REC", &o->replay.recordings, "recordings (files or folders) and reference files"},
                   {"--model", &monitor.models, "model package"},
                   {"--seed", &o->seed, "seed of the model"},
                   {"--scores", &o->scores, "1-D .npy of integer words, one an event, in place of recordings"},
                   {"--n-bx", &o->crossings, "crossings that were inspected for --scores"},
                   {"--target", &o->target_hz, "rate in Hz (default: the seed's)"},
                   {"--confidence", &o->confidence, "of the intervals (default: 0.95)"},
                   {"--range", &o->range, "LO:HI, thresholds (default: the type's; smallest to largest word + 1)"},
                   settings_option(monitor)},
                  range_options(o->replay),
                  {{"--svg", &o->svg, "drawing to write"}, {"--json", &o->json, "one JSON document"}}}),
          [o] { return run_rate_curve(*o); }};
}

}  // namespace vigil::app
