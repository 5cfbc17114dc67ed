// Topics as bridges, workers beside the source and plain producers write them: sessions that restart, bridges thought
// dead that write on, partitions added, frames on the way that come late or never. Used by the tests of StrandOrder.
#pragma once

#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "ingest/strand_order.h"

namespace vigil::ingest {

struct StrandWorld {
  struct Entry {
    bool is_begin = false;
    std::string name;
    std::uint64_t session = 0;
    std::optional<std::uint64_t> n;
    std::optional<std::uint32_t> run, ls;
    std::uint64_t numbers = 1;  // of a partial from beside the source more
  };
  struct Settings {
    bool loses = true;  // frames that were on the way when their bridge died
    bool restarts = true;
    bool repeats = true;
    bool adds_partitions = true;
    bool unreadable = true;
    bool begins_first = false;  // every strand is there before the first frame of a bridge
  };
  struct Life {
    std::uint64_t session = 0, next = 0;
    std::map<std::int32_t, std::deque<Entry>> on_the_way;
  };

  StrandWorld(unsigned seed, const Settings& with) : settings(with), random(seed) {
    const int partitions = 1 + pick(4);
    for (int p = 0; p < partitions; ++p) logs[p];
    const bool has_beside = pick(2);
    if (has_beside) logs[kBeside];
    for (int i = 0, most = pick(4); i < most; ++i) names.push_back({std::string(1, static_cast<char>('a' + i)), 0});
    for (int i = 0, most = has_beside ? 1 + pick(2) : 0; i < most; ++i) {
      names.push_back({std::string(1, static_cast<char>('b' + i)), kBeside});
    }
    for (int i = 0, most = pick(3); i < most; ++i)
      plain.push_back(static_cast<std::int32_t>(pick(logs.size() - has_beside)));
    if (settings.begins_first) {
      for (const auto& name : names) restart(name);
      for (const std::int32_t p : plain) logs[p].push_back(frame("", 0, {}));
    }
  }

  unsigned pick(std::size_t below) { return static_cast<unsigned>(random() % below); }
  std::int32_t partitions() const { return static_cast<std::int32_t>(logs.size() - logs.count(kBeside)); }

  Entry frame(const std::string& name, std::uint64_t session, std::optional<std::uint64_t> n) {
    Entry e{false, name, session, n, run, ls, 1};
    if (settings.unreadable && pick(8) == 0) e.run.reset(), e.ls.reset();
    return e;
  }
  // As a bridge does: marks in every partition before the first frame.
  void restart(const std::pair<std::string, std::int32_t>& name) {
    Life& life = lives[name];
    for (auto& [p, frames] : life.on_the_way) {
      if (pick(2) || !settings.loses) zombies.push_back({p, frames});
    }
    life = {++last_session, 0, {}};
    for (auto& [p, log] : logs) {
      if ((p == kBeside) == (name.second == kBeside)) log.push_back({true, name.first, life.session, {}, {}, {}, 1});
    }
  }
  void send(const std::pair<std::string, std::int32_t>& name) {
    Life& life = lives[name];
    const std::int32_t p =
        name.second == kBeside ? kBeside : static_cast<std::int32_t>(life.next % std::max(1, partitions()));
    life.on_the_way[p].push_back(frame(name.first, life.session, life.next));
    Entry& sent = life.on_the_way[p].back();
    if (p == kBeside) sent.numbers = 1 + pick(4);
    life.next += sent.numbers;
  }
  void arrive(std::int32_t p, std::deque<Entry>& frames) {
    if (frames.empty()) return;
    logs[p].push_back(frames.front());
    frames.pop_front();
  }
  void step() {
    if (pick(12) == 0) {
      ++ls;
      if (pick(6) == 0) ++run, ls = 1;
    }
    const unsigned what = pick(40);
    if (what == 0 && settings.adds_partitions && partitions() < 6) logs[partitions()];
    if (!plain.empty() && what < 8) logs[plain[pick(plain.size())]].push_back(frame("", 0, {}));
    if (!zombies.empty() && what % 5 == 0) {
      auto& [p, frames] = zombies[pick(zombies.size())];
      arrive(p, frames);
    }
    if (names.empty()) return;
    const auto& name = names[pick(names.size())];
    if (!lives.contains(name) || (what == 9 && settings.restarts)) restart(name);
    Life& life = lives[name];
    if (what >= 20) send(name);
    for (auto& [p, frames] : life.on_the_way) {
      if (pick(3)) arrive(p, frames);
    }
    if (what == 10 && settings.repeats) {
      auto& [p, log] = *std::next(logs.begin(), pick(logs.size()));
      if (!log.empty() && log.back().n) log.push_back(log[log.size() - 1 - pick(std::min<std::size_t>(log.size(), 3))]);
    }
  }
  // Everything on the way of those that live arrives.
  void settle() {
    for (auto& [name, life] : lives) {
      for (auto& [p, frames] : life.on_the_way) {
        while (!frames.empty()) arrive(p, frames);
      }
    }
  }
  std::map<std::int32_t, std::int64_t> ends() const {
    std::map<std::int32_t, std::int64_t> all;
    for (const auto& [p, log] : logs) all[p] = static_cast<std::int64_t>(log.size());
    return all;
  }
  Arrival arrival(std::int32_t p, std::int64_t offset) const {
    const Entry& e = logs.at(p)[offset];
    Arrival a;
    a.strand = {e.name, e.session};
    a.n = e.n;
    a.numbers = e.numbers;
    a.partition = p;
    a.offset = offset;
    a.run = e.run;
    a.ls = e.ls;
    return a;
  }

  Settings settings;
  std::mt19937 random;
  std::map<std::int32_t, std::vector<Entry>> logs;
  std::vector<std::pair<std::string, std::int32_t>> names;  // with 0, or kBeside
  std::vector<std::int32_t> plain;                          // partitions of producers that number nothing
  std::map<std::pair<std::string, std::int32_t>, Life> lives;
  std::vector<std::pair<std::int32_t, std::deque<Entry>>> zombies;
  std::uint64_t last_session = 0;
  std::uint32_t run = 1, ls = 1;
};

}  // namespace vigil::ingest
