#include "shift/documents/status_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_text.h"
#include "core/utc_time.h"
#include "shift/documents/status_stream.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

constexpr double kOldDataS = 600;
// However often something is committed, no document is made anew sooner than this after the one before.
constexpr std::int64_t kAtMostEveryNs = 100'000'000;

const char* mode_text(Mode mode) {
  switch (mode) {
    case Mode::live:
      return "live";
    case Mode::replay:
      return "replay";
    case Mode::demo:
      return "demo";
    case Mode::journal:
      return "journal";
  }
  return "journal";
}

ordered_json alarms_of(const Outlook& outlook) {
  if (outlook.desk == nullptr) return ordered_json::object();
  alerting::DeskAnswer answer = outlook.desk->alarms("");
  return answer.problem ? ordered_json::object() : std::move(answer.body);
}

ordered_json banner(const Outlook& outlook, const std::vector<StreamStatus>& streams) {
  ordered_json out = ordered_json::array();
  if (outlook.mode == Mode::replay) out.push_back("REPLAY");
  if (outlook.mode == Mode::demo) out.push_back("DEMO");
  if (outlook.mode == Mode::journal) out.push_back("JOURNAL");
  const auto any = [&](const auto& is) { return std::any_of(streams.begin(), streams.end(), is); };
  if (any([](const StreamStatus& s) { return s.origin == "simulation"; })) out.push_back("SIMULATION");
  if (outlook.mode == Mode::live && any([](const StreamStatus& s) { return s.lag_s.value_or(0) > kOldDataS; })) {
    out.push_back("OLD DATA");
  }
  return out;
}

ordered_json pipeline_json(const Outlook& outlook, const LiveTable& live) {
  ordered_json out = {{"events_per_s", 0.0}, {"queue_frames", nullptr}, {"queue_capacity", nullptr}, {"dropped", 0u}};
  if (outlook.pipeline) {
    const PipelineSnapshot now = outlook.pipeline();
    out = {{"events_per_s", json_number(now.events_per_s)},
           {"queue_frames", now.queue_frames},
           {"queue_capacity", now.queue_capacity},
           {"dropped", now.frames_dropped},
           {"journal", now.journal}};
  } else {
    double events_per_s = 0;
    std::uint64_t dropped = 0;
    for (const auto& [name, stream] : live.streams) {
      if (!live.has_ended) events_per_s += stream.events_per_s.value_or(0);
      for (const auto& [source, counts] : stream.sources) dropped += counts.dropped;
    }
    out["events_per_s"] = json_number(events_per_s);
    out["dropped"] = dropped;
    out["journal"] = "ok";
  }
  out["journal_bytes"] = outlook.record->bytes();
  return out;
}

// What changes by time alone and is no age.
std::string essence_of(const ordered_json& document) {
  ordered_json out = {document["state"], document["banner"], document["alarms"], document["actions"],
                      document["ended"]};
  for (const ordered_json& stream : document["streams"]) {
    out.push_back({stream["model"], stream["stream"], stream["state"], stream["run"], stream["ls"]});
  }
  return json_text(out);
}

}  // namespace

ordered_json status_document(const Outlook& outlook, RunTotals& totals) {
  const std::int64_t now_ns = outlook.now_ns();
  alerting::Record& record = *outlook.record;
  const LiveTable live = live_table(record.live());
  const ordered_json alarms = alarms_of(outlook);
  const Shelves shelves = shelves_of(alarms);
  const AlarmNumbers numbers = alarm_numbers(alarms);

  std::vector<StreamStatus> streams;
  for (const alerting::RecordedStream& stream : record.streams()) {
    streams.push_back(stream_status(outlook, totals, stream, live, shelves, now_ns));
  }
  std::vector<State> states;
  for (const StreamStatus& s : streams) states.push_back(s.state);
  const State state = worst_of(states);
  std::string reason = streams.empty() ? "no lumisection of any stream yet" : std::string();
  for (const StreamStatus& s : streams) {
    if (!reason.empty() || s.state != state || s.reason.empty()) continue;
    reason = s.document["model"].get<std::string>() + " " + s.document["stream"].get<std::string>() + ": " + s.reason;
  }

  const alerting::Record::ActionCounts actions = record.action_counts();
  ordered_json out = {
      {"vigil",
       {{"version", outlook.version},
        {"boot", outlook.boot},
        {"started", rfc3339(outlook.started_ns)},
        {"mode", mode_text(outlook.mode)}}},
      {"time", rfc3339(now_ns)},
      {"state", to_string(state)},
      {"reason", reason},
      {"banner", banner(outlook, streams)},
      {"streams", ordered_json::array()},
      {"alarms", {{"raised", numbers.raised}, {"acknowledged", numbers.acknowledged}, {"shelved", numbers.shelved}}},
      {"actions", {{"open", actions.open}, {"proposed", actions.proposed}, {"pending", actions.pending}}},
      {"pipeline", pipeline_json(outlook, live)},
      {"ended", outlook.has_ended ? outlook.has_ended() : false}};
  if (live.scale.is_object()) out["scale"] = live.scale;
  for (StreamStatus& s : streams) out["streams"].push_back(std::move(s.document));
  return out;
}

ordered_json status_document(const Outlook& outlook) {
  RunTotals totals;
  return status_document(outlook, totals);
}

std::shared_ptr<const StatusText> StatusCache::now() {
  const std::lock_guard lock(mutex_);
  const std::uint64_t version = outlook_.record->version();
  const std::int64_t now_ns = outlook_.now_ns();
  const std::int64_t age_ns = now_ns - made_ns_;
  const bool same_second = now_ns / 1'000'000'000 == made_ns_ / 1'000'000'000;
  const bool is_fresh = same_second && age_ns >= 0 && (version == version_ || age_ns < kAtMostEveryNs);
  if (!text_ || !is_fresh) {
    const ordered_json document = status_document(outlook_, totals_);
    text_ = std::make_shared<const StatusText>(StatusText{json_text(document), essence_of(document)});
    version_ = version;
    made_ns_ = now_ns;
  }
  return text_;
}

}  // namespace vigil::shift
