// Tested in tests/app/configuration_test.cpp.
#include "app/configuration_budget.h"

#include <array>
#include <charconv>
#include <cmath>

#include "app/configuration.h"
#include "core/error.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

using monitors::FalseAlarmBudget;
using Shares = FalseAlarmBudget::Shares;

constexpr const char* kBudget = "budget";
constexpr const char* kPerDay = "false_alarms_per_day";
constexpr const char* kPerWeek = "/week";
constexpr double kDays = 7, kWarningsAPage = 10;
constexpr double kMostAWeek = 1e9, kMostADay = 1e6, kLeast = 1e-12;

struct Share {
  const char* name;
  double Shares::*member;
};
constexpr std::array<Share, 5> kShares{{{"inputs", &Shares::inputs},
                                        {"outputs", &Shares::outputs},
                                        {"rates", &Shares::rates},
                                        {"mismatch", &Shares::mismatch},
                                        {"multivariate", &Shares::multivariate}}};

// "1/week".
double a_week(const YAML::Node& node, const YamlPlace& at) {
  const std::string value = text(node, at);
  double n = 0;
  const char* const last = value.data() + value.size();
  const auto [end, error] = std::from_chars(value.data(), last, n);
  if (error != std::errc() || std::string_view(end, static_cast<std::size_t>(last - end)) != kPerWeek ||
      !(n >= kLeast && n <= kMostAWeek)) {
    throw Error(at.where, "key '" + at.key + "': '" + shown(value) + "'", "N/week with N above 0, like 1/week");
  }
  return n;
}

std::string in_yaml(double n) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, n).ptr);
}

void claim(Configuration& configuration, const char* key, const YamlPlace& at) {
  if (!configuration.budget_key.empty() && configuration.budget_key != key) {
    throw Error(at.where, "key '" + at.key + "': " + configuration.budget_key + " is given too", "one of the two");
  }
  configuration.budget_key = key;
}

}  // namespace

void read_budget(Configuration& configuration, const YAML::Node& node, const YamlPlace& at) {
  require_map(node, at, {"page", "warn", "shares"});
  claim(configuration, kBudget, at);
  FalseAlarmBudget budget = configuration.monitors.budget;
  const auto place = [&](const char* key) { return at.below(node[key], key); };
  if (node["page"]) budget.page = a_week(node["page"], place("page"));
  if (node["warn"]) budget.warn = a_week(node["warn"], place("warn"));
  if (budget.warn < budget.page) {
    throw Error(at.where, "key '" + at.key + "': warn " + in_yaml(budget.warn) + "/week",
                "at least page, " + in_yaml(budget.page) + "/week");
  }
  if (const YAML::Node shares = node["shares"]) {
    const YamlPlace below = place("shares");
    std::set<std::string> names;
    for (const Share& share : kShares) names.insert(share.name);
    require_map(shares, below, names);
    double sum = 0;
    for (const Share& share : kShares) {
      const YAML::Node value = shares[share.name];
      if (value) budget.shares.*share.member = real_number(value, below.below(value, share.name), 0, 1);
      sum += budget.shares.*share.member;
    }
    if (std::abs(sum - 1) > 1e-9) {
      throw Error(below.where, "key '" + below.key + "': sum " + in_yaml(std::round(sum * 1e9) / 1e9),
                  "shares of sum 1, all five together");
    }
  }
  configuration.monitors.budget = budget;
}

void read_false_alarms_per_day(Configuration& configuration, const YAML::Node& node, const YamlPlace& at) {
  const double a_day = real_number(node, at, kLeast, kMostADay);
  claim(configuration, kPerDay, at);
  configuration.monitors.budget.page = kDays * a_day;
  configuration.monitors.budget.warn = kWarningsAPage * kDays * a_day;
}

void write_budget(YAML::Emitter& out, const FalseAlarmBudget& budget) {
  const auto put = [&](const char* key, const auto& value) { out << YAML::Key << key << YAML::Value << value; };
  out << YAML::Flow << YAML::BeginMap;
  put("page", in_yaml(budget.page) + kPerWeek);
  put("warn", in_yaml(budget.warn) + kPerWeek);
  out << YAML::Key << "shares" << YAML::Value << YAML::Flow << YAML::BeginMap;
  for (const Share& share : kShares) put(share.name, in_yaml(budget.shares.*share.member));
  out << YAML::EndMap << YAML::EndMap;
}

}  // namespace vigil::app
