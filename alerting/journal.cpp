#include "alerting/journal.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "alerting/alarm_store.h"
#include "alerting/audit_chain.h"
#include "alerting/follow_up.h"
#include "alerting/journal_store.h"
#include "alerting/journal_writer.h"
#include "alerting/outbox.h"
#include "alerting/requests.h"
#include "alerting/status_outbox.h"
#include "core/cloud_event.h"
#include "core/digest.h"
#include "core/pattern.h"

namespace vigil::alerting {

ActionRow action_row(Action action) {
  OutgoingAction outgoing{action.id, action_line(action), cloud_event(action)};
  return {std::move(action), std::move(outgoing)};
}

bool takes(const Routing& routing, const Action& action) {
  const auto listed = [&](const std::string& pattern) { return matches(pattern, action.model); };
  return (routing.kinds.empty() || std::count(routing.kinds.begin(), routing.kinds.end(), action.kind) > 0) &&
         (routing.models.empty() || std::any_of(routing.models.begin(), routing.models.end(), listed));
}

std::string listed_line(const JournalAction& action) {
  std::string line = action.line;
  if (line.empty() || line.back() != '}') return line;
  line.pop_back();
  line.append(",\"delivery\":\"").append(to_string(action.delivery));
  line.append("\",\"open\":").append(action.open ? "true" : "false");
  line.append(",\"state\":\"").append(to_string(action.state)).append("\"}");
  return line;
}

Journal::Journal(const std::string& file, JournalSettings settings)
    : file_(store::in_memory(file) ? ":memory:" : file),
      store_(store::guarded(file_, [&] { return std::make_unique<Store>(file_, settings); })) {}
Journal::~Journal() = default;

void Journal::set_rules(const LifeCycleRules& rules) {
  set_meta({{"expiry_ns", std::to_string(rules.expiry_ns)}});
  std::lock_guard guard(store_->mutex);
  store_->present.rules = rules;
}

void Journal::set_sinks(std::vector<SinkSpec> sinks) {
  store_->write(file_, [&] {
    store_->present.sinks = std::move(sinks);
    store::put_sinks(store_->db, store_->present.sinks);
    store::render_again(store_->db, store_->present, store_->now_ns());
  });
}

std::map<std::size_t, store::PackedContents> Journal::Store::pack(const Commit& commit) {
  std::map<std::size_t, store::PackedContents> out;
  for (std::size_t i = 0; i < commit.rows.size(); ++i) {
    const auto& contents = commit.rows[i].contents;
    if (!contents || keep == 0 || contents->summary.model_hash.empty()) continue;
    store::PackedContents& packed = out[i];
    packed.summary = store::packed(to_json(contents->summary));
    if (!contents->reference) continue;
    const auto known = references.find(contents->reference);
    packed.reference_sha256 = known != references.end() ? known->second : sha256_of(*contents->reference);
    if (known == references.end()) packed.reference = store::packed(*contents->reference);
  }
  return out;
}

void Journal::commit(const Commit& commit) {
  const std::map<std::size_t, store::PackedContents> contents = store_->pack(commit);
  store_->write(file_, [&] {
    for (std::size_t i = 0; i < commit.rows.size(); ++i) {
      store_->insert(commit.rows[i]);
      const auto kept = contents.find(i);
      if (kept == contents.end()) continue;
      store::put_contents(store_->db, store_->db.getLastInsertRowid(), commit.rows[i], kept->second,
                          store_->reference_name, store_->keep);
    }
    store::put_streams(store_->db, commit.streams);
    store::put_marks(store_->db, commit.marks);
    for (const ActionRow& row : commit.actions) (void)store_->insert(row, commit.queue_actions);
    if (!commit.rows.empty() && commit.queue_actions) store::follow(store_->db, commit.rows, store_->now_ns());
    for (const std::string& id : commit.closed_action_ids) {
      Use use(store_->close_action);
      bind_text(*use, 1, id);
      use->exec();
    }
    for (const auto& [key, value] : commit.state) {
      Use use(value ? store_->put_state : store_->drop_state);
      bind_text(*use, 1, key);
      if (value) use->bind(2, value->data(), static_cast<int>(value->size()));
      use->exec();
    }
    if (!commit.position.empty()) {
      Use use(store_->put_position);
      bind_text(*use, 1, commit.position);
      use->exec();
    }
    store_->alarms.apply(commit.alarms);
  });
  constexpr std::size_t kMostReferences = 64;
  for (const auto& [i, packed] : contents) {
    if (packed.reference.empty()) continue;
    if (store_->references.size() >= kMostReferences) store_->references.clear();
    store_->references[commit.rows[i].contents->reference] = packed.reference_sha256;
  }
}

void Journal::put_models(const std::vector<RecordedModel>& models) {
  store_->write(file_, [&] { store::put_models(store_->db, models); });
}

void Journal::keep_contents(std::uint64_t windows, const std::string& reference_name) {
  const std::lock_guard guard(store_->mutex);
  store_->keep = windows;
  store_->reference_name = reference_name;
}

void Journal::put_live(const std::vector<LiveRow>& rows) {
  store_->write(file_, [&] {
    for (const LiveRow& row : rows) {
      Use use(row.line.empty() ? store_->drop_live : store_->put_live);
      bind_text(*use, 1, row.model);
      bind_text(*use, 2, row.stream);
      if (!row.line.empty()) {
        use->bind(3, row.updated_ns);
        bind_text(*use, 4, row.line);
      }
      use->exec();
    }
  });
}

void Journal::set_meta(const std::map<std::string, std::string>& values) {
  store_->write(file_, [&] {
    SQLite::Statement put(
        store_->db,
        "INSERT INTO meta (key, value) VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    for (const auto& [key, value] : values) {
      Use use(put);
      bind_text(*use, 1, key);
      bind_text(*use, 2, value);
      use->exec();
    }
  });
}

std::vector<OutboxEntry> Journal::heads(const std::string& sink, std::int64_t now_ns) {
  store_->admit(file_, now_ns);
  return store_->read(file_, [&](SQLite::Database& db) {
    std::vector<OutboxEntry> found = store::heads(db, sink);
    if (!found.empty()) return found;
    if (auto status = store::status_head(db, sink)) found.push_back(std::move(*status));
    return found;
  });
}

std::vector<StartedRun> Journal::started_runs(const std::string& sink) const {
  return store_->read(file_, [&](SQLite::Database& db) { return store::started_runs(db, sink); });
}

void Journal::record_progress(const std::string& id, const std::string& sink, const std::string& run,
                              const std::string& state, const std::string& reason, std::int64_t now_ns) {
  store_->write(file_, [&] { store::record_progress(store_->db, id, sink, run, state, reason, now_ns); });
}

std::vector<ToldAction> Journal::told_actions(const std::string& sink, std::int64_t now_ns, std::int64_t since_ns,
                                              const std::function<bool(const OutgoingAction&)>& gone) {
  auto told = store_->read(file_, [&](SQLite::Database& db) { return store::told_actions(db, sink, since_ns); });
  std::vector<ToldAction> changed, found;
  for (auto& [action, open] : told) {  // `gone` is a stranger's: not under the lock
    const bool ended = !open || (gone && gone(action.action));
    if (ended != (action.ended_ns != 0)) {
      action.ended_ns = ended ? now_ns : 0;
      changed.push_back(action);
    }
    found.push_back(std::move(action));
  }
  if (!changed.empty()) {
    store_->write(file_, [&] {
      for (const ToldAction& action : changed) store::set_ended(store_->db, action.action.id, sink, action.ended_ns);
    });
  }
  return found;
}

bool Journal::begin_attempt(const std::string& id, const std::string& sink, std::int64_t now_ns) {
  bool begun = false;
  store_->write(file_, [&] {
    const auto status = store::status_begin(store_->db, id, sink, now_ns);
    begun = status ? *status
                   : store::still_approved(store_->db, store_->present, id, sink, now_ns) &&
                         store::begin_attempt(store_->db, id, sink, now_ns);
    if (begun) store_->under_way[sink] = id;
  });
  return begun;
}

void Journal::record_attempt(const Attempt& attempt) {
  store_->write(file_, [&] {
    const auto begun = store_->under_way.find(attempt.sink);
    const bool counted = begun != store_->under_way.end() && begun->second == attempt.id;
    if (!store::status_end(store_->db, attempt, counted)) {
      store::end_attempt(store_->db, attempt, counted);
      store::take_answer(store_->db, attempt);
    }
    if (counted) store_->under_way.erase(begun);
  });
}

bool Journal::has_succeeded(const std::string& model, const std::string& stream, const std::string& model_hash) const {
  return store_->read(file_, [&](SQLite::Database& db) {
    SQLite::Statement query(db,
                            "SELECT 1 FROM actions WHERE state IN ('succeeded', 'verified') AND model = ? AND "
                            "stream = ? AND model_hash = ? LIMIT 1");
    bind_text(query, 1, model);
    bind_text(query, 2, stream);
    bind_text(query, 3, model_hash);
    return query.executeStep();
  });
}

// Not under the mutex: a writer that waits for the file holds up nobody who asks.
void Journal::look(const std::function<void(SQLite::Database&)>& body) const {
  if (!store::in_memory(file_)) return store::look_at(file_, {}, body);
  store_->read(file_, [&](SQLite::Database& db) {
    SQLite::Transaction snapshot(db);
    body(db);
  });
}
void Journal::change(const std::function<void(SQLite::Database&)>& body) {
  store_->write(file_, [&] { body(store_->db); });
}
bool Journal::insert_proposal(SQLite::Database& /*db*/, const ActionRow& row) { return store_->insert(row, true); }

std::vector<Expired> Journal::expire(std::int64_t now_ns, std::int64_t expiry_ns) {
  std::vector<Expired> expired;
  const std::int64_t limit = now_ns - expiry_ns;
  // Nothing is written, and nothing synced, when nothing has expired and every action has been seen.
  const bool any = store_->read(file_, [&](SQLite::Database& db) {
    return store::wants_admission(db) || store::wants_expiry(db, limit) || store::wants_status_expiry(db, limit);
  });
  if (!any) return expired;
  store_->write(file_, [&] {
    std::set<std::string> under_way;
    for (const auto& [sink, id] : store_->under_way) under_way.insert(id);
    store::admit(store_->db, now_ns);
    expired = store::expire(store_->db, limit, now_ns, under_way);
    for (Expired& event : store::expire_status(store_->db, limit)) expired.push_back(std::move(event));
  });
  return expired;
}

std::uint64_t Journal::pending() const {
  return store_->read(file_, [](SQLite::Database& db) {
    return static_cast<std::uint64_t>(db.execAndGet("SELECT (SELECT count(*) FROM outbox WHERE status = 'pending') + "
                                                    "(SELECT count(*) FROM status_outbox WHERE status = 'pending')")
                                          .getInt64());
  });
}

void Journal::set_alarms(const AlarmSettings& settings) {
  store_->write(file_, [&] { store_->alarms.set(settings); });
}
AlarmTable Journal::alarms() const {
  AlarmTable table;
  look([&](SQLite::Database& db) { table = store::alarm_table(db); });
  return table;
}
void Journal::act_on_alarms(const AlarmRequest& request) {
  store_->write(file_, [&] {
    store_->alarms.forget();
    store::act_on_alarms(store_->db, request);
  });
}

void Journal::audit(const AuditRow& row) {
  store_->write(file_, [&] { (void)store::append_audit(store_->db, row); });
}

std::map<std::string, std::string> Journal::state() const {
  return store_->read(file_, [](SQLite::Database& db) { return store::pairs(db, "state"); });
}
std::string Journal::position() const { return store_->read(file_, store::position); }
std::vector<LiveRow> Journal::live() const { return store_->read(file_, store::live); }
std::map<std::string, std::string> Journal::meta() const {
  return store_->read(file_, [](SQLite::Database& db) { return store::pairs(db, "meta"); });
}
std::vector<AuditRow> Journal::audit_trail() const { return store_->read(file_, store::audit_trail); }
std::vector<JournalAction> Journal::actions() const { return store_->read(file_, store::actions); }
JournalCounts Journal::counts() const { return store_->read(file_, store::counts); }
std::vector<std::string> Journal::lines(JournalRow::Table table) const {
  return store_->read(file_, [table](SQLite::Database& db) {
    return store::texts(db, std::string("SELECT line FROM ") + store::table_name(table) + " ORDER BY seq");
  });
}

}  // namespace vigil::alerting
