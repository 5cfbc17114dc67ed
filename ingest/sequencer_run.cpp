#include "ingest/sequencer_run.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vigil::ingest {

void OpenRun::stand(std::uint32_t ls, bool more) {
  std::uint32_t& count = standing_[ls];
  count += more ? 1u : ~0u;
  if (count == 0) standing_.erase(ls);
}

void OpenRun::expect(const std::string& source, bool gone) {
  const auto [it, is_new] = members_.emplace(source, Member{});
  it->second.expected = true;
  if (!is_new) return;
  it->second.gone = gone;
  if (!gone) ++awaited_;
}

void OpenRun::expect_no_more(const std::string& source) {
  const auto it = members_.find(source);
  if (it == members_.end()) return;
  it->second.expected = false;
  if (it->second.heard()) return;
  if (!it->second.gone) --awaited_;
  members_.erase(it);
}

void OpenRun::send(const std::string& source, std::uint32_t ls, bool gone) {
  if (!any_closed && (newest_ls == 0 || ls < next_ls)) start_ls = next_ls = ls;
  newest_ls = std::max(newest_ls, ls);
  const auto [it, is_new] = members_.emplace(source, Member{});
  Member& member = it->second;
  if (!is_new && !member.gone) {
    if (member.heard()) {
      stand(member.newest_ls, false);
    } else {
      --awaited_;
    }
  }
  member.gone = member.gone || gone;
  member.first_ls = member.heard() ? std::min(member.first_ls, ls) : ls;
  member.newest_ls = std::max(member.newest_ls, ls);
  if (!member.gone) stand(member.newest_ls, true);
  longest = std::max(longest, member.newest_ls - member.first_ls);
}

void OpenRun::leave(const std::string& source) {
  const auto it = members_.find(source);
  if (it == members_.end() || it->second.gone) return;
  it->second.gone = true;
  if (it->second.heard()) {
    stand(it->second.newest_ls, false);
  } else {
    --awaited_;
  }
}

OpenLumisection OpenRun::close() {
  OpenLumisection closing;
  if (auto node = open.extract(next_ls)) closing = std::move(node.mapped());
  if (!closing.accounting.sources.empty()) with_data_.push_back(next_ls);
  for (const auto& [source, batches] : closing.accounting.sources) {
    if (const auto it = members_.find(source); it != members_.end()) it->second.heard_ls = next_ls;
  }
  any_closed = true;
  ++next_ls;
  return closing;
}

bool OpenRun::in_set(std::uint32_t last, std::uint32_t ls) const {
  if (ls <= last || ls - last <= timeout_ls_) return true;
  const auto closed = std::upper_bound(with_data_.begin(), with_data_.end(), ls) -
                      std::upper_bound(with_data_.begin(), with_data_.end(), last);
  std::uint64_t between = static_cast<std::uint64_t>(closed);
  for (auto it = open.upper_bound(last); it != open.end() && it->first <= ls && between <= timeout_ls_; ++it) {
    if (!it->second.accounting.sources.empty()) ++between;
  }
  return between <= timeout_ls_;
}

OpenRun::Membership OpenRun::membership(const Member& member) const {
  if (member.heard_ls == 0 && !member.expected) return Membership::none;
  const std::uint32_t last = member.heard_ls != 0 ? member.heard_ls : start_ls - 1;
  return in_set(last, next_ls - 1) ? Membership::in_set : Membership::silent;
}

bool OpenRun::waits_for_any(std::uint32_t ls) const {
  // The later the last batch, the longer in the set: only the latest of those that stand has to be asked.
  const auto beyond = standing_.upper_bound(ls);
  if (beyond != standing_.begin() && in_set(std::prev(beyond)->first, newest_ls)) return true;
  return awaited_ > 0 && in_set(start_ls - 1, newest_ls);
}

void OpenRun::restore(std::map<std::string, Member> members, std::vector<std::uint32_t> with_data) {
  members_ = std::move(members);
  with_data_ = std::move(with_data);
  standing_.clear();
  awaited_ = longest = 0;
  for (const auto& [source, member] : members_) {
    if (member.heard()) longest = std::max(longest, member.newest_ls - member.first_ls);
    if (member.gone) continue;
    if (member.heard()) {
      stand(member.newest_ls, true);
    } else {
      ++awaited_;
    }
  }
}

}  // namespace vigil::ingest
