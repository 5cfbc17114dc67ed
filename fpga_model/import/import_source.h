// The pieces of the importer: what was handed in, and how a package of each kind is made of it. Used by import_model
// only.
// Tests: tests/fpga_model/import_test.cpp.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "fpga_model/engine.h"
#include "fpga_model/import/import.h"
#include "fpga_model/package/model_yaml.h"

namespace vigil::fpga_model {

// A package as far as it is known before its engine is: the rest comes from the engine's tensors.
struct ImportDraft {
  std::string name;
  std::string description;
  std::string source;
  std::string format;
  std::string path;
  std::string extra;                 // lines of model.yaml of this format alone
  std::vector<InputGroup> inputs;    // empty: one group a tensor
  std::vector<OutputGroup> outputs;  // empty: one a tensor
};

// Bytes of a regular file of at most 256 MiB. Throws Error.
std::string read_source_file(const std::filesystem::path& path);
// The text files of a project: relative path -> bytes; what is neither source, text nor settings is left out. At most
// 256 MiB and 100,000 entries. Links to files are followed, links to folders are not. Throws Error.
std::map<std::string, std::string> read_source_folder(const std::filesystem::path& folder);

// A name as a file or project has it, with what no name should hold ('/', control characters, spaces) replaced by '_'.
std::string clean_name(const std::string& text, const std::string& fallback);

// The complete model.yaml of a draft. `engine`: null where draft.inputs and draft.outputs say all.
std::string model_yaml_text(const ImportDraft& draft, const ImportOptions& options, const Engine* engine);

// Each makes one kind of package. `where` names the source in messages.
ImportedPackage import_network(const std::string& json, const std::string& where, const ImportOptions& options);
ImportedPackage import_hls4ml(const std::map<std::string, std::string>& files, const std::string& where,
                              const ImportOptions& options);
ImportedPackage import_library(const std::string& bytes, const std::string& where, const ImportOptions& options);
ImportedPackage import_dais(const std::string& bytes, const std::string& where, const ImportOptions& options);
ImportedPackage import_conifer(const std::string& json, const std::string& where, const ImportOptions& options);

}  // namespace vigil::fpga_model
