// How a desk reaches its journal, and what its verbs throw to change nothing. Used by the desk's sources only.
// Tests: tests/alerting/desk_test.cpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "alerting/action_details.h"
#include "alerting/desk_actions.h"

namespace vigil::alerting {

// Thrown inside a transaction: it is rolled back, and the problem is the answer.
struct Refused {
  Problem problem;
};
[[noreturn]] void refuse(std::string name, int status, std::string detail);
[[noreturn]] void bad_request(const std::string& key, const std::string& what, const std::string& expected);

class DeskAccess {
 public:
  using Body = std::function<void(SQLite::Database&)>;
  virtual ~DeskAccess() = default;
  virtual void look(const Body& body) = 0;
  virtual void change(const Body& body) = 0;
  // In change(): a person's proposal; false where its id is here already.
  virtual bool insert(SQLite::Database& db, const ActionRow& row) = 0;
};
std::unique_ptr<DeskAccess> access_to(Journal& journal);
std::unique_ptr<DeskAccess> access_to(const std::string& file, JournalSettings settings);

// A body whose keys are read one by one; done() refuses what nobody read.
class BodyReader {
 public:
  explicit BodyReader(const nlohmann::ordered_json& body);  // refuses what is no object
  // 1 to `most` bytes; refuses a missing one, another type, another length.
  std::string text(const char* key, std::size_t most = 4096);
  std::optional<std::string> maybe_text(const char* key, std::size_t most = 4096);
  const nlohmann::ordered_json* value(const char* key);  // null where it is missing
  void done() const;

 private:
  const nlohmann::ordered_json& body_;
  std::vector<std::string> known_;
};

// What a verb does, in the caller's transaction; throws Refused.
void act_on(SQLite::Database& db, store::ActionDetails& action, const Asker& asker, const std::string& verb,
            const nlohmann::ordered_json& body, std::int64_t now_ns);
// Checks the body alone.
void check_body(const std::string& verb, const nlohmann::ordered_json& body, std::int64_t now_ns);

// A person's proposal from its body; run and lumisection are those of the data that `db` holds.
ActionRow proposal_of(SQLite::Database& db, const std::map<std::string, std::string>& models,
                      const nlohmann::ordered_json& body);
void check_proposal(const std::map<std::string, std::string>& models, const nlohmann::ordered_json& body);

}  // namespace vigil::alerting
