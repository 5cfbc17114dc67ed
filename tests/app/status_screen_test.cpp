#include "app/status_screen.h"

#include <gmock/gmock.h>

#include <sstream>

namespace vigil::app {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

ordered_json stream(const std::string& model, const std::string& state) {
  return ordered_json::
      parse(R"({"stream":"scouting","version":"v4","selection":"zero_bias","reason":"loss ks 0.214 over 0.1","run":7,"ls":41,"age_s":3.2,"lag_s":35.1,
    "context":{"fill":9000,"menu":"menu_v1","prescale_column":2,"beam_mode":"STABLE BEAMS","pileup":58.0,"filling_scheme":null},
    "reference":{"name":"learn:20","learned":20,"wanted":20,"events":40012,"ranges":[[1,1,20]]},
    "families":[{"name":"score","state":"bad","monitors":9,"good":8,"medium":0,"bad":1,"unknown":0,"shelved":0}],
    "rates":[{"seed":"L1_AXO","rate_hz":1234.0,"low_hz":1200.0,"high_hz":1300.0,"target_rate_hz":1000.0}],
    "counts":{"events":12345,"batches":7,"missing":3,"late":5},"budget":{"judged_ls":12,"pages":1,"warnings":0,"expected_pages":0.001,"expected_warnings":0.01}})",
            nullptr, true)
          .patch(ordered_json::array({{{"op", "add"}, {"path", "/model"}, {"value", model}},
                                      {{"op", "add"}, {"path", "/state"}, {"value", state}}}));
}

FoundStatus found(std::vector<ordered_json> streams) {
  FoundStatus out;
  out.document = {{"vigil", {{"version", "1.2.0"}, {"mode", "live"}}},
                  {"time", "2026-05-01T12:00:00.000Z"},
                  {"banner", {"SIMULATION"}},
                  {"streams", std::move(streams)},
                  {"alarms", {{"raised", 2u}, {"acknowledged", 1u}, {"shelved", 0}}},
                  {"actions", {{"open", 1u}, {"proposed", 1u}, {"pending", 0}}},
                  {"pipeline", {{"events_per_s", 1.2e6}, {"dropped", 0}, {"journal", "ok"}, {"journal_bytes", 40960}}}};
  out.sources = ordered_json::array();
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

TEST(StatusScreen, SaysStateReasonRatesLossesBudgetAndActions) {
  FoundStatus status = found({stream("axol1tl", "bad")});
  status.sources.push_back({{"model", "axol1tl"},
                            {"stream", "scouting"},
                            {"source", "link1"},
                            {"age_s", 61.0},
                            {"silent", "SILENT since run 7 LS 20"},
                            {"counts", {{"late", 5u}, {"rejected", 2u}}},
                            {"in_program", {{"late", 9u}, {"rejected", 2u}}},
                            {"rejected_by", {{"clock jump", 2}}}});
  const std::string text = status_screen(status, false);
  for (const char* what :
       {"SIMULATION", "■ bad axol1tl scouting v4  run 7 LS 41  3 s old  lag 35 s", "loss ks 0.214 over 0.1",
        "score bad, 1 of 9 bad", "L1_AXO 1234 Hz [1200, 1300], target 1000 Hz", "fill 9000", "STABLE BEAMS",
        "reference learn:20, 20 of 20", "missing 3", "late 5",
        "12 LS judged; 1 pages (0.001 expected), 0 warnings (0.01 expected)", "late 5 (9 since vigil started)",
        "[clock jump 2]", "SILENT since run 7 LS 20", "alarms: 3 raised, 2 of them not acknowledged, 0 shelved",
        "1 open, 1 proposed"}) {
    EXPECT_THAT(text, HasSubstr(what));
  }
  EXPECT_THAT(text, Not(HasSubstr("\033")));
  EXPECT_THAT(status_screen(status, true), HasSubstr("\033[1;31m"));
}

TEST(StatusScreen, AJournalThatNobodyWritesIsStaleNeverGood) {
  ordered_json one = stream("m", "good");
  one["reason"] = "";
  one["families"][0]["state"] = "good";
  FoundStatus status = found({one});
  EXPECT_THAT(status_screen(status, false), HasSubstr("● good m scouting"));
  status.document["streams"][0]["live"] = {{"stale", "no message for 60 s; vigil is not running"}};
  const std::string text = status_screen(status, false);
  EXPECT_THAT(text, HasSubstr("◌ stale m scouting"));
  EXPECT_THAT(text, HasSubstr("no message for 60 s; vigil is not running"));
  EXPECT_THAT(text, Not(HasSubstr("good")));
  EXPECT_THAT(status_lines(status),
              testing::ElementsAre("stale m scouting run 7 LS 41: no message for 60 s; vigil is not running"));
}

TEST(StatusScreen, IsAtMostEightyColumnsWhateverNamesAreSent) {
  const std::string hostile = "\033[31m" + std::string(4096, 'x') + "\n東京東京";
  ordered_json one = stream(hostile, "bad");
  for (const char* key : {"stream", "version", "selection", "reason"}) one[key] = hostile;
  one["context"]["menu"] = hostile;
  one["rates"][0]["seed"] = hostile;
  one["reference"]["name"] = hostile;
  one["families"][0]["name"] =
      "東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京東京";
  FoundStatus status = found({one, stream("m", "good")});
  status.sources.push_back({{"model", hostile},
                            {"stream", hostile},
                            {"source", hostile},
                            {"silent", hostile},
                            {"counts", {{"late", 5u}}},
                            {"rejected_by", {{hostile, 2}}}});
  const std::string text = status_screen(status, false);
  for (const std::string& line : lines_of(text)) {
    EXPECT_LE(columns_of(line), 80u) << line;
    EXPECT_THAT(line, Not(HasSubstr("\033")));
  }
  for (const std::string& line : status_lines(status)) EXPECT_THAT(line, Not(HasSubstr("\033")));
  EXPECT_EQ(columns_of("東京ab"), 6u);
}

TEST(StatusScreen, WhatDoesNotFitTheTerminalIsCounted) {
  std::vector<ordered_json> streams;
  for (int i = 0; i < 20; ++i) streams.push_back(stream("m" + std::to_string(i), "good"));
  const auto lines = lines_of(status_screen(found(streams), false, 24));
  EXPECT_EQ(lines.size(), 24u);
  EXPECT_THAT(lines.back(), HasSubstr("lines more"));
}

TEST(StatusScreen, SurvivesADocumentThatIsNone) {
  FoundStatus status;
  status.document = ordered_json::parse(R"({"streams":[1,null,{"families":3,"rates":"x","context":[]}],"banner":{}})");
  status.sources = nullptr;
  EXPECT_THAT(status_screen(status, false), HasSubstr("vigil"));
}

}  // namespace
}  // namespace vigil::app
