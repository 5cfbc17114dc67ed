#include "app/refusal_log.h"

#include <algorithm>
#include <iterator>

#include "core/shown.h"

namespace vigil::app {
namespace {

constexpr std::int64_t kLookEveryNs = 1'000'000'000;

std::string_view word(Refusal::What what) {
  switch (what) {
    case Refusal::What::late:
      return "late";
    case Refusal::What::duplicate:
      return "duplicate";
    case Refusal::What::dropped:
      return "dropped";
    case Refusal::What::rejected:
      break;
  }
  return "rejected";
}

// rejected (clock jump): axol1tl scouting, source 'link0'
std::string who(const Refusal& r) {
  std::string text(word(r.what));
  if (r.cause != Rejection::none) text.append(" (").append(to_string(r.cause)).append(")");
  text += ": ";
  if (!r.stream.empty()) text += shown(r.stream, 2 * kShownCharacters) + ", ";
  return text + "source '" + shown(r.source) + "'";
}

std::string place(const Refusal& r) {
  std::string text;
  if (r.run) text += " run " + std::to_string(*r.run);
  if (r.ls) text += " LS " + std::to_string(*r.ls);
  return text;
}

std::string shown_detail(const RefusalDetail& detail) {
  const std::string text = detail();
  return text.empty() ? text : ": " + shown(text, 4 * kShownCharacters);
}

// Whether `period` has passed; a clock that was set back counts as passed.
bool passed(std::int64_t now, std::int64_t since, std::int64_t period) { return now < since || now - since >= period; }

}  // namespace

void RefusalLog::add(const Refusal& refusal, std::int64_t now_ns, const RefusalDetail& detail) {
  if (passed(now_ns, period_began_ns_, kPeriodNs)) {
    period_began_ns_ = now_ns;
    beginnings_ = 0;
    if (beyond_ > 0) say("refused besides, of further sources and causes: " + std::to_string(beyond_) + " batches");
    beyond_ = 0;
  }
  const Kind kind{refusal.what, refusal.cause, refusal.stream, refusal.source};
  auto it = courses_.find(kind);
  if (it == courses_.end()) {
    if (beginnings_ >= kMostBeginningsAPeriod || !make_room(now_ns)) {
      ++beyond_;
      return;
    }
    ++beginnings_;
    it = courses_.emplace(kind, Course{}).first;
    it->second.all = 1;
    it->second.said_ns = it->second.newest_ns = now_ns;
    it->second.newest = refusal;
    say(who(refusal) + shown_detail(detail));
    return;
  }
  Course& course = it->second;
  ++course.all;
  ++course.unsaid;
  course.newest_ns = now_ns;
  course.newest.run = refusal.run;
  course.newest.ls = refusal.ls;
  if (passed(now_ns, course.said_ns, kPeriodNs)) say_unsaid(course, now_ns, shown_detail(detail));
}

void RefusalLog::say_unsaid(Course& course, std::int64_t now_ns, const std::string& detail) {
  say(who(course.newest) + ": " + std::to_string(course.unsaid) + " more, " + std::to_string(course.all) +
      " since it began; newest" + (detail.empty() ? place(course.newest) : detail));
  course.unsaid = 0;
  course.said_ns = now_ns;
}

// One that was quiet for a period has ended: when it comes again it begins again.
bool RefusalLog::make_room(std::int64_t now_ns) {
  if (courses_.size() < kMostKinds) return true;
  const auto quiet = std::find_if(courses_.begin(), courses_.end(), [&](const auto& entry) {
    return entry.second.unsaid == 0 && passed(now_ns, entry.second.newest_ns, kPeriodNs);
  });
  if (quiet == courses_.end()) return false;
  courses_.erase(quiet);
  return true;
}

void RefusalLog::tick(std::int64_t now_ns) {
  if (!passed(now_ns, next_look_ns_ - kLookEveryNs, kLookEveryNs)) return;
  next_look_ns_ = now_ns + kLookEveryNs;
  for (auto it = courses_.begin(); it != courses_.end();) {
    Course& course = it->second;
    const bool due = passed(now_ns, course.said_ns, kPeriodNs);
    if (due && course.unsaid > 0) say_unsaid(course, now_ns, {});
    it = due && passed(now_ns, course.newest_ns, kPeriodNs) ? courses_.erase(it) : std::next(it);
  }
}

void RefusalLog::end() {
  for (auto& [kind, course] : courses_) {
    if (course.unsaid > 0) say_unsaid(course, course.newest_ns, {});
  }
  if (beyond_ > 0) say("refused besides, of further sources and causes: " + std::to_string(beyond_) + " batches");
  courses_.clear();
  beyond_ = 0;
}

}  // namespace vigil::app
