#include "fpga_model/import/hls4ml/config.h"

#include "core/error.h"
#include "fpga_model/tensor.h"

namespace vigil::fpga_model::hls4ml {

Config::Config(const Declarations& declarations, const std::string& name, const std::string& where)
    : declarations_(&declarations), structure_(declarations.structure(name)) {
  if (structure_ == nullptr)
    throw Error(where, "configuration '" + name.substr(0, 60) + "' is not declared", "a structure of parameters.h");
}

void Config::refuse(const std::string& key, const std::string& what, const std::string& expected) const {
  throw Error(where() + ", key '" + key + "'", what, expected);
}

std::int64_t Config::integer(const std::string& key) const {
  const auto at = structure_->values.find(key);
  if (at == structure_->values.end() || at->second.initial.empty()) refuse(key, "missing", "a whole number");
  return declarations_->integer(at->second.initial, structure_);
}

std::size_t Config::size(const std::string& key) const {
  const std::size_t value = count_or(key, 0);
  if (value == 0) refuse(key, has(key) ? "0" : "missing", "1.." + std::to_string(kMaxWords));
  return value;
}

std::size_t Config::size_or(const std::string& key, std::size_t missing) const {
  return has(key) ? size(key) : missing;
}

std::size_t Config::count_or(const std::string& key, std::size_t missing) const {
  if (!has(key)) return missing;
  const std::int64_t value = integer(key);
  if (value < 0 || value > static_cast<std::int64_t>(kMaxWords))
    refuse(key, std::to_string(value), "0.." + std::to_string(kMaxWords));
  return static_cast<std::size_t>(value);
}

double Config::real_or(const std::string& key, double missing) const {
  return has(key) ? parse_number(value(key).initial) : missing;
}

std::string Config::choice(const std::string& key) const {
  const auto at = structure_->values.find(key);
  if (at == structure_->values.end()) return {};
  const Range& text = at->second.initial;
  if (text.empty() || text.end[-1].kind != TokenKind::identifier) refuse(key, "'" + text.text() + "'", "a name");
  return std::string(text.end[-1].text);
}

ElementType Config::type(const std::string& key) const {
  const auto at = structure_->types.find(key);
  if (at == structure_->types.end()) refuse(key, "missing", "a typedef");
  // A typedef of the same name as what it stands for means the outer one.
  const bool own_name = at->second.size() == 1 && at->second.begin->text == key;
  return declarations_->type(at->second, own_name ? nullptr : structure_);
}

std::string Config::used(const std::string& key) const {
  const auto at = structure_->templates.find(key);
  if (at == structure_->templates.end()) return {};
  std::string name;
  for (const Token* token = at->second.begin; token != at->second.end && token->text != "<"; ++token) {
    if (token->kind == TokenKind::identifier) name = std::string(token->text);
  }
  return name;
}

bool is_early_product(const Structure& structure) {
  const auto at = structure.templates.find("product");
  if (at == structure.templates.end()) return false;
  Cursor cursor(at->second);
  while (!cursor.done() && cursor.peek() != "<") cursor.next();
  return !cursor.done() && split_at_commas(cursor.balanced("<", ">")).size() == 3;
}

Config Config::nested(const std::string& key) const {
  const auto at = structure_->types.find(key);
  if (at == structure_->types.end()) refuse(key, "missing", "the name of a configuration");
  if (at->second.empty() || at->second.end[-1].kind != TokenKind::identifier)
    refuse(key, "'" + at->second.text() + "'", "the name of a configuration");
  return Config(*declarations_, std::string(at->second.end[-1].text), where());
}

Value Config::value(const std::string& key) const {
  const auto at = structure_->values.find(key);
  if (at == structure_->values.end()) refuse(key, "missing", "a value");
  if (!at->second.initial.empty()) return at->second;
  const Value* outside = declarations_->member_definition(structure_->name + "::" + key);
  if (outside == nullptr || outside->initial.empty()) refuse(key, "no value", "a value");
  return *outside;
}

}  // namespace vigil::fpga_model::hls4ml
