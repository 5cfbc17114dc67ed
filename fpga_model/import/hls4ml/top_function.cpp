#include "fpga_model/import/hls4ml/top_function.h"

#include <cctype>
#include <set>

#include "core/error.h"
#include "fpga_model/import/hls4ml/printing.h"

namespace vigil::fpga_model::hls4ml {

void read_adder_dense(const Call& call);  // layers_linear.cpp

namespace {

constexpr std::size_t kMostCalls = 10000;

bool is_name(const std::string& text) {
  if (text.empty() || text.size() > 100) return false;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '.' && c != '/' && c != '-') return false;
  }
  return true;
}

class TopFunction {
 public:
  TopFunction(const Function& function, const SourceFile& file, ProjectContext& project)
      : function_(function), file_(file), project_(project) {}

  void run() {
    for (const Range& parameter : split_at_commas(function_.parameters)) read_parameter(parameter);
    Cursor cursor(function_.body);
    while (!cursor.done()) statement(cursor);
  }

 private:
  // input_t x[10*13]; hls::stream<input_t> &image
  void read_parameter(const Range& parameter) {
    Cursor cursor(parameter);
    const Range head = cursor.until("[");
    if (head.size() < 2 || head.end[-1].kind != TokenKind::identifier)
      throw Error(parameter.where(), "parameter '" + parameter.text() + "'",
                  "TYPE name[words] or hls::stream<TYPE> &name");
    Range type{head.file, head.begin, head.end - 1};
    const std::string name(head.end[-1].text);
    const bool is_reference = type.end[-1].text == "&";
    if (is_reference) --type.end;
    const bool is_stream = names_stream(type);
    if (cursor.peek() == "[") {
      if (is_stream) throw Error(parameter.where(), "an array of streams '" + name + "'", "one stream");
      declare(name, type, words_of(cursor), true, false, parameter.where());
    } else if (is_stream && is_reference) {
      declare(name, type, 0, true, true, parameter.where());
    } else if (is_reference) {
      sizes_.insert(name);  // until 0.6: const_size_in_1 and the like
    } else {
      throw Error(parameter.where(), "parameter '" + parameter.text() + "'", "an array or a stream");
    }
  }

  static bool names_stream(const Range& type) {
    for (const Token* token = type.begin; token != type.end; ++token) {
      if (token->text == "stream") return true;
    }
    return false;
  }

  std::size_t words_of(Cursor& cursor) {
    const Range size = cursor.balanced("[", "]");
    const std::int64_t words = project_.declarations.integer(size);
    if (words < 1 || words > static_cast<std::int64_t>(kMaxWords) || cursor.peek() == "[")
      throw Error(size.where(), "an array of " + size.text() + " words", "1..2^24");
    return static_cast<std::size_t>(words);
  }

  void declare(const std::string& name, const Range& type, std::size_t words, bool is_port, bool is_stream,
               const std::string& where) {
    if (project_.declarations.array(name) != nullptr)
      throw Error(where, "'" + name + "' is an array of weights as well", "weights compiled in, not passed");
    project_.graph.declare(name, project_.declarations.type(type), words, is_port, is_stream, where);
  }

  void statement(Cursor& cursor) {
    if (cursor.accept(";") || skip_printing(cursor)) return;
    if (cursor.peek(1) == "=" && sizes_.contains(std::string(cursor.peek()))) {  // const_size_in_1 = N_INPUT_1_1;
      cursor.next();
      cursor.next();
      project_.declarations.integer(cursor.until(";"));
      cursor.expect(";");
      return;
    }
    if (cursor.peek() == "if") {  // if (!loaded_weights) { ... }
      cursor.next();
      const Range condition = cursor.balanced("(", ")");
      if (condition.text() != "!loaded_weights")
        throw Error(condition.where(), "if (" + condition.text() + ")", "if (!loaded_weights)");
      cursor.balanced("{", "}");
      return;
    }
    for (const std::string_view word : {"{", "for", "while", "do", "switch"}) {
      if (cursor.peek() == word) cursor.fail("a tensor or a call of a layer");
    }
    const std::string where = cursor.where();
    const Range text = cursor.until(";");
    if (text.empty()) cursor.fail("a declaration or a call");
    const std::uint32_t last_line = text.end[-1].line;
    cursor.expect(";");
    if (text.begin->text == "static" || text.begin->text == "bool" || text.begin->text == "return") {
      if (text.begin->text == "return" && text.size() > 1) throw Error(where, "'" + text.text() + "'", "a call");
      if (text.begin->text != "return" && text.text(200).find("loaded_weights") == std::string::npos)
        throw Error(where, "'" + text.text() + "'", "a tensor or a call");
      return;
    }
    if (text.begin->text == "auto") {
      alias(text, where);
    } else if (!call(text, where, last_line)) {
      local(text, where);
    }
  }

  // auto& layer5_out = layer4_out
  void alias(const Range& text, const std::string& where) {
    if (text.size() != 5 || text.begin[1].text != "&" || text.begin[3].text != "=" ||
        text.begin[2].kind != TokenKind::identifier || text.begin[4].kind != TokenKind::identifier)
      throw Error(where, "'" + text.text() + "'", "auto& name = tensor");
    project_.graph.alias(std::string(text.begin[2].text), std::string(text.begin[4].text), where);
  }

  // layer2_t layer2_out[14]; hls::stream<layer2_t> layer2_out("layer2_out")
  void local(const Range& text, const std::string& where) {
    Cursor cursor(text);
    const Range head = cursor.until("[(=");
    if (head.size() < 2 || head.end[-1].kind != TokenKind::identifier)
      throw Error(where, "'" + text.text() + "'", "a tensor or a call");
    const Range type{head.file, head.begin, head.end - 1};
    const std::string name(head.end[-1].text);
    if (names_stream(type)) {
      if (cursor.peek() == "(") cursor.balanced("(", ")");
      declare(name, type, 0, false, true, where);
    } else {
      if (cursor.peek() != "[") throw Error(where, "'" + text.text() + "'", "an array, a stream or a call");
      declare(name, type, words_of(cursor), false, false, where);
    }
    if (!cursor.done()) throw Error(where, "'" + text.text() + "'", "a tensor without a value");
  }

  // space::function<...>(...)
  bool call(const Range& text, const std::string& where, std::uint32_t line) {
    Cursor cursor(text);
    std::string function;
    while (cursor.peek_identifier()) {
      function = std::string(cursor.next().text);
      if (!cursor.accept("::")) break;
    }
    const bool is_template = cursor.peek() == "<";
    if (function.empty() || (!is_template && cursor.peek() != "(")) return false;
    Call call;
    if (is_template) {
      const Range inner = cursor.balanced("<", ">");
      if (cursor.peek() != "(") return false;  // hls::stream<...> name
      call.templates = split_at_commas(inner);
    }
    call.function = function;
    call.where = where + ", " + function.substr(0, 60);
    call.arguments = split_at_commas(cursor.balanced("(", ")"));
    if (!cursor.done()) throw Error(where, "'" + text.text() + "'", "one call");
    if (++calls_ > kMostCalls) throw Error(where, "more than 10000 calls");
    call.project = &project_;
    if (const auto at = file_.remarks.find(line); at != file_.remarks.end()) {
      std::string remark(at->second);
      remark.erase(0, remark.find_first_not_of(" \t"));
      remark.erase(remark.find_last_not_of(" \t\r") + 1);
      if (is_name(remark)) call.remark = remark;
    }
    if (function.starts_with("dense_da_")) {
      read_adder_dense(call);
      return true;
    }
    const LayerReaderFunction reader = find_layer_reader(function);
    if (reader == nullptr)
      throw Error(call.where, "'" + text.text() + "' is not supported", "a layer of docs/hls4ml_project.md");
    reader(call);
    return true;
  }

  const Function& function_;
  const SourceFile& file_;
  ProjectContext& project_;
  std::set<std::string> sizes_;
  std::size_t calls_ = 0;
};

}  // namespace

void read_top_function(const std::string& name, const Function& function, const SourceFile& file,
                       ProjectContext& project) {
  if (function.parameters.empty()) throw Error(file.path + ": " + name, "no parameters", "inputs and outputs");
  TopFunction(function, file, project).run();
}

std::map<std::string, std::string> weight_texts(const Function& function) {
  std::map<std::string, std::string> texts;
  Cursor cursor(function.body);
  while (!cursor.done()) {
    const std::string_view called = cursor.next().text;  // load_weights_..., load_compressed_weights_...
    if (!called.starts_with("load_") || !called.ends_with("weights_from_txt") || cursor.peek() != "<") continue;
    cursor.balanced("<", ">");
    if (cursor.peek() != "(") continue;
    const Range arguments = cursor.balanced("(", ")");
    if (arguments.size() == 3 && arguments.begin[2].kind == TokenKind::text)
      texts[std::string(arguments.begin->text)] = std::string(arguments.begin[2].text);
  }
  return texts;
}

}  // namespace vigil::fpga_model::hls4ml
