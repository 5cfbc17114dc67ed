// Delay against false-alarm rate: every detector tuned by simulation to one false alarm in 1e5 and in 1e6 null values,
// then run over rows with a change. Prints the tables as Markdown; equal seeds, so equal tables. detection_bench CASES
// also writes a row and its alarms for each of river's detectors, which river_confirms.py runs on river itself.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "bench/detection/measure.h"
#include "core/json_text.h"
#include "fpga_model/package/npy.h"

namespace {

using namespace vigil;
using namespace vigil::bench;

constexpr std::size_t kNullValues = 10'000'000;
constexpr double kRates[] = {1e5, 1e6};

struct Cell {
  std::optional<double> tuned;
  Delay delay;
};

std::string label(const Candidate& c) { return c.river ? "river " + c.name : c.name; }

std::string text_of(const Cell& cell, const Scenario& scenario, bool best) {
  if (!cell.tuned) return "no";
  if (cell.delay.missed * 2 > cell.delay.rows) return fmt::format("> {:.0f}", static_cast<double>(scenario.most));
  const std::string text =
      fmt::format("{}{:.{}f}", cell.delay.missed > 0 ? "> " : "", cell.delay.mean, cell.delay.mean < 100 ? 1 : 0);
  return best ? "**" + text + "**" : text;
}

struct Row {
  const Scenario* scenario;
  double rate;
  std::vector<Cell> cells;
};

void print_table(const std::vector<Candidate>& all, const std::vector<Row>& rows) {
  fmt::print("\n| change | values a false alarm |");
  for (const Candidate& c : all) fmt::print(" {} |", label(c));
  fmt::print("\n| --- | --- |");
  for (std::size_t i = 0; i < all.size(); ++i) fmt::print(" ---: |");
  fmt::print("\n");
  for (const Row& row : rows) {
    const auto best = std::min_element(row.cells.begin(), row.cells.end(), [](const Cell& a, const Cell& b) {
      return (a.tuned ? a.delay.mean : 1e300) < (b.tuned ? b.delay.mean : 1e300);
    });
    fmt::print("| {} | 1e{:.0f} |", row.scenario->name, std::log10(row.rate));
    for (auto cell = row.cells.begin(); cell != row.cells.end(); ++cell) {
      fmt::print(" {} |", text_of(*cell, *row.scenario, cell == best));
    }
    fmt::print("\n");
  }
}

// Rows where one of river's is earlier than the best of ours by more than two standard errors.
void print_lost(const std::vector<Candidate>& all, const std::vector<Row>& rows) {
  std::size_t lost = 0;
  for (const Row& row : rows) {
    const Cell* ours = nullptr;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Cell& cell = row.cells[i];
      if (!all[i].river && cell.tuned && (ours == nullptr || cell.delay.mean < ours->delay.mean)) ours = &cell;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Cell& cell = row.cells[i];
      if (!all[i].river || !cell.tuned || ours == nullptr) continue;
      const double apart = 2 * std::hypot(cell.delay.error, ours->delay.error);
      if (cell.delay.mean >= ours->delay.mean - apart) continue;
      ++lost;
      fmt::print("\n{} is earlier on: {}, 1e{:.0f}.", label(all[i]), row.scenario->name, std::log10(row.rate));
    }
  }
  fmt::print("\nEarlier than the best of ours by more than two standard errors: {} of {} rows.\n", lost, rows.size());
}

void write_case(const std::filesystem::path& folder, const Scenario& scenario, const Candidate& candidate,
                double value) {
  const std::vector<double> values = row_of(scenario, candidate, 0, scenario.history + 20'000);
  std::vector<monitors::Alarm> alarms;
  candidate.make(value).feed_column(values, 0, alarms);
  nlohmann::json document{
      {"detector", candidate.name}, {"scenario", scenario.name}, {"set", {{candidate.tuned, value}}}};
  document["alarms"] = nlohmann::json::array();
  for (const monitors::Alarm& alarm : alarms) document["alarms"].push_back(alarm.at);
  const std::string name = candidate.name + (scenario.null.kind == Law::Kind::bernoulli ? "_binary" : "_values");
  fpga_model::write_npy(folder / (name + ".npy"), values, {values.size()});
  std::ofstream(folder / (name + ".json")) << json_text(document) << '\n';
}

void run(const std::vector<Scenario>& scenarios, const std::vector<Candidate>& heading, const char* cases) {
  std::vector<Row> rows;
  std::optional<Null> null;
  std::vector<std::vector<std::optional<double>>> tuned;
  const Law* law = nullptr;
  std::string settings;
  for (const Scenario& scenario : scenarios) {
    const std::vector<Candidate> all = candidates(scenario.null);
    const auto of = [&](const Candidate& c) {  // its place in this null's list
      return std::find_if(all.begin(), all.end(), [&](const Candidate& other) { return label(other) == label(c); });
    };
    if (law == nullptr || !(*law == scenario.null)) {
      law = &scenario.null;
      null.emplace(*law, kNullValues);
      tuned.assign(2, {});
      for (std::size_t r = 0; r < 2; ++r) {
        for (const Candidate& c : all) {
          tuned[r].push_back(null->tune(c, kRates[r]));
          if (tuned[r].back()) {
            settings += fmt::format("| {} | 1e{:.0f} | {} | {} = {:.4g} |\n", scenario.name, std::log10(kRates[r]),
                                    label(c), c.tuned, *tuned[r].back());
          }
        }
      }
      null.reset();
    }
    for (std::size_t r = 0; r < 2; ++r) {
      Row row{&scenario, kRates[r], {}};
      for (const Candidate& c : heading) {
        const auto found = of(c);
        Cell cell;
        if (found != all.end()) cell.tuned = tuned[r][static_cast<std::size_t>(found - all.begin())];
        if (cell.tuned) cell.delay = delay(scenario, *found, *cell.tuned);
        if (cell.delay.rows == 0) cell.tuned.reset();
        const bool shown = scenario.name == "mean + 1 sd" || scenario.name == "rate 0.1 x 3";
        if (cell.tuned && cases != nullptr && c.river && r == 0 && shown) {
          write_case(cases, scenario, *found, *cell.tuned);
        }
        row.cells.push_back(cell);
      }
      rows.push_back(std::move(row));
    }
  }
  print_table(heading, rows);
  print_lost(heading, rows);
  fmt::print("\n| first change | values a false alarm | detector | tuned |\n| --- | --- | --- | --- |\n{}", settings);
}

}  // namespace

int main(int argc, char** argv) {
  const char* cases = argc > 1 ? argv[1] : nullptr;
  if (cases != nullptr) std::filesystem::create_directories(cases);
  fmt::print(
      "Mean number of values from the change to the alarm, at equal false-alarm rates; the least of a row is bold. "
      "`no`: "
      "no setting has so few false alarms, or so few that a row comes to its change. `>`: some rows had no alarm until "
      "they were given up. Before the change "
      "10,000 values without one and without alarm (rate 0.001: 100,000). cusum, ewma, shewhart, glr, e_gaussian, "
      "cusum_binomial, "
      "e_bernoulli know mean, spread or rate of the null; the others learn it. `river` are this program's detectors "
      "that "
      "alarm at the same values as river 0.19 (adwin: with the last cut of each row, hddm_w: with means set by their "
      "first value).\n");
  std::vector<Scenario> values, binary;
  for (const Scenario& scenario : scenarios()) {
    (scenario.null.kind == Law::Kind::bernoulli ? binary : values).push_back(scenario);
  }
  run(values, candidates(values.front().null), cases);
  run(binary, candidates(binary.front().null), cases);
}
