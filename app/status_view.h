// What `vigil status` shows of a journal: the newest lines, the live table, and how old each number is by now. Used by
// the command. Pure but for the reader; the time is given.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "alerting/journal.h"

namespace vigil::app {

// A stream is stale when its newest message arrived longer ago than the first, or its newest lumisection closed longer
// ago than the second. Ages count from the wall clock, so that a program that died leaves nothing that looks good.
inline constexpr double kStaleFrameSeconds = 45;         // two lumisections
inline constexpr double kStaleLumisectionSeconds = 120;  // five lumisections
// The live table is older than this: no program is writing the journal.
inline constexpr double kLiveSeconds = 15;

// The document of `vigil status --json` (docs/journal.md).
nlohmann::ordered_json status_document(const std::string& file, const alerting::JournalReader& journal,
                                       std::int64_t now_ns);
// The same for people, coloured on a terminal.
std::string status_text(const nlohmann::ordered_json& document);

}  // namespace vigil::app
