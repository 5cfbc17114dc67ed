#include "app/demo_approval.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "app/action_desk.h"
#include "core/error.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;
constexpr std::chrono::milliseconds kMoment{200};

const alerting::Asker kAnna{.actor = "anna", .expert = true}, kBen{.actor = "ben", .expert = true};
const alerting::Asker kPipeline{.actor = "pipeline", .pipeline = true};

std::string text(const ordered_json& json, const char* key) { return shown(json.at(key).get<std::string>()); }

// What it would do, in a few words.
std::string wish(const ordered_json& action) {
  const ordered_json& proposal = action.at("proposal");
  if (action.at("kind") != "threshold-adjust") return text(action, "kind");
  return fmt::format("threshold-adjust of {}: {} -> {}", text(proposal, "seed"),
                     proposal.at("current_threshold").get<std::int64_t>(),
                     proposal.at("proposed_threshold").get<std::int64_t>());
}

}  // namespace

alerting::ApprovalRules DemoApproval::rules() {
  auto rules = alerting::ApprovalRules::stated();
  rules.set(ActionKind::retrain, alerting::Approvers::automatic, "demo");
  return rules;
}

DemoApproval::DemoApproval(const std::string& journal, std::function<void(const std::string&)> say)
    : desk_(desk_on(journal)), say_(std::move(say)) {
  thread_ = std::thread([this] {
    try {
      work();
    } catch (const std::exception& e) {
      spdlog::error("demo: {}", e.what());
    }
  });
}

DemoApproval::~DemoApproval() { finish(); }

void DemoApproval::received(const std::string& id) {
  const std::lock_guard lock(mutex_);
  received_.push_back(id);
  changed_.notify_all();
}

void DemoApproval::finish() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool DemoApproval::pause() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kMoment, [&] { return ends_; });
}

void DemoApproval::work() {
  for (bool last = false; !last;) {
    last = pause();
    alerting::ActionFilter proposed;
    proposed.state = "proposed";
    const ordered_json listed = document(desk_->list(proposed), "", "list");
    for (const ordered_json& action : listed.at("actions")) {
      // What is not rendered yet cannot be approved.
      if (!last && action.at("needed") == "two" && action.at("request_sha256").is_string()) {
        approve(action.at("id").get<std::string>());
      }
    }
    for (std::unique_lock lock(mutex_); !received_.empty(); lock.lock()) {
      const std::string id = received_.front();
      received_.pop_front();
      lock.unlock();
      report(id);
    }
  }
}

// The problem's name where it is refused, else null.
ordered_json DemoApproval::act(const alerting::Asker& asker, const std::string& id, const std::string& verb,
                               const ordered_json& body) {
  if (std::find(seen_.begin(), seen_.end(), id) == seen_.end()) seen_.push_back(id);
  const alerting::DeskAnswer answer = desk_->act(asker, id, verb, body);
  if (!answer.problem) return nullptr;
  refused_[id].push_back({{"actor", asker.actor}, {"verb", verb}, {"problem", answer.problem->name}});
  return answer.problem->name;
}

// Two people who look at what would be sent. The first tries to be both: that is refused.
void DemoApproval::approve(const std::string& id) {
  const ordered_json action = document(desk_->show(id), id, "show");
  const ordered_json sha256 = action.at("request_sha256");
  say_(fmt::format("PERSON   is asked for two approvals: {}", wish(action)));
  const auto step = [&](const alerting::Asker& who, const char* reason, const char* done) {
    const ordered_json problem = act(who, id, "approve", {{"sha256", sha256}, {"reason", reason}});
    say_(fmt::format("PERSON   {} {}", who.actor,
                     problem.is_null() ? done : "approves, and is refused: " + problem.get<std::string>()));
  };
  step(kAnna, "the rate is off, the shape is not", "approves; one is missing, nothing is sent");
  step(kAnna, "again", "approves once more");
  pause();
  step(kBen, "agreed with the menu", "approves; now it may be sent");
}

// As the pipeline: a claim first, so that a request that came twice runs once.
void DemoApproval::report(const std::string& id) {
  const ordered_json action = document(desk_->show(id), id, "show");
  const std::string run = "demo-" + std::to_string(++jobs_);
  std::string said;
  const auto step = [&](const std::string& verb, const ordered_json& body, const std::string& done) {
    const ordered_json problem = act(kPipeline, id, verb, body);
    said +=
        (said.empty() ? "" : ", ") + (problem.is_null() ? done : verb + " is refused: " + problem.get<std::string>());
    return problem.is_null();
  };
  if (!step("claim", {{"run", run}}, "claims it as run " + run)) return say_("PIPELINE " + said);
  step("status", {{"state", "running"}, {"run", run}}, "reports running");
  // A retraining takes longer than the demo.
  if (action.at("kind") != "retrain") {
    pause();
    step("status", {{"state", "succeeded"}, {"run", run}, {"reason", "done"}}, "reports succeeded");
  }
  say_(fmt::format("PIPELINE {}: {}", wish(action), said));
}

ordered_json DemoApproval::decided() const {
  ordered_json all = ordered_json::array();
  for (const std::string& id : seen_) {
    const ordered_json action = document(desk_->show(id), id, "show");
    ordered_json one = ordered_json::object();
    for (const char* key : {"id", "kind", "subject", "state", "needed", "approvals", "claim", "request_sha256"}) {
      one[key] = action.at(key);
    }
    const auto refused = refused_.find(id);
    one["refused"] = refused == refused_.end() ? ordered_json::array() : refused->second;
    one["history"] = ordered_json::array();
    for (const ordered_json& row : action.at("history")) {
      one["history"].push_back({{"actor", row.at("actor")}, {"verb", row.at("verb")}});
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::string decided_text(const ordered_json& decided) {
  std::string who;
  for (const ordered_json& approval : decided.at("approvals")) {
    who += (who.empty() ? ", approved by " : " and ") + text(approval, "actor");
  }
  const ordered_json& claim = decided.at("claim");
  const std::string subject = text(decided, "subject");
  return fmt::format("{}{}{}{}{}, {}", text(decided, "kind"), subject.empty() ? "" : " of ", subject, who,
                     claim.is_null() ? std::string() : ", claimed as run " + text(claim, "run"),
                     text(decided, "state"));
}

}  // namespace vigil::app
