#include "core/result_lines.h"

#include <nlohmann/json.hpp>

#include "core/attribution_json.h"
#include "core/json_text.h"

namespace vigil {
namespace {

using Json = nlohmann::ordered_json;

Json output_json(const OutputSummary& o) {
  Json json = {{"compared", o.compared},
               {"mismatches", o.mismatches},
               {"hardware_above", o.hardware_above},
               {"hardware_below", o.hardware_below}};
  if (o.bits_compared > 0) {
    put(json, "bits_compared", o.bits_compared);
    put(json, "bits_outside", o.bits_outside);
    put(json, "bits_contradictory", o.bits_contradictory);
  }
  return json;
}

Json seed_json(const SeedSummary& s) {
  return {{"compared", s.compared},
          {"hardware", s.hardware},
          {"emulator", s.emulator},
          {"hardware_only", s.hardware_only},
          {"emulator_only", s.emulator_only}};
}

Json source_json(const SourceCounts& s) {
  Json json = {{"batches", s.batches}, {"covered_orbits", s.covered_orbits},
               {"missing", s.missing}, {"duplicate", s.duplicate},
               {"late", s.late},       {"rejected", s.rejected},
               {"dropped", s.dropped}, {"restarts", s.restarts}};
  if (!s.rejected_by.empty()) {
    Json causes = Json::object();
    for (const auto& [cause, count] : s.rejected_by) put(causes, cause, count);
    put(json, "rejected_by", std::move(causes));
  }
  if (s.ignored_annotations > 0) put(json, "ignored_annotations", s.ignored_annotations);
  if (s.silent_since_ls) put(json, "silent_since_ls", *s.silent_since_ls);
  return json;
}

}  // namespace

std::string lumisection_line(const Lumisection& l, const Summary& summary, const ModelInfo& info) {
  Json json = {{"type", "lumisection"},
               {"model", l.model},
               {"stream", l.stream},
               {"model_hash", l.model_hash},
               {"run", l.run},
               {"ls", l.ls},
               {"events", summary.events},
               {"n_bx", summary.n_bx},
               {"expected_orbits", l.expected_orbits},
               {"covered_orbits", l.covered_orbits}};
  // A default-constructed summary (nothing arrived) still names every output and seed.
  Json outputs = Json::object();
  for (std::size_t i = 0; i < info.outputs.size(); ++i) {
    put(outputs, info.outputs[i].name, output_json(i < summary.outputs.size() ? summary.outputs[i] : OutputSummary{}));
  }
  Json seeds = Json::object();
  for (std::size_t i = 0; i < info.seeds.size(); ++i) {
    put(seeds, info.seeds[i].name, seed_json(i < summary.seeds.size() ? summary.seeds[i] : SeedSummary{}));
  }
  Json sources = Json::object();
  for (const auto& [id, counts] : l.sources) put(sources, id, source_json(counts));
  put(json, "outputs", std::move(outputs));
  put(json, "seeds", std::move(seeds));
  put(json, "sources", std::move(sources));
  put(json, "wrong_model_events", summary.wrong_model_events);
  return line_text(json);
}

std::string window_line(const Window& w) {
  return line_text({{"type", "window"},
                    {"model", w.model},
                    {"stream", w.stream},
                    {"name", w.name},
                    {"run", w.run},
                    {"first_ls", w.first_ls},
                    {"last_ls", w.last_ls},
                    {"events", w.events},
                    {"n_bx", w.n_bx},
                    {"coverage", json_number(w.coverage)},
                    {"closed_by", to_string(w.closed_by)},
                    {"quality", to_string(w.quality)},
                    {"reason", w.reason}});
}

std::string budget_line(const BudgetOfRun& b) {
  return line_text({{"type", "budget"},
                    {"model", b.model},
                    {"stream", b.stream},
                    {"run", b.run},
                    {"judged_ls", b.judged_ls},
                    {"pages", b.pages},
                    {"warnings", b.warnings},
                    {"expected_pages", json_number(b.expected_pages)},
                    {"expected_warnings", json_number(b.expected_warnings)}});
}

std::string lifetime_line(const LifetimeOfRule& l) {
  const auto three = [](const std::array<std::optional<double>, 3>& values) {
    return nlohmann::ordered_json{json_number(values[0]), json_number(values[1]), json_number(values[2])};
  };
  return line_text({{"type", "lifetime"},
                    {"model", l.model},
                    {"stream", l.stream},
                    {"run", l.run},
                    {"monitor", l.monitor},
                    {"statistic", l.statistic},
                    {"runs", l.runs},
                    {"effect", json_number(l.effect)},
                    {"limit", json_number(l.limit)},
                    {"slope", three(l.slope)},
                    {"remaining_ls", three(l.remaining_ls)}});
}

std::string verdict_line(const Verdict& v) {
  Json json = {{"type", "verdict"},
               {"model", v.model},
               {"stream", v.stream},
               {"window", v.window},
               {"run", v.run},
               {"first_ls", v.first_ls},
               {"last_ls", v.last_ls},
               {"monitor", v.monitor},
               {"statistic", v.statistic},
               {"quality", to_string(v.quality)},
               {"value", json_number(v.value)},
               {"p_value", json_number(v.p_value)},
               {"limit", json_number(v.limit)},
               {"reason", v.reason}};
  const bool has_attribution = v.subject.target == Target::output || v.subject.target == Target::multivariate;
  if (v.quality == Quality::bad && has_attribution) put(json, "attribution", attribution_json(v.attribution));
  return line_text(json);
}

std::string digest_line(const std::string& sha256, const Totals& t) {
  return line_text({{"type", "digest"},
                    {"sha256", sha256},
                    {"events", t.events},
                    {"lumisections", t.lumisections},
                    {"windows", t.windows},
                    {"verdicts", t.verdicts},
                    {"actions", t.actions},
                    {"unplaced",
                     {{"duplicate", t.unplaced.duplicate},
                      {"late", t.unplaced.late},
                      {"rejected", t.unplaced.rejected},
                      {"dropped", t.unplaced.dropped}}}});
}

std::string kept_event_json(const KeptEvent& e, const ModelInfo& info) {
  Json outputs = Json::object();
  for (const Output& output : info.outputs) {
    const auto words = [&](const std::vector<std::int64_t>& all) -> Json {
      if (all.size() < output.first_word + output.words) return nullptr;
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(output.first_word);
      return std::vector<std::int64_t>(first, first + static_cast<std::ptrdiff_t>(output.words));
    };
    put(outputs, output.name, {{"hardware", words(e.hardware_outputs)}, {"emulator", words(e.emulator_outputs)}});
  }
  return line_text({{"model", info.name},
                    {"model_hash", info.hash},
                    {"run", e.run},
                    {"ls", e.ls},
                    {"orbit", e.orbit},
                    {"bx", e.bx},
                    {"disagreeing", e.disagreeing},
                    {"inputs", e.inputs},
                    {"outputs", std::move(outputs)},
                    {"hardware_bits", e.has_bits ? Json(e.hardware_bits) : Json(nullptr)}});
}

}  // namespace vigil
