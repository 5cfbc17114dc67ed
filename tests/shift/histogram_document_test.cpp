#include "shift/documents/histogram_document.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

ComparedHistogram compared() {
  ComparedHistogram out;
  out.unit = "GeV";
  out.edges_raw = {-2, -1, 0, 1};
  out.edges = {-1.0, -0.5, 0.0, 0.5};
  out.window_counts = {4, 0, 12};
  out.reference_counts = {1, 2, 5};
  out.ratio = {2.0, 0.0, 1.2};
  out.ratio[1] = std::nullopt;
  out.window_events = 16;
  out.reference_events = 8;
  return out;
}

// The members of TH1D and TAxis, in the order of ROOT's streamers: a member that is missing is a plot that is not
// drawn.
TEST(RootHistogram, HasAllMembersInTheirOrder) {
  const ordered_json h = root_histogram(compared(), "input/pt", "window");
  std::vector<std::string> names, axis;
  for (const auto& [name, value] : h.items()) names.push_back(name);
  for (const auto& [name, value] : h["fXaxis"].items()) axis.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre(
                         "_typename", "fUniqueID", "fBits", "fName", "fTitle", "fLineColor", "fLineStyle", "fLineWidth",
                         "fFillColor", "fFillStyle", "fMarkerColor", "fMarkerStyle", "fMarkerSize", "fNcells", "fXaxis",
                         "fYaxis", "fZaxis", "fBarOffset", "fBarWidth", "fEntries", "fTsumw", "fTsumw2", "fTsumwx",
                         "fTsumwx2", "fMaximum", "fMinimum", "fNormFactor", "fContour", "fSumw2", "fOption",
                         "fFunctions", "fBufferSize", "fBuffer", "fBinStatErrOpt", "fStatOverflows", "fArray"));
  EXPECT_THAT(axis, testing::ElementsAre("_typename", "fUniqueID", "fBits", "fName", "fTitle", "fNdivisions",
                                         "fAxisColor", "fLabelColor", "fLabelFont", "fLabelOffset", "fLabelSize",
                                         "fTickLength", "fTitleOffset", "fTitleSize", "fTitleColor", "fTitleFont",
                                         "fNbins", "fXmin", "fXmax", "fXbins", "fFirst", "fLast", "fBits2",
                                         "fTimeDisplay", "fTimeFormat", "fLabels", "fModLabs"));
}

TEST(RootHistogram, HoldsTheCountsBetweenEmptyOverflows) {
  const ordered_json h = root_histogram(compared(), "input/pt", "window");
  EXPECT_EQ(h["fArray"], (ordered_json{0.0, 4.0, 0.0, 12.0, 0.0}));
  EXPECT_EQ(h["fSumw2"], h["fArray"]);
  EXPECT_EQ(h["fNcells"], 5);
  EXPECT_EQ(h["fXaxis"]["fXbins"], (ordered_json{-1.0, -0.5, 0.0, 0.5}));
  EXPECT_EQ(h["fXaxis"]["fNbins"], 3);
  EXPECT_EQ(h["fXaxis"]["fTitle"], "input/pt [GeV]");
  EXPECT_EQ(h["fTitle"], "input/pt");
  EXPECT_EQ(h["fName"], "window");
  EXPECT_EQ(h["fYaxis"]["fTitle"], "events");
  EXPECT_DOUBLE_EQ(h["fTsumwx"], 4 * -0.75 + 12 * 0.25);
}

TEST(RootHistogram, ScalesTheReferenceAndItsErrors) {
  const ordered_json h = root_histogram(compared(), "score", "reference");
  EXPECT_EQ(h["fArray"], (ordered_json{0.0, 2.0, 4.0, 10.0, 0.0}));
  EXPECT_EQ(h["fSumw2"], (ordered_json{0.0, 4.0, 8.0, 20.0, 0.0}));
  EXPECT_EQ(h["fEntries"], 8);
}

TEST(RootHistogram, ARatioThatIsNoneIsDrawnAsNothing) {
  const ordered_json h = root_histogram(compared(), "score", "ratio");
  EXPECT_EQ(h["fArray"], (ordered_json{0.0, 2.0, 0.0, 1.2, 0.0}));
  EXPECT_EQ(h["fYaxis"]["fTitle"], "ratio");
  EXPECT_DOUBLE_EQ(h["fSumw2"][1], 4.0 * (1 / 4.0 + 1 / 1.0));
}

TEST(RootHistogram, OfNothingIsOneEmptyBin) {
  ComparedHistogram none;
  none.edges_raw = {0};
  none.edges = {0};
  const ordered_json h = root_histogram(none, "score", "window");
  EXPECT_EQ(h["fArray"].size(), 3u);
  EXPECT_EQ(h["fXaxis"]["fXbins"].size(), 2u);
}

}  // namespace
}  // namespace vigil::shift
