#include "alerting/audit_chain.h"

#include <nlohmann/json.hpp>

#include "core/digest.h"
#include "core/json_text.h"

namespace vigil::alerting::store {
namespace {

// What is stored is what is hashed: bytes that are no UTF-8 would read back as something else in other programs.
std::string utf8(const std::string& text) { return nlohmann::json::parse(json_text(text)).get<std::string>(); }

}  // namespace

std::string audit_hash(const std::string& prev, std::int64_t seq, const AuditRow& row) {
  const nlohmann::json canonical = {{"seq", seq},
                                    {"at_ns", row.at_ns},
                                    {"actor", row.actor},
                                    {"verb", row.verb},
                                    {"action_id", row.action_id},
                                    {"reason", row.reason},
                                    {"until_ns", row.until_ns},
                                    {"detail", nlohmann::json::parse(row.detail)}};
  Sha256 sha;
  sha.update(prev);
  sha.update("\n");
  sha.update(json_text(canonical));
  return sha.hex();
}

std::string append_audit(SQLite::Database& db, const AuditRow& given) {
  AuditRow row = given;
  for (std::string* text : {&row.actor, &row.verb, &row.action_id, &row.reason}) *text = utf8(*text);
  row.detail = json_text(nlohmann::json::parse(row.detail));
  std::int64_t seq = 1;
  std::string prev(64, '0');
  SQLite::Statement newest(db, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
  if (newest.executeStep()) {
    seq = newest.getColumn(0).getInt64() + 1;
    prev = newest.getColumn(1).getString();
  }
  SQLite::Statement insert(db,
                           "INSERT INTO audit (seq, at_ns, actor, verb, action_id, reason, until_ns, detail, prev, "
                           "hash) VALUES (?,?,?,?,?,?,?,?,?,?)");
  insert.bind(1, seq);
  insert.bind(2, row.at_ns);
  insert.bind(3, row.actor);
  insert.bind(4, row.verb);
  insert.bind(5, row.action_id);
  insert.bind(6, row.reason);
  insert.bind(7, row.until_ns);
  insert.bind(8, row.detail);
  insert.bind(9, prev);
  std::string hash = audit_hash(prev, seq, row);
  insert.bind(10, hash);
  insert.exec();
  return hash;
}

void chain_audit(SQLite::Database& db) {
  std::string prev(64, '0');
  SQLite::Statement rows(db,
                         "SELECT seq, at_ns, actor, verb, action_id, reason, until_ns, detail FROM audit ORDER BY seq");
  SQLite::Statement chain(db, "UPDATE audit SET prev = ?, hash = ? WHERE seq = ?");
  while (rows.executeStep()) {
    const std::int64_t seq = rows.getColumn(0).getInt64();
    const AuditRow row{rows.getColumn(1).getInt64(),  rows.getColumn(2).getString(), rows.getColumn(3).getString(),
                       rows.getColumn(4).getString(), rows.getColumn(5).getString(), rows.getColumn(6).getInt64(),
                       rows.getColumn(7).getString()};
    const std::string hash = audit_hash(prev, seq, row);
    chain.bind(1, prev);
    chain.bind(2, hash);
    chain.bind(3, seq);
    chain.exec();
    chain.reset();
    prev = hash;
  }
}

}  // namespace vigil::alerting::store
