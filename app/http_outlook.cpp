#include "app/http_outlook.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <random>

#include "app/wall_clock.h"
#include "monitors/intervals.h"
#include "monitors/rate_curve.h"

namespace vigil::app {
namespace {

constexpr std::size_t kPoints = 512;

std::string new_boot() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

shift::RatePoint point_of(const monitors::CurvePoint& point) {
  return {point.threshold, point.rate_hz, point.low_hz, point.high_hz};
}

}  // namespace

shift::Outlook make_outlook(shift::Mode mode) {
  shift::Outlook out;
  out.mode = mode;
  out.version = VIGIL_VERSION;
  out.boot = new_boot();
  out.started_ns = wall_clock_ns();
  out.now_ns = wall_clock_ns;
  out.rate_curve = rate_curve;
  out.interval = [](std::uint64_t n) {
    const monitors::Interval interval = monitors::garwood(n, 0.05);
    return std::array<double, 2>{interval.low, interval.high};
  };
  return out;
}

std::vector<std::string> window_names(const Configuration& configuration) {
  std::vector<std::string> out;
  for (const auto& window : configuration.monitors.windows) out.push_back(window.name);
  return out;
}

std::vector<std::string> window_names(const std::map<std::string, std::string>& meta) {
  std::vector<std::string> out;
  const auto at = meta.find("configuration");
  if (at == meta.end()) return out;
  try {
    for (const YAML::Node& window : YAML::Load(at->second)["windows"]) out.push_back(window["name"].as<std::string>());
  } catch (const YAML::Exception&) {
    out.clear();  // of another vigil
  }
  return out;
}

shift::RateCurve in_points(const monitors::RateCurve& curve, std::uint64_t crossings, std::optional<double> target_hz,
                           std::vector<std::int64_t> also) {
  shift::RateCurve out;
  out.n_bx = crossings;
  out.events = curve.events();
  out.target_rate_hz = target_hz;
  if (target_hz) {
    const monitors::TargetThresholds found = curve.meet(*target_hz);
    out.nearest = point_of(found.nearest);
    out.threshold_not_above = found.not_above;
    if (found.compatible) out.thresholds_compatible.assign(found.compatible->begin(), found.compatible->end());
    if (found.tie) out.tie = {found.tie->threshold, found.tie->fraction, found.tie->prescale};
    also.push_back(found.nearest.threshold);
  }
  for (const monitors::CurvePoint& point : curve.points(kPoints, also)) out.points.push_back(point_of(point));
  return out;
}

shift::RateCurve rate_curve(const Summary& window, const ModelInfo& model, std::size_t index,
                            std::optional<double> target_hz) {
  const Seed& seed = model.seeds[index];
  const WordCounts& words = window.all.outputs[model.seed_column(seed)].words;
  const monitors::RateCurve curve(words, model.outputs[seed.output].type, window.n_bx_own);
  std::vector<std::int64_t> also{seed.threshold};
  if (!words.empty()) also.insert(also.end(), {words.begin()->first, words.rbegin()->first});
  return in_points(curve, window.n_bx_own, target_hz, std::move(also));
}

}  // namespace vigil::app
