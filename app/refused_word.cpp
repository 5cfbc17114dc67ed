#include "app/refused_word.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/shown.h"
#include "ingest/decode.h"

namespace vigil::app {
namespace {

WordsView rows_from(const WordsView& words, std::size_t first) {
  WordsView view = words;
  view.data = static_cast<const char*>(words.data) + static_cast<std::ptrdiff_t>(first) * words.row_stride;
  return view;
}

}  // namespace

std::string refused_word(const Model& model, const EventBatch& batch) {
  const ModelInfo& info = model.info();
  std::vector<std::int64_t> scratch;
  const WordsView raw = ingest::raw_inputs(batch, info, scratch);
  if (raw.data == nullptr) return {};
  constexpr std::size_t kBlock = 256;
  std::vector<std::int64_t> outputs(kBlock * info.output_words());
  const auto refuses = [&](const WordsView& words, std::size_t rows) {
    return model.predict(words, mutable_words_of(outputs.data(), info.output_words()), rows) ==
           Status::word_out_of_range;
  };
  std::size_t row = 0;
  while (row < batch.n && !refuses(rows_from(raw, row), std::min<std::size_t>(kBlock, batch.n - row))) row += kBlock;
  while (row < batch.n && !refuses(rows_from(raw, row), 1)) ++row;
  if (row >= batch.n) return {};

  // The model does not say which word it was: the one that cures the row when it is 0.
  std::vector<std::int64_t> words(info.inputs.size());
  for (std::size_t c = 0; c < words.size(); ++c) words[c] = raw.at(row, c);
  const std::string place = "inputs, row " + std::to_string(row);
  for (std::size_t c = 0; c < words.size(); ++c) {
    if (words[c] == 0) continue;
    const std::int64_t word = std::exchange(words[c], 0);
    const bool cured = !refuses(words_of(words.data(), words.size()), 1);
    words[c] = word;
    if (!cured) continue;
    return place + ", column " + std::to_string(c) + " (" + shown(info.inputs[c].name) +
           "): " + std::to_string(batch.inputs().at(row, c)) + " of " + to_string(info.inputs[c].type) +
           ", expected a word that is within the model's tables";
  }
  return place + ": several words, expected words that are within the model's tables";
}

}  // namespace vigil::app
