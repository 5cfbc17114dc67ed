// Types and whole numbers of a project's declarations.
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "fpga_model/import/hls4ml/declarations.h"

namespace vigil::fpga_model::hls4ml {
namespace {

constexpr int kDeepest = 64;  // of names that stand for names, and of parentheses

std::int64_t parse_integer(const Token& token, const std::string& where) {
  std::string_view text = token.text;
  while (!text.empty() && (text.back() == 'u' || text.back() == 'U' || text.back() == 'l' || text.back() == 'L'))
    text.remove_suffix(1);
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  }
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (problem != std::errc{} || end != text.data() + text.size())
    throw Error(where, "'" + std::string(token.text.substr(0, 40)) + "'", "a whole number");
  return value;
}

bool is_fixed(std::string_view name) {
  return name == "ap_fixed" || name == "ap_ufixed" || name == "ap_int" || name == "ap_uint";
}

}  // namespace

class Evaluator {
 public:
  Evaluator(const Declarations& declarations, const Range& expression, const Structure* scope, int depth)
      : declarations_(declarations), cursor_(expression), scope_(scope), depth_(depth) {}

  std::int64_t whole() {
    const std::int64_t value = sum();
    if (!cursor_.done()) cursor_.fail("the end of a whole number");
    return value;
  }

 private:
  std::int64_t apply(bool overflows, std::int64_t value) {
    if (overflows) throw Error(cursor_.where(), "a number beyond 64 bits");
    return value;
  }

  std::int64_t sum() {
    std::int64_t value = product();
    for (;;) {
      std::int64_t result = 0;
      if (cursor_.accept("+")) {
        const bool bad = __builtin_add_overflow(value, product(), &result);
        value = apply(bad, result);
      } else if (cursor_.accept("-")) {
        const bool bad = __builtin_sub_overflow(value, product(), &result);
        value = apply(bad, result);
      } else {
        return value;
      }
    }
  }

  std::int64_t product() {
    std::int64_t value = term();
    for (;;) {
      std::int64_t result = 0;
      if (cursor_.accept("*")) {
        const bool bad = __builtin_mul_overflow(value, term(), &result);
        value = apply(bad, result);
      } else if (cursor_.peek() == "/" || cursor_.peek() == "%") {
        const bool divides = cursor_.next().text == "/";
        const std::int64_t by = term();
        if (by == 0 || by == -1) throw Error(cursor_.where(), "a division by " + std::to_string(by));
        value = divides ? value / by : value % by;
      } else {
        return value;
      }
    }
  }

  std::int64_t term() {
    if (++depth_ > kDeepest) cursor_.fail("at most 64 names and brackets within each other");
    const std::int64_t value = atom();
    --depth_;
    return value;
  }

  std::int64_t atom() {
    if (cursor_.accept("-")) {
      const std::int64_t value = term();
      return apply(value == INT64_MIN, value == INT64_MIN ? 0 : -value);
    }
    if (cursor_.accept("+")) return term();
    if (cursor_.peek() == "(") {
      return declarations_.integer_at(cursor_.balanced("(", ")"), scope_, depth_);
    }
    const std::string where = cursor_.where();
    const Token& token = cursor_.next();
    if (token.kind == TokenKind::number) return parse_integer(token, where);
    if (token.kind != TokenKind::identifier) throw Error(where, "'" + std::string(token.text) + "'", "a whole number");
    std::string name(token.text);
    const Structure* owner = scope_;
    while (cursor_.accept("::")) {
      if (const Structure* structure = declarations_.structure(name); structure != nullptr) owner = structure;
      name = cursor_.identifier("a name");
    }
    if (name == "true") return 1;
    if (name == "false") return 0;
    if (name == "DIV_ROUNDUP") {
      const std::vector<Range> parts = split_at_commas(cursor_.balanced("(", ")"));
      if (parts.size() != 2) throw Error(where, "DIV_ROUNDUP of " + std::to_string(parts.size()) + " values", "2");
      const std::int64_t a = declarations_.integer_at(parts[0], scope_, depth_);
      const std::int64_t b = declarations_.integer_at(parts[1], scope_, depth_);
      if (a < 0 || b < 1 || a > (std::int64_t{1} << 40) || b > (std::int64_t{1} << 40))
        throw Error(where, "DIV_ROUNDUP out of range");
      return (a + b - 1) / b;
    }
    if (owner != nullptr) {
      if (const auto at = owner->values.find(name); at != owner->values.end() && !at->second.initial.empty())
        return declarations_.integer_at(at->second.initial, owner, depth_);
    }
    const auto at = declarations_.values_.find(name);
    if (at == declarations_.values_.end() || at->second.initial.empty())
      throw Error(where, "'" + name.substr(0, 60) + "'", "the name of a whole number");
    return declarations_.integer_at(at->second.initial, nullptr, depth_);
  }

  const Declarations& declarations_;
  Cursor cursor_;
  const Structure* scope_;
  int depth_;
};

std::int64_t Declarations::integer(const Range& expression, const Structure* scope) const {
  return integer_at(expression, scope, 0);
}

std::int64_t Declarations::integer_at(const Range& expression, const Structure* scope, int depth) const {
  if (depth > kDeepest) throw Error(expression.where(), "names that stand for each other", "a whole number");
  return Evaluator(*this, expression, scope, depth + 1).whole();
}

ElementType Declarations::type(const Range& text, const Structure* scope) const { return type_at(text, scope, 0); }

ElementType Declarations::type_at(const Range& text, const Structure* scope, int depth) const {
  if (depth > kDeepest) throw Error(text.where(), "names that stand for each other", "a type");
  Cursor cursor(text);
  while (cursor.accept("const") || cursor.accept("typename") || cursor.accept("static") || cursor.accept("constexpr") ||
         cursor.accept("inline") || cursor.accept("extern")) {
  }
  const std::string where = cursor.where();
  const auto refuse = [&] [[noreturn]] () {
    throw Error(where, "type '" + text.text() + "'",
                "ap_fixed, ap_ufixed, ap_int, ap_uint, nnet::array or a name for one");
  };
  if (!cursor.peek_identifier()) refuse();
  std::string name(cursor.next().text);
  const Structure* owner = scope;
  while (cursor.peek() == "::" && cursor.peek(1) != "value_type") {
    cursor.next();
    if (const Structure* known = structure(name); known != nullptr) owner = known;
    name = cursor.identifier("a name");
  }
  ElementType type;
  if (is_fixed(name)) {
    const Range inner = cursor.balanced("<", ">");
    const std::vector<Range> parts = split_at_commas(inner);
    std::string spelled = name == "ap_ufixed" || name == "ap_uint" ? "ap_ufixed<" : "ap_fixed<";
    type.integer = name == "ap_int" || name == "ap_uint";
    if (parts.empty() || (type.integer && parts.size() != 1)) refuse();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool is_mode = parts[i].size() == 1 && parts[i].begin->kind == TokenKind::identifier &&
                           (parts[i].begin->text.starts_with("AP_") || parts[i].begin->text.starts_with("SC_"));
      spelled += i == 0 ? "" : ",";
      spelled += is_mode ? std::string(parts[i].begin->text) : std::to_string(integer_at(parts[i], scope, depth));
    }
    if (type.integer) spelled += spelled.substr(spelled.find('<') + 1).insert(0, ",");
    type.fixed = parse_fixed_point(spelled + ">", where);
  } else if (name == "array" || name == "stream") {
    const std::vector<Range> parts = split_at_commas(cursor.balanced("<", ">"));
    if (parts.size() != (name == "array" ? 2u : 1u)) refuse();
    type = type_at(parts[0], scope, depth + 1);
    if (name == "array") {
      const std::int64_t pack = integer_at(parts[1], scope, depth);
      if (pack < 1 || pack > (1 << 24) || type.pack != 1) refuse();
      type.pack = static_cast<std::size_t>(pack);
    }
  } else {
    const Range* known = nullptr;
    const Structure* within = nullptr;
    if (owner != nullptr) {
      if (const auto at = owner->types.find(name); at != owner->types.end()) {
        known = &at->second;
        within = owner;
      }
    }
    if (known == nullptr) {
      const auto at = types_.find(name);
      if (at == types_.end()) {
        if (const Structure* known_structure = structure(name); known_structure != nullptr) {
          std::string members;
          for (const auto& [member, value] : known_structure->values) members += (members.empty() ? "" : ", ") + member;
          throw Error(where, "type '" + name.substr(0, 60) + "', a structure of " + members.substr(0, 100),
                      "a type of fixed-point words");
        }
        refuse();
      }
      known = &at->second;
    }
    // A member named as the type it stands for means the outer one.
    if (within != nullptr && known->size() == 1 && known->begin->text == name) within = nullptr;
    type = type_at(*known, within, depth + 1);
  }
  if (cursor.accept("::")) {
    cursor.expect("value_type");
    type.pack = 1;
  }
  while (cursor.accept("&") || cursor.accept("const")) {
  }
  if (!cursor.done()) refuse();
  return type;
}

double parse_number(const Range& text) {
  Cursor cursor(text);
  const bool negative = cursor.accept("-");
  if (!negative) cursor.accept("+");
  if (cursor.done()) throw Error(text.where(), "nothing", "a number");
  const Token& token = cursor.next();
  std::string_view digits = token.text;
  if (digits.size() > 1 && (digits.back() == 'f' || digits.back() == 'F') && !digits.starts_with("0x"))
    digits.remove_suffix(1);
  while (digits.size() > 1 && (digits.back() == 'u' || digits.back() == 'U' || digits.back() == 'l'))
    digits.remove_suffix(1);
  double value = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = token.kind == TokenKind::number && end == digits.data() + digits.size() && cursor.done();
  if (!whole || problem != std::errc{} || !std::isfinite(value))
    throw Error(text.where(), "'" + text.text(40) + "'", "a number");
  return negative ? -value : value;
}

}  // namespace vigil::fpga_model::hls4ml
