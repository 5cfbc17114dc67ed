// A TH1D member by member in the order in which ROOT's TBufferJSON streams them (TH1.h, TAxis.h, TAtt*.h of ROOT 6),
// with the defaults of a histogram that nobody has drawn. What counts for a reader is fXaxis, fNcells and fArray; the
// rest must be there for JSROOT to draw it.
#include <cmath>
#include <nlohmann/json.hpp>

#include "shift/documents/histogram_document.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

struct Bin {
  double content = 0, variance = 0;
};

std::vector<Bin> bins_of(const ComparedHistogram& h, const std::string& part) {
  std::vector<Bin> out;
  const auto W = static_cast<double>(h.window_events), R = static_cast<double>(h.reference_events);
  for (std::size_t i = 0; i < h.window_counts.size(); ++i) {
    const auto w = static_cast<double>(h.window_counts[i]);
    if (part == "window") {
      out.push_back({w, w});
      continue;
    }
    const auto r = static_cast<double>(h.reference_counts[i]);
    if (part == "reference") {
      const double scale = R > 0 ? W / R : 0;
      out.push_back({r * scale, r * scale * scale});
      continue;
    }
    const double ratio = h.ratio[i].value_or(0);
    // Of two independent counts, to first order.
    out.push_back({ratio, ratio > 0 ? ratio * ratio * (1 / w + 1 / r) : 0});
  }
  return out;
}

ordered_json axis(const char* name, const std::string& title, double title_offset, const std::vector<double>& edges) {
  const std::size_t n = edges.size() > 1 ? edges.size() - 1 : 1;
  return {{"_typename", "TAxis"},
          {"fUniqueID", 0},
          {"fBits", 0},
          {"fName", name},
          {"fTitle", title},
          {"fNdivisions", 510},
          {"fAxisColor", 1},
          {"fLabelColor", 1},
          {"fLabelFont", 42},
          {"fLabelOffset", 0.005},
          {"fLabelSize", 0.035},
          {"fTickLength", 0.03},
          {"fTitleOffset", title_offset},
          {"fTitleSize", 0.035},
          {"fTitleColor", 1},
          {"fTitleFont", 42},
          {"fNbins", n},
          {"fXmin", edges.empty() ? 0.0 : edges.front()},
          {"fXmax", edges.size() > 1 ? edges.back() : 1.0},
          {"fXbins", edges.size() > 1 ? ordered_json(edges) : ordered_json::array()},
          {"fFirst", 0},
          {"fLast", 0},
          {"fBits2", 0},
          {"fTimeDisplay", false},
          {"fTimeFormat", ""},
          {"fLabels", nullptr},
          {"fModLabs", nullptr}};
}

}  // namespace

ordered_json root_histogram(const ComparedHistogram& h, const std::string& monitor, const std::string& part) {
  std::vector<Bin> bins = bins_of(h, part);
  // Nothing counted: one empty bin, for a histogram of none cannot be drawn.
  std::vector<double> edges = h.edges;
  if (bins.empty()) {
    bins.emplace_back();
    edges = {h.edges.empty() ? 0.0 : h.edges.front(), (h.edges.empty() ? 0.0 : h.edges.front()) + 1};
  }
  double sum = 0, variance = 0, sum_x = 0, sum_xx = 0;
  ordered_json contents = {0.0}, variances = {0.0};  // under- and overflow stay empty
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const double x = (edges[i] + edges[i + 1]) / 2;
    sum += bins[i].content;
    variance += bins[i].variance;
    sum_x += bins[i].content * x;
    sum_xx += bins[i].content * x * x;
    contents.push_back(bins[i].content);
    variances.push_back(bins[i].variance);
  }
  contents.push_back(0.0);
  variances.push_back(0.0);
  const double entries =
      part == "reference" ? static_cast<double>(h.reference_events) : static_cast<double>(h.window_events);
  return {{"_typename", "TH1D"},
          {"fUniqueID", 0},
          {"fBits", 8},
          {"fName", part},
          {"fTitle", monitor},
          {"fLineColor", 602},
          {"fLineStyle", 1},
          {"fLineWidth", 1},
          {"fFillColor", 0},
          {"fFillStyle", 1001},
          {"fMarkerColor", 1},
          {"fMarkerStyle", 1},
          {"fMarkerSize", 1},
          {"fNcells", bins.size() + 2},
          {"fXaxis", axis("xaxis", monitor + " [" + h.unit + "]", 1, edges)},
          {"fYaxis", axis("yaxis", part == "ratio" ? "ratio" : "events", 0, {})},
          {"fZaxis", axis("zaxis", "", 1, {})},
          {"fBarOffset", 0},
          {"fBarWidth", 1000},
          {"fEntries", entries},
          {"fTsumw", sum},
          {"fTsumw2", variance},
          {"fTsumwx", sum_x},
          {"fTsumwx2", sum_xx},
          {"fMaximum", -1111},
          {"fMinimum", -1111},
          {"fNormFactor", 0},
          {"fContour", ordered_json::array()},
          {"fSumw2", std::move(variances)},
          {"fOption", ""},
          {"fFunctions",
           {{"_typename", "TList"}, {"name", "TList"}, {"arr", ordered_json::array()}, {"opt", ordered_json::array()}}},
          {"fBufferSize", 0},
          {"fBuffer", ordered_json::array()},
          {"fBinStatErrOpt", 0},
          {"fStatOverflows", 2},
          {"fArray", std::move(contents)}};
}

}  // namespace vigil::shift
