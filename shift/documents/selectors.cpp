#include "shift/documents/selectors.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/lhc.h"
#include "core/shown.h"

namespace vigil::shift {
namespace {

using alerting::RecordedStream;
using alerting::RecordFilter;
using alerting::RecordTable;

constexpr std::uint64_t kLastRun = 0xffffffff;

std::optional<std::uint64_t> whole(const std::string& text) {
  std::uint64_t out = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, out);
  if (error != std::errc() || rest != end) return {};
  return out;
}

std::string joined(const std::vector<std::string>& names, const char* between) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : between) + name;
  return out;
}

std::string in_quotes(const std::string& text) { return "\"" + shown(text) + "\""; }

// Names for an error, each once, few of them.
std::string named(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> out;
  for (const std::string& name : names) {
    if (std::find(out.begin(), out.end(), shown(name)) == out.end()) out.push_back(shown(name));
  }
  const bool is_cut = out.size() > kMost;
  if (is_cut) out.resize(kMost);
  return joined(out, ", ") + (is_cut ? ", …" : "");
}

std::string named_stream(const RecordedStream& stream) { return shown(stream.model) + " " + shown(stream.stream); }

}  // namespace

void not_found(const std::string& detail) { throw NoDocument{"not-found", detail}; }

// ---- parameters

Parameter any_parameter(std::string name, std::string expected) {
  return {std::move(name), std::move(expected), [](const std::string&) { return true; }};
}

Parameter whole_parameter(std::string name, std::uint64_t first, std::uint64_t last) {
  return {std::move(name), std::to_string(first) + ".." + std::to_string(last), [first, last](const std::string& text) {
            const auto n = whole(text);
            return n && *n >= first && *n <= last;
          }};
}

Parameter positive_parameter(std::string name) {
  return {std::move(name), "a number above 0", [](const std::string& text) {
            double out = 0;
            const char* const end = text.data() + text.size();
            const auto [rest, error] = std::from_chars(text.data(), end, out);
            return error == std::errc() && rest == end && std::isfinite(out) && out > 0;
          }};
}

Parameter choice_parameter(std::string name, const std::vector<std::string>& allowed) {
  return {std::move(name), joined(allowed, " or "), [allowed](const std::string& text) {
            return std::find(allowed.begin(), allowed.end(), text) != allowed.end();
          }};
}

Parameter list_parameter(std::string name, const std::vector<std::string>& allowed) {
  return {std::move(name), "some of " + joined(allowed, ","), [allowed](const std::string& text) {
            const auto names = split_list(text);
            return std::all_of(names.begin(), names.end(), [&](const std::string& one) {
              return std::find(allowed.begin(), allowed.end(), one) != allowed.end();
            });
          }};
}

std::vector<Parameter> selector_parameters() {
  return {any_parameter("model", "a model"), any_parameter("stream", "a stream"),
          any_parameter("window", "the name of a window"), whole_parameter("run", 0, kLastRun),
          whole_parameter("ls", 1, lhc::kLastLumisection)};
}

std::vector<Parameter> filter_parameters() {
  return {any_parameter("model", "a model"), any_parameter("stream", "a stream"), whole_parameter("run", 0, kLastRun),
          whole_parameter("first_ls", 1, lhc::kLastLumisection), whole_parameter("last_ls", 1, lhc::kLastLumisection)};
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

std::optional<std::string> text_parameter(const Request& request, const std::string& name) {
  const auto at = request.parameters.find(name);
  return at == request.parameters.end() ? std::nullopt : std::optional(at->second);
}

std::optional<std::uint64_t> whole_of(const Request& request, const std::string& name) {
  const auto text = text_parameter(request, name);
  return text ? whole(*text) : std::nullopt;
}

std::string required_parameter(const Request& request, const std::string& name, const std::string& expected) {
  const auto text = text_parameter(request, name);
  if (!text) throw BadRequest{name + ": missing, expected " + expected};
  return *text;
}

// ---- what they choose

RecordFilter filter_of(const Request& request) {
  RecordFilter out;
  out.model = text_parameter(request, "model");
  out.stream = text_parameter(request, "stream");
  const auto ls = [&](const char* name) -> std::optional<std::uint32_t> {
    const auto n = whole_of(request, name);
    return n ? std::optional(static_cast<std::uint32_t>(*n)) : std::nullopt;
  };
  out.run = ls("run");
  out.first_ls = ls("first_ls");
  out.last_ls = ls("last_ls");
  if (out.first_ls && out.last_ls && *out.first_ls > *out.last_ls) {
    throw BadRequest{"first_ls: " + std::to_string(*out.first_ls) + ", expected at most last_ls, " +
                     std::to_string(*out.last_ls)};
  }
  return out;
}

RecordedStream selected_stream(const Outlook& outlook, const Request& request) {
  std::vector<RecordedStream> left = outlook.record->streams();
  if (left.empty()) not_found("stream: none has a lumisection yet");
  for (const auto& [name, of] : {std::pair{"model", &RecordedStream::model}, {"stream", &RecordedStream::stream}}) {
    const auto wanted = text_parameter(request, name);
    std::vector<std::string> names;
    for (const RecordedStream& stream : left) names.push_back(stream.*of);
    if (!wanted) continue;
    std::erase_if(left, [&, member = of](const RecordedStream& stream) { return stream.*member != *wanted; });
    if (left.empty()) not_found(std::string(name) + ": " + in_quotes(*wanted) + ", expected one of " + named(names));
  }
  if (left.size() == 1) return left.front();
  // Which of the two would tell them apart.
  std::vector<std::string> models, streams;
  for (const RecordedStream& stream : left) {
    models.push_back(stream.model);
    streams.push_back(stream.stream);
  }
  const bool same_model = std::all_of(models.begin(), models.end(), [&](const auto& m) { return m == models.front(); });
  if (same_model) throw BadRequest{"stream: missing, expected one of " + named(streams)};
  if (text_parameter(request, "model")) throw BadRequest{"stream: missing, expected one of " + named(streams)};
  throw BadRequest{"model: missing, expected one of " + named(models)};
}

std::uint32_t selected_run(const Outlook& outlook, const Request& request, const RecordedStream& stream) {
  const auto wanted = whole_of(request, "run");
  if (!wanted || *wanted == stream.run) return stream.run;
  RecordFilter filter;
  filter.model = stream.model;
  filter.stream = stream.stream;
  filter.run = static_cast<std::uint32_t>(*wanted);
  filter.limit = 1;
  if (outlook.record->rows(RecordTable::lumisections, filter).empty()) {
    not_found("run: " + std::to_string(*wanted) + ", expected a run of " + named_stream(stream));
  }
  return *filter.run;
}

std::string selected_window_name(const Outlook& outlook, const Request& request, const RecordedStream& stream,
                                 bool may_be_sequential) {
  const auto wanted = text_parameter(request, "window");
  if (wanted && *wanted == kSequentialWindow) {
    if (may_be_sequential) return *wanted;
    not_found("window: \"sequential\", expected the name of a window with data of its own");
  }
  RecordFilter filter;
  filter.model = stream.model;
  filter.stream = stream.stream;
  filter.oldest_first = true;
  filter.limit = 1;
  if (!wanted) {
    if (!outlook.windows.empty()) return outlook.windows.front();
    const auto oldest = outlook.record->rows(RecordTable::windows, filter);
    if (oldest.empty()) not_found("window: none of " + named_stream(stream) + " has closed yet");
    return oldest.front().window;
  }
  if (std::find(outlook.windows.begin(), outlook.windows.end(), *wanted) != outlook.windows.end()) return *wanted;
  filter.window = wanted;
  if (outlook.record->rows(RecordTable::windows, filter).empty()) {
    not_found("window: " + in_quotes(*wanted) + ", expected " +
              (outlook.windows.empty() ? "the name of a window" : "one of " + named(outlook.windows)));
  }
  return *wanted;
}

SelectedWindow selected_window(const Outlook& outlook, const Request& request) {
  SelectedWindow out;
  out.stream = selected_stream(outlook, request);
  const std::string name = selected_window_name(outlook, request, out.stream);
  const std::uint32_t run = selected_run(outlook, request, out.stream);
  std::optional<std::uint32_t> ls;
  if (const auto wanted = whole_of(request, "ls")) ls = static_cast<std::uint32_t>(*wanted);
  const std::string what = "window " + shown(name) + " of " + named_stream(out.stream) + " run " + std::to_string(run);
  auto window = outlook.record->window(out.stream.model, out.stream.stream, name, run, ls);
  if (!window)
    not_found(ls ? "ls: " + std::to_string(*ls) + ", expected the last lumisection of a " + what
                 : what + ": none has closed yet");
  out.window = std::move(*window);
  const std::string which =
      what + " LS " + std::to_string(out.window.row.first_ls) + "-" + std::to_string(out.window.row.last_ls);
  if (out.window.given_up) throw NoDocument{"gone", which + ": its summary made room for newer ones (keep_histograms)"};
  auto model = outlook.record->model(out.window.row.model_hash);
  if (out.window.summary.empty() || !model) not_found(which + ": no summary was recorded");
  out.model = std::move(*model);
  return out;
}

}  // namespace vigil::shift
