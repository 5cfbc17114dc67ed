// The topic of results, and who may write it: one merger a prefix (docs/scale_out.md, "Exactly once"). Lines go there
// once, in order, whatever is killed; a merger that a newer one has taken over from finds out before it commits, prints
// or sends anything more. Used by `vigil watch --from-partials`.
// Tests: tests/contract/kafka_scale_test.py.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "app/results_log.h"
#include "ingest/kafka/reader.h"
#include "ingest/kafka/transactions.h"

namespace vigil::app {

class KafkaResults : public ResultsLog {
 public:
  // `own_starts`: starts of all earlier mergers of this journal, [ns]. `position`:
  // offset of the partials to go on from. `fenced`: called once, from any thread, when a newer merger is there.
  KafkaResults(const ingest::kafka::Settings& kafka, std::set<std::uint64_t> own_starts, std::uint64_t now_ns,
               std::function<std::int64_t()> position, std::function<void()> fenced, ingest::kafka::Log log);
  ~KafkaResults() override;

  // First: the start of this merger, above every earlier one, wherever its clock stood; nullopt: `stop` was set. Throws
  // Error as the clients of Kafka do, where a right is missing too.
  std::optional<std::uint64_t> begin(const std::atomic<bool>& stop);
  // Takes over: from now on every earlier merger is fenced. False: `stop` was set.
  bool open(const std::atomic<bool>& stop);
  void check() override;
  void append(const std::vector<ResultLine>& lines) override;
  // From then on no call waits any longer: what is under way fails. Thread-safe.
  void abandon_after(std::chrono::seconds seconds);
  bool is_fenced() const { return is_fenced_; }
  // The last look is young enough for something to leave. Thread-safe.
  bool may_send() const;

 private:
  using Clock = std::chrono::steady_clock;
  enum class Look { mine, newer, unknown };

  // What the group's metadata says; notes the line of a merger of this journal.
  Look look(std::chrono::milliseconds timeout);
  void watch();
  void send(const std::vector<ResultLine>& lines);
  bool is_abandoned();
  [[noreturn]] void fail_fenced();
  [[noreturn]] void fail_stopped() const;
  std::string topic() const { return kafka_.prefix + ".results"; }
  std::string group() const { return kafka_.prefix + ".merge"; }

  const ingest::kafka::Settings kafka_;
  const std::set<std::uint64_t> own_starts_;
  std::uint64_t start_;
  const std::function<std::int64_t()> position_;
  const std::function<void()> fenced_;
  const ingest::kafka::Log log_;
  ingest::kafka::Reader reader_;
  ingest::kafka::Transactions transactions_;
  std::mutex look_mutex_;
  std::uint64_t appended_ = 0;              // the last line that is in the topic, as far as is known
  std::atomic<std::int64_t> looked_ns_{0};  // steady clock: when the last look found nobody newer
  std::atomic<bool> is_fenced_{false}, abandoned_{false};
  std::atomic<std::int64_t> abandon_at_ns_{0};  // steady clock; 0: never
  bool is_ending_ = false;
  std::mutex ending_mutex_;
  std::condition_variable ending_;
  std::thread watch_;
};

}  // namespace vigil::app
