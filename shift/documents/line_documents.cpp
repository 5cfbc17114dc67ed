#include "shift/documents/line_documents.h"

#include "core/json_text.h"
#include "shift/documents/selectors.h"

namespace vigil::shift {
namespace {

using alerting::RecordTable;

}  // namespace

std::vector<Parameter> line_parameters(RecordTable table) {
  std::vector<Parameter> out = filter_parameters();
  if (table != RecordTable::lumisections) {
    out.push_back(any_parameter("window", "the name of a window"));
    out.push_back(list_parameter("quality", {"unknown", "good", "medium", "bad"}));
  }
  if (table == RecordTable::verdicts) {
    out.push_back(any_parameter("monitor", "a monitor, * for any characters"));
    out.push_back(any_parameter("statistic", "a statistic"));
  }
  out.push_back(choice_parameter("order", {"desc", "asc"}));
  out.push_back(whole_parameter("limit", 1, 1000));
  out.push_back(whole_parameter("after", 1, (1ull << 62)));
  return out;
}

std::string lines_document(const Outlook& outlook, RecordTable table, const Request& request) {
  alerting::RecordFilter filter = filter_of(request);
  filter.window = text_parameter(request, "window");
  filter.monitor = text_parameter(request, "monitor");
  filter.statistic = text_parameter(request, "statistic");
  if (const auto qualities = text_parameter(request, "quality")) {
    for (const std::string& name : split_list(*qualities)) filter.qualities.push_back(quality_of(name).value());
  }
  filter.oldest_first = text_parameter(request, "order") == "asc";
  if (const auto after = whole_of(request, "after")) filter.after = static_cast<std::int64_t>(*after);
  const auto limit = static_cast<std::size_t>(whole_of(request, "limit").value_or(100));
  filter.limit = limit + 1;  // whether there are more
  auto rows = outlook.record->rows(table, filter);
  const bool has_more = rows.size() > limit;
  if (has_more) rows.resize(limit);
  std::string out = R"({"items":[)";
  for (std::size_t i = 0; i < rows.size(); ++i) out += (i > 0 ? "," : "") + rows[i].line;
  out += R"(],"next":)" + (has_more ? json_text(std::to_string(rows.back().seq)) : "null") + "}";
  return out;
}

}  // namespace vigil::shift
