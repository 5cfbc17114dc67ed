// From a closed lumisection of one stream to what is kept of it: rows of the journal, result lines, the stream's
// snapshot. Used by the judge. Decides nothing: the sequencer closes, the monitor judges, the policy proposes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "alerting/journal.h"
#include "app/stream_registry.h"
#include "core/results.h"
#include "ingest/sequencer.h"
#include "monitors/stream_monitor.h"

namespace vigil::app {

// A closed lumisection as the journal thread takes it: one transaction, then the lines.
struct Closing {
  std::string model, stream;  // that it is of
  alerting::Commit commit;
  std::vector<std::string> lines;  // result lines, in order, without newline
  Lumisection lumisection;         // for people: the status line
  std::uint64_t events = 0;
  std::map<std::string, double> seed_rate_hz;
  std::vector<Verdict> sequential;  // those that are lines
  std::vector<JudgedWindow> windows;
  std::vector<Action> actions;
  std::vector<std::string> facts;  // worth a line of the log
  bool is_last = true;             // of those that one frame closed
  std::uint64_t order = 0;         // of that frame (Frame::order)
};

// Sees every closed lumisection before it is judged; may be empty.
using LumisectionObserver = std::function<void(const monitors::ClosedLumisection&)>;

// How frames are emulated again, and where that is counted.
struct AgainReader {
  ReadAgain read = {};
  std::uint64_t* frames = nullptr;
};

// Takes the open summary of the lumisection, judges what closes with it, and adds to `totals`. State and position are
// the caller's.
Closing close_lumisection(MonitoredStream& stream, ingest::Closed&& closed, const LumisectionObserver& observer,
                          Totals& totals, const AgainReader& again = {});

// Adds windows that closed: their lines and rows, the actions they lead to, the quality of the snapshot.
void add_windows(MonitoredStream& stream, std::vector<JudgedWindow>&& windows, Closing& closing, Totals& totals);

}  // namespace vigil::app
