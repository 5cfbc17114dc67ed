#include "fpga_model/import/hls4ml/declarations.h"

#include <algorithm>

#include "core/error.h"

namespace vigil::fpga_model::hls4ml {
namespace {

bool same_text(const Range& a, const Range& b) {
  return std::equal(a.begin, a.end, b.begin, b.end, [](const Token& x, const Token& y) { return x.text == y.text; });
}

template <class Map, class T>
void add(Map& map, const std::string& name, const T& value, const Range& where, bool same) {
  const auto [at, fresh] = map.emplace(name, value);
  if (!fresh && !same)
    throw Error(where.where(), "a second, different '" + name.substr(0, 60) + "'", "one declaration of a name");
}

}  // namespace

void Declarations::read(const SourceFile& file) {
  for (const auto& [name, tokens] : file.macros) {
    const Value value{{}, {&file, tokens.data(), tokens.data() + tokens.size()}};
    const auto at = values_.find(name);
    add(values_, name, value, value.initial, at != values_.end() && same_text(at->second.initial, value.initial));
  }
  Cursor cursor(Range{&file, file.tokens.data(), file.tokens.data() + file.tokens.size()});
  while (!cursor.done()) {
    read_scope(cursor, 0);
    cursor.accept("}");  // a brace too many: files that close their namespace after the guard
  }
}

void Declarations::read_scope(Cursor& cursor, std::size_t depth) {
  if (depth > 100) cursor.fail("at most 100 nested namespaces");
  while (!cursor.done() && cursor.peek() != "}") {
    if (cursor.accept(";")) continue;
    if (cursor.peek() == "namespace" || (cursor.peek() == "inline" && cursor.peek(1) == "namespace")) {
      cursor.accept("inline");
      cursor.accept("namespace");
      while (cursor.peek_identifier() || cursor.peek() == "::") cursor.next();
      if (cursor.accept("=")) {
        cursor.until(";");
        continue;
      }
      cursor.expect("{");
      read_scope(cursor, depth + 1);
      cursor.accept("}");
      continue;
    }
    Range template_parameters{};
    bool is_template = false;
    while (cursor.accept("template")) {
      is_template = true;
      template_parameters = cursor.balanced("<", ">");
    }
    if (cursor.peek() == "extern" && cursor.peek(2) == "{") {
      cursor.next();
      cursor.next();
      cursor.balanced("{", "}");
    } else if (cursor.peek() == "using" && cursor.peek(2) != "=") {
      cursor.until(";");
    } else if (cursor.peek() == "typedef" && cursor.peek(1) == "struct") {
      cursor.next();
      read_structure(cursor, is_template, true);
    } else if (cursor.peek() == "struct" || cursor.peek() == "class" || cursor.peek() == "enum") {
      read_structure(cursor, is_template, false);
    } else {
      read_declaration(cursor, nullptr, is_template ? template_parameters : Range{});
    }
  }
}

void Declarations::read_structure(Cursor& cursor, bool is_template, bool is_typedef) {
  const bool is_struct = cursor.next().text == "struct";
  Structure structure;
  const std::string where = cursor.where();
  if (cursor.peek_identifier()) structure.name = cursor.identifier("a name");
  if (cursor.accept(":")) {
    const Range base = cursor.until("{;");
    if (!base.empty() && base.end[-1].kind == TokenKind::identifier) structure.base = std::string(base.end[-1].text);
  } else {
    cursor.until("{;");
  }
  if (cursor.peek() != "{") {
    cursor.accept(";");
    return;
  }
  structure.body = cursor.balanced("{", "}");
  const Range behind = cursor.until(";");
  if (is_typedef) {
    if (behind.size() != 1 || behind.begin->kind != TokenKind::identifier)
      throw Error(where, "a typedef of a structure without a name", "typedef struct { ... } name;");
    structure.name = std::string(behind.begin->text);
  }
  if (!is_struct || is_template || structure.name.empty()) return;
  read_members(structure);
  if (!structures_.emplace(structure.name, structure).second)
    throw Error(where, "a second structure '" + structure.name.substr(0, 60) + "'", "one declaration of a name");
}

void Declarations::read_members(Structure& structure) {
  Cursor cursor(structure.body);
  while (!cursor.done()) {
    if (cursor.accept(";")) continue;
    if (cursor.accept("template")) {
      cursor.balanced("<", ">");
      if (cursor.accept("using")) {
        const std::string name = cursor.identifier("a name");
        cursor.expect("=");
        structure.templates[name] = cursor.until(";");
        continue;
      }
    }
    if (cursor.peek() == "struct" || cursor.peek() == "class" || cursor.peek() == "enum")
      cursor.fail("no structure within a structure");
    read_declaration(cursor, &structure, {});
  }
}

void Declarations::read_declaration(Cursor& cursor, Structure* owner, const Range& template_parameters) {
  const std::string where = cursor.where();
  auto& types = owner != nullptr ? owner->types : types_;
  if (cursor.accept("using")) {
    const std::string name = cursor.identifier("a name");
    cursor.expect("=");
    const Range text = cursor.until(";");
    const auto at = types.find(name);
    add(types, name, text, text, at != types.end() && same_text(at->second, text));
    return;
  }
  const bool is_typedef = cursor.accept("typedef");
  Range head = cursor.until(";=([{");
  if (head.empty() || (is_typedef && cursor.peek() != ";")) cursor.fail("a declaration as hls4ml writes it");
  const Token* name_at = head.end - 1;
  if (name_at->kind != TokenKind::identifier)
    throw Error(where, "'" + head.text() + "'", "a declaration that ends in a name");
  std::string name(name_at->text);
  bool qualified = false;
  if (name_at - head.begin >= 2 && name_at[-1].text == "::") {
    qualified = true;
    name_at -= 2;
    name = std::string(name_at->text) + "::" + name;
  }
  const Range type{head.file, head.begin, name_at};
  if (is_typedef) {
    const auto at = types.find(name);
    add(types, name, type, head, at != types.end() && same_text(at->second, type));
    return;
  }
  if (cursor.peek() == "(") {
    Function function;
    function.template_parameters = template_parameters;
    function.parameters = cursor.balanced("(", ")");
    cursor.until("{;");
    if (cursor.peek() != "{") return;  // a prototype
    function.body = cursor.balanced("{", "}");
    if (owner == nullptr && !functions_.emplace(name, function).second)
      throw Error(where, "a second function '" + name.substr(0, 60) + "'", "one");
    return;
  }
  if (cursor.peek() == "[") {
    Array array;
    array.type = type;
    array.size = cursor.balanced("[", "]");
    if (cursor.peek() == "[") array.size = Range{head.file, head.begin, head.begin};  // of no use here
    cursor.until("=;{");
    cursor.accept("=");
    if (cursor.peek() == "{") {
      array.initial = cursor.balanced("{", "}");
      array.initialised = true;
    }
    cursor.until(";");
    if (owner != nullptr || qualified) return;
    Array& known = arrays_.emplace(name, array).first->second;
    if (known.initialised && array.initialised && known.initial.begin != array.initial.begin &&
        !same_text(known.initial, array.initial))
      throw Error(where, "a second, different array '" + name.substr(0, 60) + "'", "one");
    if (!known.initialised) known = array;
    return;
  }
  Value value{type, {}};
  if (cursor.accept("=")) {
    value.initial = cursor.until(";");
  } else if (cursor.peek() == "{") {
    value.initial = cursor.balanced("{", "}");
  }
  if (owner != nullptr) {
    owner->values[name] = value;
  } else {
    auto& values = qualified ? members_ : values_;
    const auto at = values.find(name);
    add(values, name, value, head, at != values.end() && same_text(at->second.initial, value.initial));
  }
}

const Structure* Declarations::structure(const std::string& name) const {
  const auto at = structures_.find(name);
  return at == structures_.end() ? nullptr : &at->second;
}

const Structure* Declarations::structure_of(const Range& type) const {
  Cursor cursor(type);
  while (cursor.accept("const") || cursor.accept("static") || cursor.accept("extern") || cursor.accept("inline") ||
         cursor.accept("struct")) {
  }
  std::string name;
  while (cursor.peek_identifier()) {
    name = std::string(cursor.next().text);
    if (!cursor.accept("::")) break;
  }
  if (!cursor.done()) return nullptr;
  if (const auto at = types_.find(name); at != types_.end()) {  // typedef weight2_t model_t
    if (at->second.size() != 1 || at->second.begin->text == name) return nullptr;
    name = std::string(at->second.begin->text);
  }
  return structure(name);
}

const Array* Declarations::array(const std::string& name) const {
  const auto at = arrays_.find(name);
  return at == arrays_.end() ? nullptr : &at->second;
}

const Function* Declarations::function(const std::string& name) const {
  const auto at = functions_.find(name);
  return at == functions_.end() ? nullptr : &at->second;
}

const Value* Declarations::member_definition(const std::string& qualified) const {
  const auto at = members_.find(qualified);
  return at == members_.end() ? nullptr : &at->second;
}

}  // namespace vigil::fpga_model::hls4ml
