#include "app/saved_totals.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"

namespace vigil::app {
namespace {

// Every count and its key: writer and reader go through this list.
template <class TotalsOf, class Each>
void each_total(TotalsOf& t, Each&& each) {
  each("events", t.events);
  each("lumisections", t.lumisections);
  each("windows", t.windows);
  each("verdicts", t.verdicts);
  each("actions", t.actions);
  each("duplicate", t.unplaced.duplicate);
  each("late", t.unplaced.late);
  each("rejected", t.unplaced.rejected);
  each("dropped", t.unplaced.dropped);
}

}  // namespace

std::string saved_totals(const Totals& totals) {
  nlohmann::json out = nlohmann::json::object();
  each_total(totals, [&](const char* key, std::uint64_t count) { out[key] = count; });
  return json_text(out);
}

Totals totals_from(const std::string& text) {
  Totals out;
  try {
    const auto in = nlohmann::json::parse(text);
    each_total(out, [&](const char* key, std::uint64_t& count) { count = in.at(key).get<std::uint64_t>(); });
  } catch (const nlohmann::json::exception& e) {
    throw Error("totals", e.what(), "what an earlier vigil wrote");
  }
  return out;
}

}  // namespace vigil::app
