// The deployed model as the pipeline sees it: its identity, its words, and one call that reproduces the hardware bit
// for bit. Implemented by fpga_model; used by the pipeline, the comparison and the scenario generator. No I/O here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "core/fixed_point.h"

namespace vigil {

// Read-only words [rows, columns]: signed little-endian integers of 1, 2, 4 or 8 bytes, strides in bytes.
struct WordsView {
  const void* data = nullptr;
  int word_bytes = 8;
  std::ptrdiff_t row_stride = 0;
  std::ptrdiff_t column_stride = 0;

  std::int64_t at(std::size_t row, std::size_t column) const {
    const char* p = static_cast<const char*>(data) + static_cast<std::ptrdiff_t>(row) * row_stride +
                    static_cast<std::ptrdiff_t>(column) * column_stride;
    switch (word_bytes) {
      case 1: {
        std::int8_t v;
        std::memcpy(&v, p, 1);
        return v;
      }
      case 2: {
        std::int16_t v;
        std::memcpy(&v, p, 2);
        return v;
      }
      case 4: {
        std::int32_t v;
        std::memcpy(&v, p, 4);
        return v;
      }
      default: {
        std::int64_t v;
        std::memcpy(&v, p, 8);
        return v;
      }
    }
  }
};

// Writable words [rows, columns], same layout. A word that does not fit word_bytes is the caller's error.
struct MutableWordsView {
  void* data = nullptr;
  int word_bytes = 8;
  std::ptrdiff_t row_stride = 0;
  std::ptrdiff_t column_stride = 0;

  void set(std::size_t row, std::size_t column, std::int64_t value) const {
    char* p = static_cast<char*>(data) + static_cast<std::ptrdiff_t>(row) * row_stride +
              static_cast<std::ptrdiff_t>(column) * column_stride;
    std::memcpy(p, &value, static_cast<std::size_t>(word_bytes));  // little-endian: the low bytes
  }
};

// Row-major contiguous views.
template <class T>
WordsView words_of(const T* data, std::size_t columns) {
  return {data, sizeof(T), static_cast<std::ptrdiff_t>(sizeof(T) * columns), sizeof(T)};
}
template <class T>
MutableWordsView mutable_words_of(T* data, std::size_t columns) {
  return {data, sizeof(T), static_cast<std::ptrdiff_t>(sizeof(T) * columns), sizeof(T)};
}

// One input word. `name` is jet[0].pt, et_miss.pt or x[3].
struct InputColumn {
  std::string name;
  FixedPoint type;
  bool integer_on_wire = false;  // batches carry code, raw word = code * 2^F
  std::optional<double> lsb;     // for display only
  std::string unit;
};

// One named output of `words` words, starting at `first_word` of the concatenated outputs.
struct Output {
  std::string name;
  FixedPoint type;
  std::size_t first_word = 0;
  std::size_t words = 1;
  // Monitor name of a word: `score`, or `latent[3]` where the output has several words.
  std::string word_name(std::size_t word) const { return words == 1 ? name : name + "[" + std::to_string(word) + "]"; }
};

// A decision: the hardware fires `bit` when word `word` of output `output` is >= threshold (hardware words).
struct Seed {
  std::string name;
  std::size_t output = 0;  // index into ModelInfo::outputs
  std::size_t word = 0;    // within that output
  int bit = 0;             // position in hw_bits, 0..63
  std::int64_t threshold = 0;
  std::optional<double> target_rate_hz;
};

struct ModelInfo {
  std::string name;
  std::string version;
  std::string description;
  std::string source;
  std::string firmware;
  std::string format;
  std::string hash;  // SHA-256 of the package, 64 lower-case hex digits
  std::vector<InputColumn> inputs;
  std::vector<Output> outputs;
  std::vector<Seed> seeds;
  std::vector<std::string> warnings;  // what a person should know: assumptions, where the vendor's simulation differs

  std::size_t output_words() const { return outputs.empty() ? 0 : outputs.back().first_word + outputs.back().words; }
  // Column of a seed's word in the concatenated outputs.
  std::size_t seed_column(const Seed& seed) const { return outputs[seed.output].first_word + seed.word; }
};

enum class Status : std::uint8_t {
  ok,
  word_out_of_range,  // an input word outside its column's type, or an embedding index beyond its table
  failed,             // the emulator could not compute (external library)
};

// Immutable after construction: predict is const and safe from many threads at once.
class Model {
 public:
  virtual ~Model() = default;
  virtual const ModelInfo& info() const = 0;
  // in [rows, inputs.size()] raw words -> out [rows, output_words()] raw words. rows = 0 is allowed.
  // On anything but ok the contents of `out` are undefined.
  [[nodiscard]] virtual Status predict(const WordsView& in, const MutableWordsView& out, std::size_t rows) const = 0;
  // Why predict last answered `failed`, naming the library; empty while it never did.
  virtual std::string failure() const { return {}; }
};

}  // namespace vigil
