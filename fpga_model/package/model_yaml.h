// model.yaml: what a package says of itself (docs/model_package.md). Read strictly, then matched with the network it
// names. Used by the package loader and the importers.
// Tests: tests/fpga_model/package_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model.h"
#include "fpga_model/engine.h"

namespace vigil::fpga_model {

// One entry of `inputs`: `count` objects of the same columns, or `count` words where it has none.
struct InputGroup {
  std::string name;
  std::size_t count = 1;
  std::vector<std::string> columns;
  std::vector<FixedPoint> types;  // one, or one a column
  bool integer_on_wire = false;
  std::vector<double> lsbs;        // none, one, or one a column
  std::vector<std::string> units;  // none, one, or one a column
  std::string where;               // for messages

  std::size_t words() const { return count * (columns.empty() ? 1 : columns.size()); }
};

struct OutputGroup {
  std::string name;
  std::size_t count = 1;
  FixedPoint type;
  std::string where;
};

struct SeedEntry {
  Seed seed;           // `output` is not yet resolved
  std::string output;  // its name
  std::string where;
  std::string name_where;
};

// How the leaves of a score of a decision tree are added.
enum class ConiferSum { sequential, tree };

struct PackageDescription {
  std::string name;
  std::string version;
  std::string description;
  std::string source;
  std::string firmware;
  std::string format;
  std::string format_where;
  std::string path;
  std::string path_where;
  std::optional<ConiferSum> conifer_sum;      // conifer: {sum: tree}; none: as the file's backend does
  bool in_process = false;                    // cms_emulator: the library runs in this process
  std::optional<std::string> hls4ml_version;  // hls4ml: {version: "1.2.0"}
  std::string file;                           // for messages
  std::vector<InputGroup> inputs;             // empty: the network's own
  std::vector<OutputGroup> outputs;           // empty: the network's own
  std::vector<SeedEntry> seeds;
};

PackageDescription parse_model_yaml(std::string_view bytes, const std::string& file);

// Names and types of the words, checked against the tensors of the engine. Throws Error naming file and line where they
// contradict.
ModelInfo describe(const PackageDescription& package, const Engine& engine);

}  // namespace vigil::fpga_model
