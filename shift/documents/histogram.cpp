#include "shift/documents/histogram.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/json_text.h"

namespace vigil::shift {
namespace {

const Histogram& of_column(const Summary& summary, bool is_input, std::size_t column) {
  return (is_input ? summary.all.inputs : summary.all.outputs)[column].histogram;
}

void compare_words(const Summary& window, const Summary* reference, bool is_input, std::size_t column,
                   ComparedHistogram& into) {
  const Histogram& of_window = of_column(window, is_input, column);
  if (reference == nullptr) return compare_bins(of_window, nullptr, into);
  const Histogram& of_reference = of_column(*reference, is_input, column);
  compare_bins(of_window, &of_reference, into);
}

}  // namespace

std::int64_t smallest_word(std::int32_t bin) {
  // Magnitudes of bin b are [bin_magnitude(b), bin_magnitude(b + 1)): of a negative bin the largest is the smallest
  // word.
  const std::uint64_t magnitude = bin_magnitude(bin < 0 ? bin - 1 : bin);
  if (bin >= 0) return static_cast<std::int64_t>(std::min(magnitude, static_cast<std::uint64_t>(INT64_MAX)));
  return magnitude > 1ull << 63 ? INT64_MIN : -static_cast<std::int64_t>(magnitude - 1);
}

void compare_bins(const Histogram& window, const Histogram* reference, ComparedHistogram& into) {
  const auto count = [](const Histogram& histogram, std::int32_t bin) -> std::uint64_t {
    if (bin < histogram.first_bin() || bin > histogram.last_bin()) return 0;
    return histogram.counts()[static_cast<std::size_t>(bin - histogram.first_bin())];
  };
  const std::int32_t lowest =
      reference == nullptr ? window.first_bin() : std::min(window.first_bin(), reference->first_bin());
  const std::int32_t highest =
      reference == nullptr ? window.last_bin() : std::max(window.last_bin(), reference->last_bin());
  std::optional<std::int32_t> first, last;
  for (std::int32_t bin = lowest; bin <= highest; ++bin) {
    if (count(window, bin) == 0 && (reference == nullptr || count(*reference, bin) == 0)) continue;
    if (!first) first = bin;
    last = bin;
  }
  into.window_events = window.total();
  into.reference_events = reference == nullptr ? 0 : reference->total();
  const double scale = into.is_distance ? 1 : std::ldexp(into.lsb, -into.type.fraction());
  const auto edge = [&](std::int32_t bin) {
    into.edges_raw.push_back(smallest_word(bin));
    into.edges.push_back(static_cast<double>(into.edges_raw.back()) * scale);
  };
  edge(first.value_or(0));
  if (!first) return;
  const auto W = static_cast<double>(into.window_events), R = static_cast<double>(into.reference_events);
  for (std::int32_t bin = *first; bin <= *last; ++bin) {
    edge(bin + 1);
    into.window_counts.push_back(count(window, bin));
    if (reference == nullptr) continue;
    into.reference_counts.push_back(count(*reference, bin));
    const auto w = static_cast<double>(into.window_counts.back()),
               r = static_cast<double>(into.reference_counts.back());
    into.ratio.push_back(r > 0 && W > 0 ? std::optional((w / W) / (r / R)) : std::nullopt);
    into.residual.push_back(w + r > 0 && W > 0 && R > 0
                                ? std::optional((w * std::sqrt(R / W) - r * std::sqrt(W / R)) / std::sqrt(w + r))
                                : std::nullopt);
  }
}

std::optional<ComparedHistogram> compare_histograms(const ModelInfo& info, const std::string& monitor,
                                                    const Summary& window, const Summary* reference) {
  ComparedHistogram out;
  const std::string_view name = monitor;
  if (name.starts_with("input/")) {
    const auto at = std::find_if(info.inputs.begin(), info.inputs.end(),
                                 [&](const InputColumn& column) { return column.name == name.substr(6); });
    if (at == info.inputs.end()) return {};
    out.type = at->type;
    out.unit = at->unit;
    out.lsb = at->lsb.value_or(1);
    compare_words(window, reference, true, static_cast<std::size_t>(at - info.inputs.begin()), out);
    return out;
  }
  for (std::size_t index = 0; index < info.outputs.size(); ++index) {
    const Output& output = info.outputs[index];
    if (name.starts_with("mismatch/") && name.substr(9) == output.name) {
      out.is_distance = true;
      out.type = output.type;
      out.unit = "LSB";
      compare_bins(window.outputs[index].distance, nullptr, out);
      return out;
    }
    for (std::size_t word = 0; word < output.words; ++word) {
      if (name != output.word_name(word)) continue;
      out.type = output.type;
      for (const Seed& seed : info.seeds) {
        if (seed.output != index || seed.word != word) continue;
        out.thresholds.push_back({seed.name, seed.threshold, output.type.to_real(seed.threshold)});
      }
      compare_words(window, reference, false, output.first_word + word, out);
      return out;
    }
  }
  return {};
}

const nlohmann::ordered_json& entry_of(const nlohmann::ordered_json& reference) {
  const auto list = reference.find("references");
  const bool has = reference.is_object() && list != reference.end() && list->is_array() && !list->empty();
  return has ? list->front() : reference;
}

RecordedReference read_reference(const std::string& text, const ModelInfo& info, const std::string& where) {
  const auto document = nlohmann::ordered_json::parse(text, nullptr, false);
  const nlohmann::ordered_json& json = document.is_object() ? entry_of(document) : document;
  if (!json.is_object() || !json.contains("summary") || !json.contains("ranges") || !json["ranges"].is_array()) {
    throw Error(where, "no reference", "an object with ranges and summary");
  }
  RecordedReference out;
  out.summary = summary_from_json(json_text(json["summary"]), info, where);
  for (const auto& range : json["ranges"]) {
    const bool fits = range.is_array() && range.size() == 3 &&
                      std::all_of(range.begin(), range.end(), [](const auto& n) { return n.is_number_unsigned(); });
    if (!fits) throw Error(where, "ranges hold " + json_text(range), "[run, first_ls, last_ls]");
    out.ranges.push_back(range.template get<std::array<std::uint32_t, 3>>());
  }
  return out;
}

}  // namespace vigil::shift
