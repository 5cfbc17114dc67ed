// Writes a Summary as docs/summary.md says: by hand, because it is written at every close.
#include <charconv>
#include <string>

#include "core/json_text.h"
#include "core/summary.h"
#include "core/summary_format.h"

namespace vigil {
namespace {

using namespace summary_format;
using UnsignedWide = unsigned __int128;

template <class T>
void append(std::string& text, T value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text.append(digits, end);
}

void append_wide(std::string& text, UnsignedWide value) {
  char digits[40];
  char* p = digits + sizeof digits;
  do {
    *--p = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  text += '"';
  text.append(p, digits + sizeof digits);
  text += '"';
}

// [key, count, key, count, ...], keys ascending, counts above 0.
template <class Count>
void append_sparse(std::string& text, std::int64_t first_key, const std::vector<Count>& counts) {
  text += '[';
  bool comma = false;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    if (comma) text += ',';
    append(text, first_key + static_cast<std::int64_t>(i));
    text += ',';
    append(text, counts[i]);
    comma = true;
  }
  text += ']';
}

void append_key(std::string& text, std::string_view key) {
  if (text.back() != '{') text += ',';
  text += '"';
  text += key;
  text += "\":";
}

void append_count(std::string& text, std::string_view key, std::uint64_t value) {
  append_key(text, key);
  append(text, value);
}

void append_words(std::string& text, const std::vector<WordSummary>& words) {
  text += '[';
  for (const WordSummary& w : words) {
    if (text.back() != '[') text += ',';
    text += "{\"bins\":";
    append_sparse(text, w.histogram.first_bin(), w.histogram.counts());
    append_count(text, "n", w.moments.n);
    append_key(text, "sum");  // modulo 2^128
    append_wide(text, static_cast<UnsignedWide>(w.moments.sum));
    append_key(text, "sum_squares");
    append_wide(text, w.moments.sum_squares);
    if (!w.words.empty()) {
      append_key(text, "words");
      text += '[';
      for (const auto& [word, count] : w.words) {
        if (text.back() != '[') text += ',';
        append(text, word);
        text += ',';
        append(text, count);
      }
      text += ']';
    }
    text += '}';
  }
  text += ']';
}

void append_signed_wide(std::string& text, Wide value) {
  if (value >= INT64_MIN && value <= INT64_MAX) return append(text, static_cast<std::int64_t>(value));
  const bool is_negative = value < 0;
  const std::size_t at = text.size() + 1;
  append_wide(text,
              is_negative ? UnsignedWide{0} - static_cast<UnsignedWide>(value) : static_cast<UnsignedWide>(value));
  if (is_negative) text.insert(at, 1, '-');
}

void append_moments(std::string& text, const CrossMoments& moments) {
  text += '{';
  append_count(text, "n", moments.n);
  const auto append_all = [&](std::string_view name, const std::vector<Wide>& values) {
    append_key(text, name);
    text += '[';
    for (const Wide value : values) {
      if (text.back() != '[') text += ',';
      append_signed_wide(text, value);
    }
    text += ']';
  };
  append_all("sums", moments.sums);
  append_all("products", moments.products);
  append_all("norm_products", moments.norm_products);
  append_key(text, "norm_squares");
  append_wide(text, moments.norm_squares);
  text += '}';
}

void append_products(std::string& text, std::string_view key, const CrossMoments& moments) {
  if (moments.n == 0) return;
  append_key(text, key);
  append_moments(text, moments);
}

void append_stratum(std::string& text, const Stratum& stratum) {
  text += "{\"pileup\":";
  if (stratum.pileup) {
    text += '[';
    append(text, stratum.pileup->low);
    text += ',';
    append(text, stratum.pileup->high);
    text += ']';
  } else {
    text += "null";
  }
  append_count(text, "events", stratum.events);
  append_key(text, "inputs");
  append_words(text, stratum.inputs);
  append_key(text, "outputs");
  append_words(text, stratum.outputs);
  append_products(text, "input_products", stratum.input_products);
  append_products(text, "output_products", stratum.output_products);
  text += '}';
}

void append_output(std::string& text, const OutputSummary& o) {
  text += '{';
  append_count(text, "compared", o.compared);
  append_count(text, "mismatches", o.mismatches);
  append_count(text, "hardware_above", o.hardware_above);
  append_count(text, "hardware_below", o.hardware_below);
  append_key(text, "distance");
  append_sparse(text, o.distance.first_bin(), o.distance.counts());
  append_count(text, "bits_compared", o.bits_compared);
  append_count(text, "bits_outside", o.bits_outside);
  append_count(text, "bits_contradictory", o.bits_contradictory);
  append_key(text, "mismatches_per_bx");
  append_sparse(text, 1, o.mismatches_per_bx);
  text += '}';
}

void append_seed(std::string& text, const SeedSummary& s) {
  text += '{';
  append_count(text, "compared", s.compared);
  append_count(text, "hardware", s.hardware);
  append_count(text, "emulator", s.emulator);
  append_count(text, "hardware_only", s.hardware_only);
  append_count(text, "emulator_only", s.emulator_only);
  append_key(text, "passes_per_bx");
  append_sparse(text, 1, s.passes_per_bx);
  text += '}';
}

template <class T, class Append>
void append_list(std::string& text, std::string_view key, const std::vector<T>& items, Append append_item) {
  append_key(text, key);
  text += '[';
  for (const T& item : items) {
    if (text.back() != '[') text += ',';
    append_item(text, item);
  }
  text += ']';
}

void append_word(std::string& text, std::int64_t word) { append(text, word); }

void append_kept(std::string& text, const KeptEvent& e) {
  text += '{';
  append_count(text, "run", e.run);
  append_count(text, "ls", e.ls);
  append_count(text, "orbit", e.orbit);
  append_count(text, "bx", e.bx);
  append_list(text, "inputs", e.inputs, append_word);
  append_list(text, "hardware_outputs", e.hardware_outputs, append_word);
  append_list(text, "emulator_outputs", e.emulator_outputs, append_word);
  if (e.has_bits) append_count(text, "hardware_bits", e.hardware_bits);
  append_list(text, "disagreeing", e.disagreeing,
              [](std::string& t, const std::string& name) { t += json_text(name); });
  text += '}';
}

}  // namespace

std::string to_json(const CrossMoments& moments) {
  std::string text;
  append_moments(text, moments);
  return text;
}

std::string to_json(const Summary& s) {
  std::string text = "{\"format\":\"" + std::string(kFormat) + "\",\"version\":" + std::to_string(kVersion) +
                     ",\"binning\":\"" + std::string(kBinning) + "\",\"model_hash\":" + json_text(s.model_hash);
  append_count(text, "events", s.events);
  append_count(text, "n_bx", s.n_bx);
  append_count(text, "wrong_model_events", s.wrong_model_events);
  append_count(text, "n_bx_own", s.n_bx_own);
  append_count(text, "failed_events", s.failed_events);
  append_count(text, "pileup_sum", s.pileup_sum);
  append_count(text, "pileup_events", s.pileup_events);
  append_count(text, "crossings", s.crossings);
  append_key(text, "crossings_pileup");
  append_signed_wide(text, s.crossings_pileup);
  append_key(text, "crossings_pileup_squared");
  append_signed_wide(text, s.crossings_pileup_squared);
  append_key(text, "events_per_bx");
  append_sparse(text, 1, s.events_per_bx);
  append_key(text, "uncompared_per_bx");
  append_sparse(text, 1, s.uncompared_per_bx);
  append_key(text, "disagreeing_per_bx");
  append_sparse(text, 1, s.disagreeing_per_bx);
  append_count(text, "pileup_width", s.pileup_width);
  if (s.is_divided()) {
    append_list(text, "strata", s.strata, append_stratum);
  } else {
    append_key(text, "strata");
    text += '[';
    append_stratum(text, s.all);
    text += ']';
  }
  append_list(text, "outputs", s.outputs, append_output);
  append_list(text, "seeds", s.seeds, append_seed);
  append_list(text, "kept", s.kept, append_kept);
  return text += '}';
}

}  // namespace vigil
