#include "shift/documents/model_documents.h"

#include <nlohmann/json.hpp>

#include "core/json_text.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

ordered_json model_json(const alerting::RecordedModel& model, const std::vector<alerting::RecordedStream>& streams) {
  const ModelInfo& info = model.info;
  ordered_json of = ordered_json::array(), inputs = ordered_json::array(), outputs = ordered_json::array(),
               seeds = ordered_json::array();
  for (const alerting::RecordedStream& stream : streams) {
    if (stream.model_hash == info.hash) of.push_back(stream.stream);
  }
  for (const InputColumn& input : info.inputs) {
    inputs.push_back(
        {{"name", input.name}, {"type", to_string(input.type)}, {"lsb", json_number(input.lsb)}, {"unit", input.unit}});
  }
  for (const Output& output : info.outputs) {
    outputs.push_back({{"name", output.name}, {"type", to_string(output.type)}, {"words", output.words}});
  }
  for (const Seed& seed : info.seeds) {
    seeds.push_back({{"name", seed.name},
                     {"output", info.outputs[seed.output].name},
                     {"word", seed.word},
                     {"bit", seed.bit},
                     {"threshold", seed.threshold},
                     {"target_rate_hz", json_number(seed.target_rate_hz)}});
  }
  return {{"name", info.name},         {"version", info.version},     {"hash", info.hash},
          {"format", info.format},     {"firmware", info.firmware},   {"description", info.description},
          {"streams", std::move(of)},  {"inputs", std::move(inputs)}, {"outputs", std::move(outputs)},
          {"seeds", std::move(seeds)}, {"monitors", model.monitors},  {"warnings", info.warnings}};
}

}  // namespace

ordered_json models_document(const Outlook& outlook) {
  const auto streams = outlook.record->streams();
  ordered_json models = ordered_json::array();
  for (const alerting::RecordedModel& model : outlook.record->models()) models.push_back(model_json(model, streams));
  return {{"models", std::move(models)}};
}

}  // namespace vigil::shift
