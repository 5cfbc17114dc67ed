#include "core/model_text.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"

namespace vigil {
namespace {

using nlohmann::ordered_json;

template <class T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

template <class T>
std::optional<T> optional_at(const ordered_json& object, const char* key) {
  const auto& value = object.at(key);
  return value.is_null() ? std::nullopt : std::optional(value.get<T>());
}

}  // namespace

std::string model_text(const ModelInfo& info) {
  ordered_json out = {{"name", info.name},
                      {"version", info.version},
                      {"description", info.description},
                      {"source", info.source},
                      {"firmware", info.firmware},
                      {"format", info.format},
                      {"hash", info.hash},
                      {"inputs", ordered_json::array()},
                      {"outputs", ordered_json::array()},
                      {"seeds", ordered_json::array()},
                      {"warnings", info.warnings}};
  for (const InputColumn& input : info.inputs) {
    out["inputs"].push_back({{"name", input.name},
                             {"type", to_string(input.type)},
                             {"integer_on_wire", input.integer_on_wire},
                             {"lsb", or_null(input.lsb)},
                             {"unit", input.unit}});
  }
  for (const Output& output : info.outputs) {
    out["outputs"].push_back({{"name", output.name}, {"type", to_string(output.type)}, {"words", output.words}});
  }
  for (const Seed& seed : info.seeds) {
    out["seeds"].push_back({{"name", seed.name},
                            {"output", seed.output},
                            {"word", seed.word},
                            {"bit", seed.bit},
                            {"threshold", seed.threshold},
                            {"target_rate_hz", or_null(seed.target_rate_hz)}});
  }
  return json_text(out);
}

ModelInfo model_from_text(std::string_view text, const std::string& where) {
  try {
    const auto in = ordered_json::parse(text);
    ModelInfo info;
    info.name = in.at("name");
    info.version = in.at("version");
    info.description = in.at("description");
    info.source = in.at("source");
    info.firmware = in.at("firmware");
    info.format = in.at("format");
    info.hash = in.at("hash");
    info.warnings = in.at("warnings").get<std::vector<std::string>>();
    for (const auto& i : in.at("inputs")) {
      InputColumn& input = info.inputs.emplace_back();
      input.name = i.at("name");
      input.type = parse_fixed_point(i.at("type").get<std::string>(), where);
      input.integer_on_wire = i.at("integer_on_wire");
      input.lsb = optional_at<double>(i, "lsb");
      input.unit = i.at("unit");
    }
    for (const auto& o : in.at("outputs")) {
      const std::size_t first = info.output_words();
      Output& output = info.outputs.emplace_back();
      output.name = o.at("name");
      output.type = parse_fixed_point(o.at("type").get<std::string>(), where);
      output.first_word = first;
      output.words = o.at("words");
    }
    for (const auto& s : in.at("seeds")) {
      Seed& seed = info.seeds.emplace_back();
      seed.name = s.at("name");
      seed.output = s.at("output");
      seed.word = s.at("word");
      seed.bit = s.at("bit");
      seed.threshold = s.at("threshold");
      seed.target_rate_hz = optional_at<double>(s, "target_rate_hz");
      if (seed.output >= info.outputs.size() || seed.word >= info.outputs[seed.output].words) {
        throw Error(where, "seed '" + seed.name + "' of an output there is not", "what model_text() wrote");
      }
    }
    return info;
  } catch (const nlohmann::json::exception& e) {
    throw Error(where, e.what(), "what model_text() wrote");
  }
}

}  // namespace vigil
