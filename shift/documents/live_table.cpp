#include "shift/documents/live_table.h"

#include <algorithm>

#include "shift/documents/json_values.h"

namespace vigil::shift {
namespace {

std::optional<std::int64_t> time_at(const nlohmann::json& row, const char* key) {
  const auto at = row.find(key);
  if (at == row.end() || !at->is_number_integer()) return {};
  return at->get<std::int64_t>();
}

LiveSource live_source(const nlohmann::json& row) {
  LiveSource out;
  out.newest_batch_ns = time_at(row, "newest_batch_ns");
  out.run = static_cast<std::uint32_t>(count_at(row, "run"));
  out.ls = static_cast<std::uint32_t>(count_at(row, "ls"));
  out.orbit = static_cast<std::uint32_t>(count_at(row, "orbit"));
  out.is_silent = row.contains("silent_since");
  out.dropped = count_at(object_at(row, "in_program"), "dropped");
  return out;
}

}  // namespace

const LiveStream* LiveTable::find(const std::string& model, const std::string& stream) const {
  const auto at = streams.find({model, stream});
  return at == streams.end() ? nullptr : &at->second;
}

std::optional<std::int64_t> LiveTable::closed_ns(const std::string& model, const std::string& stream, std::uint32_t run,
                                                 std::uint32_t ls) const {
  const LiveStream* live = find(model, stream);
  if (live == nullptr) return {};
  if (live->closed_run == run && live->closed_ls == ls) return live->newest_close_ns;
  // A row of a stream is left as it is while nothing in it changes; the program's is not.
  return has_ended ? live->newest_close_ns : std::max(live->updated_ns, updated_ns);
}

LiveTable live_table(const std::vector<alerting::RecordedLive>& rows) {
  LiveTable out;
  for (const alerting::RecordedLive& row : rows) {
    const nlohmann::json line = parsed_object(row.line);
    if (row.model.empty() && row.stream.empty()) {
      out.updated_ns = row.updated_ns;
      out.has_ended = line.value("ended", false);
      if (line.contains("scale")) out.scale = nlohmann::ordered_json::parse(row.line).at("scale");
      continue;
    }
    LiveStream& stream = out.streams[{row.model, row.stream}];
    stream.updated_ns = row.updated_ns;
    stream.newest_close_ns = time_at(line, "newest_lumisection_ns");
    const nlohmann::json& closed = object_at(line, "closed");
    stream.closed_run = static_cast<std::uint32_t>(count_at(closed, "run"));
    stream.closed_ls = static_cast<std::uint32_t>(count_at(closed, "ls"));
    stream.lag_s = number_at(line, "lag_s");
    stream.events_per_s = number_at(line, "events_per_s");
    for (const auto& [name, source] : object_at(line, "sources").items()) stream.sources[name] = live_source(source);
  }
  return out;
}

}  // namespace vigil::shift
