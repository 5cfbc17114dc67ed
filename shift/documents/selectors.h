// The parameters of the documents (docs/api.md): selectors, which name one stream, run and window, and filters, which
// choose lines. What does not exist is said as a problem. Used by the files of documents and by document_routes.cpp.
// Tests: tests/shift/documents_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shift/documents/outlook.h"
#include "shift/server/routes.h"

namespace vigil::shift {

// Why a document cannot be made: `name` is one of problem.cpp's. Thrown by the documents; an answer at the route.
struct NoDocument {
  std::string name;
  std::string detail;
};
[[noreturn]] void not_found(const std::string& detail);

// ---- parameters

Parameter any_parameter(std::string name, std::string expected);
Parameter whole_parameter(std::string name, std::uint64_t first, std::uint64_t last);
Parameter positive_parameter(std::string name);  // a finite number above 0
Parameter choice_parameter(std::string name, const std::vector<std::string>& allowed);
Parameter list_parameter(std::string name, const std::vector<std::string>& allowed);  // with commas
std::vector<Parameter> selector_parameters();                                         // model, stream, window, run, ls
std::vector<Parameter> filter_parameters();  // model, stream, run, first_ls, last_ls

std::vector<std::string> split_list(const std::string& text);
std::optional<std::string> text_parameter(const Request& request, const std::string& name);
// Of a parameter that fits.
std::optional<std::uint64_t> whole_of(const Request& request, const std::string& name);
// Throws BadRequest where it is missing.
std::string required_parameter(const Request& request, const std::string& name, const std::string& expected);

// ---- what they choose

// Throws BadRequest where first_ls is above last_ls.
alerting::RecordFilter filter_of(const Request& request);

// The stream that `model` and `stream` name; either may be left out where there is one. Throws BadRequest and
// NoDocument.
alerting::RecordedStream selected_stream(const Outlook& outlook, const Request& request);
// The run, the newest where none is named. Throws NoDocument for one without lumisections.
std::uint32_t selected_run(const Outlook& outlook, const Request& request, const alerting::RecordedStream& stream);
// The name of the window. Throws NoDocument for one that is neither configured nor in the journal; `sequential` is one
// where `may_be_sequential`.
std::string selected_window_name(const Outlook& outlook, const Request& request, const alerting::RecordedStream& stream,
                                 bool may_be_sequential = false);

struct SelectedWindow {
  alerting::RecordedStream stream;
  alerting::RecordedModel model;  // of the window's hash
  alerting::RecordedWindow window;
};
// The window and what it was made of. Throws NoDocument: not there, given up (`gone`), of a journal or window without
// summary, of a model that the journal does not describe.
SelectedWindow selected_window(const Outlook& outlook, const Request& request);

}  // namespace vigil::shift
