// What a policy remembers, as text and back.
#include <nlohmann/json.hpp>

#include "alerting/policy.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

constexpr int kVersion = 2;

}  // namespace

std::string Policy::save() const {
  const nlohmann::ordered_json json = {
      {"version", kVersion},
      {"model_hash", model_hash_},
      {"stream", stream_},
      {"fault_until", {{"run", fault_until_.first}, {"ls", fault_until_.second}}},
      {"sequential_mismatch", sequential_mismatch_},
      {"model", model_},
      {"generation", generation_},
      {"hash_before", hash_before_},
      {"closed_before", closed_before_},
      {"budget", budget_.save()},
      {"contexts", contexts_.save()},
  };
  std::string text = json_text(json);
  text.pop_back();
  return text + ",\"episodes\":" + episodes_.save() + "}";
}

std::vector<std::string> Policy::load(std::string_view saved, const std::vector<Verdict>& rules) {
  const std::string where = "saved policy of stream " + shown(stream_) + ", model " + model_;
  using Json = nlohmann::json;
  // Read into a copy, so that a damaged text changes nothing.
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
    const Json& fault = json.at("fault_until");
    read.fault_until_ = {fault.at("run").get<std::uint32_t>(), fault.at("ls").get<std::uint32_t>()};
    read.sequential_mismatch_ = json.at("sequential_mismatch").get<bool>();
    read.episodes_.load(json.at("episodes").dump(), where);
    if (json.contains("generation")) {  // an earlier vigil had none of these
      read.generation_ = json.at("generation").get<std::uint64_t>();
      read.hash_before_ = json.at("hash_before").get<std::string>();
      read.closed_before_ = json.at("closed_before").get<std::uint64_t>();
      read.budget_.load(json.at("budget"));
      read.contexts_.load(json.at("contexts"));
    }
  } catch (const Json::exception& error) {
    throw Error(where, error.what(), "what an earlier vigil saved");
  }
  *this = std::move(read);
  const std::size_t gone = episodes_.keep_only(rules);
  if (gone == 0) return {};
  return {std::to_string(gone) + (gone == 1 ? " bad rule that is" : " bad rules that are") +
          " no longer configured: the next good verdict on the same monitor ends the episode"};
}

std::optional<Policy::Identity> Policy::identity(std::string_view saved) {
  const auto json = nlohmann::json::parse(saved, nullptr, false);
  const auto text = [&](const char* key) {
    return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : std::string{};
  };
  if (!json.is_object() || !json.contains("generation") || !json["generation"].is_number_unsigned())
    return std::nullopt;
  return Identity{text("model"), text("model_hash"), text("stream"), json["generation"].get<std::uint64_t>()};
}

void Policy::follow(std::string_view saved) {
  const std::string where = "saved policy of stream " + shown(stream_) + ", model " + model_;
  try {
    const auto json = nlohmann::json::parse(saved);
    ActionBudget budget;
    budget.load(json.at("budget"));
    const auto before = json.at("model_hash").get<std::string>();
    generation_ = json.at("generation").get<std::uint64_t>() + 1;
    hash_before_ = before;
    budget_ = std::move(budget);
    closed_before_ = budget_.closed();
  } catch (const nlohmann::json::exception& error) {
    throw Error(where, error.what(), "what an earlier vigil saved");
  }
}

}  // namespace vigil::alerting
