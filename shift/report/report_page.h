// The HTML of the report: head and style, sections, tables, figures, and how large it may get. Everything foreign comes
// in as text and goes out escaped. Used by report.cpp and its parts.
// Tests: tests/contract/report_test.py.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/verdict.h"

namespace vigil::shift {

inline constexpr std::size_t kReportBytes = 10 * 1024 * 1024;

class ReportPage {
 public:
  ReportPage(std::string_view title, std::size_t most = kReportBytes);

  // <section ATTRIBUTES><hLEVEL>heading</hLEVEL>; `attributes` well-formed, as `id="summary"`.
  void begin_section(std::string_view attributes, std::string_view heading, int level = 2);
  void end_section() { body_ += "</section>\n"; }
  void heading(std::string_view text, int level);
  void paragraph(std::string_view text, std::string_view css_class = {});

  // Cells are text. A cell of a quality's word gets its shape and colour. Of more rows than `most_rows` the rest is
  // counted in words.
  struct Table {
    std::string caption;
    std::vector<std::string> heads;
    std::vector<std::vector<std::string>> rows = {};
    std::size_t most_rows = 500;
  };
  void table(const Table& table);
  // A definition list: name, value.
  void facts(const std::vector<std::pair<std::string, std::string>>& facts);
  // Left out, and said so, where the document would become too large.
  void figure(const std::string& svg, std::string_view caption);
  void preformatted(std::string_view text);
  void raw(std::string_view html) { body_ += html; }

  bool is_full() const { return left_out_ > 0; }
  // The whole document.
  std::string str() const;

 private:
  // Whether so many bytes more still leave room for the rest.
  bool fits(std::size_t bytes) const;

  std::string title_, body_;
  std::size_t most_, left_out_ = 0;
};

}  // namespace vigil::shift
