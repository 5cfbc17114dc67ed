#include "ingest/partial_message.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/error.h"
#include "core/lhc.h"
#include "core/summary.h"

namespace vigil::ingest {
namespace {

const ModelInfo& model_m() {
  static const ModelInfo info = [] {
    ModelInfo m;
    m.name = "m";
    m.hash = std::string(64, 'a');
    m.outputs.push_back({"y", FixedPoint{8, 8, true}, 0, 1});
    return m;
  }();
  return info;
}
const ModelInfo* find_m(std::string_view name) { return name == "m" ? &model_m() : nullptr; }

// Frames at offsets 10, 11, 13 of partition 2; the first two in one summary, the last in another.
struct Made {
  PartialHeader header;
  std::vector<FrameFacts> frames;
  std::vector<PartialSummary> summaries;
  std::string message() const {
    std::string lines;
    for (const FrameFacts& frame : frames) lines += frame_line(frame) + "\n";
    for (const PartialSummary& summary : summaries) lines += summary_line(summary) + "\n";
    return packed_partial(header, lines);
  }
};

Made made() {
  Made out;
  out.header.settings = std::string(64, 'b');
  out.header.worker = "w1";
  out.header.partition = 2;
  out.header.first = 10;
  out.header.next = 15;
  for (const std::int64_t offset : {10, 11, 13}) {
    FrameFacts frame;
    frame.position = frame_position(2, offset);
    frame.strand = StrandMark{"b", 99, static_cast<std::uint64_t>(offset), false};
    frame.batch.source = "link0";
    frame.batch.stream = "scouting";
    frame.batch.model = "m";
    frame.batch.run = 1;
    frame.batch.ls = 2;
    frame.batch.first_orbit = frame.batch.last_orbit = lhc::kOrbitsPerLumisection;
    frame.summary = offset == 13 ? 1 : 0;
    out.frames.push_back(frame);
  }
  const std::string text = to_json(Summary(model_m()));
  out.summaries = {{0, {}, "m", "scouting", 1, 2, 2, text}, {1, {}, "m", "scouting", 1, 2, 1, text}};
  return out;
}

TEST(PartialMessage, IsReadAsItWasWritten) {
  const Made original = made();
  const Partial back = read_partial(original.message(), "7", find_m);
  EXPECT_EQ(back.header, original.header);
  ASSERT_EQ(back.frames.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(frame_line(back.frames[i].facts), frame_line(original.frames[i]));
    EXPECT_EQ(back.frames[i].summary->origin, "7");
  }
  EXPECT_EQ(back.frames[0].summary, back.frames[1].summary);
  EXPECT_EQ(back.frames[2].offset, 13u);
}

TEST(PartialMessage, WhatContradictsItselfIsRefused) {
  const auto refused = [](const std::function<void(Made&)>& change, const std::string& says) {
    Made changed = made();
    change(changed);
    try {
      (void)read_partial(changed.message(), "7", find_m);
      ADD_FAILURE() << "not refused: " << says;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(says), std::string::npos) << e.what();
    }
  };
  refused([](Made& m) { m.frames[0].position = "2:9"; }, "frame 9");
  refused([](Made& m) { m.frames[2].position = "2:15"; }, "frame 15");
  refused([](Made& m) { m.frames[1].position = "3:11"; }, "a frame at 3:11");
  refused([](Made& m) { m.frames[1].position = "2:10"; }, "out of order");
  refused([](Made& m) { m.frames[1].position = "2:x"; }, "a frame at");
  refused([](Made& m) { m.summaries[0].frames = 3; }, "summary 0 of 3 frames");
  refused([](Made& m) { m.frames.pop_back(); }, "summary 1 of 1 frames");
  refused([](Made& m) { m.summaries.pop_back(); }, "no summary 1");
  refused([](Made& m) { m.summaries[1].number = 0; }, "summary 0 twice");
  refused([](Made& m) { m.summaries[0].ls = 3; }, "another lumisection");
  refused([](Made& m) { m.summaries[0].model = m.frames[0].batch.model = m.frames[1].batch.model = "n"; }, "model n");
  refused([](Made& m) { m.frames[0].batch.n = 5; }, "summary 0 of 0 events");
  refused([](Made& m) { m.summaries[0].text = "{}"; }, "");
  refused([](Made& m) { m.header.first = 15; }, "first below next");
  refused(
      [](Made& m) {
        m.header.partition.reset();
        m.header.strand = "b";
        m.header.session = 98;
      },
      "another strand");
  refused(
      [](Made& m) {
        m.header.partition.reset();
        m.header.strand = "b";
        m.header.session = 99;
      },
      "3 frames");
  refused(
      [](Made& m) {
        m.header.partition.reset();
        m.header.strand = "a b";
        m.header.session = 99;
      },
      "a strand that is none");
}

TEST(PartialMessage, NeitherTornNorChangedBytesAreRead) {
  const std::string message = made().message();
  for (std::size_t cut = 0; cut < message.size(); cut += 7) {
    EXPECT_THROW((void)read_partial(message.substr(0, cut), "", find_m), Error) << cut;
  }
  EXPECT_THROW((void)read_partial(message + "x", "", find_m), Error);
  EXPECT_THROW((void)read_partial(message + message, "", find_m), Error);
}

TEST(FramePlaces, AreReadStrictly) {
  EXPECT_EQ(frame_place("3:1005")->offset, 1005);
  for (const char* text : {"", ":", "3:", ":5", "-1:5", "3:-5", "3:5 ", "3:5:6", "x:5", "99999999999:1", "3"}) {
    EXPECT_FALSE(frame_place(text)) << text;
  }
}

}  // namespace
}  // namespace vigil::ingest
