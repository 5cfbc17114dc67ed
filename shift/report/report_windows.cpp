#include "shift/report/report_windows.h"

#include "core/error.h"
#include "shift/documents/histogram.h"
#include "shift/report/run_findings.h"

namespace vigil::shift {

const ReportWindow& ReportWindows::open(const std::string& name, std::optional<std::uint32_t> last_ls) {
  const std::pair<std::string, std::uint32_t> key{name, last_ls.value_or(0)};
  if (const auto at = kept_.find(key); at != kept_.end()) return at->second;
  if (kept_.size() >= kKept) kept_.clear();
  ReportWindow& out = kept_[key];
  auto window = record_.window(run_.model, run_.stream, name, run_.run, last_ls);
  if (!window) {
    out.why_not = "no such window";
    return out;
  }
  out.window = std::move(*window);
  out.reference_words = reference_in_words(out.window);
  if (auto model = record_.model(out.window.row.model_hash)) out.model = std::move(model->info);
  if (out.window.given_up) {
    out.why_not = "its histograms made room for newer ones";
  } else if (out.window.summary.empty()) {
    out.why_not = "no histograms were recorded";
  } else if (!out.model) {
    out.why_not = "the journal does not describe its model";
  } else {
    try {
      out.summary = summary_from_json(out.window.summary, *out.model, record_.file());
      if (!out.window.reference.empty()) {
        out.reference = read_reference(out.window.reference, *out.model, record_.file()).summary;
      }
    } catch (const Error& e) {
      out.why_not = e.what();
      out.summary.reset();
    }
  }
  out.window.summary.clear();
  out.window.reference.clear();
  return out;
}

}  // namespace vigil::shift
