#include "app/status_screen.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "app/text.h"
#include "core/json_text.h"
#include "core/plain_text.h"
#include "core/utf8.h"
#include "shift/documents/json_values.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;
using shift::count_at;
using shift::number_at;
using shift::object_at;
using shift::text_at;
using shift::value_at;

std::size_t width_of(std::uint32_t c) {
  const bool combines = (c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200d) || (c >= 0xfe00 && c <= 0xfe0f);
  if (combines) return 0;
  const bool is_wide = (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
                       (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
                       (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
  return is_wide ? 2 : 1;
}

// Cut to `columns`, an ellipsis behind what was cut.
std::string fit(std::string_view text, std::size_t columns) {
  const std::string whole = plain(text);
  if (columns_of(whole) <= columns) return whole;
  std::string out;
  std::size_t used = 0;
  std::string_view rest = whole;
  while (!rest.empty()) {
    const Utf8Character c = first_utf8(rest);
    const std::size_t width = width_of(c.code);
    if (used + width + 1 > columns) break;
    out += rest.substr(0, c.bytes);
    used += width;
    rest.remove_prefix(c.bytes);
  }
  return out + "…";
}

std::string seconds(const ordered_json& value) {
  if (!value.is_number()) return "-";
  const double s = value.get<double>();
  if (s < 120) return fmt::format("{:.0f} s", s);
  if (s < 7200) return fmt::format("{:.0f} min", s / 60);
  if (s < 48 * 3600) return fmt::format("{:.0f} h", s / 3600);
  return fmt::format("{:.0f} d", s / 86400);
}

const char* shape_of(std::string_view state) {
  if (state == "good") return "●";
  if (state == "medium") return "▲";
  if (state == "bad") return "■";
  if (state == "stale") return "◌";
  if (state == "shelved") return "‖";
  return "◇";
}

const char* colour_of(std::string_view state) {
  if (state == "good") return "\033[32m";
  if (state == "medium") return "\033[33m";
  if (state == "bad") return "\033[1;31m";
  return "\033[90m";
}

// Why a stream of a journal is stale; empty: it is not.
std::string stale_of(const ordered_json& stream) { return text_at(object_at(stream, "live"), "stale"); }

std::string state_of(const ordered_json& stream) {
  return stale_of(stream).empty() ? text_at(stream, "state") : "stale";
}

std::string reason_of(const ordered_json& stream) {
  const std::string stale = stale_of(stream);
  return stale.empty() ? text_at(stream, "reason") : stale;
}

class Screen {
 public:
  explicit Screen(bool colours) : colours_(colours) {}

  std::string state(const std::string& word) const {
    const std::string text = std::string(shape_of(word)) + " " + plain(word, 12);
    return colours_ ? colour_of(word) + text + "\033[0m" : text;
  }
  // A line that begins with a state.
  void line(const std::string& word, const std::string& rest) {
    lines_.push_back(state(word) + " " + fit(rest, kScreenColumns - 3 - word.size()));
  }
  void line(std::string_view text) { lines_.push_back(fit(text, kScreenColumns)); }
  // Parts with two spaces between, on as many lines as they need.
  void parts(std::string_view head, const std::vector<std::string>& parts) {
    std::string text(head);
    bool first = true;
    for (const std::string& part : parts) {
      if (!first && columns_of(text) + 2 + columns_of(plain(part)) > kScreenColumns) {
        line(text);
        text = "   ";
      }
      text += (first ? " " : "  ") + part;
      first = false;
    }
    if (!parts.empty()) line(text);
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  bool colours_;
  std::vector<std::string> lines_;
};

std::string number(const std::optional<double>& value) { return value ? short_number(*value) : "-"; }

void families(Screen& screen, const ordered_json& stream) {
  std::vector<std::string> parts;
  const bool stale = !stale_of(stream).empty();
  for (const ordered_json& family : value_at(stream, "families")) {
    const std::string state = text_at(family, "state");
    std::string part = text_at(family, "name") + " " + (stale ? "(was " + state + ")" : state);
    for (const char* key : {"bad", "medium", "unknown", "shelved"}) {
      const std::uint64_t n = count_at(family, key);
      if (n > 0 && !stale) part += fmt::format(", {} of {} {}", n, count_at(family, "monitors"), key);
    }
    parts.push_back(part);
  }
  if (!stale) screen.parts("  ", parts);
}

void conditions(Screen& screen, const ordered_json& stream) {
  const ordered_json& context = object_at(stream, "context");
  std::vector<std::string> parts;
  const std::pair<const char*, const char*> names[] = {
      {"fill", "fill "}, {"menu", ""}, {"prescale_column", "column "}, {"beam_mode", ""}, {"pileup", "pile-up "}};
  for (const auto& [key, name] : names) {
    const ordered_json value = value_at(context, key);
    if (value.is_null()) continue;
    parts.push_back(name + plain(value.is_string() ? value.get<std::string>() : json_text(value), 40));
  }
  const std::string selection = text_at(stream, "selection");
  if (!selection.empty()) parts.push_back(plain(selection, 24));
  screen.parts("  ", parts);
  const ordered_json& reference = object_at(stream, "reference");
  if (!reference.empty()) {
    screen.line(fmt::format("   reference {}, {} of {} lumisections, {} events", plain(text_at(reference, "name"), 30),
                            count_at(reference, "learned"), count_at(reference, "wanted"),
                            count_at(reference, "events")));
  }
}

void rates(Screen& screen, const ordered_json& stream) {
  for (const ordered_json& rate : value_at(stream, "rates")) {
    const auto hz = number_at(rate, "rate_hz");
    if (!hz) continue;
    const auto target = number_at(rate, "target_rate_hz");
    screen.line(fmt::format("   {} {} Hz [{}, {}]{}", plain(text_at(rate, "seed"), 32), number(hz),
                            number(number_at(rate, "low_hz")), number(number_at(rate, "high_hz")),
                            target ? ", target " + number(target) + " Hz" : ""));
  }
}

void losses(Screen& screen, const ordered_json& stream, const ordered_json& sources) {
  std::vector<std::string> parts;
  const ordered_json& counts = object_at(stream, "counts");
  for (const auto& [key, n] : counts.items()) {
    if (key == "events" || key == "batches" || !n.is_number_unsigned() || n.get<std::uint64_t>() == 0) continue;
    std::string name = key;
    for (char& c : name) c = c == '_' ? ' ' : c;
    parts.push_back(fmt::format("{} {}", plain(name, 24), n.get<std::uint64_t>()));
  }
  if (parts.empty()) parts.emplace_back("nothing lost");
  parts.push_back(fmt::format("of {} batches, {} events in closed lumisections", count_at(counts, "batches"),
                              short_number(static_cast<double>(count_at(counts, "events")))));
  screen.parts("   run:", parts);
  for (const ordered_json& source : sources) {
    if (text_at(source, "model") != text_at(stream, "model") || text_at(source, "stream") != text_at(stream, "stream"))
      continue;
    std::vector<std::string> said;
    const ordered_json& of = object_at(source, "counts");
    const ordered_json& since_start = object_at(source, "in_program");
    for (const char* key : {"missing", "late", "duplicate", "rejected", "dropped", "restarts", "ignored_annotations"}) {
      const std::uint64_t in_run = count_at(of, key), in_program = count_at(since_start, key);
      if (in_run == 0 && in_program == 0) continue;
      std::string part = fmt::format("{} {}", key, in_run);
      if (in_program > in_run) part += fmt::format(" ({} since vigil started)", in_program);
      said.push_back(part);
    }
    std::string causes;
    for (const auto& [cause, n] : object_at(source, "rejected_by").items()) {
      causes += (causes.empty() ? "[" : ", ") + plain(cause, 40) + " " + json_text(n);
    }
    if (!causes.empty()) said.push_back(causes + "]");
    if (const std::string silent = text_at(source, "silent"); !silent.empty()) said.push_back(silent);
    if (said.empty()) continue;
    const std::string name = text_at(source, "source");
    said.insert(said.begin(), "newest batch " + seconds(value_at(source, "age_s")) + " ago");
    screen.parts("   source " + (name.empty() ? "(unknown)" : plain(name, 24)) + ":", said);
  }
}

void budget(Screen& screen, const ordered_json& stream) {
  const ordered_json& of = object_at(stream, "budget");
  if (of.empty()) return;
  screen.line(fmt::format("   budget: {} LS judged; {} pages ({} expected), {} warnings ({} expected)",
                          count_at(of, "judged_ls"), count_at(of, "pages"), number(number_at(of, "expected_pages")),
                          count_at(of, "warnings"), number(number_at(of, "expected_warnings"))));
}

void stream_block(Screen& screen, const ordered_json& stream, const ordered_json& sources) {
  const std::string state = state_of(stream);
  const ordered_json lag = value_at(stream, "lag_s");
  screen.line(state, fmt::format("{} {} {}  run {} LS {}  {} old{}", plain(text_at(stream, "model"), 20),
                                 plain(text_at(stream, "stream"), 16), plain(text_at(stream, "version"), 10),
                                 count_at(stream, "run"), count_at(stream, "ls"), seconds(value_at(stream, "age_s")),
                                 lag.is_number() ? "  lag " + seconds(lag) : ""));
  const std::string reason = reason_of(stream);
  if (!reason.empty()) screen.line("   " + reason);
  families(screen, stream);
  rates(screen, stream);
  conditions(screen, stream);
  losses(screen, stream, sources);
  budget(screen, stream);
}

void totals(Screen& screen, const ordered_json& document) {
  const ordered_json &alarms = object_at(document, "alarms"), &actions = object_at(document, "actions");
  const std::uint64_t unacknowledged = count_at(alarms, "raised");
  screen.line(fmt::format("alarms: {} raised, {} of them not acknowledged, {} shelved",
                          unacknowledged + count_at(alarms, "acknowledged"), unacknowledged,
                          count_at(alarms, "shelved")));
  screen.line(fmt::format("actions: {} open, {} proposed, {} pending at sinks", count_at(actions, "open"),
                          count_at(actions, "proposed"), count_at(actions, "pending")));
  const ordered_json& pipeline = object_at(document, "pipeline");
  std::vector<std::string> parts{number(number_at(pipeline, "events_per_s")) + " events/s"};
  if (number_at(pipeline, "queue_capacity")) {
    parts.push_back(
        fmt::format("queue {} of {}", count_at(pipeline, "queue_frames"), count_at(pipeline, "queue_capacity")));
  }
  parts.push_back(fmt::format("dropped {}", count_at(pipeline, "dropped")));
  parts.push_back("journal " + plain(text_at(pipeline, "journal"), 60));
  parts.push_back(short_number(static_cast<double>(count_at(pipeline, "journal_bytes"))) + " bytes");
  screen.parts("pipeline:", parts);
  const ordered_json& program = object_at(document, "program");
  if (program.empty() || !document.contains("journal")) return;
  const bool running = program.value("running", false), ended = program.value("ended", false);
  std::string text = running                    ? "vigil is running"
                     : ended                    ? "vigil has ended"
                     : program.contains("mode") ? "vigil is NOT running and did not end"
                                                : "no vigil has said anything of itself here";
  if (number_at(program, "age_s")) text += ", last heard of " + seconds(value_at(program, "age_s")) + " ago";
  if (const auto left_out = count_at(program, "result_lines_left_out"); left_out > 0) {
    text += fmt::format("; {} result lines left out, for nobody read them", left_out);
  }
  const ordered_json& recording = object_at(program, "recording");
  if (recording.value("stopped", false)) {
    text += fmt::format("; recording stopped, {} frames left out", count_at(recording, "frames_left_out"));
  }
  screen.line(text);
}

// Of a merger: what it waits for, and what did not count.
void scale(Screen& screen, const ordered_json& scale) {
  if (scale.empty()) return;
  std::uint64_t behind = 0;
  const ordered_json partitions = value_at(scale, "partitions");
  for (const ordered_json& partition : partitions) {
    const std::uint64_t end = count_at(partition, "end"), judged = count_at(partition, "judged");
    behind += end - std::min(end, judged);
  }
  screen.line(fmt::format(
      "merges {}: {} partitions, {} frames behind{}", plain(text_at(scale, "prefix"), 30), partitions.size(), behind,
      value_at(scale, "waiting_for").is_string() ? "; waits for " + plain(text_at(scale, "waiting_for"), 60)
                                                 : std::string()));
  const auto others = count_at(scale, "other_settings"), fenced = count_at(scale, "fenced_frames");
  if (others + fenced > 0) {
    screen.line(fmt::format("   {} partials of other settings, {} frames of sessions that were over", others, fenced));
  }
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t out = 0;
  while (!text.empty()) {
    const Utf8Character c = first_utf8(text);
    out += c.valid ? width_of(c.code) : 1;
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string status_screen(const FoundStatus& found, bool colours, std::size_t rows) {
  const ordered_json& document = found.document;
  Screen screen(colours);
  const ordered_json& vigil = object_at(document, "vigil");
  std::string banner;
  for (const ordered_json& word : value_at(document, "banner")) {
    if (word.is_string()) banner += "  " + word.get<std::string>();
  }
  screen.line("vigil " + text_at(vigil, "version") + "  " + text_at(vigil, "mode") + "  " + text_at(document, "time") +
              banner);
  const ordered_json streams = value_at(document, "streams");
  if (streams.empty()) screen.line("no lumisection of any stream yet");
  for (const ordered_json& stream : streams) stream_block(screen, stream, found.sources);
  totals(screen, document);
  scale(screen, object_at(document, "scale"));

  const std::vector<std::string>& lines = screen.lines();
  const bool cut = rows > 1 && lines.size() > rows;
  const std::size_t drawn = cut ? rows - 1 : lines.size();
  std::string out;
  for (std::size_t i = 0; i < drawn; ++i) out += lines[i] + "\n";
  if (cut) out += fmt::format("… and {} lines more\n", lines.size() - drawn);
  return out;
}

std::vector<std::string> status_lines(const FoundStatus& found) {
  std::vector<std::string> out;
  for (const ordered_json& stream : value_at(found.document, "streams")) {
    const std::string reason = reason_of(stream);
    out.push_back(plain(fmt::format("{} {} {} run {} LS {}{}", state_of(stream), text_at(stream, "model"),
                                    text_at(stream, "stream"), count_at(stream, "run"), count_at(stream, "ls"),
                                    reason.empty() ? "" : ": " + reason)));
  }
  return out;
}

}  // namespace vigil::app
