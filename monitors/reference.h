// What a window is compared with: a merged Summary and where it came from. Built from recordings, or learned from the
// stream. File I/O is JSON text (docs/summary.md). A reference belongs to one model hash; any other is refused.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model.h"
#include "core/summary.h"
#include "monitors/lumisection_scatter.h"
#include "monitors/rate_fit.h"

namespace vigil::monitors {

// Lumisections first_ls..last_ls of one run.
struct ReferenceRange {
  std::uint32_t run = 0;
  std::uint32_t first_ls = 0;
  std::uint32_t last_ls = 0;
  bool operator==(const ReferenceRange&) const = default;
};

// Which lumisections a reference is for: those of equal values; what is empty is any.
struct ReferenceKey {
  std::optional<std::string> menu;
  std::optional<std::int64_t> prescale_column;
  std::optional<std::string> beam_mode;
  auto operator<=>(const ReferenceKey&) const = default;
};

struct Reference {
  ReferenceKey key;
  Summary summary;
  std::string model;      // name
  std::string stream;     // informative
  std::string selection;  // shapes are comparable within one selection only
  std::vector<ReferenceRange> ranges;
  LumisectionScatter scatter;            // of its lumisections; empty in a file of an earlier vigil
  std::map<std::string, RateFit> rates;  // by seed, where its lumisections determine one

  // Adds one lumisection. After the last one scatter.complete() is called.
  void add(std::uint32_t run, std::uint32_t ls, const Summary& lumisection);
};

// References of one model and stream for different conditions, of one width of pile-up strata.
struct References {
  std::vector<Reference> entries;  // at least one

  References() = default;
  References(Reference one) { entries.push_back(std::move(one)); }
  std::uint32_t pileup_width() const;  // hundredths; 0: not divided
  const std::string& model_hash() const { return entries.front().summary.model_hash; }
  // Index of the entry whose key has nothing else than `conditions` (no empty value there: none was sent), of several
  // the one with most keys, then the first.
  std::optional<std::size_t> find(const ReferenceKey& conditions) const;
  // Why there is none: "no reference for menu X".
  std::string why_none(const ReferenceKey& conditions) const;
  bool has_rates() const;
};

// Reference files, version 2 (docs/summary.md). Of one entry, or all.
std::string to_json(const Reference& reference);
std::string to_json(const References& references);
// Version 1 too: one entry with an empty key, not divided. Throws Error naming `where` on another version, binning,
// model hash (both are named) or shape, and on damaged text.
References references_from_json(std::string_view text, const ModelInfo& model, const std::string& where);

// Throw Error naming the path when the file cannot be written or read. Saving replaces the file atomically.
void save_references(const References& references, const std::string& path);
References load_references(const std::string& path, const ModelInfo& model);

// Learns the first `wanted` complete lumisections, and more until they hold `events` events.
class Learner {
 public:
  Learner() = default;
  Learner(std::uint32_t wanted, std::uint64_t events) : wanted_(wanted), wanted_events_(events) {}

  // Takes a lumisection that is complete (the caller judges that). No effect when done.
  void learn(std::uint32_t run, std::uint32_t ls, const Summary& lumisection);
  bool done() const { return learned_ >= wanted_ && events() >= wanted_events_; }
  std::uint32_t learned() const { return learned_; }
  std::uint64_t events() const { return reference_.summary.all.events; }
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
