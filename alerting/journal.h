// The journal: everything vigil found, proposed and delivered, in one SQLite file (docs/journal.md), written by one
// process. Used by the journal thread (commit), the dispatcher (outbox) and the program (status). It judges nothing and
// sends nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alerting/life_cycle.h"
#include "core/action.h"
#include "core/verdict.h"

namespace vigil::alerting {

// One result line, with what it is looked up by.
struct JournalRow {
  enum class Table : std::uint8_t { lumisection, window, verdict, kept_event };
  Table table = Table::lumisection;
  std::string model;
  std::string model_hash;
  std::string stream;
  std::uint32_t run = 0;
  std::uint32_t first_ls = 0;  // equal to last_ls for a lumisection and a kept event
  std::uint32_t last_ls = 0;
  std::string window;     // name of the window; windows and verdicts
  std::string monitor;    // verdicts
  std::string statistic;  // verdicts
  Quality quality = Quality::unknown;
  std::string line;  // JSON
};

// An action with what it is looked up by, and its two serialised forms.
struct ActionRow {
  Action action;            // evidence and proposal are not read
  OutgoingAction outgoing;  // line, cloudevent
};
ActionRow action_row(Action action);

// What one closed lumisection (or the end) adds: committed together or not at all.
struct Commit {
  std::vector<JournalRow> rows;
  std::vector<ActionRow> actions;
  std::vector<std::string> closed_action_ids;
  std::map<std::string, std::optional<std::string>> state;  // key -> bytes; nullopt deletes
  std::string position;                                     // reached in the input; empty leaves it
  bool queue_actions = true;                                // false: recorded, never sent (replay)
};

// Which actions a sink gets, and when.
struct Routing {
  SendWhen when = SendWhen::approved;
  std::vector<ActionKind> kinds;    // empty: all
  std::vector<std::string> models;  // patterns (core/pattern.h); empty: all
};
bool takes(const Routing& routing, const Action& action);

// Where actions are to be delivered. `name` identifies the outbox rows across restarts.
struct SinkSpec {
  std::string name;
  Routing routing;
};

struct JournalAction {
  std::string id;
  std::string line;  // the action line
  ActionState state = ActionState::proposed;
  DeliveryState delivery = DeliveryState::pending;
  bool open = false;
  std::uint64_t attempts = 0;  // over all sinks
  std::string last_reason;     // of the newest attempt that was not accepted
};
// The action line with "delivery", "open" and "state" added: what `actions list --json` prints.
std::string listed_line(const JournalAction& action);

struct JournalCounts {
  std::uint64_t lumisections = 0, windows = 0, verdicts = 0, kept_events = 0, actions = 0, open = 0;
  std::uint64_t pending = 0, delivered = 0, rejected = 0, expired = 0;  // actions by delivery
};

// The oldest undelivered action of one sink.
struct OutboxEntry {
  OutgoingAction action;
  std::string sink;
  std::uint64_t attempts = 0;
  std::int64_t first_seen_ns = 0;  // when a running vigil first saw the action: expiry counts from here
  std::int64_t next_attempt_ns = 0;
};

// What came of one attempt at one sink.
struct Attempt {
  std::string id, sink;
  Delivery delivery = Delivery::retry;
  std::string reason;
  std::int64_t now_ns = 0, next_attempt_ns = 0;
};

struct Expired {
  std::string id, sink;
};

struct AuditRow {
  std::int64_t at_ns = 0;
  std::string actor, verb, action_id, reason;
  std::int64_t until_ns = 0;  // of a shelve: until when the action is out of sight
  std::string detail = "{}";  // JSON object (docs/journal.md)
};

// What is going on now with one stream (or, both names empty, with the program), as JSON; replaced every few seconds.
struct LiveRow {
  std::string model, stream;
  std::int64_t updated_ns = 0;  // wall clock
  std::string line;
};

struct JournalSettings {
  int busy_timeout_ms = 5000;
  std::uint64_t max_bytes = 0;  // 0: as the disk allows; else the file grows no further (rounded to 4 KiB pages)
};

// Thread-safe (one mutex). Every method throws Error naming the file and the cause when SQLite fails (full disk, I/O
// error, damage); the journal then holds what the last successful call left.
class Journal {
 public:
  // Opens or creates `file`; empty or ":memory:" keeps it in memory. Throws Error for a file that is not a journal, of
  // another version, read-only, on a full disk, or written by another vigil process by whatever path or link (a lock on
  // the file itself, released by the kernel at any death); nothing is then left beside it.
  explicit Journal(const std::string& file, JournalSettings settings = {});
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  const std::string& file() const { return file_; }

  // The sinks that actions committed from now on are queued for. Rows of other sinks stay as they are.
  void set_sinks(std::vector<SinkSpec> sinks);

  // One transaction, on disk when it returns. An action id that is here already is neither inserted nor queued again.
  void commit(const Commit& commit);

  std::map<std::string, std::string> state() const;
  std::string position() const;  // empty: none yet

  // Replaces the rows of these streams, deletes those without a line; others stay.
  void put_live(const std::vector<LiveRow>& rows);
  std::vector<LiveRow> live() const;

  // Effective configuration, model hashes. Overwrites; survives.
  void set_meta(const std::map<std::string, std::string>& values);
  std::map<std::string, std::string> meta() const;

  // Oldest pending entry of `sink` that its action's state lets out, whether due or not. What is seen for the first
  // time is stamped with now_ns and, approval being automatic, approved.
  std::optional<OutboxEntry> head(const std::string& sink, std::int64_t now_ns);
  // Commits the attempt at the head of `sink`, before its first byte leaves, if the action may (still) be sent: a
  // person may have rejected it since. False: nothing may leave.
  [[nodiscard]] bool begin_attempt(const std::string& id, const std::string& sink, std::int64_t now_ns);
  // delivered and refused end the entry (with an audit row, and where that decides it the action's state); retry keeps
  // it until next_attempt_ns. Nothing for an entry already ended.
  void record_attempt(const std::string& id, const std::string& sink, Delivery delivery, const std::string& reason,
                      std::int64_t now_ns, std::int64_t next_attempt_ns);
  // Ends every action first seen at or before now_ns - expiry_ns that nobody has, but for those whose attempt is under
  // way, with audit rows; returns the pending entries that ended with them.
  std::vector<Expired> expire(std::int64_t now_ns, std::int64_t expiry_ns);
  std::uint64_t pending() const;  // outbox entries of all sinks

  // Appends to the audit trail; rows can be neither changed nor deleted.
  void audit(const AuditRow& row);
  std::vector<AuditRow> audit_trail() const;

  std::vector<JournalAction> actions() const;  // in order of creation
  JournalCounts counts() const;
  std::vector<std::string> lines(JournalRow::Table table) const;  // in order of commit

 private:
  struct Store;
  std::string file_;
  std::unique_ptr<Store> store_;
};

// A second look at a journal, while one process may be writing it. Sees committed transactions only; writes nothing.
class JournalReader {
 public:
  // Throws Error for a missing file and whatever Journal refuses.
  explicit JournalReader(const std::string& file, JournalSettings settings = {});
  ~JournalReader();
  JournalReader(const JournalReader&) = delete;
  JournalReader& operator=(const JournalReader&) = delete;

  std::vector<JournalAction> actions() const;
  JournalCounts counts() const;
  std::map<std::string, std::string> meta() const;
  std::map<std::string, std::string> state() const;
  std::string position() const;
  std::vector<LiveRow> live() const;
  std::vector<AuditRow> audit_trail() const;
  std::vector<std::string> lines(JournalRow::Table table) const;
  // Newest line of each (model, stream), for windows of each window name.
  std::vector<std::string> newest_lines(JournalRow::Table table) const;
  // "ok", or what PRAGMA integrity_check found.
  std::string integrity() const;

 private:
  struct Store;
  std::string file_;
  std::unique_ptr<Store> store_;
};

}  // namespace vigil::alerting
