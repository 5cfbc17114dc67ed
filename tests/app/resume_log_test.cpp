#include "app/resume_log.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace vigil::app {
namespace {

ResumeChange step(const std::string& name, std::uint64_t next) {
  ResumeChange change;
  change.step.emplace();
  change.step->strand = {name, 1};
  change.step->next = next;
  return change;
}

TEST(ResumeLog, SaysWhereTheSourceWasBehindAnyFrame) {
  ResumePoint start;
  start.prefix = "vigil";
  start.read_from = {{-1, 5}};
  ResumeLog log(start);
  EXPECT_EQ(log.taken(step("a", 1)), 1u);
  ResumeChange moved = step("b", 7);
  moved.read_from = {{-1, 9}};
  moved.known_to = {{0, 100}, {1, 50}};
  EXPECT_EQ(log.taken(std::move(moved)), 2u);
  ResumeChange unit;
  unit.unit.emplace(UnitPlace{9, 3});
  EXPECT_EQ(log.taken(std::move(unit)), 3u);
  ResumeChange end = step("a", 2);
  end.known_to = {{1, 60}};
  end.unit.emplace(std::nullopt);
  EXPECT_EQ(log.taken(std::move(end)), 4u);

  const ResumePoint first = ResumePoint::load(log.position(1));
  EXPECT_EQ(first.prefix, "vigil");
  EXPECT_EQ(first.read_from, (ResumePoint::Offsets{{-1, 5}}));
  EXPECT_EQ(first.places.strands().at({"a", 1}).next, 1u);
  EXPECT_EQ(log.partials_offset(), 5);
  const ResumePoint third = ResumePoint::load(log.position(3));
  EXPECT_EQ(third.unit, (UnitPlace{9, 3}));
  EXPECT_EQ(third.known_to, (ResumePoint::Offsets{{0, 100}, {1, 50}}));
  EXPECT_EQ(third.places.strands().at({"b", 1}).next, 7u);
  EXPECT_EQ(log.partials_offset(), 9);
  const ResumePoint last = ResumePoint::load(log.position(4));
  EXPECT_FALSE(last.unit);
  EXPECT_EQ(last.known_to, (ResumePoint::Offsets{{0, 100}, {1, 60}}));
  EXPECT_EQ(last.places.strands().at({"a", 1}).next, 2u);
  EXPECT_EQ(log.position(4), last.save());
}

TEST(ResumePoint, OtherTextIsRefused) {
  for (const char* text :
       {"", "{}", "[]", "7", "{\"prefix\":1}", "{\"prefix\":\"p\",\"read_from\":[[1]],\"known_to\":[]}"}) {
    EXPECT_THROW((void)ResumePoint::load(text), Error) << text;
  }
}

}  // namespace
}  // namespace vigil::app
