// Judged windows in a few words, for the tests of the policy and of what follows it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "alerting/policy.h"
#include "core/verdict.h"

namespace vigil::alerting {

inline ModelInfo test_model() {
  ModelInfo info;
  info.name = "axol1tl";
  info.hash = std::string(64, 'a');
  const FixedPoint word{18, 13, true};
  info.outputs = {{"score", word, 0, 1}, {"latent", word, 1, 1}};
  info.seeds = {{"L1_A", 0, 0, 0, 40, 100.0}, {"L1_B", 0, 0, 1, 60, 10.0}};
  for (int i = 0; i < 6; ++i) info.inputs.push_back({"x[" + std::to_string(i) + "]", word, false, {}, {}});
  return info;
}

// One verdict of each monitor of test_model(); all good until told otherwise.
class WindowOf {
 public:
  WindowOf(std::uint32_t run, std::uint32_t first_ls, std::uint32_t last_ls, std::string name = "10ls") {
    Window& w = judged_.window;
    w.model = "axol1tl";
    w.model_hash = std::string(64, 'a');
    w.stream = "scouting";
    w.name = std::move(name);
    w.run = run;
    w.first_ls = first_ls;
    w.last_ls = last_ls;
    w.run_start_ns = 1'700'000'000'000'000'000ull;
    for (const char* output : {"score", "latent"}) add(output, "ks", Target::output);
    for (int i = 0; i < 6; ++i) add("input/x[" + std::to_string(i) + "]", "chi2", Target::input);
    for (const char* seed : {"L1_A", "L1_B"}) add(std::string("seed/") + seed, "rate", Target::seed);
    for (const char* name_of : {"score", "latent", "L1_A", "L1_B"}) {
      add(std::string("mismatch/") + name_of, "rate", Target::mismatch);
    }
  }

  // Quality after m-of-n and reading of this window; by default the same.
  WindowOf& set(const std::string& monitor, Quality quality) { return set(monitor, quality, quality); }
  WindowOf& set(const std::string& monitor, Quality quality, Quality reading) {
    Verdict& v = verdict(monitor);
    v.quality = quality;
    v.reading = reading;
    if (quality != Quality::unknown) v.value = 0.5;
    return *this;
  }
  WindowOf& dead(int input, Quality quality = Quality::bad) {
    const std::string monitor = "input/x[" + std::to_string(input) + "]";
    set(monitor, quality);
    verdict(monitor).evidence = InputChange{InputChange::Kind::dead, {}};
    return *this;
  }
  WindowOf& rate(const std::string& seed, std::int64_t proposed, Quality quality = Quality::bad) {
    set("seed/" + seed, quality);
    verdict("seed/" + seed).evidence = ThresholdProposal{seed, 40, proposed, 100, 150, {95, 99, 103}};
    return *this;
  }
  WindowOf& mismatch(const std::string& name, std::vector<KeptEvent> kept, Quality quality = Quality::bad) {
    set("mismatch/" + name, quality);
    verdict("mismatch/" + name).evidence = MismatchEvidence{kept.size() + 1, 1200, std::move(kept)};
    return *this;
  }
  // All inputs, or all output words, together: a rule of its own, whose verdict comes last.
  WindowOf& together(const std::string& name, Quality quality) { return together(name, quality, quality); }
  WindowOf& together(const std::string& name, Quality quality, Quality reading) {
    add("multivariate/" + name, "hotelling", Target::multivariate);
    return set("multivariate/" + name, quality, reading);
  }
  WindowOf& all(Quality quality) {
    for (Verdict& v : judged_.verdicts) v.quality = v.reading = quality;
    return *this;
  }
  Verdict& verdict(const std::string& monitor) {
    for (Verdict& v : judged_.verdicts) {
      if (v.monitor == monitor) return v;
    }
    throw std::logic_error("no monitor " + monitor);
  }
  operator const JudgedWindow&() const { return judged_; }
  const std::vector<Verdict>& verdicts() const { return judged_.verdicts; }

 private:
  void add(const std::string& monitor, const std::string& statistic, Target target) {
    Verdict v;
    const Window& w = judged_.window;
    v.model = w.model;
    v.stream = w.stream;
    v.window = w.name;
    v.run = w.run;
    v.first_ls = w.first_ls;
    v.last_ls = w.last_ls;
    v.monitor = monitor;
    v.statistic = statistic;
    v.subject.target = target;
    v.subject.name = monitor.substr(monitor.find('/') + 1);
    v.subject.of_seed = target == Target::mismatch && v.subject.name.starts_with("L1_");
    v.quality = v.reading = Quality::good;
    v.value = 0.01;
    judged_.verdicts.push_back(std::move(v));
  }

  JudgedWindow judged_;
};

inline KeptEvent kept(std::uint32_t ls, std::uint32_t orbit, std::uint32_t bx) {
  KeptEvent e;
  e.run = 1;
  e.ls = ls;
  e.orbit = orbit;
  e.bx = bx;
  return e;
}

}  // namespace vigil::alerting
