// Where `vigil status` has its document from: a server that answers, or a journal, whether or not a program is writing
// it. Used by the command. One thread an object, but for abandon().
// Tests: tests/app/status_source_test.cpp, tests/contract/status_test.py.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace vigil::app {

// Of a journal a stream is shown as stale when its newest message arrived longer ago than the first, or its newest
// lumisection closed longer ago than the second, and a program once watched it. Ages count from the wall clock, so that
// a program that died leaves nothing that looks good.
inline constexpr double kStaleFrameSeconds = 45;         // two lumisections
inline constexpr double kStaleLumisectionSeconds = 120;  // five lumisections
// The live table is older than this: no program is writing the journal.
inline constexpr double kLiveSeconds = 15;

struct FoundStatus {
  std::string text;                 // the document as --json prints it
  nlohmann::ordered_json document;  // of /v1/status; of a journal besides `journal`, `program`, and `live` a stream
  nlohmann::ordered_json sources;   // array: model, stream, source, age_s, silent, counts, rejected_by
};

class StatusSource {
 public:
  virtual ~StatusSource() = default;
  // Throws Error: nothing answers, what answers is no vigil, the file is no journal.
  virtual FoundStatus read() = 0;
  // Another number than before where read() would say something else; a server is always asked.
  virtual std::uint64_t version() = 0;
  // A read() in progress, and all later ones, fail at once. Thread-safe.
  virtual void abandon() {}
};

// A URL (http://, https://), else the file of a journal. Throws Error for what is neither.
std::unique_ptr<StatusSource> status_source(const std::string& where);

// What the live table of a journal adds to the document: `program` (running, ended, age_s), and `live` a stream: ages,
// counts by source, and why it is stale (null: it is not, or no program ever watched). Pure.
void add_live_facts(nlohmann::ordered_json& document, const nlohmann::ordered_json& program,
                    const std::map<std::pair<std::string, std::string>, nlohmann::ordered_json>& streams,
                    std::int64_t program_updated_ns, std::int64_t now_ns);

}  // namespace vigil::app
