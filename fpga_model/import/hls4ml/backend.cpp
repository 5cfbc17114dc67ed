#include "fpga_model/import/hls4ml/backend.h"

#include <algorithm>

#include "core/error.h"
#include "fpga_model/import/hls4ml/paths.h"

namespace vigil::fpga_model::hls4ml {
namespace {

constexpr const char* kKnown = "Vivado or Vitis: what other backends compute is not read";

std::size_t line_of(const std::string& text, std::size_t at) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

// "Backend: Quartus" at the start of a line of hls4ml_config.yml.
void look_at_settings(const std::string& text, const std::string& path) {
  for (std::size_t at = 0; at < text.size(); at = std::min(text.find('\n', at), text.size()) + 1) {
    if (text.compare(at, 8, "Backend:") != 0) continue;
    std::string backend = text.substr(at + 8, text.find('\n', at) - at - 8);
    std::erase_if(backend, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '"' || c == '\''; });
    if (backend.empty() || backend == "null" || backend.starts_with("Vivado") || backend.starts_with("Vitis")) return;
    throw Error(path + ": line " + std::to_string(line_of(text, at)),
                "a project of hls4ml's backend " + backend.substr(0, 60), kKnown);
  }
}

// The types tell where the settings are not there.
void look_at_types(const std::string& text, const std::string& path) {
  std::size_t at = text.find("ac_fixed");
  if (at == std::string::npos) return;
  const auto has = [&](const char* word) { return text.find(word) != std::string::npos; };
  const std::string backend = has("sycl")                           ? "oneAPI"
                              : has("ihc::") || has("HLS/ac_fixed") ? "Quartus"
                              : has("ac_channel")                   ? "Catapult"
                                                                    : "Quartus, oneAPI or Catapult";
  throw Error(path + ": line " + std::to_string(line_of(text, at)),
              "ac_fixed types: a project of hls4ml's backend " + backend, kKnown);
}

}  // namespace

void expect_known_backend(const std::map<std::string, std::string>& files, const std::string& where) {
  const auto shown = [&](const std::string& path) { return where.empty() ? path : where + "/" + path; };
  for (const auto& [path, bytes] : files) {
    if (name_of(path) == "hls4ml_config.yml") look_at_settings(bytes, shown(path));
  }
  for (const auto& [path, bytes] : files) {
    if (name_of(path) == "defines.h") look_at_types(bytes, shown(path));
  }
}

}  // namespace vigil::fpga_model::hls4ml
