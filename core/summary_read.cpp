// Reads what summary_write.cpp wrote, and survives anything else: every value is checked before it is used.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/json_text.h"
#include "core/summary.h"
#include "core/summary_format.h"

namespace vigil {
namespace {

using namespace summary_format;
using nlohmann::json;
using UnsignedWide = unsigned __int128;

// A value and the path that names it in errors.
struct Node {
  const json& value;
  const std::string& where;
  std::string path;

  [[noreturn]] void fail(const std::string& expected) const {
    std::string text = json_text(value).substr(0, 60);
    throw Error(where, path + " = " + text, expected);
  }
  Node at(const char* key) const {
    if (!value.is_object()) fail("an object");
    const auto it = value.find(key);
    if (it == value.end()) throw Error(where, "no key '" + (path.empty() ? "" : path + ".") + key + "'");
    return {*it, where, path.empty() ? key : path + "." + key};
  }
  bool has(const char* key) const { return value.is_object() && value.contains(key); }
  const json& array() const {
    if (!value.is_array()) fail("an array");
    return value;
  }
  const json& array(std::size_t size) const {
    if (!value.is_array() || value.size() != size) {
      throw Error(where, path + " has " + (value.is_array() ? std::to_string(value.size()) + " entries" : "no array"),
                  std::to_string(size) + " as the model has");
    }
    return value;
  }
  Node entry(std::size_t i) const { return {value[i], where, path + "[" + std::to_string(i) + "]"}; }
  std::uint64_t count(std::uint64_t highest = std::uint64_t{1} << 60) const {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > highest) {
      fail("an integer in 0.." + std::to_string(highest));
    }
    return value.get<std::uint64_t>();
  }
  std::int64_t word(std::int64_t lowest, std::int64_t highest) const {
    const bool fits =
        value.is_number_integer() && !(value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX);
    if (!fits || value.get<std::int64_t>() < lowest || value.get<std::int64_t>() > highest) {
      fail("an integer in " + std::to_string(lowest) + ".." + std::to_string(highest));
    }
    return value.get<std::int64_t>();
  }
  std::string text() const {
    if (!value.is_string()) fail("a string");
    return value.get<std::string>();
  }
  UnsignedWide wide() const {
    const std::string digits = text();
    UnsignedWide result = 0;
    if (digits.empty() || digits.size() > 39) fail("a decimal number below 2^128");
    for (const char c : digits) {
      if (c < '0' || c > '9') fail("a decimal number below 2^128");
      const auto digit = static_cast<UnsignedWide>(c - '0');
      if (result > (~UnsignedWide{0} - digit) / 10) fail("a decimal number below 2^128");
      result = result * 10 + digit;
    }
    return result;
  }
  // Negative ones too, as an integer or as text.
  Wide signed_wide() const {
    if (value.is_number_integer() && !(value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX)) {
      return value.get<std::int64_t>();
    }
    std::string digits = text();
    const bool is_negative = digits.starts_with('-');
    const json rest(digits.substr(is_negative ? 1 : 0));
    const UnsignedWide size = Node{rest, where, path}.wide();
    const UnsignedWide most = UnsignedWide{1} << 127;
    if (size > most || (size == most && !is_negative)) fail("a decimal number of 128 bits with its sign");
    return static_cast<Wide>(is_negative ? UnsignedWide{0} - size : size);
  }
  static std::optional<std::int64_t> small(const json& number) {
    const bool fits =
        number.is_number_integer() && !(number.is_number_unsigned() && number.get<std::uint64_t>() > INT64_MAX);
    return fits ? std::optional(number.get<std::int64_t>()) : std::nullopt;
  }
  // Calls add(key, count) for each pair; keys ascending within lowest..highest, counts from 1. Returns the sum of the
  // counts.
  template <class Add>
  std::uint64_t sparse(std::int64_t lowest, std::int64_t highest, std::uint64_t most, Add add) const {
    if (array().size() % 2 != 0) throw Error(where, path + " has an odd number of entries", "key, count pairs");
    std::uint64_t total = 0;
    bool first = true;
    for (std::size_t i = 0; i < value.size(); i += 2) {
      // Ten thousands of numbers: the path of one is made where it is wrong.
      const std::optional<std::int64_t> found = small(value[i]);
      const std::int64_t above = first ? lowest : lowest + 1;
      const std::int64_t key = found && *found >= above && *found <= highest ? *found : entry(i).word(above, highest);
      const json& amount = value[i + 1];
      const std::uint64_t n = amount.is_number_unsigned() ? amount.get<std::uint64_t>() : 0;
      if (n == 0 || n > most) {
        (void)entry(i + 1).count(most);
        entry(i + 1).fail("a count above 0");
      }
      add(key, n);
      total += n;  // at most 2^64/2 by the limit of the sum below
      if (total > std::uint64_t{1} << 62) fail("counts whose sum is below 2^62");
      lowest = key;
      first = false;
    }
    return total;
  }
};

void read_per_bx(const Node& node, std::vector<std::uint32_t>& counts) {
  node.sparse(1, lhc::kCrossingsPerOrbit, UINT32_MAX, [&](std::int64_t bx, std::uint64_t n) {
    counts[static_cast<std::size_t>(bx - 1)] = static_cast<std::uint32_t>(n);
  });
}

void read_histogram(const Node& node, Histogram& histogram, std::uint64_t expected) {
  const std::uint64_t total =
      node.sparse(histogram.first_bin(), histogram.last_bin(), std::uint64_t{1} << 60,
                  [&](std::int64_t bin, std::uint64_t n) { histogram.add(static_cast<std::int32_t>(bin), n); });
  if (total != expected) {
    throw Error(node.where, node.path + " holds " + std::to_string(total) + " events", std::to_string(expected));
  }
}

void read_words(const Node& node, WordSummary& words, const FixedPoint& type, std::uint64_t events, bool seeded) {
  read_histogram(node.at("bins"), words.histogram, events);
  words.moments.n = node.at("n").count();
  if (words.moments.n != events) node.at("n").fail(std::to_string(events));
  words.moments.sum = static_cast<Wide>(node.at("sum").wide());
  words.moments.sum_squares = node.at("sum_squares").wide();
  if (!node.has("words")) {
    if (seeded && events != 0) throw Error(node.where, node.path + " has no 'words'", "them, a seed cuts on this word");
    return;
  }
  const Node sparse = node.at("words");
  if (!seeded) throw Error(node.where, sparse.path + " is present", "it only where a seed cuts on the word");
  const std::uint64_t total = sparse.sparse(type.lowest(), type.highest(), std::uint64_t{1} << 60,
                                            [&](std::int64_t word, std::uint64_t n) { words.words.append(word, n); });
  if (total != events) sparse.fail("counts of " + std::to_string(events) + " events");
}

void read_output(const Node& node, OutputSummary& o) {
  o.compared = node.at("compared").count();
  o.mismatches = node.at("mismatches").count(o.compared);
  o.hardware_above = node.at("hardware_above").count(o.mismatches);
  o.hardware_below = node.at("hardware_below").count(o.mismatches - o.hardware_above);
  read_histogram(node.at("distance"), o.distance, o.mismatches);
  o.bits_compared = node.at("bits_compared").count();
  o.bits_outside = node.at("bits_outside").count(o.bits_compared);
  o.bits_contradictory = node.at("bits_contradictory").count(o.bits_compared - o.bits_outside);
  read_per_bx(node.at("mismatches_per_bx"), o.mismatches_per_bx);
}

void read_seed(const Node& node, SeedSummary& s, std::uint64_t events) {
  s.compared = node.at("compared").count(events);
  s.hardware = node.at("hardware").count(s.compared);
  s.emulator = node.at("emulator").count(events);
  s.hardware_only = node.at("hardware_only").count(s.hardware);
  s.emulator_only = node.at("emulator_only").count(s.emulator);
  read_per_bx(node.at("passes_per_bx"), s.passes_per_bx);
}

// Events that disagree are some of those that are compared. An earlier vigil counted the mismatches of each output
// alone: at least the most of them.
void read_disagreeing(const Node& root, Summary& s) {
  if (!root.has("disagreeing_per_bx")) {
    for (const OutputSummary& o : s.outputs) {
      for (std::size_t bx = 0; bx < o.mismatches_per_bx.size(); ++bx) {
        s.disagreeing_per_bx[bx] = std::max(s.disagreeing_per_bx[bx], o.mismatches_per_bx[bx]);
      }
    }
    return;
  }
  read_per_bx(root.at("uncompared_per_bx"), s.uncompared_per_bx);
  read_per_bx(root.at("disagreeing_per_bx"), s.disagreeing_per_bx);
  for (std::size_t bx = 0; bx < s.events_per_bx.size(); ++bx) {
    if (s.uncompared_per_bx[bx] > s.events_per_bx[bx]) {
      root.at("uncompared_per_bx").fail("at most the events of BX " + std::to_string(bx + 1));
    }
    if (s.disagreeing_per_bx[bx] > s.events_per_bx[bx] - s.uncompared_per_bx[bx]) {
      root.at("disagreeing_per_bx").fail("at most the compared events of BX " + std::to_string(bx + 1));
    }
  }
}

std::vector<std::int64_t> read_row(const Node& node, std::size_t size, bool may_be_empty) {
  std::vector<std::int64_t> words;
  if (may_be_empty && node.array().empty()) return words;
  node.array(size);
  for (std::size_t i = 0; i < size; ++i) words.push_back(node.entry(i).word(INT64_MIN, INT64_MAX));
  return words;
}

KeptEvent read_kept(const Node& node, const ModelInfo& model) {
  KeptEvent e;
  e.run = static_cast<std::uint32_t>(node.at("run").count(UINT32_MAX));
  e.ls = static_cast<std::uint32_t>(node.at("ls").count(UINT32_MAX));
  e.orbit = static_cast<std::uint32_t>(node.at("orbit").count(UINT32_MAX));
  e.bx = static_cast<std::uint32_t>(node.at("bx").count(lhc::kCrossingsPerOrbit));
  e.inputs = read_row(node.at("inputs"), model.inputs.size(), false);
  e.hardware_outputs = read_row(node.at("hardware_outputs"), model.output_words(), true);
  e.emulator_outputs = read_row(node.at("emulator_outputs"), model.output_words(), false);
  e.has_bits = node.has("hardware_bits");
  if (e.has_bits) e.hardware_bits = node.at("hardware_bits").count(UINT64_MAX);
  const Node names = node.at("disagreeing");
  if (names.array().size() > model.outputs.size() + model.seeds.size()) names.fail("names of outputs and seeds");
  for (std::size_t i = 0; i < names.value.size(); ++i) e.disagreeing.push_back(names.entry(i).text());
  return e;
}

void read_moments(const Node& node, std::size_t columns, std::uint64_t most, CrossMoments& moments) {
  moments.n = node.at("n").count(most);
  const auto read = [&](const char* name, std::size_t size, std::vector<Wide>& into) {
    const Node list = node.at(name);
    list.array(size);
    for (std::size_t i = 0; i < size; ++i) {
      const auto number = Node::small(list.value[i]);
      into.push_back(number ? Wide{*number} : list.entry(i).signed_wide());
    }
  };
  read("sums", columns, moments.sums);
  read("products", columns * (columns + 1) / 2, moments.products);
  read("norm_products", columns, moments.norm_products);
  moments.norm_squares = node.at("norm_squares").wide();
}

void read_products(const Node& stratum, const char* key, std::size_t columns, std::uint64_t events,
                   CrossMoments& moments) {
  if (stratum.has(key)) read_moments(stratum.at(key), columns, events, moments);
}

// `into` is laid out, and empty.
void read_stratum(const Node& node, const ModelInfo& model, std::uint64_t events, Stratum& into) {
  into.events = node.at("events").count(events);
  const Node inputs = node.at("inputs");
  inputs.array(model.inputs.size());
  for (std::size_t i = 0; i < model.inputs.size(); ++i) {
    read_words(inputs.entry(i), into.inputs[i], model.inputs[i].type, into.events, false);
  }
  std::vector<bool> seeded(model.output_words());
  for (const Seed& seed : model.seeds) seeded[model.seed_column(seed)] = true;
  const Node words = node.at("outputs");
  words.array(model.output_words());
  for (const Output& output : model.outputs) {
    for (std::size_t w = output.first_word; w < output.first_word + output.words; ++w) {
      read_words(words.entry(w), into.outputs[w], output.type, into.events, seeded[w]);
    }
  }
  read_products(node, "input_products", model.inputs.size(), into.events, into.input_products);
  read_products(node, "output_products", model.output_words(), into.events, into.output_products);
}

void read_strata(const Node& root, const ModelInfo& model, Summary& s) {
  const bool is_old = root.at("version").count() == 1;
  if (!is_old) {
    s.crossings = root.at("crossings").count(s.n_bx_own);
    s.crossings_pileup = root.at("crossings_pileup").signed_wide();
    s.crossings_pileup_squared = root.at("crossings_pileup_squared").signed_wide();
    s.pileup_width = static_cast<std::uint32_t>(root.at("pileup_width").count(UINT32_MAX));
  }
  const Node strata = root.at("strata");
  if (!s.is_divided()) {
    strata.array(1);
    return read_stratum(strata.entry(0), model, s.events, s.all);
  }
  const Stratum empty = s.all;
  for (std::size_t i = 0; i < strata.array().size(); ++i) {
    const Node node = strata.entry(i);
    Stratum stratum = empty;
    const Node bounds = node.at("pileup");
    if (!bounds.value.is_null()) {
      bounds.array(2);
      const std::uint64_t low = bounds.entry(0).count(UINT32_MAX), high = bounds.entry(1).count(UINT32_MAX);
      if (low % s.pileup_width != 0 || high != low + s.pileup_width)
        bounds.fail("the bounds of a stratum of the width");
      stratum.pileup = {static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(high)};
    }
    if (i > 0 && !(s.strata.back().pileup < stratum.pileup)) bounds.fail("strata in ascending order of pile-up");
    read_stratum(node, model, s.events - s.all.events, stratum);
    s.all += stratum;
    s.strata.push_back(std::move(stratum));
  }
}

void check_identity(const Node& root, const ModelInfo& model) {
  if (root.at("format").text() != kFormat) root.at("format").fail("\"" + std::string(kFormat) + "\"");
  const std::uint64_t version = root.at("version").count();
  if (version < 1 || version > kVersion) root.at("version").fail("1 to " + std::to_string(kVersion));
  if (root.at("binning").text() != kBinning) root.at("binning").fail("\"" + std::string(kBinning) + "\"");
  const std::string hash = root.at("model_hash").text();
  if (hash != model.hash) {
    throw Error(root.where, "model hash " + json_text(hash.substr(0, 80)),
                "\"" + model.hash + "\" of model " + model.name);
  }
}

}  // namespace

CrossMoments cross_moments_from_json(std::string_view text, std::size_t columns, const std::string& where) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) throw Error(where, "not a JSON object", "sums of products");
  CrossMoments moments;
  read_moments({document, where, ""}, columns, std::uint64_t{1} << 60, moments);
  return moments;
}

Summary summary_from_json(std::string_view text, const ModelInfo& model, const std::string& where) {
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) throw Error(where, "not JSON", "a summary");
  const Node root{document, where, ""};
  if (!document.is_object()) throw Error(where, "not a JSON object", "a summary");
  check_identity(root, model);
  Summary s(model);
  s.events = root.at("events").count();
  s.n_bx = root.at("n_bx").count();
  s.wrong_model_events = root.at("wrong_model_events").count(s.events);
  s.n_bx_own = root.at("n_bx_own").count(s.n_bx);
  s.failed_events = root.at("failed_events").count(s.events - s.wrong_model_events);
  s.pileup_sum = root.at("pileup_sum").count(UINT64_MAX);
  s.pileup_events = root.at("pileup_events").count();
  read_per_bx(root.at("events_per_bx"), s.events_per_bx);
  read_strata(root, model, s);
  const Node outputs = root.at("outputs");
  outputs.array(model.outputs.size());
  for (std::size_t o = 0; o < model.outputs.size(); ++o) read_output(outputs.entry(o), s.outputs[o]);
  read_disagreeing(root, s);
  const Node seeds = root.at("seeds");
  seeds.array(model.seeds.size());
  for (std::size_t i = 0; i < model.seeds.size(); ++i) read_seed(seeds.entry(i), s.seeds[i], s.all.events);
  const Node kept = root.at("kept");
  if (kept.array().size() > kKeptEvents) kept.fail("at most " + std::to_string(kKeptEvents) + " events");
  for (std::size_t i = 0; i < kept.value.size(); ++i) {
    s.kept.push_back(read_kept(kept.entry(i), model));
    if (i > 0 && kept_before(s.kept[i], s.kept[i - 1])) kept.fail("events in ascending order");
  }
  return s;
}

}  // namespace vigil
