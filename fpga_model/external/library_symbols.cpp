#include "fpga_model/external/library_symbols.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "fpga_model/external/value_layout.h"

namespace vigil::fpga_model {
namespace {

constexpr std::size_t kMaxName = 4096;
constexpr std::size_t kMaxTypes = 64;
constexpr std::size_t kMaxDemangled = 20'000;  // names looked at
constexpr std::string_view kManager = "_ZNSt3any17_Manager_internalI";

// Calls `use` for every string of printable characters that ends with NUL: the string tables and the type names.
template <class Use>
void for_each_name(std::string_view bytes, Use use) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c > ' ' && c < 127) continue;
    if (c == '\0' && i - start >= 2 && i - start <= kMaxName) use(bytes.substr(start, i - start));
    start = i + 1;
  }
}

// "std::any::_Manager_internal<T>::_S_manage(...)" -> T.
std::string managed_type(const std::string& text) {
  constexpr std::string_view kHead = "std::any::_Manager_internal<";
  const std::size_t begin = text.find(kHead), end = text.rfind(">::_S_manage(");
  if (begin == std::string::npos || end == std::string::npos || end <= begin + kHead.size()) return {};
  std::string type = text.substr(begin + kHead.size(), end - begin - kHead.size());
  while (!type.empty() && type.back() == ' ') type.pop_back();
  return type;
}

// The element type of a parameter "T*", "T const*" or "hls::stream<nnet::array<T, n>, d>&"; empty for any other.
std::string element_type(std::string_view parameter) {
  if (const auto inner = pointee(parameter)) {
    const std::size_t bracket = inner->find(" [");
    return inner->substr(0, bracket);
  }
  constexpr std::string_view kStream = "hls::stream<nnet::array<";
  if (!parameter.starts_with(kStream) || parameter.back() != '&') return {};
  parameter.remove_prefix(kStream.size());
  int depth = 0;
  for (std::size_t i = 0; i < parameter.size(); ++i) {
    if (parameter[i] == '<' || parameter[i] == '(') ++depth;
    if (parameter[i] == '>' || parameter[i] == ')') --depth;
    if (depth == 0 && parameter[i] == ',') return std::string(parameter.substr(0, i));
  }
  return {};
}

// Element types of the parameters of "name(A, B, ...)"; none where one is not understood.
std::vector<std::string> parameter_types(std::string_view text) {
  std::vector<std::string> out;
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size()) {
      if (text[i] == '<' || text[i] == '(' || text[i] == '[') ++depth;
      if (text[i] == '>' || text[i] == ')' || text[i] == ']') --depth;
      if (depth != 0 || text[i] != ',') continue;
    }
    std::string_view parameter = text.substr(start, i - start);
    while (!parameter.empty() && parameter.front() == ' ') parameter.remove_prefix(1);
    const std::string type = parameter.empty() ? std::string{} : element_type(parameter);
    const auto layout = parse_value_type(type);
    if (!layout || layout->ports.size() != 1 || layout->ports[0].words != 1) return {};
    out.push_back(type);
    start = i + 1;
  }
  return out;
}

void add_any_types(const std::set<std::string>& names, const std::set<std::string>& managers, LibrarySymbols& out) {
  for (const std::string& name : names) {
    const std::string text = demangled(name);
    const auto value = pointee(text);
    if (value && parse_value_type(*value)) out.any_types.push_back({name, {}, text});
    if (out.any_types.size() == kMaxTypes) break;
  }
  std::vector<AnyType> managed;
  for (const std::string& manager : managers) {
    const std::string text = managed_type(demangled(manager));
    const auto value = pointee(text);
    if (!value || !parse_value_type(*value) || managed.size() == kMaxTypes) continue;
    AnyType type{{}, manager, text};
    const auto same = [&](const AnyType& other) { return other.text == text; };
    if (const auto found = std::find_if(out.any_types.begin(), out.any_types.end(), same); found != out.any_types.end())
      type.type_name = found->type_name;
    managed.push_back(std::move(type));
  }
  // Where std::any's own functions are visible they name the types better than all type names do.
  if (!managed.empty()) out.any_types = std::move(managed);
}

}  // namespace

LibrarySymbols read_library_symbols(std::string_view bytes, const std::string& where) {
  // 64-bit little-endian ELF, a shared object for x86-64.
  constexpr std::string_view kElf(
      "\x7f"
      "ELF\2\1\1",
      7);
  if (!bytes.starts_with(kElf) || bytes.size() < 64 || bytes[16] != 3 || bytes[18] != 62)
    throw Error(where, "not a shared library of this machine", "an x86-64 ELF shared object");
  bool create = false, destroy = false;
  std::set<std::string> pointers, managers, bridges, functions, texts;
  std::size_t names = 0;
  for_each_name(bytes, [&](std::string_view name) {
    create = create || name == "create_model";
    destroy = destroy || name == "destroy_model";
    if (name.ends_with(".txt") && name.find('/') == std::string_view::npos && texts.size() < kMaxTypes)
      texts.emplace(name);
    if (name.ends_with("_float") || name.ends_with("_double")) {
      if (!name.starts_with("_Z")) bridges.emplace(name);
    } else if (name.starts_with("_Z") && names < kMaxDemangled) {
      if (name.starts_with(kManager)) managers.emplace(name);
      functions.emplace(name);
      ++names;
    } else if (name.front() == 'P' && names < kMaxDemangled && name.find("ap_") != std::string_view::npos) {
      pointers.emplace(name);
      ++names;
    }
  });
  LibrarySymbols out;
  if (create && destroy) {
    add_any_types(pointers, managers, out);
    return out;
  }
  out.kind = LibraryKind::hls4ml_library;
  for (const std::string& name : bridges) {
    if (!name.ends_with("_float")) continue;
    const std::string project = name.substr(0, name.size() - 6);
    const std::string mangled = std::to_string(project.size()) + project;
    for (const std::string& function : functions) {
      if (function.find(mangled) == std::string::npos) continue;
      const std::string text = demangled(function);
      const std::size_t open = text.find('(');
      if (open == std::string::npos || text.back() != ')') continue;
      const std::string called = text.substr(0, open);
      if (called != project && !called.ends_with("::" + project)) continue;
      out.parameters = parameter_types(std::string_view(text).substr(open + 1, text.size() - open - 2));
    }
    // Of several candidates the one whose top function is there is the bridge.
    if (out.project.empty() || !out.parameters.empty()) out.project = project;
    if (!out.parameters.empty()) break;
  }
  if (out.project.empty())
    throw Error(where, "a library with neither create_model and destroy_model nor <project>_float",
                "a CMS emulator library or the library hls4ml compiles");
  out.weight_files.assign(texts.begin(), texts.end());
  out.has_float = true;
  out.has_double = bridges.contains(out.project + "_double");
  return out;
}

}  // namespace vigil::fpga_model
