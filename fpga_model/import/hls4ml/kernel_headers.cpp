#include "fpga_model/import/hls4ml/kernel_headers.h"

#include "core/error.h"
#include "fpga_model/import/hls4ml/paths.h"

namespace vigil::fpga_model::hls4ml {
namespace {

constexpr std::size_t kMostHeaders = 1000;

bool has_stream(const Range& range) {
  for (const Token* token = range.begin; token != range.end; ++token) {
    if (token->text == "stream") return true;
  }
  return false;
}

// What a top function calls in the namespace of the kernels.
std::set<std::string> called_kernels(const Range& body) {
  std::set<std::string> called;
  for (const Token* token = body.begin; token != body.end; ++token) {
    if (token->text != "nnet" || body.end - token < 4 || token[1].text != "::") continue;
    const std::string_view after = token[3].text;
    if ((after == "<" || after == "(") && !token[2].text.starts_with("load_")) called.emplace(token[2].text);
  }
  return called;
}

}  // namespace

bool is_kernel_header(const std::string& include_path, std::string_view bytes) {
  if (name_of(include_path).ends_with("code_gen.h")) return false;
  if (include_path.find("nnet_utils/") != std::string::npos) return true;
  return bytes.find("namespace nnet") != std::string_view::npos && bytes.find("CONFIG_T") != std::string_view::npos;
}

void KernelHeaders::add(const std::string& path) {
  if (names_.contains(path)) return;
  if (names_.size() >= kMostHeaders) throw Error(where_ + "/" + path, "more than 1000 kernel headers");
  const std::string& bytes = files_.at(path);
  const std::string shown = where_.empty() ? path : where_ + "/" + path;
  const ReleaseTeller::Header told = release_.look_at_header(name_of(path), bytes, shown);
  names_[path] = told.name;
  headers_[told.name] = {shown, told.known, {}};
  try {
    std::size_t budget = std::size_t{1} << 20;
    texts_[told.name] = tokenize(bytes, shown, budget);
  } catch (const Error&) {
    texts_.erase(told.name);  // unknown, then: look_at_header has noted it
    return;
  }
  const std::vector<Include> includes = texts_[told.name].includes;
  for (const Include& include : includes) {
    const std::string target = plain(folder_of(path) + include.path);
    const auto file = files_.find(target);
    if (file == files_.end() || name_of(target).ends_with("code_gen.h")) continue;
    if (!name_of(target).starts_with("nnet_") && !is_kernel_header(include.path, file->second)) continue;
    add(target);
    headers_[told.name].includes.push_back(names_.at(target));
  }
}

// Whether a header defines one of the functions, on arrays or, with `streams`, on streams. What is no C++ may define
// all.
bool KernelHeaders::defines(const std::string& name, const std::set<std::string>& functions, bool streams) const {
  const auto text = texts_.find(name);
  if (text == texts_.end()) return true;
  const std::vector<Token>& tokens = text->second.tokens;
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (tokens[i].text != "void" || tokens[i + 2].text != "(" || !functions.contains(std::string(tokens[i + 1].text)))
      continue;
    Cursor cursor(Range{&text->second, tokens.data() + i + 2, tokens.data() + tokens.size()});
    if (has_stream(cursor.balanced("(", ")")) == streams) return true;
  }
  return false;
}

void KernelHeaders::expect_known(const Function& top) const {
  const std::set<std::string> called = called_kernels(top.body);
  const bool streams = has_stream(top.parameters) || has_stream(top.body);
  std::set<std::string> seen;
  std::vector<std::string> open;
  for (const auto& [name, header] : headers_) {
    if (defines(name, called, false) || (streams && defines(name, called, true))) open.push_back(name);
  }
  while (!open.empty()) {
    const std::string name = open.back();
    open.pop_back();
    if (name == "nnet_helpers.h" || !seen.insert(name).second) continue;  // it loads and prints
    const Header& header = headers_.at(name);
    if (!header.known)
      throw Error(header.path, "kernels of no known release of hls4ml, and layers of the project use them",
                  std::string("the text hls4ml ships, or whose rules they follow: ") + kAskForRelease);
    open.insert(open.end(), header.includes.begin(), header.includes.end());
  }
}

}  // namespace vigil::fpga_model::hls4ml
