#include "ingest/decode.h"

#include <algorithm>
#include <array>

#include "core/lhc.h"
#include "ingest/decode_columns.h"
#include "ingest/decode_map.h"
#include "ingest/decode_words.h"
#include "ingest/refusal_text.h"

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
  out.ignored_annotations = map.ignored_annotations;
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

constexpr std::array kColumns = {Key::orbit, Key::bx, Key::inputs};  // mandatory where there are events

// What is wrong, and the place, as one value: texts are made on rejection only.
struct Refusal {
  Rejection cause = Rejection::none;
  std::string detail;
  explicit operator bool() const { return cause != Rejection::none; }
};

std::string missing(Key key, const BatchMap& map) {
  std::string text = std::string(name_of(key)) + ": missing";
  if (map.odd_keys > 0) text += "; " + std::to_string(map.odd_keys) + " keys are no strings";
  if (!map.unknown_key.empty()) text += "; unknown key " + in_quotes(map.unknown_key);
  return text;
}

Refusal check_header(const BatchMap& map, std::string_view topic) {
  if (map.readable(Key::v) && map.v != 1) return {Rejection::version, refusal("v", std::to_string(map.v), "1")};
  if (std::find(map.wrong.begin(), map.wrong.end(), true) != map.wrong.end()) {
    return {Rejection::wrong_type, map.wrong_refusal};
  }
  for (const Key key : kMandatory) {
    if (!map.has(key)) return {Rejection::missing_key, missing(key, map)};
  }
  for (const Key key : kColumns) {
    if (map.n > 0 && map.is_nil(key)) return {Rejection::wrong_type, refusal(name_of(key), "nil", "a column")};
  }
  if (map.n > kMostEvents) {
    return {Rejection::limits, refusal("n", std::to_string(map.n), std::to_string(kMostEvents) + " at most")};
  }
  if (!map.limit_refusal.empty()) return {Rejection::limits, map.limit_refusal};
  if (!is_topic_of(topic, map.stream, map.model)) {
    const std::string expected = std::string(map.stream) + "/" + std::string(map.model);
    return {Rejection::topic,
            refusal("topic", in_quotes(topic), in_quotes(expected) + ", <stream>/<model> of the body")};
  }
  return {};
}

Refusal check_clock(const EventBatch& batch) {
  const std::uint32_t first = batch.first_orbit, last = batch.last_orbit;
  const auto between = [](std::uint32_t a, std::uint32_t b) { return std::to_string(a) + " to " + std::to_string(b); };
  if (first > last) return {Rejection::orbits, refusal("orbits", between(first, last), "the first not above the last")};
  const std::uint32_t first_ls = lhc::lumisection_of(first), last_ls = lhc::lumisection_of(last);
  if (first_ls != last_ls) {
    return {Rejection::lumisection,
            refusal("orbits", between(first, last), "orbits of one lumisection, not of " + between(first_ls, last_ls))};
  }
  if (batch.ls != first_ls) {
    return {Rejection::lumisection,
            refusal("ls", std::to_string(batch.ls), std::to_string(first_ls) + ", of orbits " + between(first, last))};
  }
  const std::uint64_t crossings = (std::uint64_t{last} - first + 1) * lhc::kCrossingsPerOrbit;
  if (batch.n_bx > crossings) {
    return {Rejection::limits,
            refusal("n_bx", std::to_string(batch.n_bx),
                    std::to_string(crossings) + " at most, the crossings of orbits " + between(first, last))};
  }
  return {};
}

// `loaded` is null where the batch is of another hash: its columns are then held against nothing but themselves.
Refusal read_columns(const BatchMap& map, const ModelInfo* loaded, EventBatch& out) {
  for (const Key key : kColumns) {
    if (out.n > 0 && !map.has(key)) return {Rejection::missing_key, missing(key, map)};
  }
  Refusal wrong;
  const auto read = [&](Key key, const ColumnRule& rule, std::optional<std::size_t> columns, Column& column) {
    if (map.has(key)) {
      wrong.cause = read_column(name_of(key), map.column(key), rule, out.n, columns, column, wrong.detail);
    }
    return wrong.cause == Rejection::none;
  };
  std::optional<std::size_t> features, words;
  if (loaded != nullptr) {
    features = loaded->inputs.size();
    words = loaded->output_words();
  }
  Column inputs, outputs, bits;
  if (!read(Key::orbit, kOrbitRule, {}, out.orbit) || !read(Key::bx, kBxRule, {}, out.bx) ||
      !read(Key::inputs, kInputsRule, features, inputs) || !read(Key::hw_outputs, kOutputsRule, words, outputs) ||
      !read(Key::hw_bits, kBitsRule, {}, bits)) {
    return wrong;
  }
  if (!orbits_inside(out.orbit, out.first_orbit, out.last_orbit)) {
    return {Rejection::orbits, orbit_refusal(out.orbit, out.first_orbit, out.last_orbit)};
  }
  if (!bx_inside(out.bx)) return {Rejection::bunch_crossing, bx_refusal(out.bx)};
  if (loaded != nullptr) {
    if (!inputs_fit(inputs, *loaded)) return {Rejection::word_range, inputs_refusal(inputs, *loaded)};
    if (!outputs_fit(outputs, *loaded)) return {Rejection::word_range, outputs_refusal(outputs, *loaded)};
  }

  out.blocks.reserve(3);
  if (inputs.present()) out.blocks.push_back({{}, "inputs", inputs});
  if (outputs.present()) out.blocks.push_back({{}, "hw_outputs", outputs});
  if (bits.present()) out.blocks.push_back({{}, "hw_bits", bits});
  return {};
}

Refusal decode_batch(const Frame& frame, const ModelLookup& lookup, EventBatch& out) {
  if (frame.parts.size() != 2) {
    return {Rejection::parts,
            std::to_string(frame.parts.size()) + (frame.parts.size() == 1 ? " part" : " parts") + ", expected 2"};
  }
  const std::string& topic = frame.parts[0];
  const std::string& body = frame.parts[1];
  if (topic.size() > kLargestMessage || body.size() > kLargestMessage - topic.size()) {
    return {Rejection::too_large, std::to_string(topic.size() + body.size()) + " bytes, expected " +
                                      std::to_string(kLargestMessage) + " at most"};
  }
  BatchMap map = read_batch_map(body, true);
  take_header(map, out);
  if (map.structure != Rejection::none) return {map.structure, map.structure_refusal};
  if (Refusal wrong = check_header(map, topic)) return wrong;
  const ModelInfo* model = lookup(out.model);
  if (model == nullptr) {
    return {Rejection::unknown_model, refusal("model", in_quotes(out.model), "the name of a loaded package")};
  }
  if (Refusal wrong = check_clock(out)) return wrong;

  const bool is_foreign = (out.model_hash && *out.model_hash != model->hash) || model->inputs.empty();
  Refusal wrong = read_columns(map, is_foreign ? nullptr : model, out);
  if (wrong) out.orbit = out.bx = Column{};
  return wrong;
}

}  // namespace

Rejection decode(const Frame& frame, const ModelLookup& lookup, EventBatch& out, std::string* detail) {
  out = EventBatch{};
  Refusal refused = decode_batch(frame, lookup, out);
  if (detail != nullptr) *detail = std::move(refused.detail);
  return refused.cause;
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
