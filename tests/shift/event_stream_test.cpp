#include "shift/server/event_stream.h"

#include <gmock/gmock.h>

#include <memory>

namespace vigil::shift {
namespace {

TEST(EventStream, GivesWhatWasPushedInOrderAndThenItsEnd) {
  EventStream stream;
  int woken = 0;
  stream.on_change([&] { ++woken; });
  EXPECT_TRUE(stream.push("a"));
  EXPECT_TRUE(stream.push("b"));
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(stream.take().bytes, "ab");
  EXPECT_EQ(stream.take().bytes, "");
  EXPECT_TRUE(stream.push("c"));
  stream.finish();
  EXPECT_FALSE(stream.push("d"));
  const auto last = stream.take();
  EXPECT_EQ(last.bytes, "c");
  EXPECT_TRUE(last.ended);
  EXPECT_FALSE(last.cut);
}

TEST(EventStream, CutsWhoIsTooFarBehind) {
  EventStream stream;
  EXPECT_TRUE(stream.push(std::string(EventStream::kMostBehind, 'x')));
  EXPECT_TRUE(stream.is_open());
  EXPECT_FALSE(stream.push("y"));
  EXPECT_FALSE(stream.is_open());
  EXPECT_TRUE(stream.take().cut);
  EXPECT_FALSE(stream.push("z"));  // once lost, always lost
}

TEST(EventStream, TakesNothingFromAClientThatIsGone) {
  EventStream stream;
  int woken = 0;
  stream.on_change([&] { ++woken; });
  stream.close();
  EXPECT_EQ(woken, 1);
  EXPECT_FALSE(stream.push("a"));
  stream.finish();
  EXPECT_EQ(woken, 1);
}

}  // namespace
}  // namespace vigil::shift
