// What a person may propose, and the action it becomes.
#include <algorithm>
#include <tuple>

#include "alerting/desk_access.h"
#include "core/cloud_event.h"
#include "core/lhc.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kNameBytes = 64, kMonitors = 256;

bool is_name(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == '[' || c == ']' || c == '-';
  });
}

std::string name_of(const std::string& key, const std::string& text) {
  if (!is_name(text)) bad_request(key, "'" + shown(text) + "'", "at most 64 of A-Z a-z 0-9 _ . / [ ] -");
  return text;
}

std::uint32_t number(const Json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  const std::string name = where + "." + key;
  if (found == object.end()) bad_request(name, "missing", "a whole number");
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() > UINT32_MAX) {
    bad_request(name, found->dump(), "a whole number from 0 to 4294967295");
  }
  return found->get<std::uint32_t>();
}

void only(const Json& object, const std::string& where, const std::vector<std::string>& known) {
  if (!object.is_object()) bad_request(where, std::string("a ") + object.type_name(), "a JSON object");
  std::string names;
  for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) bad_request(where + "." + key, "unknown key", names);
  }
  for (const std::string& name : known) {
    if (!object.contains(name)) bad_request(where + "." + name, "missing", names);
  }
}

std::vector<std::string> names(const Json& object, const char* key) {
  const std::string where = std::string("proposal.") + key;
  const Json& list = object.at(key);
  const std::string expected = "a list of at most " + std::to_string(kMonitors) + " names of 1 to 256 bytes";
  if (!list.is_array() || list.size() > kMonitors) bad_request(where, std::string("a ") + list.type_name(), expected);
  std::vector<std::string> found;
  for (const Json& item : list) {
    if (!item.is_string() || item.get_ref<const std::string&>().empty() ||
        item.get_ref<const std::string&>().size() > 256) {
      bad_request(where, shown(item.is_string() ? item.get<std::string>() : item.type_name()), expected);
    }
    found.push_back(item.get<std::string>());
  }
  return found;
}

std::string hash_of(const Json& object, const char* key) {
  const Json& value = object.at(key);
  const std::string text = value.is_string() ? value.get<std::string>() : std::string{};
  if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    bad_request(std::string("proposal.") + key, shown(text), "a model hash of 64 lower-case hexadecimal digits");
  }
  return text;
}

Retrain range_of(const Json& proposal) {
  only(proposal, "proposal", {"first", "last", "monitors"});
  Retrain r;
  for (const char* end : {"first", "last"}) only(proposal.at(end), std::string("proposal.") + end, {"run", "ls"});
  r.first_run = number(proposal["first"], "run", "proposal.first");
  r.first_ls = number(proposal["first"], "ls", "proposal.first");
  r.last_run = number(proposal["last"], "run", "proposal.last");
  r.last_ls = number(proposal["last"], "ls", "proposal.last");
  if (std::tie(r.last_run, r.last_ls) < std::tie(r.first_run, r.first_ls)) {
    bad_request("proposal.last", proposal["last"].dump(), "not before proposal.first");
  }
  r.monitors = names(proposal, "monitors");
  return r;
}

Revalidate revalidation_of(const Json& proposal) {
  only(proposal, "proposal", {"outputs", "first_event"});
  Revalidate r;
  r.outputs = names(proposal, "outputs");
  const Json& first = proposal["first_event"];
  if (first.is_null()) return r;
  only(first, "proposal.first_event", {"run", "ls", "orbit", "bx"});
  KeptEvent event;
  event.run = number(first, "run", "proposal.first_event");
  event.ls = number(first, "ls", "proposal.first_event");
  event.orbit = number(first, "orbit", "proposal.first_event");
  event.bx = number(first, "bx", "proposal.first_event");
  if (!lhc::is_crossing(event.bx)) bad_request("proposal.first_event.bx", first["bx"].dump(), "1 to 3564");
  r.first_event = std::move(event);
  return r;
}

Rollback rollback_of(const Json& proposal, const std::string& model_hash) {
  only(proposal, "proposal", {"from", "to", "monitors"});
  Rollback r{hash_of(proposal, "from"), hash_of(proposal, "to"), names(proposal, "monitors")};
  if (r.from != model_hash) bad_request("proposal.from", r.from, "the hash of the loaded model, " + model_hash);
  if (r.to == r.from) bad_request("proposal.to", r.to, "another model's hash");
  return r;
}

// All but where the data are.
Action action_of(const std::map<std::string, std::string>& models, const Json& json) {
  BodyReader body(json);
  Action a;
  a.cause = Cause::person;
  const std::string kind = body.text("kind", kNameBytes);
  a.model = body.text("model", 256);
  a.stream = name_of("stream", body.text("stream", kNameBytes));
  a.reason = body.text("reason");
  const Json* subject = body.value("subject");
  const bool empty = subject != nullptr && subject->is_string() && subject->get_ref<const std::string&>().empty();
  if (!empty) a.subject = name_of("subject", body.maybe_text("subject", kNameBytes).value_or(""));
  const Json* proposal = body.value("proposal");
  if (proposal == nullptr) bad_request("proposal", "missing", "a JSON object");
  body.done();
  const auto known = action_kind(kind);
  if (!known || *known == ActionKind::notify || *known == ActionKind::threshold_adjust) {
    bad_request("kind", "'" + shown(kind) + "'", "retrain, revalidate, collect-data or rollback");
  }
  a.kind = *known;
  const auto model = models.find(a.model);
  if (model == models.end()) bad_request("model", "'" + shown(a.model) + "'", "a model that is loaded");
  a.model_hash = model->second;
  if (a.kind == ActionKind::revalidate) {
    a.proposal = revalidation_of(*proposal);
  } else if (a.kind == ActionKind::rollback) {
    a.proposal = rollback_of(*proposal, a.model_hash);
  } else {
    a.proposal = range_of(*proposal);
  }
  return a;
}

}  // namespace

void check_proposal(const std::map<std::string, std::string>& models, const Json& body) {
  (void)action_of(models, body);
}

ActionRow proposal_of(SQLite::Database& db, const std::map<std::string, std::string>& models, const Json& body) {
  Action a = action_of(models, body);
  SQLite::Statement newest(db,
                           "SELECT run, ls FROM lumisections WHERE model = ? AND stream = ? ORDER BY seq DESC LIMIT 1");
  newest.bind(1, a.model);
  newest.bind(2, a.stream);
  if (newest.executeStep()) {
    a.run = newest.getColumn(0).getUInt();
    a.first_ls = a.last_ls = newest.getColumn(1).getUInt();
  }
  a.id = action_id(a.model_hash, a.stream, a.kind, a.cause, a.subject, a.run, a.last_ls);
  return action_row(std::move(a));
}

}  // namespace vigil::alerting
