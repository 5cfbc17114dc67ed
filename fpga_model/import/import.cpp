#include "fpga_model/import/import.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "fpga_model/import/hls4ml/project.h"
#include "fpga_model/import/import_source.h"
#include "fpga_model/json_section.h"
#include "fpga_model/network/network.h"

namespace vigil::fpga_model {

namespace {

namespace fs = std::filesystem;

constexpr const char* kKinds =
    "an hls4ml project folder, conifer JSON (or its folder), a DAIS program, an emulator library (.so) or network.json";

enum class JsonKind { none, network, conifer };

JsonKind json_kind(const nlohmann::json& document) {
  if (!document.is_object()) return JsonKind::none;
  if (const auto format = document.find("format"); format != document.end() && format->is_string())
    return JsonKind::network;
  return document.contains("trees") && document.contains("n_features") ? JsonKind::conifer : JsonKind::none;
}

ImportedPackage import_json(const std::string& bytes, const std::string& where, const ImportOptions& options) {
  switch (json_kind(*parse_json(bytes, where))) {
    case JsonKind::network:
      return import_network(bytes, where, options);
    case JsonKind::conifer:
      return import_conifer(bytes, where, options);
    case JsonKind::none:
      break;
  }
  throw Error(where, "JSON that is neither a network nor a decision tree",
              "key 'format' (docs/network_json.md) or keys 'trees' and 'n_features' (conifer)");
}

// A file only conifer writes into a project, or with trees in it; empty where there is none.
std::string conifer_firmware(const std::map<std::string, std::string>& files) {
  for (const auto& [path, bytes] : files) {
    const std::string name = fs::path(path).filename().string();
    if (name == "BDT.h" || name == "BDT_rolled.h" || name == "BDT_unrolled.h" || name == "conifer.h") return path;
    if (name == "BDTTop.vhd" || name == "BDT.vhd") return path;
    if (name == "parameters.h" && bytes.find("BDT::") != std::string::npos) return path;
  }
  return {};
}

ImportedPackage import_folder(const fs::path& folder, const ImportOptions& options) {
  const auto files = read_source_folder(folder);
  const std::string where = folder.string();
  if (files.contains("model.yaml")) throw Error(where, "a model package already (it holds model.yaml)", kKinds);
  // conifer writes its JSON at the top of the project folder, beside sources that may look like a project of hls4ml.
  std::vector<std::string> found, unreadable;
  for (const auto& [path, bytes] : files) {
    if (path.find('/') != std::string::npos || !path.ends_with(".json")) continue;
    const auto document = nlohmann::json::parse(bytes, nullptr, false);
    if (document.is_discarded()) unreadable.push_back(path);
    if (json_kind(document) != JsonKind::none) found.push_back(path);
  }
  if (found.size() > 1)
    throw Error(where, found[0] + " and " + found[1], "one model in the folder, or the file itself");
  if (found.size() == 1) return import_json(files.at(found[0]), (folder / found[0]).string(), options);
  const std::string conifer = conifer_firmware(files);
  const bool project = conifer.empty() && std::any_of(files.begin(), files.end(), [](const auto& file) {
                         const std::string name = fs::path(file.first).filename().string();
                         return name == "defines.h" || name == "parameters.h";
                       });
  if (project) {
    ImportedPackage package = import_hls4ml(files, where, options);
    for (const std::string& path : unreadable)
      package.notes.push_back(path + " is not valid JSON and was not looked at");
    return package;
  }
  if (!unreadable.empty()) parse_json(files.at(unreadable[0]), (folder / unreadable[0]).string());  // throws
  if (!conifer.empty())
    throw Error((folder / conifer).string(), "a conifer project without its JSON",
                "the .json that conifer writes beside the firmware folder");
  throw Error(where, "a folder without a model", kKinds);
}

}  // namespace

ImportedPackage import_network(const std::string& json, const std::string& where, const ImportOptions& options) {
  const Network engine(json, where);
  const auto document = parse_json(json, where);
  ImportDraft draft;
  const auto text = [&](const char* key) {
    const auto found = document->find(key);
    return found != document->end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  draft.name = clean_name(options.name.empty() ? text("name") : options.name, "network");
  draft.source = text("source");
  draft.format = "network";
  draft.path = "network.json";
  return {{{"network.json", json}, {"model.yaml", model_yaml_text(draft, options, &engine)}}, engine.warnings()};
}

ImportedPackage import_hls4ml(const std::map<std::string, std::string>& files, const std::string& where,
                              const ImportOptions& options) {
  const Hls4mlProject project = read_hls4ml_project(files, where, options.hls4ml_version);
  const Network engine(project.network_json, where);
  ImportDraft draft;
  draft.name = clean_name(options.name.empty() ? project.name : options.name, "network");
  draft.source = "hls4ml project " + clean_name(project.name, "");
  draft.format = "network";
  draft.path = "network.json";
  ImportedPackage package;
  package.files["network.json"] = project.network_json;
  package.files["model.yaml"] = model_yaml_text(draft, options, &engine);
  package.notes = project.notes;
  package.notes.insert(package.notes.end(), engine.warnings().begin(), engine.warnings().end());
  return package;
}

ImportedPackage import_model(const fs::path& source, const ImportOptions& options) {
  std::error_code error;
  if (!fs::exists(source, error)) throw Error(source.string(), "no such file or folder", kKinds);
  if (fs::is_directory(source, error)) return import_folder(source, options);
  const std::string where = source.string();
  std::string extension = source.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  if (extension == ".onnx" || extension == ".qonnx") {
    throw Error(where, "(Q)ONNX is not read: its float semantics are not the firmware's",
                "the hls4ml project made from it: hls4ml.converters.convert_from_onnx_model(...).write(), then vigil "
                "model import on that folder");
  }
  const std::string bytes = read_source_file(source);
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && bytes[first] == '{') return import_json(bytes, where, options);
  if (extension == ".dais") return import_dais(bytes, where, options);
  if (bytes.starts_with("\x7f"
                        "ELF"))
    return import_library(bytes, where, options);
  throw Error(where, "not a model this program reads", kKinds);
}

}  // namespace vigil::fpga_model
