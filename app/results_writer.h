// The journal thread: one transaction a closed lumisection, then its result lines go to the output. One owned thread,
// joined in finish(). Lines are handed on only after they are committed, so nobody sees a result that a kill could take
// back.
// Tests: tests/app/pipeline_test.cpp.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "alerting/journal.h"
#include "app/closing.h"
#include "app/line_output.h"
#include "app/pipeline_counters.h"
#include "app/results_log.h"
#include "app/text.h"
#include "core/bounded_queue.h"
#include "core/digest.h"

namespace vigil::app {

struct ResultsSettings {
  bool json = false;                     // result lines on stdout; else text for people
  bool quiet = false;                    // neither
  bool queue_actions = true;             // false in replay: actions are recorded, never sent
  PipelineCounters* counters = nullptr;  // told of commits; may be null
  // Another process goes on with this journal: all that one frame closed is one transaction, with the digest so far.
  bool is_exact = false;
  std::function<std::string(std::uint64_t order)> position = {};  // exact: of a frame's Frame::order, to read on behind
  ResultsLog* log = nullptr;                                      // exact: where lines go first; may be null
  // exact, with a log: true while lines are committed that are not there yet; from the journal thread.
  std::function<void(bool)> hold_actions = {};
};

class ResultsWriter {
 public:
  // `on_failure` is called once, from the journal thread, when a commit failed or the output took no more; push() then
  // takes no more. `on_commit` after each commit (wakes the dispatcher); both may be empty.
  ResultsWriter(alerting::Journal& journal, ResultsSettings settings, LineOutput& output,
                std::function<void()> on_failure, std::function<void()> on_commit);
  ~ResultsWriter();
  ResultsWriter(const ResultsWriter&) = delete;
  ResultsWriter& operator=(const ResultsWriter&) = delete;

  // From the judge stage; waits while the journal is behind.
  void push(Closing&& closing);
  // Commits what is queued and joins. Rethrows what stopped the thread.
  void finish();
  // SHA-256 over all lines so far, those the output left out too; call after finish().
  std::string digest();

  // What --fail-on may name, as it occurred: bad, unknown, mismatch, action. Call after finish().
  const std::set<std::string>& occurred() const { return occurred_; }

 private:
  void run();
  void write(const Closing& closing);
  void write_exactly();
  void resume();
  void put_out(const Closing& closing);
  void note(const Closing& closing);
  void commit_counted(const alerting::Commit& commit);

  alerting::Journal& journal_;
  const ResultsSettings settings_;
  LineOutput& output_;
  std::function<void()> on_failure_;
  std::function<void()> on_commit_;
  BoundedQueue<Closing> queue_{64};
  Sha256 sha256_;
  std::uint64_t lines_ = 0;                // of the journal
  std::vector<Closing> group_;             // exact: of one frame, so far
  std::vector<std::string> logged_lines_;  // keys of state that the next commit deletes
  ClosingText text_;
  std::set<std::string> occurred_;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace vigil::app
