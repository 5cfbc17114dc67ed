// The journal thread of a monitor that another process goes on from: what one frame closed is committed together, with
// the digest so far and the lines that are not in the log of results yet; then they go there; then they are printed;
// then actions may leave. A death anywhere in between leaves nothing out and does nothing twice.
#include <charconv>
#include <iterator>
#include <utility>

#include "app/results_writer.h"
#include "core/error.h"

namespace vigil::app {
namespace {

constexpr const char* kDigest = "results/sha256";
constexpr const char* kCount = "results/lines";
constexpr const char* kWaiting = "results/line/";  // + twenty digits; key of the topic, newline, line

std::string waiting_key(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return kWaiting + std::string(20 - digits.size(), '0') + digits;
}

std::uint64_t whole(const std::string& text, const std::string& what) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) throw Error(what, "'" + text + "'", "a whole number");
  return value;
}

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void append(alerting::Commit& to, alerting::Commit&& from) {
  append(to.rows, std::move(from.rows));
  append(to.actions, std::move(from.actions));
  append(to.closed_action_ids, std::move(from.closed_action_ids));
  append(to.alarms, std::move(from.alarms));
  append(to.streams, std::move(from.streams));
  append(to.marks, std::move(from.marks));
  for (auto& [key, value] : from.state) to.state[key] = std::move(value);
}

}  // namespace

// What an earlier process left.
void ResultsWriter::resume() {
  std::vector<ResultLine> waiting;
  for (const auto& [key, value] : journal_.state()) {
    if (key == kDigest) sha256_ = Sha256::restored(value);
    if (key == kCount) lines_ = whole(value, key);
    if (!key.starts_with(kWaiting)) continue;
    const std::size_t line = value.find('\n');
    if (line == std::string::npos) throw Error("journal state '" + key + "'", "no line", "a key and a line");
    waiting.push_back(
        {whole(key.substr(std::string_view(kWaiting).size()), key), value.substr(0, line), value.substr(line + 1)});
    logged_lines_.push_back(key);
  }
  if (settings_.log == nullptr) return;
  settings_.log->append(waiting);
  if (settings_.hold_actions) settings_.hold_actions(false);
  if (on_commit_) on_commit_();
}

void ResultsWriter::write_exactly() {
  const PipelineCounters::Busy busy(settings_.counters, PipelineCounters::journal);
  std::vector<Closing> group = std::exchange(group_, {});
  if (settings_.log != nullptr) settings_.log->check();
  alerting::Commit commit;
  bool acts = false;
  std::vector<ResultLine> lines;
  for (Closing& closing : group) {
    append(commit, std::move(closing.commit));
    acts = acts || !closing.actions.empty();
    for (const std::string& line : closing.lines) {
      sha256_.update(line + "\n");
      lines.push_back({++lines_, closing.model + "/" + closing.stream, line});
    }
  }
  commit.queue_actions = settings_.queue_actions;
  commit.position = settings_.position ? settings_.position(group.back().order) : std::string();
  commit.state[kDigest] = sha256_.save();
  commit.state[kCount] = std::to_string(lines_);
  for (std::string& key : std::exchange(logged_lines_, {})) commit.state[key] = std::nullopt;
  if (settings_.log != nullptr) {
    for (const ResultLine& line : lines) {
      logged_lines_.push_back(waiting_key(line.number));
      commit.state[logged_lines_.back()] = line.key + "\n" + line.text;
    }
    if (settings_.hold_actions) settings_.hold_actions(true);
  }
  commit_counted(commit);
  if (settings_.log != nullptr) {
    settings_.log->append(lines);
    settings_.log->check();  // appending may have taken as long as a sleep does
    if (settings_.hold_actions) settings_.hold_actions(false);
  }
  for (const Closing& closing : group) {
    put_out(closing);
    note(closing);
  }
  if (on_commit_ && acts) on_commit_();
}

}  // namespace vigil::app
