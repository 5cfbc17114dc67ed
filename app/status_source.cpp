#include "app/status_source.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "alerting/http_client.h"
#include "alerting/record.h"
#include "app/action_desk.h"
#include "app/http_outlook.h"
#include "app/wall_clock.h"
#include "core/error.h"
#include "core/json_text.h"
#include "shift/documents/json_values.h"
#include "shift/documents/status_document.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;
using shift::count_at;
using shift::object_at;
using shift::parsed_line;
using shift::text_at;
using shift::value_at;

constexpr const char* kCounts[] = {"batches",  "missing", "duplicate", "late",
                                   "rejected", "dropped", "restarts",  "ignored_annotations"};

// ---- of a server

class ServerStatus : public StatusSource {
 public:
  explicit ServerStatus(std::string url) : url_(std::move(url)) {
    while (url_.ends_with('/')) url_.pop_back();
  }
  FoundStatus read() override {
    FoundStatus out;
    out.text = get("/v1/status");
    out.document = ordered_json::parse(out.text, nullptr, false);
    if (!out.document.is_object() || !out.document.contains("streams") || !out.document["streams"].is_array()) {
      throw Error(url_, "what answers is no vigil", "the status of a monitor");
    }
    out.sources = ordered_json::array();
    const ordered_json all = parsed_line(get("/v1/sources"));
    if (!all.contains("sources") || !all["sources"].is_array()) return out;
    for (const ordered_json& one : all["sources"]) {
      if (!one.is_object()) continue;
      out.sources.push_back({{"model", text_at(one, "model")},
                             {"stream", text_at(one, "stream")},
                             {"source", text_at(one, "source")},
                             {"age_s", value_at(one, "age_s")},
                             {"silent", text_at(one, "state") == "silent" ? "silent" : ""},
                             {"counts", object_at(one, "totals")},
                             {"rejected_by", object_at(one, "rejected_by")}});
    }
    return out;
  }
  std::uint64_t version() override { return ++asked_; }
  void abandon() override { client_.abandon(); }

 private:
  std::string get(const std::string& path) {
    alerting::HttpRequest request;
    request.url = url_ + path;
    request.timeout_ms = 5000;
    request.most_bytes = std::size_t{64} * 1024 * 1024;
    const alerting::HttpAnswer answer = client_.exchange(request);
    if (answer.end != alerting::HttpAnswer::End::answered) throw Error(url_, "no answer: " + answer.error);
    if (answer.status != 200) {
      throw Error(url_, "answers " + std::to_string(answer.status) + " to " + path, "200, from a vigil");
    }
    return answer.body;
  }

  std::string url_;
  alerting::HttpClient client_;
  std::uint64_t asked_ = 0;
};

// ---- of a journal

class JournalStatus : public StatusSource {
 public:
  explicit JournalStatus(const std::string& file) : record_(alerting::open_record(file)), desk_(desk_on(file)) {
    outlook_.record = record_.get();
    outlook_.desk = desk_.get();
    outlook_.has_ended = [] { return true; };
  }
  FoundStatus read() override {
    FoundStatus out;
    out.document = shift::status_document(outlook_, totals_);
    out.document["journal"] = record_->file();
    ordered_json program;
    std::int64_t program_ns = 0;
    std::map<std::pair<std::string, std::string>, ordered_json> streams;
    for (const alerting::RecordedLive& row : record_->live()) {
      if (row.model.empty() && row.stream.empty()) {
        program = parsed_line(row.line);
        program_ns = row.updated_ns;
      } else {
        streams[{row.model, row.stream}] = parsed_line(row.line);
      }
    }
    add_live_facts(out.document, program, streams, program_ns, wall_clock_ns());
    out.sources = ordered_json::array();
    for (const ordered_json& stream : out.document["streams"]) {
      const ordered_json live = value_at(stream, "live");
      if (!live.is_object()) continue;
      for (const auto& [name, source] : object_at(live, "sources").items()) {
        const ordered_json& since = object_at(source, "silent_since");
        out.sources.push_back({{"model", stream["model"]},
                               {"stream", stream["stream"]},
                               {"source", name},
                               {"age_s", value_at(source, "age_s")},
                               {"silent", since.empty() ? ""
                                                        : fmt::format("SILENT since run {} LS {}",
                                                                      count_at(since, "run"), count_at(since, "ls"))},
                               {"counts", object_at(source, "in_run")},
                               {"in_program", object_at(source, "in_program")},
                               {"rejected_by", object_at(object_at(source, "in_program"), "rejected_by")}});
      }
    }
    out.text = json_text(out.document);
    return out;
  }
  std::uint64_t version() override { return record_->version(); }

 private:
  std::unique_ptr<alerting::Record> record_;
  std::unique_ptr<alerting::Desk> desk_;
  shift::Outlook outlook_ = make_outlook(shift::Mode::journal);
  shift::RunTotals totals_;
};

ordered_json age(const ordered_json& live, const char* key, std::int64_t now_ns) {
  const auto at = live.find(key);
  if (at == live.end() || !at->is_number_integer()) return nullptr;
  return json_number(static_cast<double>(now_ns - at->get<std::int64_t>()) / 1e9);
}

bool older(const ordered_json& age_s, double seconds) { return !age_s.is_number() || age_s.get<double>() > seconds; }

std::string seconds_text(const ordered_json& age_s) { return fmt::format("{:.0f} s", age_s.get<double>()); }

ordered_json stale_reason(const ordered_json& live, const ordered_json& program) {
  if (text_at(program, "mode") != "watch") return nullptr;
  std::string why;
  if (older(live["newest_frame_s"], kStaleFrameSeconds)) {
    why =
        live["newest_frame_s"].is_null() ? "no message yet" : "no message for " + seconds_text(live["newest_frame_s"]);
  } else if (older(live["newest_lumisection_s"], kStaleLumisectionSeconds)) {
    why = live["newest_lumisection_s"].is_null()
              ? "no lumisection yet"
              : "no lumisection for " + seconds_text(live["newest_lumisection_s"]) + " though messages arrive";
  }
  if (program.value("ended", false)) return (why.empty() ? "" : why + "; ") + std::string("vigil has ended");
  if (!program.value("running", false)) return (why.empty() ? "" : why + "; ") + std::string("vigil is not running");
  return why.empty() ? ordered_json() : ordered_json(why);
}

ordered_json sums(const ordered_json& sources, const char* scope) {
  ordered_json out = ordered_json::object();
  for (const char* key : kCounts) {
    std::uint64_t all = 0;
    for (const auto& [name, source] : sources.items()) all += count_at(object_at(source, scope), key);
    out[key] = all;
  }
  return out;
}

}  // namespace

void add_live_facts(ordered_json& document, const ordered_json& program,
                    const std::map<std::pair<std::string, std::string>, ordered_json>& streams,
                    std::int64_t program_updated_ns, std::int64_t now_ns) {
  ordered_json facts = program.is_object() ? program : ordered_json::object();
  const double age_s = static_cast<double>(now_ns - program_updated_ns) / 1e9;
  facts["running"] = program.is_object() && !program.value("ended", false) && age_s <= kLiveSeconds;
  facts["age_s"] = program.is_object() ? json_number(age_s) : ordered_json();
  for (ordered_json& stream : document["streams"]) {
    const auto at = streams.find({text_at(stream, "model"), text_at(stream, "stream")});
    if (at == streams.end()) {
      stream["live"] = nullptr;
      continue;
    }
    ordered_json sources = object_at(at->second, "sources");
    for (auto& [name, source] : sources.items()) {
      if (source.is_object()) source["age_s"] = age(source, "newest_batch_ns", now_ns);
    }
    ordered_json live = {{"newest_frame_s", age(at->second, "newest_frame_ns", now_ns)},
                         {"newest_batch_s", age(at->second, "newest_batch_ns", now_ns)},
                         {"newest_lumisection_s", age(at->second, "newest_lumisection_ns", now_ns)}};
    live["stale"] = stale_reason(live, facts);
    live["in_run"] = sums(sources, "in_run");
    live["in_program"] = sums(sources, "in_program");
    live["sources"] = std::move(sources);
    stream["live"] = std::move(live);
  }
  document["program"] = std::move(facts);
}

std::unique_ptr<StatusSource> status_source(const std::string& where) {
  if (where.find("://") == std::string::npos) return std::make_unique<JournalStatus>(where);
  if (const std::string problem = alerting::url_problem(where); !problem.empty()) {
    throw Error(where, problem, "http://HOST:PORT or https://HOST:PORT");
  }
  return std::make_unique<ServerStatus>(where);
}

}  // namespace vigil::app
