// References from the closed lumisections of good recordings: what `vigil reference build` writes. Not synchronised.
// Tests: tests/monitors/reference_builder_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "monitors/reference.h"
#include "monitors/stream_monitor.h"

namespace vigil::monitors {

// Which conditions have a reference each; lumisections of any value of the others share it.
struct ReferenceKeys {
  bool menu = false, prescale_column = false, beam_mode = false;
};

class ReferenceBuilder {
 public:
  // Of complete lumisections (settings.minimum_coverage) in judged beam modes, in strata of settings.pileup_width.
  // `where` names the file to be in errors. `model` must outlive it.
  ReferenceBuilder(const ModelInfo& model, const ReferenceKeys& keys, const MonitorSettings& settings,
                   std::string where);

  // Throws Error on a second stream or selection among those that are used.
  void add(const ClosedLumisection& closed);
  // Every reference with its fits of rates against pile-up. Throws Error where no lumisection was used.
  References finish();

  std::uint64_t lumisections() const { return lumisections_; }
  std::uint64_t used() const { return used_; }

 private:
  struct Entry {
    Reference reference;
    std::vector<std::vector<RatePoint>> points;  // of each seed
  };
  const ModelInfo& model_;
  ReferenceKeys keys_;
  MonitorSettings settings_;
  std::string where_;
  std::map<ReferenceKey, Entry> entries_;
  std::uint64_t lumisections_ = 0, used_ = 0;
};

}  // namespace vigil::monitors
