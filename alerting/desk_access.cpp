#include "alerting/desk_access.h"

#include <algorithm>
#include <filesystem>

#include "alerting/journal_store.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

class OfProgram : public DeskAccess {
 public:
  explicit OfProgram(Journal& journal) : journal_(journal) {}
  void look(const Body& body) override { journal_.look(body); }
  void change(const Body& body) override { journal_.change(body); }
  bool insert(SQLite::Database& db, const ActionRow& row) override { return journal_.insert_proposal(db, row); }

 private:
  Journal& journal_;
};

// Beside the program: short transactions on connections of their own.
class OfFile : public DeskAccess {
 public:
  OfFile(std::string file, JournalSettings settings) : file_(std::move(file)), settings_(std::move(settings)) {}

  void look(const Body& body) override { store::look_at(file_, settings_, body); }

  void change(const Body& body) override {
    if (!std::filesystem::is_regular_file(file_)) throw Error("journal " + file_, "no such file", "a journal of vigil");
    store::guarded(file_, [&] {
      std::optional<store::WriterLock> lock;
      {
        SQLite::Database reader = store::open_for_reading(file_, settings_);
        // No process must be writing a journal while another brings it to a newer version.
        if (store::version(reader) < store::kVersion) lock.emplace(file_);
      }
      SQLite::Database db = store::open_for_writing(file_, settings_);
      SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
      body(db);
      transaction.commit();
    });
  }

  bool insert(SQLite::Database& db, const ActionRow& row) override {
    const Action& a = row.action;
    SQLite::Statement insert(db,
                             "INSERT INTO actions (id, kind, cause, model, model_hash, stream, subject, run, first_ls, "
                             "last_ls, line, cloudevent, queued) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,2) "
                             "ON CONFLICT (id) DO NOTHING");
    insert.bind(1, a.id);
    insert.bind(2, std::string(to_string(a.kind)));
    insert.bind(3, std::string(to_string(a.cause)));
    insert.bind(4, a.model);
    insert.bind(5, a.model_hash);
    insert.bind(6, a.stream);
    insert.bind(7, a.subject);
    insert.bind(8, a.run);
    insert.bind(9, a.first_ls);
    insert.bind(10, a.last_ls);
    insert.bind(11, row.outgoing.line);
    insert.bind(12, row.outgoing.cloudevent);
    return insert.exec() > 0;
  }

 private:
  std::string file_;
  JournalSettings settings_;
};

std::string type_of(const nlohmann::ordered_json& value) { return std::string("a ") + value.type_name(); }

}  // namespace

void refuse(std::string name, int status, std::string detail) {
  throw Refused{{std::move(name), status, escaped(detail), std::nullopt, {}}};
}

void bad_request(const std::string& key, const std::string& what, const std::string& expected) {
  refuse("bad-request", 400, shown(key) + ": " + what + ", expected " + expected);
}

std::unique_ptr<DeskAccess> access_to(Journal& journal) { return std::make_unique<OfProgram>(journal); }
std::unique_ptr<DeskAccess> access_to(const std::string& file, JournalSettings settings) {
  return std::make_unique<OfFile>(file, std::move(settings));
}

BodyReader::BodyReader(const nlohmann::ordered_json& body) : body_(body) {
  if (!body.is_object()) bad_request("body", type_of(body), "a JSON object");
}

const nlohmann::ordered_json* BodyReader::value(const char* key) {
  known_.emplace_back(key);
  const auto found = body_.find(key);
  return found == body_.end() ? nullptr : &*found;
}

std::optional<std::string> BodyReader::maybe_text(const char* key, std::size_t most) {
  const auto* found = value(key);
  if (found == nullptr) return std::nullopt;
  const std::string expected = "a text of 1 to " + std::to_string(most) + " bytes";
  if (!found->is_string()) bad_request(key, type_of(*found), expected);
  const auto& text = found->get_ref<const std::string&>();
  if (text.empty() || text.size() > most) bad_request(key, std::to_string(text.size()) + " bytes", expected);
  return text;
}

std::string BodyReader::text(const char* key, std::size_t most) {
  auto found = maybe_text(key, most);
  if (!found) bad_request(key, "missing", "a text");
  return *found;
}

void BodyReader::done() const {
  for (const auto& [key, value] : body_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    std::string names;
    for (const std::string& name : known_) names += (names.empty() ? "" : ", ") + name;
    bad_request(key, "unknown key", names);
  }
}

}  // namespace vigil::alerting
