#include "app/kafka_results.h"

#include <charconv>
#include <optional>
#include <utility>

#include "app/command.h"
#include "core/error.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

using ingest::kafka::Transactions;
using std::chrono::milliseconds;

constexpr milliseconds kLookAnswer{2000}, kBetweenLooks{2000}, kBetweenTries{200};
constexpr std::int64_t kFreshNs = 4'000'000'000, kSendNs = 10'000'000'000;
constexpr const char* kFenced = "fenced by a newer merger";

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// "<start ns> <number of the last line>"
struct Metadata {
  std::uint64_t start = 0, line = 0;
};

std::optional<Metadata> metadata_from(const std::string& text) {
  Metadata out;
  const char* const last = text.data() + text.size();
  const auto [middle, bad] = std::from_chars(text.data(), last, out.start);
  if (bad != std::errc() || middle == last || *middle != ' ') return {};
  const auto [end, worse] = std::from_chars(middle + 1, last, out.line);
  return worse == std::errc() && end == last ? std::optional(out) : std::nullopt;
}

}  // namespace

KafkaResults::KafkaResults(const ingest::kafka::Settings& kafka, std::set<std::uint64_t> own_starts,
                           std::uint64_t now_ns, std::function<std::int64_t()> position, std::function<void()> fenced,
                           ingest::kafka::Log log)
    : kafka_(kafka),
      own_starts_(std::move(own_starts)),
      start_(now_ns),
      position_(std::move(position)),
      fenced_(std::move(fenced)),
      log_(log),
      reader_(kafka, kafka.prefix + ".results", log),
      transactions_(kafka, group(), log) {}

KafkaResults::~KafkaResults() {
  {
    const std::lock_guard lock(ending_mutex_);
    is_ending_ = true;
  }
  ending_.notify_all();
  if (watch_.joinable()) watch_.join();
}

void KafkaResults::abandon_after(std::chrono::seconds seconds) {
  abandon_at_ns_ = steady_ns() + std::chrono::nanoseconds(seconds).count() + 1;
}

bool KafkaResults::is_abandoned() {
  if (abandon_at_ns_ != 0 && steady_ns() >= abandon_at_ns_) abandoned_ = true;
  return abandoned_;
}

std::optional<std::uint64_t> KafkaResults::begin(const std::atomic<bool>& stop) {
  for (const std::uint64_t earlier : own_starts_) start_ = std::max(start_, earlier + 1);
  while (!stop) {
    const auto found = reader_.committed(group(), kafka_.prefix + ".partials", 0, kLookAnswer);
    if (found.refused) throw Error("Kafka at " + shown(kafka_.brokers, 200), found.why, "the right (ACL) Read");
    if (!found.answered) {
      std::this_thread::sleep_for(kBetweenTries);
      continue;
    }
    const auto metadata = found.value ? metadata_from(found.value->metadata) : std::nullopt;
    if (metadata) start_ = std::max(start_, metadata->start + 1);
    if (transactions_.open(stop) == Transactions::Outcome::stopped) return {};
    (void)transactions_.check_rights(topic(), group(), kafka_.prefix + ".partials");
    return start_;
  }
  return {};
}

void KafkaResults::fail_fenced() {
  if (!is_fenced_.exchange(true) && fenced_) fenced_();
  throw FailedRunning(kFenced);
}

void KafkaResults::fail_stopped() const {
  throw FailedRunning("stopped while Kafka was away: the lines of the last commit go to " + topic() +
                      " when the next merger starts with this journal");
}

KafkaResults::Look KafkaResults::look(milliseconds timeout) {
  const std::lock_guard lock(look_mutex_);
  const std::int64_t asked = steady_ns();
  const auto found = reader_.committed(group(), kafka_.prefix + ".partials", 0, timeout);
  if (!found.answered) return Look::unknown;
  const auto metadata = found.value ? metadata_from(found.value->metadata) : std::nullopt;
  if (metadata) {
    if (metadata->start > start_) {
      if (!is_fenced_.exchange(true) && fenced_) fenced_();
      return Look::newer;
    }
    if (metadata->start == start_ || own_starts_.contains(metadata->start)) {
      appended_ = std::max(appended_, metadata->line);
    }
  }
  looked_ns_ = asked;
  return Look::mine;
}

bool KafkaResults::open(const std::atomic<bool>& stop) {
  if (transactions_.open(stop) == Transactions::Outcome::stopped) return false;
  for (Look seen = Look::unknown; seen != Look::mine;) {
    if (stop) return false;
    seen = look(kLookAnswer);
    if (seen == Look::newer) fail_fenced();
  }
  send({});
  watch_ = std::thread([this] { watch(); });
  return true;
}

void KafkaResults::watch() {
  std::unique_lock lock(ending_mutex_);
  while (!is_ending_ && !is_fenced_) {
    lock.unlock();
    (void)look(kLookAnswer);
    lock.lock();
    ending_.wait_for(lock, kBetweenLooks, [&] { return is_ending_; });
  }
}

bool KafkaResults::may_send() const { return !is_fenced_ && steady_ns() - looked_ns_ < kSendNs; }

void KafkaResults::check() {
  while (steady_ns() - looked_ns_ >= kFreshNs || is_fenced_) {
    if (is_fenced_) fail_fenced();
    if (is_abandoned()) fail_stopped();
    if (look(kLookAnswer) == Look::unknown) std::this_thread::sleep_for(kBetweenTries);
  }
}

void KafkaResults::append(const std::vector<ResultLine>& lines) {
  if (!lines.empty()) send(lines);
}

// One transaction; where nobody knows whether it counts, the metadata does.
void KafkaResults::send(const std::vector<ResultLine>& lines) {
  for (;;) {
    std::uint64_t last = 0;
    {
      const std::lock_guard lock(look_mutex_);
      last = appended_;
    }
    if (!lines.empty() && lines.back().number <= last) return;
    for (const ResultLine& line : lines) {
      if (line.number <= last) continue;
      transactions_.send(topic(), 0, line.key, line.text, {{"vigil-line", std::to_string(line.number)}});
    }
    const std::uint64_t number = lines.empty() ? last : lines.back().number;
    const auto outcome =
        transactions_.commit(group(), kafka_.prefix + ".partials", 0, std::max<std::int64_t>(0, position_()),
                             std::to_string(start_) + " " + std::to_string(number));
    if (outcome == Transactions::Outcome::done) {
      const std::lock_guard lock(look_mutex_);
      appended_ = std::max(appended_, number);
      looked_ns_ = steady_ns();
      return;
    }
    if (log_) log_("results are not taken yet: " + transactions_.failure().said);
    // Kafka says fenced too where a transaction only timed out: who reads the metadata knows.
    for (Look seen = Look::unknown; seen != Look::mine;) {
      if (is_abandoned()) fail_stopped();
      seen = look(kLookAnswer);
      if (seen == Look::newer) fail_fenced();
      if (seen == Look::unknown) std::this_thread::sleep_for(kBetweenTries);
    }
    if (transactions_.open(abandoned_) == Transactions::Outcome::stopped) fail_stopped();
    // A transaction under way has ended now, the one way or the other.
    while (look(kLookAnswer) == Look::unknown) {
      if (is_abandoned()) fail_stopped();
    }
    if (is_fenced_) fail_fenced();
  }
}

}  // namespace vigil::app
