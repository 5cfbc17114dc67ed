// Certification: the quality of each lumisection of a run, from the windows that hold it (docs/report.md). Used by the
// report, the golden JSON and the document of runs. Pure but for the reader, which pages through a Record.
// Tests: tests/shift/certification_test.cpp, tests/contract/certification_test.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "alerting/record.h"
#include "core/verdict.h"

namespace vigil::shift {

// Lumisections that are alike, both ends included.
struct QualityRange {
  std::uint32_t first_ls = 0, last_ls = 0;
  Quality quality = Quality::unknown;
  // `<monitor> <statistic>` of the verdicts of that quality in the windows that hold them, sorted, each once; empty
  // unless medium or bad (and where a window is medium for another reason, as a silent source).
  std::vector<std::string> causes;
  bool operator==(const QualityRange&) const = default;
};

// One (model, stream, run), row by row in any order, so that nobody has to hold all lines of a long run: a row leaves
// three numbers behind.
class Certification {
 public:
  // Of any name. Its quality counts for first_ls..last_ls, unless it is unknown.
  void add_window(const alerting::RecordRow& window);
  // Medium and bad ones of windows name causes; all others, and sequential verdicts, are passed over.
  void add_verdict(const alerting::RecordRow& verdict);

  // Lumisections 1..last_ls, without gap or overlap, neighbours different: the worst known quality of the windows that
  // hold a lumisection, unknown where none is known or none holds it. Linear in last_ls, n log n in rows.
  std::vector<QualityRange> ranges(std::uint32_t last_ls) const;

 private:
  struct Span {
    std::uint32_t first_ls, last_ls;
    std::uint32_t what;  // windows: the quality; verdicts: index into names_
  };
  std::vector<Span> windows_;
  std::map<std::string, std::uint32_t> names_;
  std::vector<Span> causes_[4];  // by quality
};

// All at once, from rows at hand.
std::vector<QualityRange> certify(std::uint32_t last_ls, const std::vector<alerting::RecordRow>& windows,
                                  const std::vector<alerting::RecordRow>& verdicts);

// From a journal, lumisections 1 to `last_ls` (RecordedRun::last_ls). Throws what Record throws.
std::vector<QualityRange> certify(alerting::Record& record, const std::string& model, const std::string& stream,
                                  std::uint32_t run, std::uint32_t last_ls);

// Calls `take` with every row that `filter` chooses, in order of commit, a page at a time.
template <class Take>
void for_each_row(alerting::Record& record, alerting::RecordTable table, alerting::RecordFilter filter, Take&& take) {
  constexpr std::size_t kPage = 2048;
  filter.oldest_first = true;
  filter.limit = kPage;
  for (;;) {
    const std::vector<alerting::RecordRow> page = record.rows(table, filter);
    for (const alerting::RecordRow& row : page) take(row);
    if (page.size() < kPage) return;
    filter.after = page.back().seq;
  }
}

}  // namespace vigil::shift
