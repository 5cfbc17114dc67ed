// What a window is compared with: a merged Summary and where it came from. Built from recordings, or learned from the
// stream. File I/O is JSON text (docs/summary.md). A reference belongs to one model hash; any other is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model.h"
#include "core/summary.h"

namespace vigil::monitors {

// Lumisections first_ls..last_ls of one run.
struct ReferenceRange {
  std::uint32_t run = 0;
  std::uint32_t first_ls = 0;
  std::uint32_t last_ls = 0;
  bool operator==(const ReferenceRange&) const = default;
};

struct Reference {
  Summary summary;
  std::string model;      // name
  std::string stream;     // informative
  std::string selection;  // shapes are comparable within one selection only
  std::vector<ReferenceRange> ranges;

  // Adds one lumisection.
  void add(std::uint32_t run, std::uint32_t ls, const Summary& lumisection);
};

std::string to_json(const Reference& reference);
// Throws Error naming `where` on another version, binning, model hash (both are named) or shape, and on damaged text.
Reference reference_from_json(std::string_view text, const ModelInfo& model, const std::string& where);

// Throw Error naming the path when the file cannot be written or read. Saving replaces the file atomically.
void save_reference(const Reference& reference, const std::string& path);
Reference load_reference(const std::string& path, const ModelInfo& model);

// Learns the first `wanted` complete lumisections, and more until they hold `events` events.
class Learner {
 public:
  Learner() = default;
  Learner(std::uint32_t wanted, std::uint64_t events) : wanted_(wanted), wanted_events_(events) {}

  // Takes a lumisection that is complete (the caller judges that). No effect when done.
  void learn(std::uint32_t run, std::uint32_t ls, const Summary& lumisection);
  bool done() const { return learned_ >= wanted_ && events() >= wanted_events_; }
  std::uint32_t learned() const { return learned_; }
  std::uint64_t events() const { return reference_.summary.strata.empty() ? 0 : reference_.summary.strata[0].events; }
  std::string progress() const;  // "learning 3 of 20"
  // Whether (run, ls) is after the last learned lumisection.
  bool is_after(std::uint32_t run, std::uint32_t ls) const;
  const Reference& reference() const { return reference_; }

  // For the journal. Throws Error on text save() did not write.
  const std::string& save() const;
  void load(std::string_view text, const ModelInfo& model, const std::string& where);

 private:
  std::uint32_t wanted_ = 20;
  std::uint64_t wanted_events_ = 2000;
  std::uint32_t learned_ = 0;
  std::uint32_t last_run_ = 0;
  std::uint32_t last_ls_ = 0;
  Reference reference_;
  mutable std::string saved_;  // what save() returned, while still true
};

}  // namespace vigil::monitors
