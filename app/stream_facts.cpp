#include "app/stream_facts.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/json_text.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

template <class T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

// learn:20, run 1 LS 1-20
std::string in_words(const std::string& name, const std::vector<monitors::ReferenceRange>& ranges) {
  std::string words = name;
  for (const monitors::ReferenceRange& range : ranges) {
    words += ", run " + std::to_string(range.run) + " LS " + std::to_string(range.first_ls);
    if (range.last_ls != range.first_ls) words += "-" + std::to_string(range.last_ls);
  }
  return words;
}

template <class Runs>
ordered_json of_runs(const Runs& runs) {
  ordered_json out = ordered_json::object();
  for (const auto& [run, known] : runs) {
    out[std::to_string(run)] = {{"fill", or_null(known.fill)}, {"run_start_ns", or_null(known.run_start_ns)}};
  }
  return out;
}

}  // namespace

std::vector<alerting::Mark> StreamFacts::take(const Lumisection& lumisection, const ingest::LumisectionContext& context,
                                              const monitors::ReferenceProgress& reference) {
  std::vector<alerting::Mark> marks;
  const auto mark = [&](const char* kind, std::optional<std::string> from, std::string to) {
    marks.push_back({.model = lumisection.model,
                     .stream = lumisection.stream,
                     .run = lumisection.run,
                     .ls = lumisection.ls,
                     .kind = kind,
                     .from = std::move(from),
                     .to = std::move(to)});
  };
  const auto now = [&](const char* kind, const std::optional<std::string>& value) {
    if (!value) return;
    const auto known = known_.find(kind);
    if (known != known_.end() && known->second == *value) return;
    mark(kind, known == known_.end() ? std::nullopt : std::optional(known->second), *value);
    known_[kind] = *value;
  };
  if (std::exchange(restarted_, false)) mark("restart", std::nullopt, "vigil");
  for (const auto& [source, counts] : lumisection.sources) {
    if (counts.restarts > 0) mark("restart", std::nullopt, source);
  }
  now("fill", context.fill ? std::optional(std::to_string(*context.fill)) : std::nullopt);
  now("menu", context.menu);
  now("prescale_column",
      context.prescale_column ? std::optional(std::to_string(*context.prescale_column)) : std::nullopt);
  now("beam_mode", context.beam_mode);
  now("filling_scheme", context.filling_scheme);
  now("selection", context.selection);
  now("model_hash", context.model_hash.empty() ? std::nullopt : std::optional(context.model_hash));
  // One that this lumisection completed is compared with from the next on.
  const bool just_learned = !reference.ranges.empty() && reference.ranges.back().run == lumisection.run &&
                            reference.ranges.back().last_ls == lumisection.ls;
  if (reference.is_known && !just_learned) now("reference", in_words(reference_name_, reference.ranges));
  if (context.fill) runs_[lumisection.run].fill = context.fill;
  if (context.run_start_ns) runs_[lumisection.run].run_start_ns = context.run_start_ns;
  if (runs_.size() > kRuns) runs_.erase(runs_.begin());
  context_ = context;
  reference_ = reference;
  return marks;
}

std::string StreamFacts::text(const BudgetOfRun& budget) const {
  ordered_json ranges = ordered_json::array();
  for (const monitors::ReferenceRange& r : reference_.ranges) ranges.push_back({r.run, r.first_ls, r.last_ls});
  const ordered_json out = {{"selection", context_.selection},
                            {"origin", context_.origin.value_or("detector")},
                            {"context",
                             {{"fill", or_null(context_.fill)},
                              {"menu", or_null(context_.menu)},
                              {"prescale_column", or_null(context_.prescale_column)},
                              {"beam_mode", or_null(context_.beam_mode)},
                              {"pileup", or_null(context_.pileup)},
                              {"filling_scheme", or_null(context_.filling_scheme)}}},
                            {"run_start_ns", or_null(context_.run_start_ns)},
                            {"runs", of_runs(runs_)},
                            {"reference",
                             {{"name", reference_name_},
                              {"learned", reference_.learned},
                              {"wanted", reference_.wanted},
                              {"known", reference_.is_known},
                              {"events", reference_.events},
                              {"ranges", std::move(ranges)}}},
                            {"budget",
                             {{"run", budget.run},
                              {"judged_ls", budget.judged_ls},
                              {"pages", budget.pages},
                              {"warnings", budget.warnings},
                              {"expected_pages", json_number(budget.expected_pages)},
                              {"expected_warnings", json_number(budget.expected_warnings)}}}};
  return json_text(out);
}

std::string StreamFacts::save() const { return json_text(ordered_json{{"known", known_}, {"runs", of_runs(runs_)}}); }

void StreamFacts::load(std::string_view text) {
  try {
    const auto state = nlohmann::json::parse(text);
    known_ = state.at("known").get<std::map<std::string, std::string>>();
    runs_.clear();
    for (const auto& [run, known] : state.at("runs").items()) {
      OfRun& of = runs_[static_cast<std::uint32_t>(std::stoul(run))];
      if (!known.at("fill").is_null()) of.fill = known.at("fill").get<std::uint64_t>();
      if (!known.at("run_start_ns").is_null()) of.run_start_ns = known.at("run_start_ns").get<std::uint64_t>();
    }
    restarted_ = true;
  } catch (const std::exception& e) {
    throw Error("facts", e.what(), "what save() wrote");
  }
}

}  // namespace vigil::app
