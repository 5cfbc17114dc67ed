#include "app/recordings.h"

#include <fmt/format.h>

namespace vigil::app {

replay::ReplayOptions source_options(const ReplayOptions& options) {
  replay::ReplayOptions out;
  out.speed = replay::parse_speed(options.speed);
  out.from_ls = options.from_ls;
  out.to_ls = options.to_ls;
  return out;
}

std::vector<std::filesystem::path> paths(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

void report_damage(const replay::ReplaySource& source) {
  const auto& stats = source.stats();
  if (stats.bytes_lost == 0) return;
  fmt::print(stderr, "vigil: {} bytes lost in {} damaged regions of the recording\n", stats.bytes_lost,
             stats.damaged_regions);
}

std::optional<Frame> Watched::next() {
  auto frame = source_.next();
  if (frame) progress_.update(source_.stats().bytes);
  return frame;
}

}  // namespace vigil::app
