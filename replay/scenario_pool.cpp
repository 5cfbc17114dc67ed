#include "replay/scenario_pool.h"

#include <cmath>

#include "core/error.h"

namespace vigil::replay {

namespace {

constexpr std::size_t kMostWords = std::size_t{1} << 28;  // of the pool: 1 GiB
constexpr double kTurn = 6.283185307179586;

bool ends_with(const std::string& text, const std::string& ending) { return text.ends_with(ending); }

// Codes of a full turn: from the package's own lsb, else L1's azimuth scales (2 pi / 576 for muons, 2 pi / 144 for the
// rest).
std::int64_t turn_codes(const InputColumn& input) {
  if (!ends_with(input.name, ".phi")) return 0;
  if (input.lsb && input.unit == "rad" && *input.lsb > 1e-6) return static_cast<std::int64_t>(kTurn / *input.lsb + 0.5);
  return input.name.starts_with("muon") ? 576 : 144;
}

PoolColumn column_of(const ModelInfo& info, std::size_t index, bool raw_events) {
  const InputColumn& input = info.inputs[index];
  const std::string where = "model " + info.name + ", input " + input.name;
  PoolColumn column;
  column.code_on_wire = input.integer_on_wire;
  column.code = input.integer_on_wire || !raw_events;
  column.fraction = input.type.fraction();
  if (column.code && (column.fraction < 0 || column.fraction > 31)) {
    throw Error(where, "type " + to_string(input.type) + " cannot carry integer codes", "0..31 fractional bits");
  }
  if (input.type.lowest() < INT32_MIN || input.type.highest() > INT32_MAX) {
    throw Error(where, "type " + to_string(input.type) + " does not fit a batch", "words of at most 32 bits");
  }
  const int shift = column.code ? column.fraction : 0;
  column.lowest = input.type.lowest() >> shift;
  column.highest = input.type.highest() >> shift;
  column.unit =
      column.code || column.fraction <= 0 ? 1 : std::int64_t{1} << (column.fraction < 31 ? column.fraction : 31);
  column.period = turn_codes(input) * column.unit;
  const std::string object = input.name.substr(0, input.name.rfind('.'));
  for (std::size_t c = 0; c < info.inputs.size() && input.name.find('.') != std::string::npos; ++c) {
    if (info.inputs[c].name == object + ".pt") column.momentum = static_cast<std::ptrdiff_t>(c);
  }
  return column;
}

// The azimuths of present objects, turned by `turn` / 144 of the circle. Copy c of event i turns by (89 i + 144 c /
// rotations) mod 144: spread over the circle, and different from event to event.
void rotate(std::span<std::int32_t> words, const std::vector<PoolColumn>& columns, std::int64_t turn) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const PoolColumn& column = columns[c];
    if (column.period == 0 || column.momentum < 0 || words[static_cast<std::size_t>(column.momentum)] == 0) continue;
    if (words[c] < 0 || words[c] >= column.period) continue;
    words[c] = static_cast<std::int32_t>((words[c] + turn * column.period / 144) % column.period);
  }
}

std::vector<double> excess_over_mean(const std::vector<std::int32_t>& pileup, std::size_t rows) {
  std::vector<double> excess(rows, 0.0);
  if (pileup.empty()) return excess;
  if (pileup.size() != rows) {
    throw Error("events", std::to_string(pileup.size()) + " values of pile-up",
                std::to_string(rows) + ", one an event");
  }
  std::int64_t sum = 0;
  for (const std::int32_t v : pileup) sum += v;
  if (sum <= 0) return excess;
  const double mean = static_cast<double>(sum) / static_cast<double>(rows);
  for (std::size_t i = 0; i < rows; ++i) excess[i] = (pileup[i] - mean) / mean;
  return excess;
}

}  // namespace

EventPool::EventPool(const Model& model, const ScenarioEvents& events, std::uint32_t rotations) {
  const ModelInfo& info = model.info();
  const std::size_t width = info.inputs.size();
  if (width == 0 || events.words.empty() || events.words.size() % width != 0) {
    throw Error("events", std::to_string(events.words.size()) + " words",
                "whole rows of " + std::to_string(width) + ", the inputs of model " + info.name);
  }
  const std::size_t rows = events.words.size() / width;
  const std::size_t copies = events.raw ? 1 : rotations;  // raw words may be anything, not L1 objects
  if (rows * copies > kMostWords / width) throw Error("events", "too many for the pool", "fewer events or rotations");
  for (std::size_t c = 0; c < width; ++c) {
    columns_.push_back(column_of(info, c, events.raw));
    const PoolColumn& column = columns_.back();
    wide_on_wire_ |= column.wire(column.lowest) < INT16_MIN || column.wire(column.highest) > INT16_MAX;
  }
  excess_ = excess_over_mean(events.pileup, rows);
  size_ = rows * copies;
  output_words_ = info.output_words();
  words_.reserve(size_ * width);
  for (std::size_t copy = 0; copy < copies; ++copy) {
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t c = 0; c < width; ++c) {
        const PoolColumn& column = columns_[c];
        const std::int64_t word = events.words[row * width + c];
        const std::int64_t kept = events.raw && column.code ? word >> column.fraction : word;
        if (kept < column.lowest || kept > column.highest) {
          throw Error("events, row " + std::to_string(row) + ", input " + info.inputs[c].name,
                      "word " + std::to_string(word),
                      std::to_string(column.lowest) + ".." + std::to_string(column.highest));
        }
        words_.push_back(static_cast<std::int32_t>(kept));
      }
      if (copies > 1) {
        const auto turn = static_cast<std::int64_t>((row * 89 + 144 * copy / copies) % 144);
        rotate({words_.data() + words_.size() - width, width}, columns_, turn);
      }
    }
  }
  outputs_ = predict_words(model, columns_, words_);
}

std::vector<std::int64_t> predict_words(const Model& model, const std::vector<PoolColumn>& columns,
                                        std::span<const std::int32_t> words) {
  const ModelInfo& info = model.info();
  const std::size_t rows = words.size() / columns.size();
  std::vector<std::int32_t> raw(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    raw[i] = static_cast<std::int32_t>(columns[i % columns.size()].raw(words[i]));
  }
  std::vector<std::int64_t> out(rows * info.output_words());
  const Status status =
      model.predict(words_of(raw.data(), columns.size()), mutable_words_of(out.data(), info.output_words()), rows);
  if (status != Status::ok) {
    throw Error("model " + info.name, status == Status::failed ? "could not compute an event" : "refuses an input word",
                "events within its input types");
  }
  return out;
}

}  // namespace vigil::replay
