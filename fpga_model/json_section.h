// One JSON object of a model file, read key by key: wrong types, missing keys and keys nobody asked for are Errors that
// name file, layer and key. Used by the readers of network.json and of conifer's model.json; keeps the JSON library out
// of their headers.
// Tests: tests/fpga_model/network_refusal_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/fixed_point.h"
#include "fpga_model/tensor.h"

namespace vigil::fpga_model {

// Parses strictly: one document, no duplicate keys, nesting at most 64. Throws Error naming `file`.
std::shared_ptr<const nlohmann::json> parse_json(std::string_view bytes, const std::string& file);

class JsonSection {
 public:
  // `lead` opens every message: "network.json: " or "network.json: layer 'a', ". `json` must be an object and outlive
  // this.
  JsonSection(const nlohmann::json& json, std::string lead, std::string prefix = {});

  const std::string& lead() const { return lead_; }
  std::string where(const std::string& key) const { return lead_ + "key '" + prefix_ + key + "'"; }
  [[noreturn]] void fail(const std::string& key, const std::string& what, const std::string& expected = {}) const;

  bool has(const std::string& key) const;
  std::string text(const std::string& key);
  // Index into `choices`; the first is taken when the key is absent and `fallback` is set.
  std::size_t choice(const std::string& key, const std::vector<std::string>& choices, bool fallback);
  bool flag(const std::string& key, bool fallback);
  std::int64_t integer(const std::string& key, std::int64_t lowest, std::int64_t highest);
  std::int64_t integer_or(const std::string& key, std::int64_t fallback, std::int64_t lowest, std::int64_t highest);
  std::vector<std::int64_t> integers(const std::string& key);
  std::vector<std::size_t> sizes(const std::string& key, std::size_t lowest);  // each in lowest..2^24
  std::vector<std::pair<std::size_t, std::size_t>> size_pairs(const std::string& key);
  std::vector<std::string> texts(const std::string& key);
  double real(const std::string& key);
  std::vector<double> reals(const std::string& key);
  std::vector<std::vector<double>> real_lists(const std::string& key);
  Shape shape(const std::string& key);      // 1 to 8 dimensions of at least 1, at most 2^24 words
  FixedPoint type(const std::string& key);  // refuses AP_WRAP_SM
  FixedPoint type_or_sign_magnitude(const std::string& key);
  Constant constant(const std::string& key);
  JsonSection object(const std::string& key);
  std::vector<JsonSection> objects(const std::string& key);
  std::vector<std::vector<JsonSection>> object_lists(const std::string& key);
  std::vector<std::string> keys() const;

  JsonSection with_lead(std::string lead) const;  // the same object, named otherwise
  Constant as_constant();                         // this object is {type, shape, raw}
  void ignore(const std::string& key) { read_.insert(key); }
  void finish() const;  // throws when a key was never asked for

 private:
  const nlohmann::json& at(const std::string& key);
  const nlohmann::json& array(const std::string& key);
  JsonSection inner(const nlohmann::json& json, const std::string& key, const std::string& place) const;

  const nlohmann::json* json_;
  std::string lead_;
  std::string prefix_;
  std::set<std::string> read_;
};

}  // namespace vigil::fpga_model
