#include "app/status_source.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;
constexpr std::int64_t kStatusSecond = 1'000'000'000;
constexpr std::int64_t kThen = 1'700'000'000 * kStatusSecond;

// A document with one stream, and what the live table adds to it `now_s` after it was written.
ordered_json with(std::int64_t now_s, const char* mode, bool ended, std::int64_t frame_s, std::int64_t lumisection_s) {
  ordered_json document = {{"streams", ordered_json::array({{{"model", "m"}, {"stream", "scouting"}}})}};
  const ordered_json live = {
      {"newest_frame_ns", kThen - frame_s * kStatusSecond},
      {"newest_batch_ns", kThen},
      {"newest_lumisection_ns", kThen - lumisection_s * kStatusSecond},
      {"sources",
       {{"link0", {{"newest_batch_ns", kThen}, {"in_run", {{"late", 5u}}}, {"in_program", {{"late", 9u}}}}},
        {"link1", {{"newest_batch_ns", nullptr}, {"in_run", {{"late", 1u}}}, {"in_program", {{"late", 1u}}}}}}}};
  add_live_facts(document, {{"mode", mode}, {"ended", ended}}, {{{"m", "scouting"}, live}}, kThen,
                 kThen + now_s * kStatusSecond);
  return document;
}

TEST(StatusSource, AStreamThatFlowsHasAgesAndCounts) {
  const ordered_json out = with(2, "watch", false, 0, 10);
  const ordered_json& live = out["streams"][0]["live"];
  EXPECT_TRUE(live["stale"].is_null());
  EXPECT_EQ(live["newest_frame_s"], 2.0);
  EXPECT_EQ(live["newest_lumisection_s"], 12.0);
  EXPECT_EQ(live["in_run"]["late"], 6);
  EXPECT_EQ(live["in_program"]["late"], 10);
  EXPECT_EQ(live["sources"]["link0"]["age_s"], 2.0);
  EXPECT_TRUE(live["sources"]["link1"]["age_s"].is_null());
  EXPECT_EQ(out["program"]["running"], true);
}

TEST(StatusSource, WhatStoppedIsStaleWithItsReason) {
  const auto stale = [](const ordered_json& out) { return out["streams"][0]["live"]["stale"]; };
  EXPECT_EQ(stale(with(2, "watch", false, 44, 44)), "no message for 46 s");
  EXPECT_EQ(stale(with(2, "watch", false, 0, 119)), "no lumisection for 121 s though messages arrive");
  EXPECT_EQ(stale(with(60, "watch", false, 0, 0)), "no message for 60 s; vigil is not running");
  EXPECT_EQ(stale(with(16, "watch", false, 0, 0)), "vigil is not running");
  EXPECT_EQ(stale(with(2, "watch", true, 0, 0)), "vigil has ended");
  EXPECT_TRUE(stale(with(1000, "replay", true, 0, 0)).is_null()) << "a replay that ended is as it ended";
}

TEST(StatusSource, AnOldJournalHasNoLiveTable) {
  ordered_json document = {{"streams", ordered_json::array({{{"model", "m"}, {"stream", "s"}}})}};
  add_live_facts(document, nullptr, {}, 0, kThen);
  EXPECT_TRUE(document["streams"][0]["live"].is_null());
  EXPECT_EQ(document["program"]["running"], false);
}

TEST(StatusSource, WhatIsNeitherUrlNorJournalIsRefused) {
  EXPECT_THROW((void)status_source("/nowhere/vigil.db"), Error);
  EXPECT_THROW((void)status_source("ftp://host"), Error);
  EXPECT_THROW((void)status_source("http://127.0.0.1:1")->read(), Error);
}

}  // namespace
}  // namespace vigil::app
