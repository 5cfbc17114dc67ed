#include "shift/documents/families.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <tuple>

#include "core/json_text.h"
#include "shift/documents/json_values.h"

namespace vigil::shift {
namespace {

constexpr std::size_t kAgreement = 0, kScore = 1, kInputs = 2, kRates = 3, kData = 4;

// bad, medium, good, unknown.
int severity(Quality quality) {
  return quality == Quality::bad ? 3 : quality == Quality::medium ? 2 : quality == Quality::good ? 1 : 0;
}

double over_limit(const WorstVerdict& verdict) {
  if (!verdict.value || !verdict.limit || *verdict.limit == 0) return -std::numeric_limits<double>::infinity();
  return *verdict.value / *verdict.limit;
}

bool is_worse(const WorstVerdict& a, const WorstVerdict& b) {
  if (severity(a.quality) != severity(b.quality)) return severity(a.quality) > severity(b.quality);
  if (over_limit(a) != over_limit(b)) return over_limit(a) > over_limit(b);
  return std::tie(a.monitor, a.statistic, a.window) < std::tie(b.monitor, b.statistic, b.window);
}

WorstVerdict verdict_of(const alerting::RecordRow& row) {
  const nlohmann::json line = parsed_object(row.line);
  return {row.monitor,
          row.statistic,
          row.window,
          row.quality,
          number_at(line, "value"),
          number_at(line, "limit"),
          text_at(line, "reason")};
}

// Counts one (monitor, statistic), of which `worst` is the worst known verdict.
void count(Family& family, Quality worst, bool is_shelved) {
  ++family.monitors;
  std::uint64_t& n = is_shelved                 ? family.shelved
                     : worst == Quality::bad    ? family.bad
                     : worst == Quality::medium ? family.medium
                     : worst == Quality::good   ? family.good
                                                : family.unknown;
  ++n;
}

State state_of_counts(const Family& family) {
  return family.monitors > 0 && family.shelved == family.monitors ? State::shelved
         : family.bad > 0                                         ? State::bad
         : family.medium > 0                                      ? State::medium
         : family.good > 0                                        ? State::good
                                                                  : State::unknown;
}

Family data_family(const DataFacts& facts, bool is_shelved) {
  Family out;
  out.name = kFamilies[kData];
  const Quality quality = !facts.blind.empty()  ? Quality::unknown
                          : !facts.lost.empty() ? Quality::medium
                                                : Quality::good;
  count(out, quality, is_shelved);
  out.state = state_of_counts(out);
  if (is_shelved) return out;
  WorstVerdict worst{"data", "data", "lumisection", quality, {}, {}, ""};
  if (!facts.blind.empty()) {
    worst.window = facts.blind_window;
    worst.reason = facts.blind;
  } else {
    worst.reason = facts.lost.empty() ? "nothing lost in " + facts.newest : facts.lost + " in " + facts.newest;
  }
  out.worst = std::move(worst);
  return out;
}

std::string short_number(double value) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.3g", value);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::good:
      return "good";
    case State::unknown:
      return "unknown";
    case State::medium:
      return "medium";
    case State::stale:
      return "stale";
    case State::bad:
      return "bad";
    case State::shelved:
      return "shelved";
  }
  return "unknown";
}

State state_of(Quality quality) {
  return quality == Quality::bad      ? State::bad
         : quality == Quality::medium ? State::medium
         : quality == Quality::good   ? State::good
                                      : State::unknown;
}

State worst_of(const std::vector<State>& states) {
  std::optional<State> worst;
  for (const State state : states) {
    if (state != State::shelved && (!worst || state > *worst)) worst = state;
  }
  return worst ? *worst : states.empty() ? State::unknown : State::shelved;
}

std::size_t family_of(const std::string& monitor) {
  if (monitor.starts_with("mismatch/")) return kAgreement;
  if (monitor.starts_with("input/") || monitor == "multivariate/inputs") return kInputs;
  if (monitor.starts_with("seed/")) return kRates;
  return kScore;
}

std::vector<Family> families_of(const std::string& model, const std::string& stream,
                                const std::vector<alerting::RecordRow>& verdicts,
                                const std::vector<std::string>& monitors, bool has_hardware, const DataFacts& data,
                                const Shelves& shelves) {
  struct Pair {
    Quality worst = Quality::unknown;
    bool is_shelved = false;
  };
  std::array<std::map<std::pair<std::string, std::string>, Pair>, kData> pairs;
  std::array<bool, kData> has_monitors{};
  std::array<std::optional<WorstVerdict>, kData> worst;
  for (const std::string& monitor : monitors) has_monitors[family_of(monitor)] = true;
  for (const alerting::RecordRow& row : verdicts) {
    const std::size_t family = family_of(row.monitor);
    Pair& pair = pairs[family][{row.monitor, row.statistic}];
    if (severity(row.quality) > severity(pair.worst)) pair.worst = row.quality;
    pair.is_shelved = shelves.hold(model, stream, row.monitor);
    if (pair.is_shelved) continue;
    if (worst[family] && severity(worst[family]->quality) > severity(row.quality)) continue;
    WorstVerdict verdict = verdict_of(row);
    if (!worst[family] || is_worse(verdict, *worst[family])) worst[family] = std::move(verdict);
  }
  std::vector<Family> out;
  for (std::size_t i = 0; i < kData; ++i) {
    if (i == kAgreement ? !has_hardware : pairs[i].empty() && !has_monitors[i]) continue;
    Family& family = out.emplace_back();
    family.name = kFamilies[i];
    for (const auto& [name, pair] : pairs[i]) count(family, pair.worst, pair.is_shelved);
    family.state = state_of_counts(family);
    family.worst = std::move(worst[i]);
  }
  out.push_back(data_family(data, shelves.hold(model, stream, "data")));
  return out;
}

std::string in_words(const WorstVerdict& verdict) {
  const std::string what = verdict.monitor + (verdict.statistic == verdict.monitor ? "" : " " + verdict.statistic);
  if (verdict.quality >= Quality::medium && verdict.value && verdict.limit && *verdict.value > *verdict.limit) {
    return what + " " + short_number(*verdict.value) + " over " + short_number(*verdict.limit);
  }
  if (verdict.reason.empty()) return what + " " + std::string(to_string(verdict.quality));
  return verdict.reason.starts_with(verdict.monitor + " ") ? verdict.reason : what + ": " + verdict.reason;
}

nlohmann::ordered_json family_json(const Family& family) {
  nlohmann::ordered_json worst;
  if (family.worst) {
    const WorstVerdict& w = *family.worst;
    worst = {{"monitor", w.monitor},
             {"statistic", w.statistic},
             {"window", w.window},
             {"quality", to_string(w.quality)},
             {"value", json_number(w.value)},
             {"limit", json_number(w.limit)},
             {"reason", w.reason.empty() && w.quality != Quality::good ? in_words(w) : w.reason}};
  }
  return {{"name", family.name},       {"state", to_string(family.state)}, {"monitors", family.monitors},
          {"good", family.good},       {"medium", family.medium},          {"bad", family.bad},
          {"unknown", family.unknown}, {"shelved", family.shelved},        {"worst", std::move(worst)}};
}

}  // namespace vigil::shift
