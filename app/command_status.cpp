// vigil status: what a journal says of each stream now.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "alerting/journal.h"
#include "app/command.h"
#include "app/text.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

int run_status(const std::string& file, bool json) {
  const alerting::JournalReader journal(file);
  const auto counts = journal.counts();
  const auto lumisections = journal.newest_lines(alerting::JournalRow::Table::lumisection);
  const auto windows = journal.newest_lines(alerting::JournalRow::Table::window);
  ordered_json out = {{"journal", file},
                      {"lumisections", counts.lumisections},
                      {"windows", counts.windows},
                      {"actions",
                       {{"all", counts.actions},
                        {"open", counts.open},
                        {"pending", counts.pending},
                        {"delivered", counts.delivered},
                        {"rejected", counts.rejected},
                        {"expired", counts.expired}}},
                      {"streams", ordered_json::array()}};
  for (const std::string& text : lumisections) {
    auto line = ordered_json::parse(text);
    ordered_json stream = {{"lumisection", line}, {"windows", ordered_json::array()}};
    for (const std::string& window_text : windows) {
      const auto window = ordered_json::parse(window_text);
      if (window["model"] == line["model"] && window["stream"] == line["stream"]) stream["windows"].push_back(window);
    }
    out["streams"].push_back(std::move(stream));
  }
  if (json) {
    fmt::print("{}\n", out.dump());
    return 0;
  }
  fmt::print("{:<12} {:<10} {:>8} {:>6} {:>10} {:>8} {:>6} {:>9}  {:<8} {}\n", "model", "stream", "run", "LS", "events",
             "coverage", "lost", "mismatch", "quality", "reason");
  for (const auto& stream : out["streams"]) {
    const auto& line = stream["lumisection"];
    std::uint64_t lost = 0, mismatches = 0;
    for (const auto& [name, source] : line["sources"].items()) {
      for (const char* key : {"missing", "late", "rejected", "dropped"}) lost += source[key].get<std::uint64_t>();
    }
    for (const auto& [name, output] : line["outputs"].items()) mismatches += output["mismatches"].get<std::uint64_t>();
    const double coverage = line["covered_orbits"].get<double>() / line["expected_orbits"].get<double>();
    std::string quality = "unknown", reason = "no window yet";
    if (!stream["windows"].empty()) {
      quality = stream["windows"].back()["quality"].get<std::string>();
      reason = stream["windows"].back()["reason"].get<std::string>();
    }
    const Quality level = quality == "good"     ? Quality::good
                          : quality == "medium" ? Quality::medium
                          : quality == "bad"    ? Quality::bad
                                                : Quality::unknown;
    fmt::print("{:<12} {:<10} {:>8} {:>6} {:>10} {:>8.2f} {:>6} {:>9}  {} {}\n",
               shown(line["model"].get<std::string>()), shown(line["stream"].get<std::string>()), line["run"].dump(),
               line["ls"].dump(), line["events"].dump(), coverage, lost, mismatches,
               paint(level, fmt::format("{:<8}", quality)), shown(reason, kShownReason));
  }
  fmt::print("{} lumisections, {} windows, {} actions ({} open, {} pending, {} delivered, {} rejected, {} expired)\n",
             counts.lumisections, counts.windows, counts.actions, counts.open, counts.pending, counts.delivered,
             counts.rejected, counts.expired);
  return 0;
}

}  // namespace

Command status_command() {
  struct StatusOptions {
    std::string journal;
    bool json = false;
  };
  const auto o = std::make_shared<StatusOptions>();
  return {"status",
          "one screen: models, quality, rates, losses",
          "vigil status vigil.db",
          {{"JOURNAL", &o->journal, "journal file", Presence::required}, {"--json", &o->json, "one JSON document"}},
          [o] { return run_status(o->journal, o->json); }};
}

}  // namespace vigil::app
