// Parameters of the catalogue's detectors: read strictly, as the rows say, and taken from first values where they may
// be.
#include <gmock/gmock.h>

#include <regex>

#include "core/error.h"
#include "monitors/detectors/detection.h"
#include "monitors/detectors/estimates.h"
#include "monitors/detectors/parameters.h"
#include "tests/monitors/detector_cases.h"

namespace vigil::monitors {
namespace {

using testing::HasSubstr;

std::string refusal(const DetectorEntry& entry, const Parameters& parameters) {
  try {
    (void)entry.make(parameters);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::set<std::string> names_of(const std::string& text) {
  std::set<std::string> names;
  const std::string plain = std::regex_replace(text, std::regex("\\([^)]*\\)"), "");
  const std::regex word("[A-Za-z_0-9]+");
  for (auto it = std::sregex_iterator(plain.begin(), plain.end(), word); it != std::sregex_iterator(); ++it) {
    names.insert(it->str());
  }
  return names;
}

// An unknown parameter is refused, and the list of the known ones is the row's.
TEST(DetectorParameters, AreThoseOfTheRow) {
  for (const DetectorEntry& entry : detectors()) {
    Parameters parameters = needed_parameters(entry);
    parameters["nonsense"] = 1.0;
    const std::string text = refusal(entry, parameters);
    EXPECT_THAT(text, HasSubstr("unknown parameter 'nonsense'"));
    EXPECT_EQ(names_of(text.substr(text.find("one of ") + 7)), names_of(std::string(entry.parameters))) << entry.name;
    EXPECT_EQ(refusal(entry, needed_parameters(entry)), "") << entry.name;
  }
}

TEST(DetectorParameters, AreRefusedWithNameAndRange) {
  struct Wrong {
    const char* detector;
    Parameters changed;
    const char* says;
  };
  const auto word = [](const char* text) { return Parameter(std::string(text)); };
  const auto list = [](std::vector<double> values) { return Parameter(std::move(values)); };
  for (const Wrong& wrong : std::vector<Wrong>{
           {"cusum", {{"sd", 0.0}}, "'sd': 0, expected a number above 0"},
           {"cusum", {{"sd", std::nan("")}}, "'sd': nan"},
           {"cusum", {{"mean", INFINITY}}, "'mean': inf, expected a finite number"},
           {"cusum", {{"k", -1.0}}, "'k': -1"},
           {"cusum", {{"h", 0.0}}, "'h'"},
           {"cusum", {{"side", word("left")}}, "'side': left, expected one of both, up, down"},
           {"cusum", {{"latch", 1.0}}, "'latch': not a boolean"},
           {"cusum", {{"h", word("12x")}}, "'h': not a number"},
           {"cusum_poisson", {{"rho_up", 1.0}}, "'rho_up': 1"},
           {"cusum_poisson", {{"rho_down", 1.5}}, "'rho_down'"},
           {"cusum_binomial", {{"p0", 0.8}}, "'p_up': missing, and 1.5 p0"},
           {"cusum_binomial", {{"p_down", 0.2}}, "'p_down'"},
           {"ewma", {{"lambda", 1.1}}, "'lambda'"},
           {"shewhart", {{"L", 0.0}}, "'L'"},
           {"glr", {{"window", 2.5}}, "'window': 2.5, expected a whole number"},
           {"page_hinkley", {{"mode", word("sideways")}}, "'mode'"},
           {"page_hinkley", {{"alpha", 1.01}}, "'alpha'"},
           {"adwin", {{"clock", 0.0}}, "'clock'"},
           {"adwin", {{"rearm", word("never")}}, "'rearm': never, expected one of keep, reset, moa"},
           {"adwin", {{"delta", 1.0}}, "'delta'"},
           {"ddm", {{"drift_threshold", -1.0}}, "'drift_threshold'"},
           {"eddm", {{"beta", 0.96}}, "'beta'"},
           {"eddm", {{"alpha", 0.8}}, "'beta'"},
           {"hddm_a", {{"drift_confidence", 0.0}}, "'drift_confidence'"},
           {"hddm_w", {{"lambda", 2.0}}, "'lambda'"},
           {"e_gaussian", {{"scales", list({1, -1})}}, "'scales': -1"},
           {"e_gaussian", {{"lambdas", list({1, 2})}, {"weights", list({1})}}, "'weights': 1 numbers, expected 2"},
           {"e_gaussian", {{"weights", list({1, 2})}}, "'weights': 2 numbers, expected 13"},
           {"e_gaussian", {{"log_threshold", 0.0}}, "'log_threshold'"},
           {"e_poisson", {{"rho", list({})}}, "'rho': an empty list"},
           {"e_bounded", {{"low", 1.0}, {"high", 1.0}}, "'low': 1, expected a number below high"},
           {"e_bounded", {{"mean", 1.0}}, "'mean': 1"},
           {"e_bounded", {{"lambdas", list({0.5, 1})}}, "'lambdas': 1"},
           {"e_bounded", {{"lambdas", -0.25}}, "'lambdas': -0.25"},
           {"e_multinomial", {{"p0", list({0.5, 0.6})}}, "'p0': a sum of 1.1"},
           {"e_multinomial", {{"q", list({0.5, 0.5})}}, "'q': 2 columns, expected 3"},
           {"e_multinomial", {{"q", list({0.5, 0.5, 0.5})}}, "'q': a sum of 1.5"},
           {"e_multinomial", {{"q", word("x")}}, "'q': no list"},
       }) {
    const DetectorEntry& entry = *find_detector(wrong.detector);
    Parameters parameters = needed_parameters(entry);
    for (const auto& [name, value] : wrong.changed) parameters[name] = value;
    EXPECT_THAT(refusal(entry, parameters), HasSubstr(wrong.says)) << wrong.detector;
  }
  EXPECT_EQ(refusal(*find_detector("cusum_binomial"), {{"p0", 0.8}, {"side", word("down")}}), "");
  EXPECT_EQ(refusal(*find_detector("e_multinomial"), {{"p0", list({0.5, 0.5})}, {"q", list({0, 1})}}), "");
}

TEST(DetectorParameters, MissingOnesComeFromTheFirstValues) {
  const auto estimated = [](const char* detector, const Parameters& given, const std::vector<Observed>& first,
                            const char* name) {
    return std::get<double>(estimates(*find_detector(detector), given, first, true).at(name));
  };
  const std::vector<Observed> values{{1}, {2}, {6}};
  EXPECT_DOUBLE_EQ(estimated("cusum", {}, values, "mean"), 3);
  EXPECT_DOUBLE_EQ(estimated("cusum", {{"mean", 0.0}}, values, "sd"), std::sqrt(7));
  EXPECT_DOUBLE_EQ(estimated("e_bounded", {}, values, "mean"), 3);
  EXPECT_DOUBLE_EQ(estimated("e_bernoulli", {}, {{2, 10}, {1, 5}}, "p0"), 3.5 / 16);
  EXPECT_DOUBLE_EQ(estimated("cusum_binomial", {}, {{0, 10}}, "p0"), 0.5 / 11);
  EXPECT_DOUBLE_EQ(estimated("e_poisson", {}, {{3, 10}, {1, 6}}, "rate"), 0.25);
  const std::vector<Observed> codes{{0}, {2}, {2}};
  const Parameters p = estimates(*find_detector("e_multinomial"), {{"q", Table{{0.2, 0.3, 0.5}, 3}}}, codes, true);
  EXPECT_THAT(std::get<std::vector<double>>(p.at("p0")),
              testing::Pointwise(testing::DoubleEq(), {1.5 / 4.5, 0.5 / 4.5, 2.5 / 4.5}));

  const DetectorEntry& cusum = *find_detector("cusum");
  EXPECT_THROW((void)estimates(cusum, {}, std::vector<Observed>(5, {1}), true), Error);
  EXPECT_THROW((void)estimates(*find_detector("e_poisson"), {}, std::vector<Observed>(5, {0, 1}), true), Error);
  EXPECT_NO_THROW((void)estimates(cusum, {}, std::vector<Observed>(5, {1}), false));
}

TEST(Detection, SkipsNanCountsItAndKeepsTheIndicesOfTheRow) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values{0, kNan, 1, 2, kNan, 3, 100, kNan, 0};
  const Detection found = detect(*find_detector("shewhart"), {}, {values, 0, "x"}, 4, true);
  EXPECT_EQ(found.n, 9u);
  EXPECT_EQ(found.nan, 3u);
  EXPECT_EQ(found.alarms, (std::vector<Alarm>{{6, 6}}));
  for (const std::size_t i : {0, 1, 2, 3, 4, 5, 7}) EXPECT_TRUE(std::isnan(found.trace[i])) << i;
  EXPECT_NEAR(found.trace[8], 1.5 / std::sqrt(5.0 / 3), 1e-12);
  EXPECT_TRUE(detect(*find_detector("shewhart"), {}, {values, 0, "x"}, 100, false).alarms.empty());
  EXPECT_THROW((void)detect(*find_detector("shewhart"), {{"nonsense", 1.0}}, {values, 0, "x"}, 100, false), Error);
  const std::vector<double> rows{1, kNan, kNan, 5, 2, 10};
  EXPECT_EQ(detect(*find_detector("e_bernoulli"), {{"p0", 0.1}}, {rows, 2, "x"}, 0, false).nan, 2u);
}

}  // namespace
}  // namespace vigil::monitors
