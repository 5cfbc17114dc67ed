// Recordings as the commands read them: options, progress, what damage lost. Used by replay, publish, reference build
// and calibrate. Tests: tests/contract/corruption_test.py.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/progress.h"
#include "app/shared_options.h"
#include "core/frame.h"
#include "replay/replay_source.h"

namespace vigil::app {

replay::ReplayOptions source_options(const ReplayOptions& options);
std::vector<std::filesystem::path> paths(const std::vector<std::string>& names);
// What a damaged recording lost, on stderr.
void report_damage(const replay::ReplaySource& source);

// Shows how far a replay is while it runs. `source` must outlive it.
class Watched : public Source {
 public:
  Watched(replay::ReplaySource& source, const std::string& what)
      : source_(source), progress_(what, source.total_bytes(), "B") {}
  std::optional<Frame> next() override;
  void request_stop() override { source_.request_stop(); }

 private:
  replay::ReplaySource& source_;
  Progress progress_;
};

}  // namespace vigil::app
