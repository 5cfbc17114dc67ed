// What the files of an hls4ml project declare at namespace scope: types, numbers, configurations, arrays, functions.
// Used by everything that reads a project. Nothing is evaluated here but types and whole numbers, when asked.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/fixed_point.h"
#include "fpga_model/import/hls4ml/tokens.h"

namespace vigil::fpga_model::hls4ml {

struct ElementType {
  FixedPoint fixed;
  bool integer = false;  // ap_int, ap_uint
  std::size_t pack = 1;  // of nnet::array
  bool operator==(const ElementType&) const = default;
  bool is_one_bit() const { return integer && !fixed.is_signed && fixed.width == 1; }  // ap_uint<1>
};

struct Value {
  Range type;
  Range initial;  // may be empty
};

// struct config2 : nnet::dense_config { ... }; or typedef struct weight { ... } weight;
struct Structure {
  std::string name;
  std::string base;  // last part of its name
  std::map<std::string, Value> values;
  std::map<std::string, Range> types;      // typedef, using
  std::map<std::string, Range> templates;  // template <...> using NAME = ...
  Range body;
};

struct Array {
  Range type;
  Range size;
  Range initial;  // between the braces
  bool initialised = false;
};

struct Function {
  Range template_parameters;
  Range parameters;
  Range body;
};

class Declarations {
 public:
  // Adds what a file declares. The file must outlive this object. Throws Error naming file and line for a second,
  // different declaration of a name.
  void read(const SourceFile& file);

  const Structure* structure(const std::string& name) const;
  const Array* array(const std::string& name) const;
  const Function* function(const std::string& name) const;
  const std::map<std::string, Function>& functions() const { return functions_; }
  const std::map<std::string, Structure>& structures() const { return structures_; }
  const Value* member_definition(const std::string& qualified) const;  // "config3::slope"

  // A whole number, 64 bits. `scope`: names of its members come first; may be null.
  std::int64_t integer(const Range& expression, const Structure* scope = nullptr) const;
  ElementType type(const Range& text, const Structure* scope = nullptr) const;
  // The structure a type names, such as weights with their row and column; null for every other type.
  const Structure* structure_of(const Range& type) const;

 private:
  friend class Evaluator;
  void read_scope(Cursor& cursor, std::size_t depth);
  void read_structure(Cursor& cursor, bool is_template, bool is_typedef);
  void read_members(Structure& structure);
  void read_declaration(Cursor& cursor, Structure* owner, const Range& template_parameters);
  ElementType type_at(const Range& text, const Structure* scope, int depth) const;
  std::int64_t integer_at(const Range& expression, const Structure* scope, int depth) const;

  std::map<std::string, Range> types_;
  std::map<std::string, Value> values_;
  std::map<std::string, Value> members_;  // defined outside their structure
  std::map<std::string, Structure> structures_;
  std::map<std::string, Array> arrays_;
  std::map<std::string, Function> functions_;
};

// A literal such as 0.25, -1, 1e-3f. Throws Error naming the place.
double parse_number(const Range& text);

}  // namespace vigil::fpga_model::hls4ml
