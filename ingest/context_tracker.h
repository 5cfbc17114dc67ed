// The conditions a stream's lumisections were taken under: what the batches stated, carried forward where they state
// nothing. Used by the judge stage beside the sequencer. Depends on orbits only, not on the order in which sources
// arrive.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event_batch.h"

namespace vigil::ingest {

struct LumisectionContext {
  std::string key;         // equal text = same menu, prescale column, beam mode, selection and model hash
  bool mixed = false;      // one of them took two values
  std::string model_hash;  // of the events; empty where no batch named one
  std::optional<std::string> menu, beam_mode;
  std::optional<std::int64_t> prescale_column;
  std::vector<std::int64_t> prescale_columns;  // every one it had
  std::string selection = "zero_bias";
  std::optional<std::uint64_t> run_start_ns;
  // What cuts nothing.
  std::optional<std::uint64_t> fill;
  std::optional<double> pileup;
  std::optional<std::string> filling_scheme, origin;
};

class ContextTracker {
 public:
  // One accepted batch. A batch with events and without a model_hash is of the loaded model: pass its hash.
  void add(const EventBatch& batch, const std::string& loaded_hash);
  // In order of lumisections; forgets what was stated for this one after carrying it on.
  LumisectionContext close(std::uint32_t run, std::uint32_t ls);

  std::string save() const;
  void load(std::string_view text);  // throws Error

 private:
  // Every value a key took in one lumisection, with the first and last orbit it was stated at.
  using Values = std::map<std::string, std::pair<std::uint32_t, std::uint32_t>>;
  // Of a key that cuts nothing: the value at the highest orbit, of several there the greatest text.
  using Newest = std::map<std::string, std::pair<std::uint32_t, std::string>>;
  struct Stated {
    std::uint32_t first_covered = ~0u;
    std::map<std::string, Values> keys;
    Newest annotations;
  };
  std::map<std::pair<std::uint32_t, std::uint32_t>, Stated> open_;  // (run, ls)
  std::map<std::string, std::string> carried_;                      // key -> value
  std::map<std::string, std::string> annotations_;                  // likewise, of those that cut nothing
  std::map<std::uint32_t, std::uint64_t> run_start_ns_;             // the newest few runs
};

}  // namespace vigil::ingest
