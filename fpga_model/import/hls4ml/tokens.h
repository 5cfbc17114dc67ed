// C++ text as tokens, as far as hls4ml writes it: comments and directives are taken out, macros and includes kept
// aside. Used by the readers of an hls4ml project. Knows nothing of grammar and expands no macro.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vigil::fpga_model::hls4ml {

enum class TokenKind : std::uint8_t { identifier, number, text, symbol };

struct Token {
  std::string_view text;  // within the bytes of the file; a string without its quotes
  std::uint32_t line = 0;
  TokenKind kind = TokenKind::symbol;
};

struct Include {
  std::string path;
  std::uint32_t line = 0;
};

struct SourceFile {
  std::string path;  // for messages
  std::vector<Token> tokens;
  std::vector<Include> includes;                      // the quoted ones
  std::map<std::string, std::vector<Token>> macros;   // object-like #define: name -> tokens
  std::map<std::uint32_t, std::string_view> remarks;  // the // comment that ends a line of code
};

// Part of a file: tokens [begin, end).
struct Range {
  const SourceFile* file = nullptr;
  const Token* begin = nullptr;
  const Token* end = nullptr;

  bool empty() const { return begin == end; }
  std::size_t size() const { return static_cast<std::size_t>(end - begin); }
  std::string where() const;                      // "path: line 12"
  std::string text(std::size_t most = 60) const;  // for messages
};

// Branches of #if other than `#if 0` are all kept: a project names the same thing in each. `budget`: tokens the whole
// project may still have; lowered. Throws Error naming file and line for what is no C++ text.
SourceFile tokenize(std::string_view bytes, const std::string& path, std::size_t& budget);

// Reads a Range from left to right. Every refusal names file, line and what was found.
class Cursor {
 public:
  explicit Cursor(const Range& range) : range_(range), at_(range.begin) {}

  bool done() const { return at_ == range_.end; }
  std::string_view peek(std::size_t ahead = 0) const;  // empty at the end
  bool peek_identifier() const { return !done() && at_->kind == TokenKind::identifier; }
  const Token& next();  // throws Error at the end
  bool accept(std::string_view symbol);
  void expect(std::string_view symbol);
  std::string identifier(const std::string& what);
  // What lies between `open` (the next token) and its partner; both are passed.
  Range balanced(std::string_view open, std::string_view close);
  // Up to (not including) the first of `stops` outside brackets of any kind; < and > count as brackets.
  Range until(std::string_view stops);
  Range rest() const { return {range_.file, at_, range_.end}; }
  std::string where() const;
  [[noreturn]] void fail(const std::string& expected) const;

 private:
  Range range_;
  const Token* at_;
};

// The parts of `range` between commas outside brackets.
std::vector<Range> split_at_commas(const Range& range);

}  // namespace vigil::fpga_model::hls4ml
