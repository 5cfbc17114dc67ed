#include "ingest/sequencer_steps.h"

#include <initializer_list>
#include <string_view>

#include "core/shown.h"

namespace vigil::ingest {
namespace {

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}
std::string place(std::uint32_t run, std::uint32_t ls) {
  return joined({"run ", std::to_string(run), " LS ", std::to_string(ls)});
}

}  // namespace

std::string describe(const Refused& r) {
  const std::string here = place(r.run, r.ls);
  const std::string there = place(r.expected_run, r.expected_ls);
  const std::string found = std::to_string(r.found), expected = std::to_string(r.expected);
  // "…, not confirmed by the next batch (run 2 LS 8)": the value of it that matters.
  const auto unconfirmed = [&](std::string_view name, const std::optional<std::uint64_t>& value) {
    if (!r.next) return std::string(", not confirmed by a second batch");
    const std::string next = name.empty() ? place(r.next->run.value_or(0), r.next->ls.value_or(0))
                                          : joined({name, " ", std::to_string(value.value_or(0))});
    return joined({", not confirmed by the next batch (", next, ")"});
  };
  switch (r.why) {
    case Refused::Why::closed_lumisection:
      return joined({here, ", expected LS ", std::to_string(r.expected_ls), " or later (closed)"});
    case Refused::Why::closed_run:
      return joined({here, ", expected another run than ", std::to_string(r.run), ", which is closed",
                     r.expected_run != 0 ? joined({" (now: run ", std::to_string(r.expected_run), ")"}) : ""});
    case Refused::Why::older_epoch:
      return joined({here, " of epoch ", found, ", expected epoch ", expected, ", or orbits after ", there});
    case Refused::Why::used_number:
      return joined(
          {here, " with seq ", found, ", which was received before; expected ", expected, ", or orbits after ", there});
    case Refused::Why::unconfirmed_run:
    case Refused::Why::unconfirmed_lumisection:
      return joined({here, " after ", there, unconfirmed("", {})});
    case Refused::Why::unconfirmed_epoch:
      return joined({here, " of epoch ", found, " after epoch ", expected,
                     unconfirmed("epoch", r.next ? r.next->epoch : std::nullopt)});
    case Refused::Why::unconfirmed_number:
      return joined({here, " with seq ", found, ", expected ", expected,
                     unconfirmed("seq", r.next ? r.next->seq : std::nullopt)});
    case Refused::Why::unconfirmed_name:
      return joined({here, " with seq ", found,
                     ", where a known source goes on: taken for a damaged name until a second batch has it"});
    case Refused::Why::other_selection:
      return joined({here, " of selection '", shown(r.found_text), "', expected '", shown(r.expected_text),
                     "' as in the rest of the run"});
    case Refused::Why::too_many_sources:
      return joined({here, " of a new source, expected at most ", expected, " in the runs that are open"});
  }
  return here;
}

void add_counts(SourceCounts& to, const SourceCounts& from) {
  to.batches += from.batches;
  to.missing += from.missing;
  to.duplicate += from.duplicate;
  to.late += from.late;
  to.rejected += from.rejected;
  to.dropped += from.dropped;
  to.restarts += from.restarts;
  to.ignored_annotations += from.ignored_annotations;
  for (const auto& [cause, count] : from.rejected_by) to.rejected_by[cause] += count;
}

}  // namespace vigil::ingest
