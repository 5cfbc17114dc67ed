// What a journal holds, for whoever looks: result lines by what they are looked up by, what a model is, the merged
// summary of each window and its reference, where conditions changed. An interface, so that who looks (room shift, the
// commands) needs no SQLite and writes nothing. Implemented by open_record() on a connection of its own, so that
// looking never waits for the pipeline, nor the pipeline for it. Thread-safe (one mutex an object). Every method sees
// committed transactions only and throws Error naming the file and the cause when the journal cannot be read. Tests:
// tests/alerting/record_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model.h"
#include "core/verdict.h"

namespace vigil::alerting {

enum class RecordTable : std::uint8_t { lumisections, windows, verdicts, kept_events, actions };

// A row. Columns that its table has not are empty, unknown or 0.
struct RecordRow {
  std::int64_t seq = 0;  // 1, 2, … within its table, in order of commit
  std::string model, model_hash, stream;
  std::uint32_t run = 0, first_ls = 0, last_ls = 0;  // of a lumisection and a kept event first_ls = last_ls
  std::string window;                                // name; of verdicts also `sequential`
  std::string monitor, statistic;
  Quality quality = Quality::unknown;
  std::string line;  // the result line as printed; of a kept event its JSON
};

// What is left out does not choose. Names that nothing has find nothing.
struct RecordFilter {
  std::optional<std::string> model = {}, stream = {};
  std::optional<std::uint32_t> run = {};
  std::optional<std::uint32_t> first_ls = {}, last_ls = {};  // rows that hold a lumisection of first_ls..last_ls
  std::optional<std::string> window = {};                    // exact; windows and verdicts
  std::optional<std::string> monitor = {};                   // a pattern (core/pattern.h); verdicts
  std::optional<std::string> statistic = {};                 // exact; verdicts
  std::vector<Quality> qualities = {};                       // empty: all; windows and verdicts
  bool oldest_first = false;
  std::optional<std::int64_t> after = {};  // a seq: what follows it in that order
  std::size_t limit = 100;
};

// A model as it was when the journal's program loaded it: `hash` of ModelInfo is its key.
struct RecordedModel {
  ModelInfo info;
  std::vector<std::string> monitors;  // score, latent[3], input/jet[0].pt, seed/L1_AXO, mismatch/score, …
};

// One (model, stream) that has lines, as it stands at its newest closed lumisection.
struct RecordedStream {
  std::string model, model_hash, stream;  // the hash of its newest line
  std::uint32_t run = 0, ls = 0;          // newest closed
  // docs/journal.md, `streams`: selection, origin, context, reference, run_start_ns, budget; an empty object where an
  // older vigil wrote the journal.
  std::string facts = "{}";
};

struct RecordedRun {
  std::string model, model_hash, stream;
  std::uint32_t run = 0, first_ls = 0, last_ls = 0;
  std::uint64_t lumisections = 0;
  std::int64_t newest_seq = 0;  // of its lumisections: runs in the order in which they were last added to
};

// Where a condition took another value: `from` null where there was none before.
struct Mark {
  std::int64_t seq = 0;
  std::string model, stream;
  std::uint32_t run = 0, ls = 0;  // from here the new value holds
  // fill, menu, prescale_column, beam_mode, filling_scheme, selection, model_hash, reference, restart (of a source: its
  // name; of vigil: empty)
  std::string kind;
  std::optional<std::string> from, to;
};

// A closed window with what it was made of.
struct RecordedWindow {
  RecordRow row;
  bool given_up = false;       // there was a summary, and it made room for newer ones
  std::string summary;         // docs/summary.md; empty: none, or given up
  std::string reference;       // a reference file's text (docs/summary.md); empty: compared with none (still learning)
  std::string reference_name;  // learn:20, or a path as configured
};

// What happened to an action or to an alarm, from the audit trail.
struct RecordedChange {
  std::int64_t seq = 0, at_ns = 0;
  std::string actor, verb, action_id, reason;
  std::string detail;  // JSON object
};

// What is going on now with one stream (or, both names empty, with the program); replaced every few seconds.
struct RecordedLive {
  std::string model, stream;
  std::int64_t updated_ns = 0;  // wall clock
  std::string line;             // JSON (docs/journal.md, `live`)
};

class Record {
 public:
  virtual ~Record() = default;

  virtual const std::string& file() const = 0;
  virtual std::uint64_t bytes() const = 0;  // of the file and its write-ahead log
  // Another number than before whenever something was committed in between. Cheap: it reads no page of a table.
  virtual std::uint64_t version() = 0;
  virtual std::map<std::string, std::string> meta() = 0;  // configuration (YAML), version, model/<name> -> hash

  virtual std::vector<RecordRow> rows(RecordTable table, const RecordFilter& filter) = 0;
  // Everything with a seq above `seq`, in order of commit; at most `limit`.
  virtual std::vector<RecordRow> rows_after(RecordTable table, std::int64_t seq, std::size_t limit) = 0;
  virtual std::int64_t newest_seq(RecordTable table) = 0;  // 0: none
  // The newest verdict of each (window name, `sequential` included, monitor, statistic) in one run.
  virtual std::vector<RecordRow> newest_verdicts(const std::string& model, const std::string& stream,
                                                 std::uint32_t run) = 0;
  // The newest window of each name in one run.
  virtual std::vector<RecordRow> newest_windows(const std::string& model, const std::string& stream,
                                                std::uint32_t run) = 0;
  // The window of this name and run that ends with last_ls; without it the newest.
  virtual std::optional<RecordedWindow> window(const std::string& model, const std::string& stream,
                                               const std::string& name, std::uint32_t run,
                                               std::optional<std::uint32_t> last_ls) = 0;

  virtual std::vector<RecordedModel> models() = 0;                          // in order of their first line
  virtual std::optional<RecordedModel> model(const std::string& hash) = 0;  // null: an older vigil wrote it
  virtual std::vector<RecordedStream> streams() = 0;                        // in order of their first line
  virtual std::vector<RecordedRun> runs(const RecordFilter& filter) = 0;    // newest first
  virtual std::vector<Mark> marks(const std::string& model, const std::string& stream, std::uint32_t run) = 0;
  virtual std::uint64_t actions_of_run(const std::string& model, const std::string& stream, std::uint32_t run) = 0;
  virtual std::uint64_t open_actions(const std::string& model, const std::string& stream) = 0;
  struct ActionCounts {
    std::uint64_t open = 0, proposed = 0, pending = 0;  // pending: entries at sinks, not yet delivered
  };
  virtual ActionCounts action_counts() = 0;
  struct ActionTally {
    std::string model, stream, kind;
    std::uint64_t open = 0, proposed = 0;
  };
  virtual std::vector<ActionTally> action_tallies() { return {}; }               // of each kind that there was
  virtual std::map<std::string, std::uint64_t> pending_by_sink() { return {}; }  // each sink with entries, 0 too
  virtual std::vector<RecordedChange> changes_after(std::int64_t seq, std::size_t limit) = 0;
  virtual std::int64_t newest_change() = 0;  // seq; 0: none
  virtual std::vector<RecordedLive> live() = 0;
};

// Opens an existing journal for looking, while one process may be writing it. Throws Error for a missing file and
// whatever Journal refuses.
std::unique_ptr<Record> open_record(const std::string& file);

}  // namespace vigil::alerting
