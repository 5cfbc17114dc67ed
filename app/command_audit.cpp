// vigil actions audit: the audit trail of a journal, and whether it is whole.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "alerting/journal.h"
#include "app/command.h"
#include "app/text.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"
#include "core/utc_time.h"

namespace vigil::app {
namespace {

struct AuditOptions {
  std::string journal;
  std::optional<std::string> expect;
  bool json = false, verify = false;
};

int run_verify(const AuditOptions& options) {
  const alerting::AuditCheck check = alerting::JournalReader(options.journal).verify_audit(options.expect);
  const nlohmann::ordered_json found =
      check.ok ? nlohmann::ordered_json{{"ok", true}, {"rows", check.rows}, {"head", check.head}}
               : nlohmann::ordered_json{{"ok", false}, {"seq", check.seq}, {"what", check.what}};
  fmt::print("{}\n", json_text(found));
  return check.ok ? 0 : 1;
}

void print_row(const alerting::AuditEntry& entry) {
  const alerting::AuditRow& row = entry.row;
  fmt::print("{}  {}  {} {} {}{}{} {}\n", entry.seq, rfc3339(row.at_ns), shown(row.actor), shown(row.verb),
             shown(row.action_id), row.detail == "{}" ? "" : " ", row.detail == "{}" ? "" : shown(row.detail, 200),
             shown(row.reason, kShownReason));
}

int run_audit(const AuditOptions& options) {
  if (options.expect && options.expect->find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw Error("--expect " + shown(*options.expect), "no hash", "64 hexadecimal digits, lower case");
  }
  if (options.expect && options.expect->size() != 64) {
    throw Error("--expect " + shown(*options.expect), std::to_string(options.expect->size()) + " characters",
                "64 hexadecimal digits");
  }
  if (options.verify || options.expect) return run_verify(options);
  constexpr std::int64_t kPage = 1000;
  const alerting::JournalReader journal(options.journal);
  std::int64_t after = 0;
  while (true) {
    const auto page = journal.audit_entries(after, kPage);
    for (const alerting::AuditEntry& entry : page) {
      after = entry.seq;
      if (options.json) {
        fmt::print("{}\n", json_text(alerting::audit_json(entry)));
      } else {
        print_row(entry);
      }
    }
    if (static_cast<std::int64_t>(page.size()) < kPage) return 0;
  }
}

}  // namespace

Command actions_audit_command() {
  const auto o = std::make_shared<AuditOptions>();
  return {"actions audit",
          "the audit trail: who did what and when, and whether it is whole",
          "vigil actions audit --journal vigil.db --verify",
          {{"--journal", &o->journal, "journal file", Presence::required},
           {"--json", &o->json, "JSON on standard output"},
           {"--verify", &o->verify, "recompute the chain and every action's state; exit 1 on the first bad row"},
           {"--expect", &o->expect, "with --verify: a hash that must be in the chain"}},
          [o] { return run_audit(*o); }};
}

}  // namespace vigil::app
