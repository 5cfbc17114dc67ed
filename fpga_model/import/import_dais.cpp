// A DAIS program -> a package that runs it.
#include "fpga_model/import/dais.h"
#include "fpga_model/import/import_source.h"

namespace vigil::fpga_model {

ImportedPackage import_dais(const std::string& bytes, const std::string& where, const ImportOptions& options) {
  const Dais engine(bytes, where);
  ImportDraft draft;
  const std::string stem = std::filesystem::path(where).stem().string();
  draft.name = clean_name(options.name.empty() ? stem : options.name, "program");
  draft.source = "DAIS program " + clean_name(std::filesystem::path(where).filename().string(), "");
  draft.format = "dais";
  draft.path = "model.dais";
  ImportedPackage package;
  package.files["model.dais"] = bytes;
  package.files["model.yaml"] = model_yaml_text(draft, options, &engine);
  package.notes.push_back("the program has a width for each word; model.yaml gives all inputs the one type " +
                          to_string(engine.tensors()[0].type) + " and all outputs " +
                          to_string(engine.tensors()[engine.outputs().front()].type) + ", which hold them all");
  return package;
}

}  // namespace vigil::fpga_model
