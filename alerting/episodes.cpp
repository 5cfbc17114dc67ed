#include "alerting/episodes.h"

#include <algorithm>

namespace vigil::alerting {
namespace {

RuleKey key_of(const Verdict& v) { return {v.window, v.subject, v.statistic}; }
RuleKey of_any_rule(const VerdictSubject& subject) { return {{}, subject, {}}; }

}  // namespace

void Episodes::end(const RuleKey& key, std::uint64_t reference) {
  const auto rule = rules_.find(key);
  if (rule == rules_.end()) return;
  // A fault is never ended by a reference that was learned after it.
  if (rule->second.reference == 0 || reference <= rule->second.reference) rules_.erase(rule);
}

void Episodes::take(const Verdict& v, const std::optional<std::uint64_t>& run_start_ns) {
  const RuleKey key = key_of(v);
  if (v.quality == Quality::good) {
    end(key, v.reference);
    end(of_any_rule(v.subject), v.reference);
  } else if (v.quality == Quality::bad && !rules_.contains(key)) {
    const Origin origin{v.run, v.first_ls, v.last_ls, run_start_ns};
    rules_[key] = {v.monitor, origin, turned_bad_++, v.reference, false, false};
  }
}

void Episodes::take(const std::vector<SilentSource>& silent, const Lumisection& lumisection) {
  for (const auto& [source, counts] : lumisection.sources) {
    if (counts.batches > 0) silent_.erase(source);
  }
  for (const SilentSource& s : silent) silent_.try_emplace(s.source, s);
}

const BadRule* Episodes::find(const Verdict& v) const {
  const auto found = rules_.find(key_of(v));
  return found == rules_.end() ? nullptr : &found->second;
}

bool Episodes::any(Target target) const {
  return std::any_of(rules_.begin(), rules_.end(),
                     [target](const auto& entry) { return entry.first.subject.target == target; });
}

bool Episodes::hold_learning() const {
  return std::any_of(rules_.begin(), rules_.end(), [](const auto& entry) {
    return entry.first.subject.target != Target::seed || entry.second.reference != 0;
  });
}

// Is anything of the class of `key` still wrong, under any window name?
bool Episodes::goes_on(const ActionKey& action) const {
  if (action.cause == Cause::data) return silent_.contains(action.subject);
  return std::any_of(rules_.begin(), rules_.end(), [&](const auto& entry) {
    const auto& [key, rule] = entry;
    const Target target = key.subject.target;
    switch (action.cause) {
      case Cause::mismatch:
        return target == Target::mismatch;
      case Cause::input:
        return (target == Target::input || target == Target::multivariate) && rule.monitor == action.subject;
      case Cause::conditions:
        return target == Target::output || (target == Target::input && rule.broad);
      case Cause::rate:  // a rollback is of the whole model
        return target == Target::seed && (action.kind == ActionKind::rollback || key.subject.name == action.subject);
      case Cause::configuration:
      case Cause::data:
      case Cause::person:
        break;
    }
    return false;
  });
}

std::vector<std::string> Episodes::close_ended(std::uint32_t run, std::uint32_t ls) {
  std::vector<std::string> closed;
  for (auto it = open_.begin(); it != open_.end();) {
    if (goes_on(it->first)) {
      ++it;
      continue;
    }
    closed.push_back(it->second);
    ended_[it->first] = {run, ls};
    it = open_.erase(it);
  }
  std::sort(closed.begin(), closed.end());
  return closed;
}

void Episodes::forget(std::uint32_t run, std::uint32_t ls, std::uint32_t cool_down_ls) {
  std::erase_if(ended_, [&](const auto& entry) {
    return entry.second.first != run || ls >= entry.second.second + std::uint64_t{cool_down_ls};
  });
}

bool Episodes::is_open(ActionKind kind, Cause cause) const {
  return std::any_of(open_.begin(), open_.end(),
                     [&](const auto& entry) { return entry.first.kind == kind && entry.first.cause == cause; });
}

bool Episodes::may_open(const ActionKey& key, std::uint32_t run, std::uint32_t ls, std::uint32_t cool_down_ls) const {
  if (open_.contains(key)) return false;
  const auto ended = ended_.find(key);
  return ended == ended_.end() || ended->second.first != run ||
         ls >= ended->second.second + std::uint64_t{cool_down_ls};
}

void Episodes::open(const ActionKey& key, const std::string& id) {
  open_[key] = id;
  ended_.erase(key);
}

std::vector<std::string> Episodes::open_ids() const {
  std::vector<std::string> ids;
  for (const auto& [key, id] : open_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::size_t Episodes::keep_only(const std::vector<Verdict>& rules) {
  std::size_t gone = 0;
  for (auto it = rules_.begin(); it != rules_.end();) {
    const bool is_known = it->first.window.empty() || std::any_of(rules.begin(), rules.end(), [&](const Verdict& v) {
                            return key_of(v) == it->first;
                          });
    if (is_known) {
      ++it;
      continue;
    }
    ++gone;
    const RuleKey any = of_any_rule(it->first.subject);
    const BadRule rule = it->second;
    it = rules_.erase(it);
    const auto [kept, is_new] = rules_.emplace(any, rule);
    if (!is_new && rule.order < kept->second.order) kept->second = rule;
  }
  return gone;
}

}  // namespace vigil::alerting
