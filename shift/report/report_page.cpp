#include "shift/report/report_page.h"

#include <algorithm>
#include <optional>

#include "shift/report/svg_canvas.h"

namespace vigil::shift {
namespace {

// What tables of actions, losses, configuration and provenance may still take.
constexpr std::size_t kRoomForTheRest = 1536 * 1024;
constexpr std::size_t kCellCharacters = 400;

constexpr const char* kStyle = R"(
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0 auto;padding:14mm 12mm;max-width:210mm;font:10.5pt/1.45 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:#17202c;background:#fff}
h1{font-size:19pt;line-height:1.2;margin:0 0 1mm}
h2{font-size:14pt;margin:9mm 0 2mm;padding-bottom:1mm;border-bottom:1px solid #9aa5b1}
h3{font-size:11.5pt;margin:6mm 0 1.5mm}
h4{font-size:10.5pt;margin:4mm 0 1mm}
h1,h2,h3,h4,dd,p,figcaption,td.long{overflow-wrap:anywhere}
p{margin:1.5mm 0}
.quiet,figcaption,caption{color:#566172}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.6mm 5mm;margin:2mm 0}
dt{color:#566172}dd{margin:0}
table{border-collapse:collapse;width:100%;margin:2mm 0 4mm;font-size:9pt;font-variant-numeric:tabular-nums}
caption{text-align:left;padding-bottom:1mm}
th,td{text-align:left;vertical-align:top;padding:.7mm 2mm .7mm 0;border-bottom:1px solid #e6e9ee}
th{color:#566172;font-weight:600;border-bottom-color:#9aa5b1}
td.n,th.n{text-align:right}td.n,td.whole,th{white-space:nowrap}
figure{margin:2mm 0 5mm;break-inside:avoid}
figcaption{font-size:9pt;margin-top:1mm}
svg{display:block;width:100%;height:auto;font:11px system-ui,"Segoe UI",Roboto,Arial,sans-serif;fill:#17202c}
svg .tick{font-size:10px}svg .mark{font-size:10px}
svg.shape{display:inline-block;width:3.2mm;height:3.2mm;vertical-align:-.4mm;margin-right:1.2mm}
.word{font-weight:700;white-space:nowrap}
pre{font:8.5pt/1.4 ui-monospace,"DejaVu Sans Mono",Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;background:#f5f7fa;padding:2mm;margin:2mm 0}
.banner{display:inline-block;border:1.5px solid #17202c;padding:.4mm 2mm;font-weight:700;letter-spacing:.05em}
tr,dt,dd{break-inside:avoid}h2,h3,h4,caption{break-after:avoid}
@page{size:A4;margin:14mm 12mm}
@media print{body{padding:0;max-width:none}section.stream{break-before:page}}
)";

std::optional<Quality> quality_word(std::string_view text) {
  if (text == "GOOD") return Quality::good;
  if (text == "MEDIUM") return Quality::medium;
  if (text == "BAD") return Quality::bad;
  if (text == "UNKNOWN") return Quality::unknown;
  return {};
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.+-e%") == std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

// The shape is decoration here: the word beside it says the same.
std::string with_shape(Quality quality, std::string_view word) {
  SvgCanvas canvas(12, 12, "", "shape");
  canvas.mark(quality, 6, 6, 4.3);
  std::string svg = canvas.str();
  const std::string role = "role=\"img\"";
  svg.replace(svg.find(role), role.size(), "aria-hidden=\"true\"");
  const std::string title = "<title></title>";
  svg.erase(svg.find(title), title.size());
  std::erase(svg, '\n');
  return "<span class=\"word\" style=\"color:" + std::string(ink::of(quality)) + "\">" + svg + escaped_markup(word) +
         "</span>";
}

// A word that may be cut anywhere rather than make its column wide: a hash, a long name.
bool has_long_word(std::string_view text) {
  constexpr std::size_t kLong = 24;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    if (end - begin > kLong) return true;
    begin = end + 1;
  }
  return false;
}

std::string cell(const std::string& text, bool of_numbers) {
  if (const auto quality = quality_word(text)) return "<td>" + with_shape(*quality, text) + "</td>";
  return std::string(of_numbers            ? "<td class=\"n\">"
                     : is_number(text)     ? "<td class=\"whole\">"
                     : has_long_word(text) ? "<td class=\"long\">"
                                           : "<td>") +
         escaped_markup(text, kCellCharacters) + "</td>";
}

}  // namespace

ReportPage::ReportPage(std::string_view title, std::size_t most) : title_(title), most_(most) {}

bool ReportPage::fits(std::size_t bytes) const {
  return body_.size() + bytes + std::min(kRoomForTheRest, most_ / 6) < most_;
}

void ReportPage::begin_section(std::string_view attributes, std::string_view text, int level) {
  body_ += "<section " + std::string(attributes) + ">\n";
  heading(text, level);
}

void ReportPage::heading(std::string_view text, int level) {
  const std::string tag = "h" + std::to_string(level);
  body_ += "<" + tag + ">" + escaped_markup(text, kCellCharacters) + "</" + tag + ">\n";
}

void ReportPage::paragraph(std::string_view text, std::string_view css_class) {
  body_ += css_class.empty() ? "<p>" : "<p class=\"" + std::string(css_class) + "\">";
  body_ += escaped_markup(text) + "</p>\n";
}

void ReportPage::table(const Table& table) {
  if (table.rows.empty()) return;
  std::vector<bool> numbers(table.heads.size(), true);
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!row[i].empty() && row[i] != "-" && !is_number(row[i])) numbers[i] = false;
    }
  }
  std::string html = "<table>";
  if (!table.caption.empty()) html += "<caption>" + escaped_markup(table.caption) + "</caption>";
  html += "<thead><tr>";
  for (std::size_t i = 0; i < table.heads.size(); ++i) {
    html += std::string(numbers[i] ? "<th class=\"n\" scope=\"col\">" : "<th scope=\"col\">") +
            escaped_markup(table.heads[i]) + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  std::size_t drawn = 0;
  for (const auto& row : table.rows) {
    if (drawn == table.most_rows || body_.size() + html.size() + 64 * 1024 > most_) break;
    html += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) html += cell(row[i], i < numbers.size() && numbers[i]);
    html += "</tr>\n";
    ++drawn;
  }
  html += "</tbody></table>\n";
  body_ += html;
  if (drawn < table.rows.size()) {
    paragraph("and " + std::to_string(table.rows.size() - drawn) + " more, left out here", "quiet");
  }
}

void ReportPage::facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  body_ += "<dl>\n";
  for (const auto& [name, value] : facts) {
    body_ += "<dt>" + escaped_markup(name) + "</dt><dd>";
    const auto quality = quality_word(value);
    body_ += quality ? with_shape(*quality, value) : escaped_markup(value, 4 * kCellCharacters);
    body_ += "</dd>\n";
  }
  body_ += "</dl>\n";
}

void ReportPage::figure(const std::string& svg, std::string_view caption) {
  if (!fits(svg.size())) {
    ++left_out_;
    paragraph(std::string(caption) + ": left out, the document would be larger than 10 MiB", "quiet");
    return;
  }
  body_ += "<figure>\n" + svg + "<figcaption>" + escaped_markup(caption) + "</figcaption></figure>\n";
}

void ReportPage::preformatted(std::string_view text) {
  // Lines are lines; everything else that is no text is not.
  std::string html;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (body_.size() + html.size() + 64 * 1024 > most_) break;
    html += escaped_markup(text.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  body_ += "<pre>" + html + "</pre>\n";
}

std::string ReportPage::str() const {
  const std::string title = escaped_markup(title_, kCellCharacters);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
         "content=\"width=device-width,initial-scale=1\">\n<title>" +
         title + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<main>\n<h1>" + title + "</h1>\n" + body_ +
         "</main>\n</body>\n</html>\n";
}

}  // namespace vigil::shift
