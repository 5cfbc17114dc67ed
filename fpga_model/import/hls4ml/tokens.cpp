#include "fpga_model/import/hls4ml/tokens.h"

#include <cctype>

#include "core/error.h"

namespace vigil::fpga_model::hls4ml {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class Scanner {
 public:
  Scanner(std::string_view bytes, const std::string& path, std::size_t& budget) : bytes_(bytes), budget_(budget) {
    file_.path = path;
  }

  SourceFile run() {
    while (at_ < bytes_.size()) step();
    return std::move(file_);
  }

 private:
  void step() {
    const char c = bytes_[at_];
    if (c == '\n') {
      ++line_;
      ++at_;
      fresh_ = true;
    } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at_;
    } else if (starts("//")) {
      line_comment();
    } else if (starts("/*")) {
      block_comment();
    } else if (c == '#' && fresh_) {
      directive();
    } else {
      fresh_ = false;
      const Token token = scan();
      if (skipped_ == 0) file_.tokens.push_back(token);
    }
  }

  bool starts(std::string_view text) const { return bytes_.substr(at_, text.size()) == text; }

  void line_comment() {
    const std::size_t end = std::min(bytes_.find('\n', at_), bytes_.size());
    if (!fresh_ && end - at_ < 200) file_.remarks[line_] = bytes_.substr(at_ + 2, end - at_ - 2);
    at_ = end;
  }

  void block_comment() {
    const std::size_t end = bytes_.find("*/", at_ + 2);
    if (end == std::string_view::npos) fail("a comment without end");
    for (; at_ < end + 2; ++at_) line_ += bytes_[at_] == '\n' ? 1 : 0;
  }

  Token scan() {
    if (budget_ == 0) fail("more than 2^24 tokens in the project");
    --budget_;
    const std::size_t begin = at_;
    const char c = bytes_[at_];
    if (std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_') {
      while (at_ < bytes_.size() && is_word(bytes_[at_])) ++at_;
      return {bytes_.substr(begin, at_ - begin), line_, TokenKind::identifier};
    }
    const bool digit_follows =
        at_ + 1 < bytes_.size() && std::isdigit(static_cast<unsigned char>(bytes_[at_ + 1])) != 0;
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 || (c == '.' && digit_follows)) {
      while (at_ < bytes_.size()) {
        const bool exponent_sign =
            (bytes_[at_] == '+' || bytes_[at_] == '-') && (bytes_[at_ - 1] == 'e' || bytes_[at_ - 1] == 'E');
        if (!is_word(bytes_[at_]) && bytes_[at_] != '.' && !(at_ > begin && exponent_sign)) break;
        ++at_;
      }
      return {bytes_.substr(begin, at_ - begin), line_, TokenKind::number};
    }
    if (c == '"' || c == '\'') {
      for (++at_; at_ < bytes_.size() && bytes_[at_] != c; ++at_) {
        if (bytes_[at_] == '\n') fail("a string without end");
        if (bytes_[at_] == '\\') ++at_;
      }
      if (at_ >= bytes_.size()) fail("a string without end");
      ++at_;
      return {bytes_.substr(begin + 1, at_ - begin - 2), line_, TokenKind::text};
    }
    at_ += starts("::") ? 2 : 1;
    return {bytes_.substr(begin, at_ - begin), line_, TokenKind::symbol};
  }

  // The rest of the line, joined lines included, without comments.
  void directive() {
    const std::uint32_t line = line_;
    ++at_;
    std::vector<Token> words;
    while (at_ < bytes_.size() && bytes_[at_] != '\n') {
      if (bytes_[at_] == '\\' && at_ + 1 < bytes_.size() && (bytes_[at_ + 1] == '\n' || bytes_[at_ + 1] == '\r')) {
        at_ = std::min(bytes_.find('\n', at_), bytes_.size());
        if (at_ < bytes_.size()) ++at_;
        ++line_;
      } else if (std::isspace(static_cast<unsigned char>(bytes_[at_])) != 0) {
        ++at_;
      } else if (starts("//")) {
        at_ = std::min(bytes_.find('\n', at_), bytes_.size());
      } else if (starts("/*")) {
        block_comment();
      } else if (!words.empty() &&
                 (words[0].text == "pragma" || words[0].text == "error" || words[0].text == "warning")) {
        ++at_;  // free text
      } else {
        words.push_back(scan());
      }
    }
    if (words.empty()) return;
    const std::string_view kind = words[0].text;
    if (kind == "if" || kind == "ifdef" || kind == "ifndef") {
      const bool off = kind == "if" && words.size() == 2 && words[1].text == "0";
      if (skipped_ > 0 || off) ++skipped_;
      ++depth_;
      if (depth_ > 1000) fail("more than 1000 nested #if");
    } else if (kind == "endif") {
      if (depth_ > 0) --depth_;
      if (skipped_ > 0) --skipped_;
    } else if (kind == "else" || kind == "elif") {
      if (skipped_ == 1) skipped_ = 0;
    } else if (skipped_ > 0) {
      return;
    } else if (kind == "include") {
      if (words.size() >= 2 && words[1].kind == TokenKind::text)
        file_.includes.push_back({std::string(words[1].text), line});
    } else if (kind == "define") {
      define(words, line);
    }
  }

  void define(const std::vector<Token>& words, std::uint32_t line) {
    if (words.size() < 3) return;  // a guard
    const std::string_view name = words[1].text;
    const char* after = name.data() + name.size();
    if (words[2].text == "(" && words[2].text.data() == after) return;  // function-like: nothing hls4ml writes needs it
    std::vector<Token> body(words.begin() + 2, words.end());
    for (Token& token : body) token.line = line;
    file_.macros[std::string(name)] = std::move(body);
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(file_.path + ": line " + std::to_string(line_), what, "C++ as hls4ml writes it");
  }

  std::string_view bytes_;
  std::size_t& budget_;
  SourceFile file_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  bool fresh_ = true;  // nothing but spaces on this line so far
  int skipped_ = 0;    // depth of #if within (and with) an `#if 0`
  int depth_ = 0;
};

}  // namespace

SourceFile tokenize(std::string_view bytes, const std::string& path, std::size_t& budget) {
  return Scanner(bytes, path, budget).run();
}

std::string Range::where() const {
  if (file == nullptr) return "hls4ml project";
  std::uint32_t line = 0;
  if (begin != nullptr && !file->tokens.empty()) {
    const Token* last = file->tokens.data() + file->tokens.size();
    const bool inside = begin >= file->tokens.data() && begin < last;
    line = inside || !empty() ? begin->line : file->tokens.back().line;
  }
  return file->path + ": line " + std::to_string(line);
}

std::string Range::text(std::size_t most) const {
  std::string all;
  for (const Token* token = begin; token != end && all.size() < most; ++token) {
    if (!all.empty() && token->kind != TokenKind::symbol && is_word(all.back())) all += ' ';
    all += token->text;
  }
  return all.size() > most ? all.substr(0, most) + "..." : all;
}

std::string_view Cursor::peek(std::size_t ahead) const {
  return static_cast<std::size_t>(range_.end - at_) > ahead ? at_[ahead].text : std::string_view{};
}

const Token& Cursor::next() {
  if (done()) fail("more text");
  return *at_++;
}

bool Cursor::accept(std::string_view symbol) {
  if (done() || at_->text != symbol || at_->kind == TokenKind::text) return false;
  ++at_;
  return true;
}

void Cursor::expect(std::string_view symbol) {
  if (!accept(symbol)) fail("'" + std::string(symbol) + "'");
}

std::string Cursor::identifier(const std::string& what) {
  if (!peek_identifier()) fail(what);
  return std::string(next().text);
}

Range Cursor::balanced(std::string_view open, std::string_view close) {
  expect(open);
  Range inner{range_.file, at_, at_};
  for (std::size_t depth = 1; !done(); ++at_) {
    if (at_->kind == TokenKind::text) continue;
    if (at_->text == open) ++depth;
    if (at_->text == close && --depth == 0) {
      inner.end = at_++;
      return inner;
    }
  }
  throw Error(inner.where(), "'" + std::string(open) + "' without end", "'" + std::string(close) + "'");
}

Range Cursor::until(std::string_view stops) {
  Range inner{range_.file, at_, at_};
  int depth = 0;
  for (; !done(); ++at_) {
    if (at_->kind == TokenKind::text || at_->text.size() != 1) continue;
    const char c = at_->text[0];
    if (depth == 0 && stops.find(c) != std::string_view::npos) break;
    if (c == '(' || c == '[' || c == '{' || c == '<') ++depth;
    if ((c == ')' || c == ']' || c == '}' || c == '>') && depth > 0) --depth;
  }
  inner.end = at_;
  return inner;
}

std::string Cursor::where() const {
  return Range{range_.file, done() && at_ != range_.begin ? at_ - 1 : at_, range_.end}.where();
}

void Cursor::fail(const std::string& expected) const {
  throw Error(where(), done() ? "the end" : "'" + std::string(at_->text.substr(0, 60)) + "'", expected);
}

std::vector<Range> split_at_commas(const Range& range) {
  std::vector<Range> parts;
  Cursor cursor(range);
  while (!cursor.done()) {
    parts.push_back(cursor.until(","));
    if (cursor.accept(",") && cursor.done()) break;
  }
  return parts;
}

}  // namespace vigil::fpga_model::hls4ml
