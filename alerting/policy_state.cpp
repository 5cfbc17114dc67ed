// What a policy remembers, as text and back.
#include <nlohmann/json.hpp>

#include "alerting/policy.h"
#include "core/error.h"
#include "core/json_text.h"

namespace vigil::alerting {
namespace {

constexpr int kVersion = 1;

}  // namespace

std::string Policy::save() const {
  using Json = nlohmann::ordered_json;
  Json rules = Json::array();
  for (const auto& [key, r] : bad_rules_) {
    const auto& [window, monitor, statistic] = key;
    rules.push_back({{"window", window},
                     {"monitor", monitor},
                     {"statistic", statistic},
                     {"target", static_cast<int>(r.target)},
                     {"run", r.origin.run},
                     {"first_ls", r.origin.first_ls},
                     {"last_ls", r.origin.last_ls},
                     {"run_start_ns", r.origin.run_start_ns ? Json(*r.origin.run_start_ns) : Json(nullptr)},
                     {"order", r.order},
                     {"broad", r.broad},
                     {"tainted", r.tainted}});
  }
  const auto key_json = [](const ActionKey& key) -> Json {
    const auto& [kind, cause, subject] = key;
    return {{"kind", static_cast<int>(kind)}, {"cause", static_cast<int>(cause)}, {"subject", subject}};
  };
  Json open = Json::array();
  for (const auto& [key, id] : open_) {
    Json entry = key_json(key);
    entry["id"] = id;
    open.push_back(std::move(entry));
  }
  Json ended = Json::array();
  for (const auto& [key, mark] : ended_) {
    Json entry = key_json(key);
    entry["run"] = mark.first;
    entry["ls"] = mark.second;
    ended.push_back(std::move(entry));
  }
  const Json json = {{"version", kVersion},
                     {"model_hash", model_hash_},
                     {"stream", stream_},
                     {"turned_bad", turned_bad_},
                     {"fault_until", {{"run", fault_until_.first}, {"ls", fault_until_.second}}},
                     {"rules", std::move(rules)},
                     {"open", std::move(open)},
                     {"ended", std::move(ended)}};
  return json_text(json);
}

void Policy::load(std::string_view saved) {
  const std::string where = "saved policy of stream " + stream_ + ", model " + model_;
  using Json = nlohmann::json;
  // Parsed into a copy, so that a damaged text changes nothing.
  Policy read = *this;
  try {
    const Json json = Json::parse(saved);
    if (const int version = json.at("version").get<int>(); version != kVersion) {
      throw Error(where, "version " + std::to_string(version), "version " + std::to_string(kVersion));
    }
    if (const auto hash = json.at("model_hash").get<std::string>(); hash != model_hash_) {
      throw Error(where, "model hash " + hash, model_hash_);
    }
    if (const auto stream = json.at("stream").get<std::string>(); stream != stream_) {
      throw Error(where, "stream " + stream, stream_);
    }
    const auto enumerator = [&](const Json& entry, const char* key, int last) {
      const int value = entry.at(key).get<int>();
      if (value < 0 || value > last)
        throw Error(where, std::string(key) + " " + std::to_string(value), "0 to " + std::to_string(last));
      return value;
    };
    const auto key_of = [&](const Json& entry) {
      return ActionKey{static_cast<ActionKind>(enumerator(entry, "kind", static_cast<int>(ActionKind::rollback))),
                       static_cast<Cause>(enumerator(entry, "cause", static_cast<int>(Cause::configuration))),
                       entry.at("subject").get<std::string>()};
    };
    read.bad_rules_.clear();
    for (const Json& r : json.at("rules")) {
      const RuleKey key{r.at("window").get<std::string>(), r.at("monitor").get<std::string>(),
                        r.at("statistic").get<std::string>()};
      Origin origin{r.at("run").get<std::uint32_t>(),
                    r.at("first_ls").get<std::uint32_t>(),
                    r.at("last_ls").get<std::uint32_t>(),
                    {}};
      if (const Json& start = r.at("run_start_ns"); !start.is_null()) origin.run_start_ns = start.get<std::uint64_t>();
      read.bad_rules_[key] = {static_cast<Target>(enumerator(r, "target", static_cast<int>(Target::mismatch))), origin,
                              r.at("order").get<std::uint64_t>(), r.at("broad").get<bool>(),
                              r.at("tainted").get<bool>()};
    }
    read.open_.clear();
    for (const Json& entry : json.at("open")) read.open_[key_of(entry)] = entry.at("id").get<std::string>();
    read.ended_.clear();
    for (const Json& entry : json.at("ended")) {
      read.ended_[key_of(entry)] = {entry.at("run").get<std::uint32_t>(), entry.at("ls").get<std::uint32_t>()};
    }
    const Json& fault = json.at("fault_until");
    read.fault_until_ = {fault.at("run").get<std::uint32_t>(), fault.at("ls").get<std::uint32_t>()};
    read.turned_bad_ = json.at("turned_bad").get<std::uint64_t>();
  } catch (const Json::exception& error) {
    throw Error(where, error.what(), "what an earlier vigil saved");
  }
  *this = std::move(read);
}

}  // namespace vigil::alerting
