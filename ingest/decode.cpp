#include "ingest/decode.h"

#include <algorithm>
#include <array>

#include "core/lhc.h"
#include "ingest/decode_columns.h"
#include "ingest/decode_map.h"

namespace vigil::ingest {
namespace {

constexpr std::array kMandatory = {Key::v,  Key::source, Key::seq,  Key::epoch, Key::stream, Key::run,
                                   Key::ls, Key::orbits, Key::n_bx, Key::model, Key::n};

constexpr ColumnRule kOrbitRule{.is_signed = false, .word_bytes = 4};
constexpr ColumnRule kBxRule{.is_signed = false, .word_bytes = 2};
constexpr ColumnRule kInputsRule{.word_bytes = 1 | 2 | 4, .is_table = true, .most_columns = kMostInputColumns};
constexpr ColumnRule kOutputsRule{.word_bytes = 1 | 2 | 4 | 8, .is_table = true};
constexpr ColumnRule kBitsRule{.is_signed = false, .word_bytes = 1 | 2 | 4 | 8};

// Hex digits are digits: the loaded hash is written in lower case.
std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

void take_header(BatchMap& map, EventBatch& out) {
  out.unknown_keys = map.unknown_keys;
  if (map.readable(Key::source)) out.source = map.source;
  if (map.readable(Key::seq)) out.seq = map.seq;
  if (map.readable(Key::epoch)) out.epoch = map.epoch;
  if (map.readable(Key::stream)) out.stream = map.stream;
  if (map.readable(Key::selection)) out.selection = map.selection;
  if (map.readable(Key::run)) out.run = map.run;
  if (map.readable(Key::ls)) out.ls = map.ls;
  if (map.readable(Key::orbits)) {
    out.first_orbit = map.orbits[0];
    out.last_orbit = map.orbits[1];
  }
  if (map.readable(Key::n_bx)) out.n_bx = map.n_bx;
  if (map.readable(Key::model)) out.model = map.model;
  if (map.readable(Key::model_hash)) out.model_hash = lower_case(map.model_hash);
  if (map.readable(Key::context)) out.context = std::move(map.context);
  if (map.readable(Key::n)) out.n = map.n;
}

bool is_topic_of(std::string_view topic, std::string_view stream, std::string_view model) {
  return topic.size() == stream.size() + 1 + model.size() && topic.starts_with(stream) && topic[stream.size()] == '/' &&
         topic.ends_with(model);
}

Rejection check_header(const BatchMap& map, std::string_view topic) {
  if (map.readable(Key::v) && map.v != 1) return Rejection::version;
  if (std::find(map.wrong.begin(), map.wrong.end(), true) != map.wrong.end()) return Rejection::wrong_type;
  for (const Key key : kMandatory) {
    if (!map.has(key)) return Rejection::missing_key;
  }
  if (map.n > kMostEvents || map.has_long_text) return Rejection::limits;
  if (!is_topic_of(topic, map.stream, map.model)) return Rejection::topic;
  return Rejection::none;
}

Rejection check_clock(const EventBatch& batch) {
  if (batch.first_orbit > batch.last_orbit) return Rejection::orbits;
  if (batch.ls != lhc::lumisection_of(batch.first_orbit) || batch.ls != lhc::lumisection_of(batch.last_orbit)) {
    return Rejection::lumisection;
  }
  return Rejection::none;
}

// `loaded` is null where the batch is of another hash: its columns are then held against nothing but themselves.
Rejection read_columns(const BatchMap& map, const ModelInfo* loaded, EventBatch& out) {
  for (const Key key : {Key::orbit, Key::bx, Key::inputs}) {
    if (out.n > 0 && !map.has(key)) return Rejection::missing_key;
  }
  const auto read = [&](Key key, const ColumnRule& rule, Column& column) {
    return map.has(key) ? read_column(map.column(key), rule, out.n, column) : Rejection::none;
  };
  const auto has_width = [&](const Column& column, std::size_t width) {
    return loaded == nullptr || !column.present() || column.columns == width;
  };
  Column inputs, outputs, bits;
  if (const auto r = read(Key::orbit, kOrbitRule, out.orbit); r != Rejection::none) return r;
  if (const auto r = read(Key::bx, kBxRule, out.bx); r != Rejection::none) return r;
  if (const auto r = read(Key::inputs, kInputsRule, inputs); r != Rejection::none) return r;
  if (loaded != nullptr && !has_width(inputs, loaded->inputs.size())) return Rejection::column;
  if (const auto r = read(Key::hw_outputs, kOutputsRule, outputs); r != Rejection::none) return r;
  if (loaded != nullptr && !has_width(outputs, loaded->output_words())) return Rejection::column;
  if (const auto r = read(Key::hw_bits, kBitsRule, bits); r != Rejection::none) return r;

  if (!orbits_inside(out.orbit, out.first_orbit, out.last_orbit)) return Rejection::orbits;
  if (!bx_inside(out.bx)) return Rejection::bunch_crossing;
  if (loaded != nullptr && !(inputs_fit(inputs, *loaded) && outputs_fit(outputs, *loaded)))
    return Rejection::word_range;

  out.blocks.reserve(3);
  if (inputs.present()) out.blocks.push_back({{}, "inputs", inputs});
  if (outputs.present()) out.blocks.push_back({{}, "hw_outputs", outputs});
  if (bits.present()) out.blocks.push_back({{}, "hw_bits", bits});
  return Rejection::none;
}

}  // namespace

Rejection decode(const Frame& frame, const ModelLookup& lookup, EventBatch& out) {
  out = EventBatch{};
  if (frame.parts.size() != 2) return Rejection::parts;
  const std::string& topic = frame.parts[0];
  const std::string& body = frame.parts[1];
  if (topic.size() > kLargestMessage || body.size() > kLargestMessage - topic.size()) return Rejection::too_large;

  BatchMap map = read_batch_map(body, true);
  take_header(map, out);
  if (map.structure != Rejection::none) return map.structure;
  if (const auto r = check_header(map, topic); r != Rejection::none) return r;
  const ModelInfo* model = lookup(out.model);
  if (model == nullptr) return Rejection::unknown_model;
  if (const auto r = check_clock(out); r != Rejection::none) return r;

  const bool is_foreign = out.model_hash && *out.model_hash != model->hash;
  const Rejection result = read_columns(map, is_foreign ? nullptr : model, out);
  if (result != Rejection::none) out.orbit = out.bx = Column{};
  return result;
}

FrameHeader peek_header(const std::vector<std::string>& parts) {
  FrameHeader header;
  if (parts.empty()) return header;
  header.topic = parts[0].substr(0, 2 * kLongestText + 1);
  if (parts.size() < 2) return header;
  const BatchMap map = read_batch_map(parts[1], false);
  // A text that is too long points nowhere.
  const auto has_text = [&](Key key, std::string_view text) { return map.readable(key) && text.data() != nullptr; };
  if (has_text(Key::stream, map.stream)) header.stream = map.stream;
  if (has_text(Key::model, map.model)) header.model = map.model;
  if (has_text(Key::source, map.source)) header.source = map.source;
  if (map.readable(Key::epoch)) header.epoch = map.epoch;
  if (map.readable(Key::seq)) header.seq = map.seq;
  if (map.readable(Key::run)) header.run = map.run;
  if (map.readable(Key::ls)) header.ls = map.ls;
  if (map.readable(Key::orbits)) {
    header.first_orbit = map.orbits[0];
    header.last_orbit = map.orbits[1];
  }
  if (map.readable(Key::n)) header.n = map.n;
  return header;
}

}  // namespace vigil::ingest
