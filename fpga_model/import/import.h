// What firmware teams have becomes a model package: hls4ml projects, conifer JSON, DAIS programs, emulator libraries.
// Used by `vigil model import`. Writes no file: it returns the files of the package.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vigil::fpga_model {

struct ImportOptions {
  std::string name;  // of the package; empty: the source's own
  std::string version = "1";
  std::optional<std::string> hls4ml_version;  // "1.0", "1.2.0", ...; none: told from the files where they can tell
  std::optional<std::string> conifer_sum;     // "sequential" or "tree"; none: told from the file, or asked for
};

struct ImportedPackage {
  std::map<std::string, std::string> files;  // relative path -> bytes; model.yaml among them
  std::vector<std::string> notes;            // what a person should know: assumptions, unknown files, vendor quirks
};

// Tells the kind of `source` (a folder or a file) from its content. Throws Error naming file, line and what was
// expected for what cannot be read: nothing is guessed.
ImportedPackage import_model(const std::filesystem::path& source, const ImportOptions& options = {});

}  // namespace vigil::fpga_model
