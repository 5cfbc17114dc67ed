// From a batch of events to the two parts of a message, as docs/wire_format.md defines them.
// Used by the scenario generator (through app), tests and benchmarks. Checks no limits: decode does.
#pragma once

#include <string>
#include <vector>

#include "core/event_batch.h"

namespace vigil::ingest {

// {topic, body}; decode of them gives an equal batch. Columns are copied; selection is left out where it is zero_bias,
// an empty context and absent columns altogether; unknown_keys is not written. Throws Error on a block that version 1
// has no key for (of a stage, or of another tensor), or of a word size or signedness its key does not allow.
// Thread-safe.
std::vector<std::string> encode(const EventBatch& batch);

}  // namespace vigil::ingest
