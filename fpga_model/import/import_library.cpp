// An emulator library (.so) -> a package that runs it.
#include "core/error.h"
#include "fpga_model/external/library_engine.h"
#include "fpga_model/import/import_source.h"

namespace vigil::fpga_model {

ImportedPackage import_library(const std::string& bytes, const std::string& where, const ImportOptions& options) {
  const LibrarySymbols symbols = read_library_symbols(bytes, where);
  const LibraryEngine engine(bytes, where, {});
  ImportDraft draft;
  std::string stem = std::filesystem::path(where).stem().string();
  if (stem.starts_with("lib")) stem = stem.substr(3);
  const bool cms = symbols.kind == LibraryKind::cms_emulator;
  if (!cms) stem = symbols.project;
  draft.name = clean_name(options.name.empty() ? stem : options.name, "library");
  draft.source = cms ? "CMS emulator library " + clean_name(std::filesystem::path(where).filename().string(), "")
                     : "library hls4ml compiled of " + clean_name(symbols.project, "");
  draft.format = cms ? "cms_emulator" : "hls4ml_library";
  draft.path = "libmodel.so";
  if (cms) draft.extra = "in_process: false  # true: faster, but a crash of the library ends the monitor\n";
  ImportedPackage package;
  package.files["libmodel.so"] = bytes;
  package.files["model.yaml"] = model_yaml_text(draft, options, &engine);
  package.notes.push_back(
      "types and lengths were found by running the library: " + std::to_string(engine.input_tensors()) + " input and " +
      std::to_string(engine.outputs().size()) + " output arrays; the library does not name them");
  package.notes.insert(package.notes.end(), engine.warnings().begin(), engine.warnings().end());
  if (!symbols.weight_files.empty())
    package.notes.push_back(
        "the library may read its weights from files beside it when it starts: those are not in the package");
  return package;
}

}  // namespace vigil::fpga_model
