#include "shift/events/follower.h"

#include <iterator>
#include <utility>

namespace vigil::shift {
namespace {

using alerting::RecordTable;
constexpr std::size_t kAtOnce = 1000;

}  // namespace

Follower::Follower(alerting::Record& record, std::vector<Listener*> listeners,
                   std::function<void(const std::string&)> log, std::chrono::milliseconds period)
    : record_(record), listeners_(std::move(listeners)), log_(std::move(log)), period_(period) {
  version_ = record_.version();
  lumisections_ = record_.newest_seq(RecordTable::lumisections);
  windows_ = record_.newest_seq(RecordTable::windows);
  verdicts_ = record_.newest_seq(RecordTable::verdicts);
  actions_ = record_.newest_seq(RecordTable::actions);
  changes_ = record_.newest_change();
  thread_ = std::thread([this] { run(); });
}

Follower::~Follower() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ending_changed_.notify_all();
  thread_.join();
}

template <class Row, class Read>
void Follower::drain(std::vector<Row>& into, std::int64_t& seen, const Read& read) {
  for (;;) {
    std::vector<Row> rows = read(seen);
    const bool is_all = rows.size() < kAtOnce;
    if (!rows.empty()) seen = rows.back().seq;
    into.insert(into.end(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
    if (is_all) return;
  }
}

// Lumisections last: what belongs to one that is committed while this reads comes with the next news, never before it.
void Follower::read() {
  const auto table = [this](RecordTable which) {
    return [this, which](std::int64_t seq) { return record_.rows_after(which, seq, kAtOnce); };
  };
  drain(unread_.changes, changes_, [this](std::int64_t seq) { return record_.changes_after(seq, kAtOnce); });
  drain(unread_.actions, actions_, table(RecordTable::actions));
  drain(unread_.windows, windows_, table(RecordTable::windows));
  drain(unread_.verdicts, verdicts_, table(RecordTable::verdicts));
  drain(unread_.lumisections, lumisections_, table(RecordTable::lumisections));
}

// Whether anything was committed since the look before; reads it.
bool Follower::look() {
  const std::uint64_t version = record_.version();
  if (version == version_) return false;
  read();
  version_ = version;  // only now: what could not be read is looked at again
  return true;
}

void Follower::guarded(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::exception& e) {
    if (said_ != e.what() && log_) log_(std::string("not told what is new: ") + e.what());
    said_ = e.what();
  }
}

void Follower::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    lock.unlock();
    bool changed = false;
    guarded([&] {
      changed = look();
      said_.clear();
    });
    if (changed && !unread_.is_empty()) {
      const News news = std::exchange(unread_, {});
      for (Listener* listener : listeners_) guarded([&] { listener->take(news); });
    }
    for (Listener* listener : listeners_) guarded([&] { listener->turn(changed); });
    lock.lock();
    ending_changed_.wait_for(lock, period_, [this] { return ending_; });
  }
}

}  // namespace vigil::shift
