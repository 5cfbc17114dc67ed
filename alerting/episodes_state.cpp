// What Episodes remembers, as text and back.
#include <nlohmann/json.hpp>

#include "alerting/episodes.h"
#include "core/error.h"
#include "core/json_text.h"

namespace vigil::alerting {
namespace {

nlohmann::ordered_json json_of(const ActionKey& key) {
  return {{"kind", static_cast<int>(key.kind)}, {"cause", static_cast<int>(key.cause)}, {"subject", key.subject}};
}

// Throws Error on a number that names none up to `last`.
template <class Enum>
Enum enumerator(const nlohmann::json& entry, const char* key, Enum last, const std::string& where) {
  const int value = entry.at(key).get<int>();
  if (value < 0 || value > static_cast<int>(last)) {
    throw Error(where, std::string(key) + " " + std::to_string(value),
                "0 to " + std::to_string(static_cast<int>(last)));
  }
  return static_cast<Enum>(value);
}

ActionKey action_key(const nlohmann::json& entry, const std::string& where) {
  return {enumerator(entry, "kind", ActionKind::rollback, where), enumerator(entry, "cause", Cause::person, where),
          entry.at("subject").get<std::string>()};
}

}  // namespace

std::string Episodes::save() const {
  using Json = nlohmann::ordered_json;
  Json rules = Json::array();
  for (const auto& [key, r] : rules_) {
    rules.push_back({{"window", key.window},
                     {"target", static_cast<int>(key.subject.target)},
                     {"name", key.subject.name},
                     {"word", key.subject.word},
                     {"of_seed", key.subject.of_seed},
                     {"statistic", key.statistic},
                     {"monitor", r.monitor},
                     {"run", r.origin.run},
                     {"first_ls", r.origin.first_ls},
                     {"last_ls", r.origin.last_ls},
                     {"run_start_ns", r.origin.run_start_ns ? Json(*r.origin.run_start_ns) : Json(nullptr)},
                     {"order", r.order},
                     {"reference", r.reference},
                     {"broad", r.broad},
                     {"tainted", r.tainted}});
  }
  Json silent = Json::array();
  for (const auto& [source, s] : silent_) silent.push_back({{"source", source}, {"run", s.run}, {"ls", s.ls}});
  Json open = Json::array();
  for (const auto& [key, id] : open_) {
    open.push_back(json_of(key));
    open.back()["id"] = id;
  }
  Json ended = Json::array();
  for (const auto& [key, mark] : ended_) {
    ended.push_back(json_of(key));
    ended.back()["run"] = mark.first;
    ended.back()["ls"] = mark.second;
  }
  return json_text(Json{{"turned_bad", turned_bad_},
                        {"rules", std::move(rules)},
                        {"silent", std::move(silent)},
                        {"open", std::move(open)},
                        {"ended", std::move(ended)}});
}

void Episodes::load(std::string_view text, const std::string& where) {
  using Json = nlohmann::json;
  Episodes read;
  try {
    const Json json = Json::parse(text);
    for (const Json& r : json.at("rules")) {
      RuleKey key{r.at("window").get<std::string>(),
                  {enumerator(r, "target", Target::multivariate, where), r.at("name").get<std::string>(),
                   r.at("word").get<std::uint32_t>(), r.at("of_seed").get<bool>()},
                  r.at("statistic").get<std::string>()};
      Origin origin{r.at("run").get<std::uint32_t>(),
                    r.at("first_ls").get<std::uint32_t>(),
                    r.at("last_ls").get<std::uint32_t>(),
                    {}};
      if (const Json& start = r.at("run_start_ns"); !start.is_null()) origin.run_start_ns = start.get<std::uint64_t>();
      read.rules_[std::move(key)] = {r.at("monitor").get<std::string>(), origin,
                                     r.at("order").get<std::uint64_t>(), r.at("reference").get<std::uint64_t>(),
                                     r.at("broad").get<bool>(),          r.at("tainted").get<bool>()};
    }
    for (const Json& s : json.at("silent")) {
      const auto source = s.at("source").get<std::string>();
      read.silent_[source] = {source, s.at("run").get<std::uint32_t>(), s.at("ls").get<std::uint32_t>()};
    }
    for (const Json& entry : json.at("open")) read.open_[action_key(entry, where)] = entry.at("id").get<std::string>();
    for (const Json& entry : json.at("ended")) {
      read.ended_[action_key(entry, where)] = {entry.at("run").get<std::uint32_t>(),
                                               entry.at("ls").get<std::uint32_t>()};
    }
    read.turned_bad_ = json.at("turned_bad").get<std::uint64_t>();
  } catch (const Json::exception& error) {
    throw Error(where, error.what(), "what an earlier vigil saved");
  }
  *this = std::move(read);
}

}  // namespace vigil::alerting
