#include "fpga_model/import/hls4ml/printing.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace vigil::fpga_model::hls4ml {
namespace {

constexpr int kDeepest = 64;

// std::cout, cout, std::printf, ...: its name; empty for any other statement.
std::string printer(const Cursor& cursor) {
  const std::size_t at = cursor.peek() == "std" && cursor.peek(1) == "::" ? 2 : 0;
  const std::string_view name = cursor.peek(at);
  const bool streams = name == "cout" || name == "cerr" || name == "clog";
  const bool calls = name == "printf" || name == "fprintf" || name == "puts" || name == "fflush";
  if ((streams && cursor.peek(at + 1) == "<" && cursor.peek(at + 2) == "<") || (calls && cursor.peek(at + 1) == "("))
    return std::string(at == 2 ? "std::" : "") + std::string(name);
  return {};
}

bool is_pure_call(std::string_view name) {
  constexpr std::array kPure = {"to_double",    "to_float", "to_int",  "to_uint", "to_string", "size",  "setw",
                                "setprecision", "setfill",  "length",  "range",   "double",    "float", "int",
                                "unsigned",     "printf",   "fprintf", "puts",    "fflush"};
  return std::find(kPure.begin(), kPure.end(), name) != kPure.end();
}

bool touch(const Token& a, const Token& b) { return a.text.data() + a.text.size() == b.text.data(); }

// Refuses what does more than look at variables. `own`: a variable that may be changed, the counter of a loop.
void expect_pure(const Range& text, const std::string& what, std::string_view own = {}) {
  for (const Token* token = text.begin; token != text.end; ++token) {
    if (token->kind == TokenKind::text) continue;
    const Token* before = token == text.begin ? nullptr : token - 1;
    const Token* after = token + 1 == text.end ? nullptr : token + 1;
    const auto is = [](const Token* t, std::string_view symbol) {
      return t != nullptr && t->kind == TokenKind::symbol && t->text == symbol;
    };
    const auto refuse = [&](const std::string& found) {
      throw Error(Range{text.file, token, text.end}.where(), what + " with " + found, "a line that only prints");
    };
    if (is(token, "=")) {
      const bool compares = is(after, "=") || is(before, "=") || is(before, "<") || is(before, ">") || is(before, "!");
      const Token* changed =
          before != nullptr && before->kind == TokenKind::symbol ? before - 1 : before;  // i = , i +=
      const bool is_own = changed >= text.begin && changed != nullptr && !own.empty() && changed->text == own;
      if (!compares && !is_own) refuse("an assignment");
    }
    if ((is(token, "+") || is(token, "-")) && after != nullptr && is(after, token->text) && touch(*token, *after)) {
      const bool is_own = !own.empty() && ((before != nullptr && before->text == own) ||
                                           (token + 2 < text.end && token[2].text == own));
      if (!is_own) refuse("'" + std::string(token->text) + std::string(token->text) + "'");
      ++token;
    }
    if (token->kind == TokenKind::identifier && is(after, "(") && !is_pure_call(token->text))
      refuse("a call of '" + std::string(token->text.substr(0, 60)) + "'");
  }
}

// for (int i = 0; i < n; ++i)
void expect_plain_loop(const Range& header) {
  Cursor cursor(header);
  const Range first = cursor.until(";");
  std::string_view own;
  for (const Token* token = first.begin; token != first.end; ++token) {
    if (token->text == "=" && token > first.begin) {
      own = token[-1].text;
      break;
    }
  }
  if (own.empty() || first.size() < 4 || first.begin->kind != TokenKind::identifier || first.begin->text == own)
    throw Error(header.where(), "for (" + header.text() + ")", "a loop with a counter of its own");
  expect_pure(header, "a loop that prints", own);
}

void skip_line(Cursor& cursor, const std::string& what) {
  const std::string where = cursor.where();
  const Range rest = cursor.rest();
  const Token* end = rest.begin;
  while (end != rest.end && (end->kind != TokenKind::symbol || end->text != ";")) ++end;
  if (end == rest.end) throw Error(where, what + " without end", "';'");
  expect_pure({rest.file, rest.begin, end}, what);
  while (cursor.rest().begin != end) cursor.next();
  cursor.expect(";");
}

// True and passed, or false and anywhere.
bool pass(Cursor& cursor, int depth) {
  if (depth > kDeepest) return false;
  if (const std::string what = printer(cursor); !what.empty()) {
    skip_line(cursor, what);
    return true;
  }
  if (cursor.peek() == "{") {
    Cursor inner(cursor.balanced("{", "}"));
    bool any = false;
    while (!inner.done()) {
      if (inner.accept(";")) continue;
      if (!pass(inner, depth + 1)) return false;
      any = true;
    }
    return any;
  }
  const bool loops = cursor.peek() == "for";
  if ((!loops && cursor.peek() != "if") || cursor.peek(1) != "(") return false;
  cursor.next();
  const Range header = cursor.balanced("(", ")");
  if (!pass(cursor, depth + 1)) return false;
  if (loops) {
    expect_plain_loop(header);
    return true;
  }
  expect_pure(header, "a condition of printing");
  if (!cursor.accept("else")) return true;
  return pass(cursor, depth + 1);
}

}  // namespace

bool skip_printing(Cursor& cursor) {
  Cursor trial = cursor;
  if (!pass(trial, 0)) return false;
  cursor = trial;
  return true;
}

}  // namespace vigil::fpga_model::hls4ml
