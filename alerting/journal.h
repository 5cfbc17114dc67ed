// The journal: everything vigil found, proposed and delivered, in one SQLite file (docs/journal.md), written by one
// process. Used by the journal thread (commit), the dispatcher (outbox) and the program (status). It judges nothing and
// sends nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alerting/alarms.h"
#include "alerting/approval.h"
#include "alerting/life_cycle.h"
#include "alerting/record.h"
#include "core/action.h"
#include "core/verdict.h"

namespace SQLite {
class Database;
}

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
  std::string line;                                     // JSON
  std::shared_ptr<const WindowContents> contents = {};  // of a window: kept for plots, where the journal keeps them
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
  std::vector<AlarmUpdate> alarms;                          // what it says of the alarms, in order
  std::vector<RecordedStream> streams;                      // as they stand now
  std::vector<Mark> marks;                                  // in order; seq is the journal's
};

// Which actions a sink gets, and when.
struct Routing {
  SendWhen when = SendWhen::approved;
  std::vector<ActionKind> kinds;    // empty: all
  std::vector<std::string> models;  // patterns (core/pattern.h); empty: all
  bool status = false;              // state changes of these actions too
};
bool takes(const Routing& routing, const Action& action);

// Where actions are to be delivered. `name` identifies the outbox rows across restarts.
struct SinkSpec {
  std::string name;
  Routing routing;
  std::function<RenderedRequest(const OutgoingAction&)> render = {};  // of the sink; thread-safe
  std::string type = {};  // kubeflow, …; a rollback that mlflow delivered has succeeded
};

// What the program says of the life cycle.
struct LifeCycleRules {
  ApprovalRules approval;
  std::int64_t expiry_ns = 24ll * 3600 * 1'000'000'000;  // for who asks when an action expires
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

// The oldest undelivered action of one sink, or of one sink and model.
struct OutboxEntry {
  OutgoingAction action;
  std::string sink;
  std::uint64_t attempts = 0;
  std::int64_t first_seen_ns = 0;  // when a running vigil first saw the action: expiry counts from here
  std::int64_t next_attempt_ns = 0;
  std::int64_t last_attempt_ns = 0, begun_ns = 0, first_begun_ns = 0;  // 0: never
  bool unanswered = false;          // the newest begun attempt may have done it: no whole answer, or a death before one
  std::uint64_t server_errors = 0;  // 5xx answers so far
  bool open = false;                // its episode goes on
  std::string reason = {};          // of the newest attempt
};

// What a delivered action started downstream, and how far that is known to be.
struct StartedRun {
  std::string id, run;
};

// An action that people were told of by one sink.
struct ToldAction {
  OutgoingAction action;
  std::int64_t first_begun_ns = 0, ended_ns = 0;  // when it was first sent; when it was found ended, 0: it goes on
};

// What came of one attempt at one sink.
struct Attempt {
  std::string id, sink;
  Delivery delivery = Delivery::retry;
  std::string reason;
  std::int64_t now_ns = 0, next_attempt_ns = 0;
  std::string run = {}, url = {};  // downstream, where the answer named it
  bool server_error = false;       // a 5xx that may have done it
  bool done = false;               // delivered, and with that succeeded
  bool watched = false;            // delivered, and there is more to do: a run to look at, people to tell again
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

// A row as it stands in the chain.
struct AuditEntry {
  std::int64_t seq = 0;  // 1, 2, …
  AuditRow row;
  std::string prev, hash;  // 64 hexadecimal digits
};
// All of it as one JSON object, `detail` as an object.
nlohmann::ordered_json audit_json(const AuditEntry& entry);

// What verifying a chain found.
struct AuditCheck {
  bool ok = true;
  std::int64_t rows = 0;
  std::string head;      // hash of the newest row; 64 zeros where there is none
  std::int64_t seq = 0;  // of the first bad row, where not ok; 0: of no row
  std::string what;
};

using LiveRow = RecordedLive;

struct JournalSettings {
  int busy_timeout_ms = 5000;
  std::uint64_t max_bytes = 0;  // 0: as the disk allows; else the file grows no further (rounded to 4 KiB pages)
  std::function<std::int64_t()> now_ns = {};  // of audit rows; empty: the wall clock, UTC
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

  // Before set_sinks: what applies to what is not decided yet, and to all that is committed from now on.
  void set_rules(const LifeCycleRules& rules);
  // The sinks that actions committed from now on are queued for. Rows of other sinks stay as they are. What is not sent
  // is rendered anew: where that is no longer what was approved, approvals are void and it is proposed again.
  void set_sinks(std::vector<SinkSpec> sinks);

  // One transaction, on disk when it returns. An action id that is here already is neither inserted nor queued again.
  // Actions that are queued are rendered for the sinks that wait for approval, and replace proposed ones of their kind
  // and subject; succeeded ones are verified or reverted where the rows say so.
  void commit(const Commit& commit);

  // For people who look (alerting/record.h): what these models are, and how many merged summaries of windows stay, of
  // each stream and window name (0: none is kept). `reference_name`: what windows are compared with, as configured.
  void put_models(const std::vector<RecordedModel>& models);
  void keep_contents(std::uint64_t windows, const std::string& reference_name);

  std::map<std::string, std::string> state() const;
  std::string position() const;  // empty: none yet

  // Replaces the rows of these streams, deletes those without a line; others stay.
  void put_live(const std::vector<LiveRow>& rows);
  std::vector<LiveRow> live() const;

  // Effective configuration, model hashes. Overwrites; survives.
  void set_meta(const std::map<std::string, std::string>& values);
  std::map<std::string, std::string> meta() const;

  // Of each model the oldest pending entry of `sink` that its action's state lets out, whether due or not, oldest
  // first; without any the oldest state change for it. What is seen for the first time is stamped with now_ns and,
  // where approval is automatic, approved.
  std::vector<OutboxEntry> heads(const std::string& sink, std::int64_t now_ns);
  // Commits the attempt at the head of `sink`, before its first byte leaves, if the action may (still) be sent: a
  // person may have rejected it since, and what would be sent must be what was approved. False: nothing may leave.
  [[nodiscard]] bool begin_attempt(const std::string& id, const std::string& sink, std::int64_t now_ns);
  // delivered and refused end the entry (with an audit row, and where that decides it the action's state); retry keeps
  // it until next_attempt_ns. Nothing for an entry already ended.
  void record_attempt(const std::string& id, const std::string& sink, Delivery delivery, const std::string& reason,
                      std::int64_t now_ns, std::int64_t next_attempt_ns) {
    record_attempt({id, sink, delivery, reason, now_ns, next_attempt_ns});
  }
  void record_attempt(const Attempt& attempt);
  // What of this sink runs downstream and is not known to have ended.
  std::vector<StartedRun> started_runs(const std::string& sink) const;
  // What polling found of the run of a delivered action: accepted, running, succeeded or failed change its state where
  // the life cycle allows it.
  void record_progress(const std::string& id, const std::string& sink, const std::string& run, const std::string& state,
                       const std::string& reason, std::int64_t now_ns);
  // What `sink` has told people of that goes on or was found ended at or after `since_ns`. What `gone` says, or is no
  // longer open, is found ended at now_ns; what is neither any more goes on.
  std::vector<ToldAction> told_actions(const std::string& sink, std::int64_t now_ns, std::int64_t since_ns,
                                       const std::function<bool(const OutgoingAction&)>& gone);
  // Ends every action first seen at or before now_ns - expiry_ns that nobody has, but for those whose attempt is under
  // way, with audit rows; returns the pending entries that ended with them.
  std::vector<Expired> expire(std::int64_t now_ns, std::int64_t expiry_ns);
  std::uint64_t pending() const;  // outbox entries of all sinks

  // How alarms behave in the lumisections committed from now on.
  void set_alarms(const AlarmSettings& settings);
  AlarmTable alarms() const;
  // A person's verb, with its audit rows.
  void act_on_alarms(const AlarmRequest& request);
  // Whether an action of this model, stream and model hash has succeeded, and was not reverted.
  bool has_succeeded(const std::string& model, const std::string& stream, const std::string& model_hash) const;

  // For who asks and acts beside commits and deliveries: one body at a time, in a transaction of its own that is rolled
  // back when it throws. `change` may write.
  void look(const std::function<void(SQLite::Database&)>& body) const;
  void change(const std::function<void(SQLite::Database&)>& body);
  // Inserts a person's proposal and queues it for the sinks there are. In `change`. False: the id is here already.
  bool insert_proposal(SQLite::Database& db, const ActionRow& row);

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
  AlarmTable alarms() const;
  std::vector<AuditRow> audit_trail() const;
  // The rows as they stand, and whether they hold (alerting/audit_chain.h). Throws Error on a journal of version 1.
  std::vector<AuditEntry> audit_entries(std::int64_t after, std::int64_t limit) const;
  AuditCheck verify_audit(const std::optional<std::string>& expect) const;
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
