#include "app/results_writer.h"

#include <chrono>
#include <utility>

#include "app/text.h"

namespace vigil::app {

ResultsWriter::ResultsWriter(alerting::Journal& journal, ResultsSettings settings, LineOutput& output,
                             std::function<void()> on_failure, std::function<void()> on_commit)
    : journal_(journal),
      settings_(settings),
      output_(output),
      on_failure_(std::move(on_failure)),
      on_commit_(std::move(on_commit)),
      thread_([this] { run(); }) {}

ResultsWriter::~ResultsWriter() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

void ResultsWriter::push(Closing&& closing) {
  (void)queue_.push_wait(std::move(closing));  // false only after a failure, which finish() rethrows
}

void ResultsWriter::finish() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
  if (failure_) std::rethrow_exception(failure_);
}

std::string ResultsWriter::digest() { return sha256_.hex(); }

void ResultsWriter::run() {
  try {
    if (settings_.is_exact) resume();
    while (auto closing = queue_.pop()) {
      if (!settings_.is_exact) {
        write(*closing);
        continue;
      }
      group_.push_back(std::move(*closing));
      if (group_.back().is_last) write_exactly();
    }
  } catch (...) {
    failure_ = std::current_exception();
    queue_.close();
    if (on_failure_) on_failure_();
  }
}

void ResultsWriter::commit_counted(const alerting::Commit& commit) {
  const auto began = std::chrono::steady_clock::now();
  try {
    journal_.commit(commit);
  } catch (const std::exception& e) {
    if (settings_.counters != nullptr) settings_.counters->add_journal_error(e.what(), true);
    throw;
  }
  if (settings_.counters != nullptr) settings_.counters->add_commit(std::chrono::steady_clock::now() - began);
}

void ResultsWriter::write(const Closing& closing) {
  const PipelineCounters::Busy busy(settings_.counters, PipelineCounters::journal);
  alerting::Commit commit = closing.commit;
  commit.queue_actions = settings_.queue_actions;
  commit_counted(commit);
  if (on_commit_ && !closing.actions.empty()) on_commit_();
  for (const std::string& line : closing.lines) sha256_.update(line + "\n");
  put_out(closing);
  note(closing);
}

void ResultsWriter::put_out(const Closing& closing) {
  if (settings_.quiet) return output_.put({});
  if (!settings_.json) return output_.put(text_(closing));
  std::string text;
  for (const std::string& line : closing.lines) text.append(line).push_back('\n');
  output_.put(std::move(text));
}

void ResultsWriter::note(const Closing& closing) {
  for (const JudgedWindow& judged : closing.windows) {
    if (judged.window.quality == Quality::bad) occurred_.insert("bad");
    if (judged.window.quality == Quality::unknown) occurred_.insert("unknown");
    for (const Verdict& v : judged.verdicts) {
      if (const auto* m = std::get_if<MismatchEvidence>(&v.evidence); m != nullptr && m->events > 0) {
        occurred_.insert("mismatch");
      }
    }
  }
  for (const Verdict& v : closing.sequential) {
    if (std::holds_alternative<MismatchEvidence>(v.evidence)) occurred_.insert("mismatch");
  }
  if (!closing.actions.empty()) occurred_.insert("action");
}

}  // namespace vigil::app
