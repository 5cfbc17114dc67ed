// The alarms of a journal against a plain model of what docs/alarms.md says, which keeps the whole history and looks at
// all of it every time: random verdicts, verbs of this process and of others, restarts, and kills.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "alerting/alarm_board.h"
#include "tests/alerting/journals.h"

namespace vigil::alerting {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t kSecondNs = 1'000'000'000;
const std::vector<std::string> kStreams = {"a", "b/c"};
const std::vector<std::string> kMonitors = {"score", "input/x[0]", "input/x[1]", "seed/L1", "mismatch/score"};
const std::vector<std::string> kNodes = {"m",         "m/a",         "m/a/input",      "m/b/c/score",
                                         "m/a/score", "m/b/c/input", "m/a/input/x[0]", "m/a/seed/L1",
                                         "m/b",       "elsewhere"};

AlarmSettings settings() {
  AlarmSettings s;
  s.alarms = {{.node = "*/input", .delay_ls = 3},
              {.node = "*/input/x[1]", .delay_ls = 6, .count = 2},
              {.node = "*/seed/*", .latching = false},
              {.node = "m/a/score", .essential = true}};
  s.flood_alarms = 2;
  s.windows = {"w", "sequential"};
  return s;
}

struct Step {
  enum class What { lumisection, ack, shelve, unshelve, pass } what = What::lumisection;
  std::size_t stream = 0;
  std::map<std::string, std::map<std::string, std::map<std::string, int>>>
      said;  // window, monitor, statistic -> quality
  std::string node;
  std::int64_t seconds = 0;
};

Step random_step(std::mt19937& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  Step step;
  const auto dice = below(100);
  if (dice < 70) {
    step.stream = below(kStreams.size());
    for (const char* window : {"sequential", "w"}) {
      if (window[0] == 'w' && below(3) != 0) continue;
      for (const std::string& monitor : kMonitors) {
        for (const char* statistic : {"ks", "psi"}) {
          // Mostly good, so that things end; 0 is unknown.
          const std::size_t d = below(12);
          step.said[window][monitor][statistic] = d == 0 ? 0 : d < 9 ? 1 : d < 11 ? 2 : 3;
        }
      }
    }
    return step;
  }
  using What = Step::What;
  step.what = dice < 80 ? What::ack : dice < 88 ? What::shelve : dice < 93 ? What::unshelve : What::pass;
  step.node = kNodes[below(kNodes.size())];
  step.seconds = static_cast<std::int64_t>(1 + below(40));
  return step;
}

// Says what has to be, from all that happened.
struct Model {
  struct Leaf {
    std::map<std::string, int> newest;      // window, statistic -> the newest known quality
    std::map<std::string, int> newest_any;  // unknown ones too
    std::vector<int> severity{0};           // of every closed lumisection, before them ok
    int latched = 0;
    bool acknowledged = false;
  };
  std::map<std::string, Leaf> leaves;  // by node
  std::map<std::string, std::int64_t> shelves;
  std::int64_t now_ns = 1'700'000'000 * kSecondNs;

  static bool below(const std::string& leaf, const std::string& node) {
    return leaf == node || leaf.substr(0, node.size() + 1) == node + "/";
  }
  static AlarmRule rule(const std::string& leaf) {
    AlarmRule rule;
    if (leaf.find("/input/") != std::string::npos) rule.delay_ls = 3;
    if (leaf.ends_with("/input/x[1]")) rule = {.latching = true, .delay_ls = 6, .count = 2};
    if (leaf.find("/seed/") != std::string::npos) rule.latching = false;
    rule.essential = leaf == "m/a/score";
    return rule;
  }

  void take(const Step& step) {
    using What = Step::What;
    if (step.what == What::pass) now_ns += step.seconds * kSecondNs;
    if (step.what == What::shelve) shelves[step.node] = now_ns + step.seconds * kSecondNs;
    if (step.what == What::unshelve) shelves.erase(step.node);
    if (step.what == What::ack) {
      for (auto& [node, leaf] : leaves) {
        if (!below(node, step.node)) continue;
        leaf.latched = leaf.severity.back();
        leaf.acknowledged = leaf.latched > 0;
      }
    }
    if (step.what != What::lumisection) return;
    for (const auto& [window, monitors] : step.said) {
      for (const auto& [monitor, statistics] : monitors) {
        Leaf& leaf = leaves["m/" + kStreams[step.stream] + "/" + monitor];
        for (const auto& [statistic, quality] : statistics) {
          leaf.newest_any[window + " " + statistic] = quality;
          if (quality > 0) leaf.newest[window + " " + statistic] = quality;
        }
      }
    }
    for (const std::string& monitor : kMonitors) close("m/" + kStreams[step.stream] + "/" + monitor);
  }

  void close(const std::string& node) {
    Leaf& leaf = leaves[node];
    int worst = 0;
    for (const auto& [key, quality] : leaf.newest) worst = std::max(worst, quality - 1);
    leaf.severity.push_back(worst);
    const AlarmRule r = rule(node);
    if (worst == 0 && leaf.severity[leaf.severity.size() - 2] > 0 && (leaf.acknowledged || !r.latching)) {
      leaf.latched = 0;
      leaf.acknowledged = false;
    }
    if (worst <= leaf.latched) return;
    std::vector<std::size_t> left;
    for (std::size_t i = 1; i < leaf.severity.size(); ++i) {
      if (leaf.severity[i - 1] == 0 && leaf.severity[i] > 0) left.push_back(i);
    }
    const std::size_t now = leaf.severity.size() - 1;
    std::size_t within = 0;
    for (const std::size_t at : left) within += now <= at + r.delay_ls;
    if (now < left.back() + r.delay_ls && !(r.count > 0 && left.back() == now && within >= r.count)) return;
    leaf.latched = worst;
    leaf.acknowledged = false;
  }

  bool shelved(const std::string& leaf) const {
    bool any = false;
    for (const auto& [node, until] : shelves) any |= until > now_ns && below(leaf, node);
    return any;
  }
};

// Both as text, so that a difference can be read.
std::string text_of(const Model& model) {
  static const char* const kNames[] = {"ok", "minor", "major"};
  std::string text;
  std::map<std::string, std::vector<std::string>> to_speak;
  for (const auto& [node, leaf] : model.leaves) {
    const bool shelved = model.shelved(node);
    if (leaf.latched == 0 && !shelved) continue;
    bool known = false;
    for (const auto& [key, quality] : leaf.newest_any) known |= quality > 0;
    text += node + " " + kNames[leaf.severity.back()] + " " + kNames[leaf.latched] +
            (leaf.acknowledged ? " seen" : "") + (known ? "" : " unknown") + (shelved ? " shelved" : "") + "\n";
    if (leaf.latched > 0 && !leaf.acknowledged && !shelved) {
      to_speak[node.starts_with("m/a/") ? "m/a" : "m/b/c"].push_back(node);
    }
  }
  for (auto& [group, nodes] : to_speak) {
    const bool flood = nodes.size() > 2;
    for (const std::string& node : nodes) {
      if (!flood || Model::rule(node).essential) text += "spoken " + node + "\n";
    }
  }
  return text;
}

std::string text_of(const ordered_json& document) {
  std::string text;
  for (const auto& a : document["alarms"]) {
    text += a["node"].get<std::string>() + " " + a["severity"].get<std::string>() + " " +
            a["latched"].get<std::string>() + (a["acknowledged"].get<bool>() ? " seen" : "") +
            (a["known"].get<bool>() ? "" : " unknown") + (a["shelved_until"].is_null() ? "" : " shelved") + "\n";
  }
  for (const auto& group : document["groups"]) {
    for (const auto& node : group["spoken"]) text += "spoken " + node.get<std::string>() + "\n";
  }
  return text;
}

// Carries step number `ls` out on a journal; `beside`: verbs as another process does them.
void carry_out(Journal& journal, const Step& step, std::int64_t now_ns, std::uint32_t ls, bool beside) {
  using What = Step::What;
  if (step.what == What::pass) return;
  if (step.what == What::lumisection) {
    AlarmUpdate update{.model = "m", .stream = kStreams[step.stream], .run = 1, .ls = ls};
    for (const auto& [window, monitors] : step.said) {
      AlarmWindow& said = update.windows.emplace_back(AlarmWindow{window, {}});
      for (const auto& [monitor, statistics] : monitors) {
        for (const auto& [statistic, quality] : statistics) {
          said.readings.push_back({monitor, statistic, static_cast<Quality>(quality)});
        }
      }
    }
    Commit commit;
    commit.alarms.push_back(std::move(update));
    commit.position = std::to_string(ls);
    journal.commit(commit);
    return;
  }
  AlarmBoard board =
      beside ? AlarmBoard(journal.file(), [&] { return now_ns; }) : AlarmBoard(journal, [&] { return now_ns; });
  ordered_json body = {{"node", step.node}, {"reason", std::to_string(ls)}};
  if (step.what == What::shelve) body["for_s"] = step.seconds;
  const char* verb = step.what == What::ack ? "ack" : step.what == What::shelve ? "shelve" : "unshelve";
  const DeskAnswer answer = board.act({.actor = "anna", .shifter = true}, verb, body);
  if (answer.problem) throw std::runtime_error(answer.problem->detail);
}

TEST(AlarmsProperty, WhateverHappensTheJournalSaysWhatTheModelSays) {
  std::size_t spoken = 0, shelved = 0, seen = 0;
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    std::mt19937 random(seed);
    TemporaryFolder folder;
    const std::string file = seed % 3 == 0 ? "" : folder / "j.db";
    auto journal = std::make_unique<Journal>(file);
    journal->set_alarms(settings());
    Model model;
    for (std::uint32_t i = 1; i <= 250; ++i) {
      const Step step = random_step(random);
      const bool beside = !file.empty() && random() % 2 == 0;
      carry_out(*journal, step, model.now_ns, i, beside);
      model.take(step);
      if (!file.empty() && random() % 20 == 0) {
        journal.reset();
        journal = std::make_unique<Journal>(file);
        journal->set_alarms(settings());
      }
      const std::string expected = text_of(model);
      ASSERT_EQ(text_of(alarms_document(journal->alarms(), "", model.now_ns)), expected)
          << "seed " << seed << " step " << i;
      if (!file.empty() && i % 25 == 0) {
        ASSERT_EQ(text_of(AlarmBoard(file, [&] { return model.now_ns; }).alarms("").body), expected);
      }
      spoken += expected.find("spoken") != std::string::npos;
      shelved += expected.find("shelved") != std::string::npos;
      seen += expected.find("seen") != std::string::npos;
    }
  }
  EXPECT_GT(spoken, 100u);
  EXPECT_GT(shelved, 100u);
  EXPECT_GT(seen, 100u);
}

// A process that takes steps until it is killed, saying after each that it is done.
pid_t start(const std::string& file, const std::vector<Step>& steps, std::size_t from, std::int64_t now_ns, int done) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  try {
    Journal journal(file);
    journal.set_alarms(settings());
    for (std::size_t i = from; i < steps.size(); ++i) {
      carry_out(journal, steps[i], now_ns, static_cast<std::uint32_t>(i + 1), false);
      if (steps[i].what == Step::What::pass) now_ns += steps[i].seconds * kSecondNs;
      const char byte = 1;
      if (::write(done, &byte, 1) != 1) ::_exit(2);
    }
  } catch (...) {
    ::_exit(1);
  }
  ::_exit(0);
}

// The number of the newest step that left a trace.
std::size_t last_done(const std::string& file) {
  const JournalReader journal(file);
  const std::string position = journal.position();
  std::size_t last = position.empty() ? 0 : std::stoul(position);
  const auto trail = journal.audit_trail();
  if (!trail.empty()) last = std::max<std::size_t>(last, std::stoul(trail.back().reason));
  return last;
}

TEST(AlarmsProperty, AKillLosesNothingThatWasDone) {
  std::mt19937 random(11);
  TemporaryFolder folder;
  const std::string file = folder / "j.db";
  std::vector<Step> steps;
  for (int i = 0; i < 400; ++i) steps.push_back(random_step(random));
  Model model;
  std::size_t at = 0, kills = 0;
  while (at < steps.size()) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t pid = start(file, steps, at, model.now_ns, pipe[1]);
    ASSERT_GT(pid, 0);
    ::close(pipe[1]);
    // After some steps, and somewhere within the next.
    std::size_t more = 1 + random() % 30;
    char byte;
    while (more > 0 && ::read(pipe[0], &byte, 1) == 1) {
      model.take(steps[at++]);
      --more;
    }
    ::usleep(static_cast<useconds_t>(random() % 4000));
    ::kill(pid, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(!WIFEXITED(status) || WEXITSTATUS(status) == 0);
    kills += WIFSIGNALED(status);
    while (::read(pipe[0], &byte, 1) == 1) model.take(steps[at++]);
    ::close(pipe[0]);
    // All it said it did, and perhaps the one it was at.
    if (last_done(file) == at + 1) model.take(steps[at++]);
    ASSERT_LE(last_done(file), at);
    ASSERT_EQ(text_of(AlarmBoard(file, [&] { return model.now_ns; }).alarms("").body), text_of(model)) << "step " << at;
  }
  EXPECT_GT(kills, 10u);
}

}  // namespace
}  // namespace vigil::alerting
