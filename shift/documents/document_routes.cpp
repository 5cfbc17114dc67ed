#include "shift/documents/document_routes.h"

#include <algorithm>
#include <utility>

#include "shift/documents/bx_document.h"
#include "shift/documents/histogram_document.h"
#include "shift/documents/line_documents.h"
#include "shift/documents/model_documents.h"
#include "shift/documents/selectors.h"
#include "shift/documents/sources_document.h"
#include "shift/documents/trend_document.h"

namespace vigil::shift {
namespace {

using alerting::RecordTable;

std::string key_of(const Request& request) {
  std::string out = request.path;
  for (const auto& [name, value] : request.parameters) {
    out += "\n" + name + "=" + std::to_string(value.size()) + ":" + value;
  }
  return out;
}

Answer json_text_answer(std::string text) {
  Answer answer;
  answer.body = std::move(text);
  return answer;
}

}  // namespace

Answer AnswerCache::answer(std::uint64_t version, const Request& request, const Make& make) {
  const std::string key = key_of(request);
  {
    const std::lock_guard lock(mutex_);
    if (version != version_) {
      version_ = version;
      bytes_ = 0;
      kept_.clear();
    }
    const auto at = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.key == key; });
    if (at != kept_.end()) {
      kept_.splice(kept_.begin(), kept_, at);
      return kept_.front().answer;
    }
  }
  Answer answer = make(request);
  const std::lock_guard lock(mutex_);
  if (version != version_ || answer.body.size() > kBytes / 4) return answer;
  bytes_ += answer.body.size();
  kept_.push_front({key, answer});
  while (bytes_ > kBytes || kept_.size() > 256) {
    bytes_ -= kept_.back().answer.body.size();
    kept_.pop_back();
  }
  return answer;
}

std::function<Answer(const Request&)> Documents::handler(Make make, bool is_kept) {
  return [this, make = std::move(make), is_kept](const Request& request) -> Answer {
    if (outlook_.record == nullptr) return busy_answer("no journal is open here");
    try {
      // The number is read first: what is committed while a document is made does not make it count as newer.
      return is_kept ? answers_.answer(outlook_.record->version(), request, make) : make(request);
    } catch (const NoDocument& none) {
      return problem_answer(none.name, none.detail);
    }
  };
}

std::vector<Route> Documents::routes() {
  std::vector<Route> out;
  const auto get = [&](std::string pattern, std::vector<Parameter> parameters, Make make,
                       bool is_kept = true) -> Route& {
    return out.emplace_back(Route{.method = "GET",
                                  .pattern = std::move(pattern),
                                  .parameters = std::move(parameters),
                                  .handle = handler(std::move(make), is_kept)});
  };
  const auto lines = [&](const char* pattern, RecordTable table) {
    get(pattern, line_parameters(table),
        [this, table](const Request& request) { return json_text_answer(lines_document(outlook_, table, request)); });
  };
  get(
      "/v1/status", {}, [this](const Request&) { return json_text_answer(status_.now()->text); }, false)
      .caching = Caching::never;
  get("/v1/models", {}, [this](const Request&) { return json_answer(200, models_document(outlook_)); });
  get("/v1/runs", filter_parameters(),
      [this](const Request& request) { return json_answer(200, runs_.runs(filter_of(request))); });
  lines("/v1/lumisections", RecordTable::lumisections);
  lines("/v1/windows", RecordTable::windows);
  lines("/v1/verdicts", RecordTable::verdicts);
  get("/v1/trend", trend_parameters(),
      [this](const Request& request) { return json_answer(200, trend_document(outlook_, totals_, request)); });
  get("/v1/histogram", histogram_parameters(),
      [this](const Request& request) { return json_answer(200, histogram_document(outlook_, summaries_, request)); });
  get("/v1/bx", selector_parameters(),
      [this](const Request& request) { return json_answer(200, bx_document(outlook_, summaries_, request)); });
  get("/v1/rate-curve", rate_curve_parameters(),
      [this](const Request& request) { return json_answer(200, rate_curve_document(outlook_, summaries_, request)); });
  get(
      "/v1/sources", {any_parameter("model", "a model"), any_parameter("stream", "a stream")},
      [this](const Request& request) { return json_answer(200, sources_document(outlook_, totals_, request)); }, false);
  return out;
}

}  // namespace vigil::shift
