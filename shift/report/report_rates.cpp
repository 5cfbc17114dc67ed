// The rates of a stream's seeds in the report; declared in report_stream.h.
#include <nlohmann/json.hpp>
#include <utility>

#include "core/lhc.h"
#include "core/plain_text.h"
#include "shift/documents/json_values.h"
#include "shift/report/report_stream.h"
#include "shift/report/svg_axis.h"

namespace vigil::shift {

void write_rates(ReportPage& page, const StreamReport& s, const std::vector<TrendMark>& marks,
                 const ReportSettings& settings) {
  if (s.scan.seeds.empty()) return;
  page.heading("Rates", 3);
  const std::string selection = text_at(s.facts, "selection");
  if (!selection.empty() && selection != "zero_bias") {
    page.paragraph("No rates: the selection " + plain(selection, 60) + " is biased.");
    return;
  }
  ReportPage::Table table{"Rates of the emulator's decisions in the whole run, Hz, with 95 % intervals",
                          {"seed", "threshold", "target", "rate", "low", "high", "passes"}};
  std::vector<std::pair<std::string, Trend>> trends;
  for (const auto& [name, rates] : s.scan.rates) {
    std::optional<double> target;
    std::string threshold = "-";
    if (s.model) {
      for (const Seed& seed : s.model->info.seeds) {
        if (seed.name != name) continue;
        target = seed.target_rate_hz;
        const FixedPoint& type = s.model->info.outputs[seed.output].type;
        threshold = std::to_string(seed.threshold) + " = " + short_value(type.to_real(seed.threshold));
      }
    }
    const auto n_bx = static_cast<double>(rates.n_bx);
    const auto ends = settings.interval(rates.passes);
    table.rows.push_back({name, threshold, cell_number(target),
                          short_value(lhc::rate_hz(static_cast<double>(rates.passes), n_bx)),
                          short_value(lhc::rate_hz(ends[0], n_bx)), short_value(lhc::rate_hz(ends[1], n_bx)),
                          std::to_string(rates.passes)});
    Trend trend;
    trend.title = "Rate of " + plain(name, 100) + " by lumisection";
    trend.y_name = "rate [Hz]";
    trend.first_ls = s.run.first_ls;
    trend.last_ls = s.run.last_ls;
    trend.marks = marks;
    trend.gaps = s.scan.gaps;
    trend.target = target;
    for (const SeedRates::Point& point : rates.points) {
      const auto inspected = static_cast<double>(point.n_bx);
      const auto bounds = settings.interval(point.passes);
      trend.points.push_back({point.ls,
                              Quality::good,
                              lhc::rate_hz(static_cast<double>(point.passes), inspected),
                              {},
                              lhc::rate_hz(bounds[0], inspected),
                              lhc::rate_hz(bounds[1], inspected)});
    }
    trends.emplace_back(name, std::move(trend));
  }
  page.table(table);
  for (const auto& [name, trend] : trends) {
    page.figure(svg_trend(trend), "Rate of " + plain(name, 200) + " by lumisection, with 95 % intervals" +
                                      (trend.target ? "; target " + short_value(*trend.target) + " Hz" : ""));
  }
}

}  // namespace vigil::shift
