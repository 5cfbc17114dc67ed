#include "shift/documents/histogram_document.h"

#include <nlohmann/json.hpp>

#include "core/json_text.h"
#include "core/shown.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

ordered_json numbers(const std::vector<double>& values) {
  ordered_json out = ordered_json::array();
  for (const double value : values) out.push_back(value);
  return out;
}
ordered_json numbers(const std::vector<std::optional<double>>& values) {
  ordered_json out = ordered_json::array();
  for (const auto& value : values) out.push_back(value ? ordered_json(*value) : ordered_json());
  return out;
}

// Distances are counted in LSB: whole numbers, one bit wider than the output.
std::string type_of(const ComparedHistogram& histogram) {
  if (!histogram.is_distance) return to_string(histogram.type);
  const int width = std::min(histogram.type.width + 1, 64);
  return to_string(FixedPoint{.width = width, .integer = width});
}

ordered_json json_of(const ComparedHistogram& h, const WindowSummaries& of, const std::string& monitor) {
  const alerting::RecordRow& row = of.selected.window.row;
  ordered_json thresholds = ordered_json::array(), reference;
  for (const HistogramThreshold& t : h.thresholds) {
    thresholds.push_back({{"seed", t.seed}, {"raw", t.raw}, {"value", t.value}});
  }
  if (of.reference && !h.is_distance) {
    reference = {{"name", of.selected.window.reference_name}, {"ranges", of.reference->ranges}};
  }
  return {{"model", row.model},
          {"stream", row.stream},
          {"monitor", monitor},
          {"window", row.window},
          {"run", row.run},
          {"first_ls", row.first_ls},
          {"last_ls", row.last_ls},
          {"type", type_of(h)},
          {"unit", h.unit},
          {"lsb", h.lsb},
          {"edges_raw", h.edges_raw},
          {"edges", numbers(h.edges)},
          {"window_counts", h.window_counts},
          {"reference_counts", h.reference_counts},
          {"ratio", numbers(h.ratio)},
          {"residual", numbers(h.residual)},
          {"window_events", h.window_events},
          {"reference_events", h.reference_events},
          {"reference", std::move(reference)},
          {"thresholds", std::move(thresholds)}};
}

}  // namespace

std::vector<Parameter> histogram_parameters() {
  std::vector<Parameter> out = selector_parameters();
  out.push_back(any_parameter("monitor", "an output, one of its words, input/… or mismatch/<output>"));
  out.push_back(choice_parameter("format", {"json", "root"}));
  out.push_back(choice_parameter("part", {"window", "reference", "ratio"}));
  return out;
}

ordered_json histogram_document(const Outlook& outlook, SummaryCache& summaries, const Request& request) {
  const std::string monitor = required_parameter(request, "monitor", "the name of a monitor");
  const WindowSummaries of = summaries.of(outlook, request);
  const auto histogram =
      compare_histograms(of.selected.model.info, monitor, *of.window, of.reference ? &of.reference->summary : nullptr);
  if (!histogram) {
    not_found("monitor: \"" + shown(monitor) +
              "\", expected an output, one of its words, input/… or mismatch/<output> of " +
              shown(of.selected.model.info.name));
  }
  if (text_parameter(request, "format") != "root") return json_of(*histogram, of, monitor);
  const std::string part = text_parameter(request, "part").value_or("window");
  if (part != "window" && (!of.reference || histogram->is_distance)) {
    not_found("part: " + part + ", but this window is compared with no reference");
  }
  return root_histogram(*histogram, monitor, part);
}

}  // namespace vigil::shift
