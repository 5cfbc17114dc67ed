#include "core/frame_facts.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "core/error.h"
#include "core/lhc.h"

namespace vigil {
namespace {

FrameHeader some_header(std::mt19937_64& random) {
  FrameHeader h;
  h.topic = std::string("scouting/\xff\x00m", 12);  // no UTF-8
  h.stream = "scouting";
  if (random() % 2 == 0) h.source = "link \"0\"";
  if (random() % 2 == 0) h.epoch = random();
  if (random() % 2 == 0) h.seq = UINT64_MAX;
  if (random() % 2 == 0) h.run = UINT32_MAX;
  if (random() % 2 == 0) h.ls = 7;
  if (random() % 2 == 0) h.last_orbit = static_cast<std::uint32_t>(random());
  h.n = static_cast<std::uint32_t>(random() % 3);
  return h;
}

FrameFacts accepted(std::mt19937_64& random) {
  FrameFacts f;
  f.position = std::to_string(random());
  for (std::uint64_t i = random() % 3; i > 0; --i) f.dropped_before.push_back(some_header(random));
  EventBatch& b = f.batch;
  b.source = "link0";
  b.epoch = random();
  b.seq = random();
  b.stream = "scouting";
  b.selection = "zero_bias";
  b.run = 400001;
  b.ls = 1 + static_cast<std::uint32_t>(random() % 2000);
  b.first_orbit = (b.ls - 1) * static_cast<std::uint32_t>(lhc::kOrbitsPerLumisection);
  b.last_orbit = b.first_orbit + 1000;
  b.n_bx = random() % 1000000;
  b.model = "axol1tl";
  b.n = static_cast<std::uint32_t>(random() % 5000);
  if (random() % 2 == 0) b.model_hash = std::string(64, 'a');
  if (random() % 2 == 0) b.context.pileup = 0.1 + static_cast<double>(random() % 1000) / 7;
  if (random() % 2 == 0) b.context.menu = "L1 \xc3\xa9";
  if (random() % 2 == 0) b.context.prescale_column = -3;
  if (random() % 2 == 0) b.context.run_start_ns = UINT64_MAX;
  b.unknown_keys = static_cast<std::uint32_t>(random() % 2);
  b.ignored_annotations = static_cast<std::uint32_t>(random() % 2);
  f.is_foreign = random() % 2 == 0;
  if (random() % 2 == 0) f.failure = "the library \xfe ended";
  f.summary = random() % 1000;
  return f;
}

TEST(FrameFacts, ReadBackToTheSameLine) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 500; ++i) {
    const FrameFacts f = accepted(random);
    const std::string line = frame_line(f);
    EXPECT_EQ(line_type(line), "frame");
    EXPECT_EQ(summary_of(line), f.summary);
    const FrameFacts back = frame_from_line(line, "test");
    EXPECT_EQ(frame_line(back), line);
    EXPECT_EQ(back.dropped_before, f.dropped_before);
    EXPECT_EQ(back.batch.context, f.batch.context);
    EXPECT_EQ(back.batch.seq, f.batch.seq);
    EXPECT_EQ(back.failure, f.failure);
  }
  for (int cause = 1; cause < static_cast<int>(Rejection::count_); ++cause) {
    FrameFacts f;
    f.position = "12";
    f.rejection = static_cast<Rejection>(cause);
    f.detail = ",\"summary\":5}";  // text that looks like the end of an accepted one
    f.header = some_header(random);
    const std::string line = frame_line(f);
    EXPECT_EQ(summary_of(line), std::nullopt);
    const FrameFacts back = frame_from_line(line, "test");
    EXPECT_EQ(back.rejection, f.rejection);
    EXPECT_EQ(back.header, f.header);
    EXPECT_EQ(back.detail, f.detail);
  }
  FrameFacts drops;
  drops.carries_drops_only = true;
  drops.dropped_before = {some_header(random)};
  EXPECT_TRUE(frame_from_line(frame_line(drops), "test").carries_drops_only);
}

TEST(FrameFacts, WhatFrameLineDoesNotWriteIsAnError) {
  std::mt19937_64 random(2);
  const std::string line = frame_line(accepted(random));
  for (std::size_t n = 0; n < line.size(); ++n) EXPECT_THROW(frame_from_line(line.substr(0, n), "test"), Error) << n;
  const auto fails = [&](const std::string& from, const std::string& to) {
    const std::size_t at = line.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    std::string changed = line;
    changed.replace(at, from.size(), to);
    EXPECT_THROW(frame_from_line(changed, "test"), Error) << changed;
  };
  fails("\"type\":\"frame\"", "\"type\":\"frames\"");
  fails("\"run\":400001", "\"run\":-1");
  fails("\"run\":400001", "\"run\":4294967296");
  fails("\"run\":400001", "\"run\":1.5");
  fails("\"run\":400001", "\"runs\":1");
  fails("\"run\":400001", "\"run\":400001,\"more\":1");
  fails("\"source\":\"link0\"", "\"source\":7");
  fails("\"source\":\"link0\"", "\"source\":{\"hex\":\"0g\"}");
  fails("\"orbits\":[", "\"orbits\":[0,");
  for (const char* text : {"", "[]", "null", "{}", "{\"type\":\"frame\"}",
                           "{\"type\":\"frame\",\"position\":\"1\",\"rejected\":\"no cause\"}"}) {
    EXPECT_THROW(frame_from_line(text, "test"), Error) << text;
  }
}

TEST(PartialSummary, IsTakenOutAsItWasWritten) {
  PartialSummary s{3, {}, "m", "scouting", 7, 9, 64, "{\"format\":\"vigil-summary\",\"x\":{\"summary\":{}}}"};
  const std::string line = summary_line(s);
  EXPECT_EQ(line_type(line), "summary");
  const PartialSummary back = summary_from_line(line, "test");
  EXPECT_EQ(back.text, s.text);
  EXPECT_EQ(back.number, 3u);
  EXPECT_EQ(back.frames, 64u);
  EXPECT_EQ(summary_line(back), line);
  for (std::size_t n = 0; n < line.size(); ++n) {  // the summary is not looked into: where it is torn, it is no JSON
    try {
      EXPECT_FALSE(nlohmann::json::accept(summary_from_line(line.substr(0, n), "test").text)) << n;
    } catch (const Error&) {
    }
  }
  s.frames = 0;
  EXPECT_THROW(summary_from_line(summary_line(s), "test"), Error);
}

}  // namespace
}  // namespace vigil
