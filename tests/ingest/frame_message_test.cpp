#include "ingest/frame_message.h"

#include <gtest/gtest.h>

#include <random>

#include "ingest/decode.h"
#include "ingest/odd_frames.h"
#include "tests/ingest/batch_for_test.h"

namespace vigil::ingest {
namespace {

kafka::Message as_read(FrameMessage&& sent, std::int32_t partition = 3, std::int64_t offset = 14) {
  return {partition, offset, std::move(sent.key), std::move(sent.value), std::move(sent.headers)};
}

Frame received_frame(std::vector<std::string> parts) {
  Frame frame;
  frame.parts = std::move(parts);
  frame.header = peek_header(frame.parts);
  return frame;
}

Frame good_frame() {
  const std::string body = test::good_map().bytes();
  return received_frame({"scouting/anomaly", body});
}

TEST(FrameMessage, ComesBackAsItWas) {
  Frame frame = good_frame();
  frame.is_odd = true;
  const StrandMark mark{"l1-scout", 17, 5};
  FrameMessage sent = frame_message(Frame(frame), mark);
  EXPECT_EQ(sent.key, *frame.header.source);
  EXPECT_EQ(sent.value, frame.parts[1]);
  const kafka::Headers expected{{"vigil-topic", "scouting/anomaly"},
                                {"vigil-strand", "l1-scout"},
                                {"vigil-session", "17"},
                                {"vigil-n", "5"},
                                {"vigil-odd", "1"}};
  EXPECT_EQ(sent.headers, expected);
  std::string problem;
  const auto read = frame_of(as_read(std::move(sent)), problem);
  ASSERT_TRUE(read) << problem;
  EXPECT_EQ(read->parts, frame.parts);
  EXPECT_EQ(read->header, frame.header);
  EXPECT_EQ(read->position, "3:14");
  EXPECT_EQ(read->strand, mark);
  EXPECT_TRUE(read->is_odd);
}

TEST(FrameMessage, OfAnotherProducerNeedsNoHeaders) {
  const Frame frame = good_frame();
  std::string problem;
  const auto read = frame_of({0, 0, "", frame.parts[1], {}}, problem);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->parts, frame.parts);
  EXPECT_EQ(read->header, frame.header);
  EXPECT_FALSE(read->strand);
}

// Whatever number of parts: rejected for it, with the same words.
TEST(FrameMessage, KeepsANumberOfPartsThatIsWrong) {
  const Frame whole = good_frame();
  for (const std::size_t parts : {1, 3, 7, 16}) {
    std::vector<std::string> all = whole.parts;
    all.resize(parts, "more");
    Frame frame = received_frame(all);
    std::string problem, before, after;
    EventBatch batch;
    const auto none = [](std::string_view) -> const ModelInfo* { return nullptr; };
    EXPECT_EQ(decode(frame, none, batch, &before), Rejection::parts);
    const FrameHeader header = frame.header;
    const auto read = frame_of(as_read(frame_message(std::move(frame), {"b", 1, 0})), problem);
    ASSERT_TRUE(read);
    EXPECT_EQ(decode(*read, none, batch, &after), Rejection::parts);
    EXPECT_EQ(before, after);
    EXPECT_EQ(read->header, header);
  }
  for (const char* text : {"0", "x", "", "-1", "65537", "99999999999999999999"}) {
    std::string problem;
    const auto read = frame_of({0, 0, "", "body", {{"vigil-parts", text}}}, problem);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->parts.size(), 1u) << text;
  }
}

TEST(FrameMessage, OfALostFrameSaysWhatCouldBeRead) {
  FrameHeader header = good_frame().header;
  header.n = 0;
  for (const bool odd_topic : {false, true}) {
    if (odd_topic) header.topic = "something/else";
    std::string problem;
    auto read = frame_of(as_read(lost_message(header, {"b", 1, 9}, LostFrame::dropped)), problem);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->parts.empty());
    EXPECT_EQ(read->lost, Rejection::none);
    ASSERT_EQ(read->dropped_before.size(), 1u);
    FrameHeader back = read->dropped_before.front();
    EXPECT_EQ(back.source, header.source);
    EXPECT_EQ(back.epoch, header.epoch);
    EXPECT_EQ(back.seq, header.seq);
    EXPECT_EQ(back.run, header.run);
    EXPECT_EQ(back.ls, header.ls);
    EXPECT_EQ(back.first_orbit, header.first_orbit);
    EXPECT_EQ(back.last_orbit, header.last_orbit);
    EXPECT_EQ(back.topic, header.topic);
    if (odd_topic) {
      EXPECT_EQ(back.model, header.model);
    }
    read = frame_of(as_read(lost_message(header, {"b", 1, 9}, LostFrame::rejected)), problem);
    EXPECT_EQ(read->lost, Rejection::too_large);
    EXPECT_EQ(read->header, back);
    EXPECT_TRUE(read->dropped_before.empty());
    read = frame_of(as_read(lost_message(header, {"b", 1, 9}, LostFrame::rejected, 3)), problem);
    EXPECT_EQ(read->lost, Rejection::parts);
  }
  header = {};
  header.source = std::string("\xff\x00name", 6);
  EXPECT_EQ(lost_header(lost_header_text(header)), header);
  EXPECT_EQ(lost_header(R"({"source":"a","more":[{"x":1}],"orbits":[1,2]})").last_orbit, 2u);
  for (const char* text : {"", "7", "[]", "{", "{\"source\":7,\"ls\":-1,\"run\":4294967296,\"orbits\":[1]}", "\xff",
                           "{\"source\":{\"hex\":\"0g\"}}", "{\"orbits\":[1,\"2\"]}"}) {
    EXPECT_EQ(lost_header(text), FrameHeader{}) << text;
  }
  EXPECT_EQ(lost_header(std::string(1 << 20, '[')), FrameHeader{});
}

TEST(FrameMessage, BeginsASession) {
  std::string problem;
  FrameMessage sent = begin_message("b", 77);
  EXPECT_FALSE(sent.value);
  const auto read = frame_of(as_read(std::move(sent)), problem);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->strand, (StrandMark{"b", 77, 0, true}));
  EXPECT_TRUE(read->parts.empty());
  EXPECT_TRUE(read->dropped_before.empty());
}

TEST(FrameMessage, IsPassedOverWhereItsNumberIsNone) {
  const kafka::Headers whole{{"vigil-strand", "b"}, {"vigil-session", "1"}, {"vigil-n", "0"}};
  const auto with = [&](const char* name, const char* value) {
    kafka::Headers headers = whole;
    headers.emplace_back(name, value);  // the last one counts
    return headers;
  };
  std::vector<kafka::Headers> bad{{{"vigil-n", "1"}},
                                  {{"vigil-begin", "1"}},
                                  {{"vigil-strand", "b"}},
                                  {{"vigil-strand", "b"}, {"vigil-session", "1"}},
                                  {{"vigil-strand", "b"}, {"vigil-n", "1"}},
                                  with("vigil-strand", ""),
                                  with("vigil-strand", "a b"),
                                  with("vigil-begin", "yes"),
                                  with("vigil-lost", "stolen")};
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "0x1", "1e3", "18446744073709551615", "18446744073709551616"}) {
    bad.push_back(with("vigil-n", text));
  }
  for (const char* text : {"", "0", "-1", "18446744073709551616"}) bad.push_back(with("vigil-session", text));
  for (kafka::Headers& headers : bad) {
    std::string problem;
    EXPECT_FALSE(frame_of({0, 0, "", "", headers}, problem));
    EXPECT_FALSE(problem.empty());
  }
  std::string problem;
  EXPECT_TRUE(frame_of({0, 0, "", "", whole}, problem));
  EXPECT_TRUE(problem.empty());
}

// Random headers and values, half of them nearly right: an answer for each, and no more than the message's own size.
TEST(FrameMessage, IsReadWhateverItHolds) {
  std::mt19937 random(11);
  const std::vector<std::string> names{"vigil-topic", "vigil-parts", "vigil-strand", "vigil-session", "vigil-n",
                                       "vigil-begin", "vigil-lost",  "vigil-header", "vigil-odd",     "other"};
  const std::vector<std::string> values{"1",
                                        "0",
                                        "b",
                                        "dropped",
                                        "rejected",
                                        "18446744073709551615",
                                        "65536",
                                        "{}",
                                        R"({"source":"s","orbits":[1,2]})",
                                        "",
                                        "scouting/anomaly"};
  const auto noise = [&] {
    std::string text(random() % 24, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
  };
  const std::string body = good_frame().parts[1];
  int passed_over = 0;
  for (int i = 0; i < 100'000; ++i) {
    kafka::Message message;
    for (auto k = random() % 7; k > 0; --k) {
      message.headers.emplace_back(names[random() % names.size()],
                                   random() % 4 ? values[random() % values.size()] : noise());
    }
    if (random() % 4) message.value = random() % 2 ? noise() : body.substr(0, random() % (body.size() + 1));
    std::string problem;
    const auto frame = frame_of(std::move(message), problem);
    EXPECT_EQ(frame.has_value(), problem.empty());
    passed_over += !frame;
    if (!frame) continue;
    EXPECT_LE(frame->parts.size(), 16u);
    EventBatch batch;
    const Rejection cause = decode(
        *frame, [](std::string_view) { return nullptr; }, batch, &problem);
    EXPECT_LT(cause, Rejection::count_);
  }
  EXPECT_GT(passed_over, 1000);
}

TEST(OddFrames, AreThoseThatDoNotGoOn) {
  OddFrames frames;
  FrameHeader h = good_frame().header;
  EXPECT_TRUE(frames.is_odd(h));  // the first
  const auto next = [&] {
    ++*h.seq;
    h.first_orbit = *h.last_orbit;
    *h.last_orbit += 10;
    return frames.is_odd(h);
  };
  EXPECT_FALSE(next());
  EXPECT_TRUE(frames.is_odd(h));  // again
  EXPECT_FALSE(next());
  ++*h.seq;
  EXPECT_TRUE(next());  // a gap
  EXPECT_FALSE(next());
  *h.last_orbit -= 11;  // orbits that it has left behind
  EXPECT_TRUE(next());
  EXPECT_FALSE(next());
  ++*h.run;
  EXPECT_TRUE(next());
  EXPECT_FALSE(next());
  ++*h.epoch;
  EXPECT_TRUE(next());
  EXPECT_FALSE(next());
  FrameHeader unread = h;
  unread.run.reset();
  EXPECT_TRUE(frames.is_odd(unread));
  EXPECT_FALSE(next());  // as if it had not been
}

}  // namespace
}  // namespace vigil::ingest
