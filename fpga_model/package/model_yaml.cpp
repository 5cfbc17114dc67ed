#include "fpga_model/package/model_yaml.h"

#include <filesystem>
#include <limits>
#include <set>

#include "core/error.h"
#include "fpga_model/package/yaml_section.h"

namespace vigil::fpga_model {
namespace {

template <class T>
void expect_per_column(YamlSection& section, const std::string& key, const std::vector<T>& values,
                       const InputGroup& group) {
  if (values.size() == 1 || (!group.columns.empty() && values.size() == group.columns.size())) return;
  section.fail(
      key, std::to_string(values.size()) + " entries",
      group.columns.empty() ? "one" : "one, or one for each of " + std::to_string(group.columns.size()) + " columns");
}

InputGroup read_input(YamlSection section) {
  InputGroup group;
  group.name = section.text("name");
  group.where = section.where("name");
  if (group.name.empty()) section.fail("name", "an empty name");
  if (section.has("count"))
    group.count = static_cast<std::size_t>(section.integer("count", 1, static_cast<std::int64_t>(kMaxWords)));
  if (section.has("columns")) {
    group.columns = section.texts("columns");
    if (group.columns.empty()) section.fail("columns", "an empty list", "at least one name");
    for (const std::string& column : group.columns) {
      if (column.empty()) section.fail("columns", "an empty name");
    }
  }
  const std::vector<std::string> types =
      section.is_list("type") ? section.texts("type") : std::vector{section.text("type")};
  expect_per_column(section, "type", types, group);
  for (const std::string& type : types) group.types.push_back(parse_fixed_point(type, section.where("type")));
  if (section.has("wire")) {
    const std::string wire = section.text("wire");
    if (wire != "raw" && wire != "integer") section.fail("wire", "'" + wire.substr(0, 40) + "'", "raw or integer");
    group.integer_on_wire = wire == "integer";
    for (const FixedPoint& type : group.types) {
      if (group.integer_on_wire && type.fraction() < 0)
        section.fail("wire", "integer codes of " + to_string(type), "a type with F >= 0");
    }
  }
  if (section.has("lsb")) {
    group.lsbs = section.is_list("lsb") ? section.reals("lsb") : std::vector{*section.real("lsb")};
    expect_per_column(section, "lsb", group.lsbs, group);
  }
  if (section.has("unit")) {
    group.units = section.is_list("unit") ? section.texts("unit") : std::vector{section.text("unit")};
    expect_per_column(section, "unit", group.units, group);
  }
  section.finish();
  return group;
}

OutputGroup read_output(YamlSection section) {
  OutputGroup group;
  group.name = section.text("name");
  group.where = section.where("name");
  if (section.has("count"))
    group.count = static_cast<std::size_t>(section.integer("count", 1, static_cast<std::int64_t>(kMaxWords)));
  group.type = parse_fixed_point(section.text("type"), section.where("type"));
  section.finish();
  return group;
}

SeedEntry read_seed(YamlSection section) {
  SeedEntry entry;
  entry.seed.name = section.text("name");
  if (entry.seed.name.empty()) section.fail("name", "an empty name");
  entry.name_where = section.where("name");
  entry.output = section.text("output");
  entry.where = section.where("output");
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (section.has("word"))
    entry.seed.word = static_cast<std::size_t>(section.integer("word", 0, static_cast<std::int64_t>(kMaxWords)));
  entry.seed.bit = static_cast<int>(section.integer("bit", 0, 63));
  entry.seed.threshold = section.integer("threshold", -kMost - 1, kMost);
  entry.seed.target_rate_hz = section.real("target_rate_hz");
  if (entry.seed.target_rate_hz && *entry.seed.target_rate_hz < 0)
    section.fail("target_rate_hz", "a negative rate", "a rate in Hz");
  section.finish();
  return entry;
}

std::string read_source(YamlSection& section) {
  if (!section.has("source")) return {};
  if (!section.is_mapping("source")) return section.text("source");
  YamlSection source = section.mapping("source");
  const std::string text = source.text("repo") + "@" + source.text("commit");
  source.finish();
  return text;
}

void describe_inputs(const PackageDescription& package, const Engine& engine, ModelInfo& info) {
  std::vector<const TensorInfo*> tensors;
  std::size_t words = 0;
  for (std::size_t t = 0; t < engine.input_tensors(); ++t) {
    tensors.push_back(&engine.tensors()[t]);
    words += tensors.back()->words;
  }
  std::vector<InputGroup> groups = package.inputs;
  if (groups.empty()) {
    for (const TensorInfo* tensor : tensors) {
      InputGroup group;
      group.name = tensor->name;
      group.count = tensor->words;
      group.types = {tensor->type};
      group.where = package.file;
      groups.push_back(std::move(group));
    }
  }
  std::size_t described = 0;
  for (const InputGroup& group : groups) described += group.words();
  if (described != words) {
    throw Error(package.file + ": key 'inputs'", std::to_string(described) + " words",
                std::to_string(words) + " as in the network");
  }
  std::set<std::string> names;
  std::size_t tensor = 0;
  std::size_t word = 0;  // within the tensor
  for (const InputGroup& group : groups) {
    const std::size_t columns = group.columns.empty() ? 1 : group.columns.size();
    for (std::size_t i = 0; i < group.count; ++i) {
      for (std::size_t c = 0; c < columns; ++c, ++word) {
        if (word == tensors[tensor]->words) {
          ++tensor;
          word = 0;
        }
        InputColumn column;
        column.name = group.name + (group.count > 1 ? "[" + std::to_string(i) + "]" : "");
        if (!group.columns.empty()) column.name += "." + group.columns[c];
        column.type = group.types.size() == 1 ? group.types[0] : group.types[c];
        if (column.type != tensors[tensor]->type) {
          throw Error(group.where, "input '" + column.name + "' of type " + to_string(column.type),
                      to_string(tensors[tensor]->type) + " as in the network");
        }
        column.integer_on_wire = group.integer_on_wire;
        if (!group.lsbs.empty()) column.lsb = group.lsbs.size() == 1 ? group.lsbs[0] : group.lsbs[c];
        if (!group.units.empty()) column.unit = group.units.size() == 1 ? group.units[0] : group.units[c];
        if (!names.insert(column.name).second) throw Error(group.where, "input '" + column.name + "' named twice");
        info.inputs.push_back(std::move(column));
      }
    }
  }
}

void describe_outputs(const PackageDescription& package, const Engine& engine, ModelInfo& info) {
  std::size_t first_word = 0;
  for (const std::size_t t : engine.outputs()) {
    const TensorInfo& tensor = engine.tensors()[t];
    info.outputs.push_back({tensor.name, tensor.type, first_word, tensor.words});
    first_word += tensor.words;
  }
  if (package.outputs.empty()) return;
  if (package.outputs.size() != info.outputs.size()) {
    throw Error(package.file + ": key 'outputs'", std::to_string(package.outputs.size()) + " outputs",
                std::to_string(info.outputs.size()) + " as in the network");
  }
  for (std::size_t i = 0; i < package.outputs.size(); ++i) {
    const OutputGroup& group = package.outputs[i];
    const Output& output = info.outputs[i];
    const auto shown = [](const std::string& name, std::size_t words, const FixedPoint& type) {
      return "output '" + name + "' of " + std::to_string(words) + (words == 1 ? " word " : " words ") +
             to_string(type);
    };
    if (group.name != output.name || group.count != output.words || group.type != output.type) {
      throw Error(group.where, shown(group.name, group.count, group.type),
                  shown(output.name, output.words, output.type) + " as in the network");
    }
  }
}

// Verdicts on seeds and on outputs are told apart by their names.
void expect_other_name(const ModelInfo& info, const SeedEntry& entry) {
  const auto refuse = [&](const std::string& what) {
    throw Error(entry.name_where, "seed '" + entry.seed.name + "', the name of " + what, "a name of its own");
  };
  for (const Output& output : info.outputs) {
    if (entry.seed.name == output.name) refuse("an output");
    const std::string& name = entry.seed.name;  // score[3]
    if (output.words > 1 && name.size() > output.name.size() + 2 && name.starts_with(output.name + "[") &&
        name.find_first_not_of("0123456789", output.name.size() + 1) == name.size() - 1 && name.back() == ']')
      refuse("a word of output '" + output.name + "'");
  }
}

}  // namespace

PackageDescription parse_model_yaml(std::string_view bytes, const std::string& file) {
  YamlSection section = YamlSection::parse(bytes, file);
  PackageDescription package;
  package.file = file;
  package.name = section.text("name");
  if (package.name.empty()) section.fail("name", "an empty name");
  package.version = section.text_or("version", "");
  package.description = section.text_or("description", "");
  package.source = read_source(section);
  package.firmware = section.text_or("firmware", "");
  package.format = section.text("format");
  package.format_where = section.where("format");
  const std::filesystem::path path = std::filesystem::path(section.text("path")).lexically_normal();
  if (path.empty() || path.is_absolute() || *path.begin() == "..") {
    section.fail("path", "'" + path.string().substr(0, 60) + "'", "a path inside the folder");
  }
  package.path = path.generic_string();
  package.path_where = section.where("path");
  if (section.has("conifer")) {
    YamlSection conifer = section.mapping("conifer");
    const std::string sum = conifer.text_or("sum", "sequential");
    if (sum != "sequential" && sum != "tree") conifer.fail("sum", "'" + sum.substr(0, 40) + "'", "sequential or tree");
    package.conifer_sum = sum == "tree" ? ConiferSum::tree : ConiferSum::sequential;
    conifer.finish();
    if (package.format != "conifer")
      section.fail("conifer", "set for format " + package.format.substr(0, 40), "format conifer");
  }
  if (section.has("hls4ml")) {
    YamlSection hls4ml = section.mapping("hls4ml");
    package.hls4ml_version = hls4ml.text("version");
    hls4ml.finish();
    if (package.format != "hls4ml_project")
      section.fail("hls4ml", "set for format " + package.format.substr(0, 40), "format hls4ml_project");
  }
  if (section.has("in_process")) {
    const std::string in_process = section.text("in_process");
    if (in_process != "true" && in_process != "false")
      section.fail("in_process", "'" + in_process.substr(0, 40) + "'", "true or false");
    package.in_process = in_process == "true";
    if (package.format != "cms_emulator")
      section.fail("in_process", "set for format " + package.format.substr(0, 40), "format cms_emulator");
  }
  if (section.has("inputs")) {
    for (YamlSection& input : section.mappings("inputs")) package.inputs.push_back(read_input(std::move(input)));
    if (package.inputs.empty()) section.fail("inputs", "an empty list", "at least one, or no key 'inputs'");
  }
  if (section.has("outputs")) {
    for (YamlSection& output : section.mappings("outputs")) package.outputs.push_back(read_output(std::move(output)));
    if (package.outputs.empty()) section.fail("outputs", "an empty list", "at least one, or no key 'outputs'");
  }
  if (section.has("seeds")) {
    for (YamlSection& seed : section.mappings("seeds")) package.seeds.push_back(read_seed(std::move(seed)));
  }
  section.finish();
  return package;
}

ModelInfo describe(const PackageDescription& package, const Engine& engine) {
  ModelInfo info;
  info.name = package.name;
  info.version = package.version;
  info.description = package.description;
  info.source = package.source;
  info.firmware = package.firmware;
  info.format = package.format;
  describe_inputs(package, engine, info);
  describe_outputs(package, engine, info);
  std::set<std::string> names;
  std::set<int> bits;
  for (const SeedEntry& entry : package.seeds) {
    Seed seed = entry.seed;
    while (seed.output < info.outputs.size() && info.outputs[seed.output].name != entry.output) ++seed.output;
    if (seed.output == info.outputs.size())
      throw Error(entry.where, "seed '" + seed.name + "' on output '" + entry.output.substr(0, 60) + "'",
                  "an output of the model");
    const std::size_t words = info.outputs[seed.output].words;
    if (seed.word >= words)
      throw Error(entry.where, "seed '" + seed.name + "' on word " + std::to_string(seed.word),
                  "a word in 0.." + std::to_string(words - 1));
    expect_other_name(info, entry);
    if (!names.insert(seed.name).second) throw Error(entry.where, "a second seed '" + seed.name + "'");
    if (!bits.insert(seed.bit).second) throw Error(entry.where, "a second seed on bit " + std::to_string(seed.bit));
    info.seeds.push_back(std::move(seed));
  }
  return info;
}

}  // namespace vigil::fpga_model
