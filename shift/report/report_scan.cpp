#include "shift/report/report_scan.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/plain_text.h"
#include "shift/documents/certification.h"
#include "shift/documents/json_values.h"
#include "shift/documents/run_totals.h"

namespace vigil::shift {
namespace {

void add_agreement(RunScan& scan, const nlohmann::json& line) {
  for (const auto& [name, counts] : object_at(line, "outputs").items()) {
    Agreement& of = scan.outputs[name];
    of.compared += count_at(counts, "compared") + count_at(counts, "bits_compared");
    of.mismatches += count_at(counts, "mismatches") + count_at(counts, "bits_outside");
    of.one += count_at(counts, "hardware_above");
    of.other += count_at(counts, "hardware_below");
  }
  const std::uint64_t n_bx = count_at(line, "n_bx");
  const bool own = count_at(line, "wrong_model_events") == 0;
  for (const auto& [name, counts] : object_at(line, "seeds").items()) {
    Agreement& of = scan.seeds[name];
    of.compared += count_at(counts, "compared");
    of.one += count_at(counts, "hardware_only");
    of.other += count_at(counts, "emulator_only");
    of.mismatches = of.one + of.other;
    of.hardware += count_at(counts, "hardware");
    of.emulator += count_at(counts, "emulator");
    if (!own || n_bx == 0) continue;
    SeedRates& rates = scan.rates[name];
    rates.passes += count_at(counts, "emulator");
    rates.n_bx += n_bx;
    rates.points.push_back({static_cast<std::uint32_t>(count_at(line, "ls")), count_at(counts, "emulator"), n_bx});
  }
}

}  // namespace

RunScan scan_run(alerting::Record& record, const alerting::RecordedRun& run) {
  RunScan scan;
  alerting::RecordFilter filter;
  filter.model = run.model;
  filter.stream = run.stream;
  filter.run = run.run;
  std::uint32_t seen = run.first_ls - std::min(run.first_ls, 1u);
  for_each_row(record, alerting::RecordTable::lumisections, filter, [&](const alerting::RecordRow& row) {
    const auto line = parsed_object(row.line);
    add_losses(scan.losses, line);
    add_agreement(scan, line);
    if (row.last_ls > seen) add_gap(scan.gaps, seen + 1, row.last_ls - 1);
    if (row.last_ls > seen && count_at(line, "covered_orbits") == 0) add_gap(scan.gaps, row.last_ls, row.last_ls);
    seen = std::max(seen, row.last_ls);
  });
  return scan;
}

std::string mark_label(const alerting::Mark& mark) {
  const std::string kind = mark.kind == "prescale_column" ? "column" : mark.kind == "beam_mode" ? "" : mark.kind;
  const std::string value = mark.kind == "model_hash" ? mark.to.value_or("").substr(0, 8) : mark.to.value_or("");
  return plain(kind + (kind.empty() || value.empty() ? "" : " ") + value, 60);
}

}  // namespace vigil::shift
