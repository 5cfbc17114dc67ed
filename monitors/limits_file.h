// What `vigil calibrate` writes and `--limits` reads: effect sizes for the rules of one model, stream and reference,
// what they cost in pages and how soon they see. JSON (docs/detection.md). Used by the command and at start-up.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "monitors/reference.h"
#include "monitors/settings.h"

namespace vigil::monitors {

struct CalibratedRule : RuleLimit {
  std::uint64_t windows = 0;               // known verdicts it is made from
  double largest = 0;                      // effect of them that is certain at the warn level
  std::array<double, 3> pages_per_week{};  // low, mid, high (90 % Garwood) these limits had on these data
  std::optional<double> medium_ls,
      bad_ls;  // until a change of the medium size is medium, of the bad size bad; half of the time
};

struct LimitsFile {
  std::string model, model_hash, stream;
  std::string reference_sha256;        // of the reference file
  std::vector<ReferenceRange> ranges;  // lumisections they are made from
  double page = 0, warn = 0;           // the budget, a week
  std::vector<CalibratedRule> rules;
};

// One JSON object, doubles in shortest form.
std::string to_json(const LimitsFile& limits);
// Throws Error naming `where` on text that is no JSON, another format or version, and damaged entries.
LimitsFile limits_from_json(std::string_view text, const std::string& where);

// What of the file a monitor takes. Throws Error naming `where` for a rule that a model with these settings does not
// have.
CalibratedLimits applied(const LimitsFile& limits, const ModelInfo& model, const MonitorSettings& settings,
                         const std::string& where);

}  // namespace vigil::monitors
