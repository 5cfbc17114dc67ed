#include "app/text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <utility>

#include "core/shown.h"

namespace vigil::app {

bool colours() {
  static const bool yes = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return yes;
}

std::string paint(Quality quality, const std::string& text) {
  if (!colours()) return text;
  const char* code = quality == Quality::good     ? "\033[32m"
                     : quality == Quality::medium ? "\033[33m"
                     : quality == Quality::bad    ? "\033[1;31m"
                                                  : "\033[90m";
  return code + text + "\033[0m";
}

std::string short_number(double value) {
  const double size = std::fabs(value);
  if (size >= 1e9) return fmt::format("{:.3g}G", value / 1e9);
  if (size >= 1e6) return fmt::format("{:.3g}M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:.3g}k", value / 1e3);
  return fmt::format("{:.4g}", value);
}

std::string action_text(const Action& a) {
  std::string text =
      fmt::format("ACTION  {} ({}) {} {}  run {} LS {}-{}: {}\n", to_string(a.kind), to_string(a.cause), shown(a.model),
                  shown(a.stream), a.run, a.first_ls, a.last_ls, shown(a.reason, kShownReason));
  if (const auto* t = std::get_if<ThresholdProposal>(&a.proposal)) {
    text += fmt::format("        {}: threshold {} -> {}, rate {} Hz -> {} Hz [{}, {}], target {} Hz\n", shown(t->seed),
                        t->current_threshold, t->proposed_threshold, short_number(t->current_rate_hz),
                        short_number(t->expected_rate_hz[1]), short_number(t->expected_rate_hz[0]),
                        short_number(t->expected_rate_hz[2]), short_number(t->target_rate_hz));
  }
  return text + fmt::format("        id {}\n", a.id);
}

std::string ClosingText::operator()(const Closing& closing) {
  std::string text;
  const Lumisection& line = closing.lumisection;
  if (line.ls > 0) {
    std::uint64_t lost = 0, rejected = 0, late = 0, duplicate = 0;
    for (const auto& [name, c] : line.sources) {
      lost += c.missing + c.dropped;
      rejected += c.rejected;
      late += c.late;
      duplicate += c.duplicate;
    }
    text += fmt::format("LS {:>5}  run {} {} {}  {} events  coverage {:.2f}", line.ls, line.run, shown(line.model),
                        shown(line.stream), short_number(static_cast<double>(closing.events)),
                        static_cast<double>(line.covered_orbits) / static_cast<double>(line.expected_orbits));
    for (const auto& [seed, rate] : closing.seed_rate_hz)
      text += fmt::format("  {} {} Hz", shown(seed), short_number(rate));
    if (lost > 0) text += fmt::format("  lost {}", lost);
    if (rejected > 0) text += fmt::format("  rejected {}", rejected);
    if (late > 0) text += fmt::format("  late {}", late);
    if (duplicate > 0) text += fmt::format("  duplicate {}", duplicate);
    text += '\n';
  }
  for (const JudgedWindow& judged : closing.windows) {
    const Window& w = judged.window;
    text += fmt::format("WINDOW  {} LS {}-{} {} {}  {}  {}\n", shown(w.name), w.first_ls, w.last_ls, shown(w.model),
                        shown(w.stream), paint(w.quality, fmt::format("{:<7}", to_string(w.quality))),
                        shown(w.reason, kShownReason));
    std::string state(to_string(w.quality));
    for (const Verdict& v : judged.verdicts) {
      if (v.quality == Quality::bad) state += " " + v.monitor;
    }
    std::string& before = said_[w.model + " " + w.stream + " " + w.name];
    if (std::exchange(before, state) == state) continue;
    std::size_t spelled_out = 0;
    for (const Verdict& v : judged.verdicts) {
      if (v.quality != Quality::bad && v.quality != Quality::medium) continue;
      if (++spelled_out > 5) continue;
      text += fmt::format("        {} {} {}: {}\n", paint(v.quality, std::string(to_string(v.quality))),
                          shown(v.monitor), v.statistic, shown(v.reason, kShownReason));
    }
    if (spelled_out > 5) text += fmt::format("        and {} more\n", spelled_out - 5);
  }
  for (const Action& action : closing.actions) text += paint(Quality::bad, action_text(action));
  return text;
}

}  // namespace vigil::app
