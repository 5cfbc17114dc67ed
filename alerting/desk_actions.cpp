#include "alerting/desk_actions.h"

#include <algorithm>
#include <chrono>

#include "alerting/audit_chain.h"
#include "alerting/desk_access.h"
#include "alerting/follow_up.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t wall_clock_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

// Who may ask for what; nullptr: no verb of an action.
bool Asker::*role_of(const std::string& verb) {
  for (const char* v : {"approve", "reject", "retry", "discard"}) {
    if (verb == v) return &Asker::expert;
  }
  for (const char* v : {"claim", "status"}) {
    if (verb == v) return &Asker::pipeline;
  }
  for (const char* v : {"ack", "shelve", "unshelve"}) {
    if (verb == v) return &Asker::shifter;
  }
  return nullptr;
}

std::string name_of(bool Asker::*role) {
  return role == &Asker::expert ? "expert" : role == &Asker::pipeline ? "pipeline" : "shifter";
}

DeskAnswer answer_of(Problem&& problem) {
  DeskAnswer answer;
  answer.status = problem.status;
  answer.problem = std::move(problem);
  return answer;
}

class JournalDesk : public Desk {
 public:
  JournalDesk(std::unique_ptr<DeskAccess> access, DeskSettings settings)
      : access_(std::move(access)), settings_(std::move(settings)) {
    if (!settings_.now_ns) settings_.now_ns = wall_clock_ns;
  }

  DeskAnswer list(const ActionFilter& asked) override {
    return answered([&](DeskAnswer& answer) {
      if (asked.limit < 1 || asked.limit > 1000) {
        bad_request("limit", std::to_string(asked.limit), "1 to 1000");
      }
      if (asked.state && !action_state(*asked.state)) bad_request("state", shown(*asked.state), "a state of an action");
      if (asked.kind && !action_kind(*asked.kind)) bad_request("kind", shown(*asked.kind), "a kind of action");
      ActionFilter filter = asked;
      filter.limit = asked.limit + 1;  // whether there are more
      access_->look([&](SQLite::Database& db) {
        auto found = store::matching(db, filter);
        const bool more = found.size() > asked.limit;
        if (more) found.pop_back();
        Json actions = Json::array();
        for (const auto& action : found) actions.push_back(store::listed_json(db, action));
        answer.body["actions"] = std::move(actions);
        answer.body["next"] = more ? Json(found.back().id) : Json(nullptr);
      });
    });
  }

  DeskAnswer show(const std::string& id) override {
    return answered([&](DeskAnswer& answer) {
      access_->look([&](SQLite::Database& db) { answer.body = store::shown_json(db, found(db, id)); });
    });
  }

  DeskAnswer propose(const Asker& asker, const Json& body) override {
    const DeskAnswer answer = answered([&](DeskAnswer& a) {
      require(asker, &Asker::expert);
      check_proposal(settings_.models, body);
      access_->change([&](SQLite::Database& db) {
        const ActionRow row = proposal_of(db, settings_.models, body);
        const bool is_new = access_->insert(db, row);
        if (is_new) {
          const std::int64_t now = settings_.now_ns();
          // Nobody waits for an episode of it to end.
          SQLite::Statement closed(db, "UPDATE actions SET open = 0 WHERE id = ?");
          closed.bind(1, row.action.id);
          closed.exec();
          (void)store::append_audit(db, {now, asker.actor, "propose", row.action.id, row.action.reason, 0, "{}"});
        }
        a.status = is_new ? 201 : 200;
        a.body = store::shown_json(db, found(db, row.action.id));
      });
    });
    changed(answer);
    return answer;
  }

  DeskAnswer act(const Asker& asker, const std::string& id, const std::string& verb, const Json& body) override {
    const bool of_alarms = verb == "ack" || verb == "shelve" || verb == "unshelve";
    DeskAnswer answer = answered([&](DeskAnswer& a) {
      bool Asker::*role = role_of(verb);
      if (role == nullptr) refuse("not-found", 404, "no verb '" + shown(verb) + "'");
      require(asker, role);
      const std::int64_t now = settings_.now_ns();
      check_body(verb, body, now);
      if (of_alarms && settings_.alarms) {
        access_->look([&](SQLite::Database& db) { a.body = store::shown_json(db, found(db, id)); });
        return;
      }
      access_->change([&](SQLite::Database& db) {
        store::ActionDetails action = found(db, id);
        act_on(db, action, asker, verb, body, now);
        a.body = store::shown_json(db, found(db, id));
      });
    });
    if (of_alarms && settings_.alarms && !answer.problem) {
      answer = settings_.alarms->act_on_action(asker, id, verb, body, std::move(answer));
    }
    changed(answer);
    return answer;
  }

  DeskAnswer alarms(const std::string& node) override {
    return settings_.alarms ? settings_.alarms->alarms(node) : no_alarms();
  }
  DeskAnswer act_on_alarms(const Asker& asker, const std::string& verb, const Json& body) override {
    return settings_.alarms ? settings_.alarms->act(asker, verb, body) : no_alarms();
  }

  DeskAnswer audit(std::uint64_t after, std::uint32_t limit) override {
    return answered([&](DeskAnswer& answer) {
      if (limit < 1 || limit > 1000) bad_request("limit", std::to_string(limit), "1 to 1000");
      access_->look([&](SQLite::Database& db) {
        const std::int64_t from = static_cast<std::int64_t>(std::min<std::uint64_t>(after, INT64_MAX));
        Json rows = Json::array();
        for (const AuditEntry& entry : store::audit_entries(db, from, limit)) rows.push_back(audit_json(entry));
        answer.body["rows"] = std::move(rows);
      });
    });
  }

  DeskAnswer sinks() override {
    return answered([&](DeskAnswer& answer) {
      const auto reports = settings_.sinks ? settings_.sinks() : std::vector<SinkReport>{};
      access_->look([&](SQLite::Database& db) {
        Json sinks = Json::array();
        for (const SinkReport& report : reports) sinks.push_back(sink_json(db, report));
        answer.body["sinks"] = std::move(sinks);
      });
    });
  }

 private:
  template <class Body>
  DeskAnswer answered(Body&& body) {
    DeskAnswer answer;
    try {
      body(answer);
    } catch (Refused& refused) {
      return answer_of(std::move(refused.problem));
    }
    return answer;
  }

  static void require(const Asker& asker, bool Asker::*role) {
    const bool has = asker.*role || (role == &Asker::shifter && asker.expert);
    if (!has) refuse("forbidden", 403, shown(asker.actor) + ": no " + name_of(role) + ", expected that role");
  }

  static store::ActionDetails found(SQLite::Database& db, const std::string& id) {
    auto action = store::details_of(db, id);
    if (!action) refuse("not-found", 404, "no action '" + shown(id) + "', expected an id that the list of actions has");
    return std::move(*action);
  }

  static DeskAnswer no_alarms() { return problem("busy", 503, "no alarms are kept here"); }

  void changed(const DeskAnswer& answer) const {
    if (!answer.problem && settings_.changed) settings_.changed();
  }

  Json sink_json(SQLite::Database& db, const SinkReport& report) {
    SQLite::Statement waiting(db,
                              "SELECT count(*), min(at) FROM (SELECT a.first_seen_ns AS at FROM outbox o JOIN actions "
                              "a ON a.seq = o.action WHERE o.sink = ?1 AND o.status = 'pending' UNION ALL SELECT "
                              "e.at_ns FROM status_outbox o JOIN status_events e ON e.seq = o.event WHERE o.sink = ?1 "
                              "AND o.status = 'pending')");
    waiting.bind(1, report.name);
    (void)waiting.executeStep();
    Json oldest = nullptr;
    if (!waiting.getColumn(1).isNull()) {
      oldest = static_cast<double>(settings_.now_ns() - waiting.getColumn(1).getInt64()) / 1e9;
    }
    return {{"name", report.name},           {"type", report.type},
            {"state", report.state},         {"pending", waiting.getColumn(0).getInt64()},
            {"oldest_s", std::move(oldest)}, {"reason", report.reason}};
  }

  std::unique_ptr<DeskAccess> access_;
  DeskSettings settings_;
};

}  // namespace

DeskAnswer problem(std::string name, int status, std::string detail) {
  return answer_of({std::move(name), status, std::move(detail), std::nullopt, {}});
}

std::unique_ptr<Desk> make_desk(Journal& journal, DeskSettings settings) {
  return std::make_unique<JournalDesk>(access_to(journal), std::move(settings));
}

std::unique_ptr<Desk> make_desk(const std::string& file, DeskSettings settings, JournalSettings journal) {
  return std::make_unique<JournalDesk>(access_to(file, std::move(journal)), std::move(settings));
}

}  // namespace vigil::alerting
