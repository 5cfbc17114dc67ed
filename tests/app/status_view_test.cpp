#include "app/status_view.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/result_lines.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::Not;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kThen = 1'700'000'000 * kSecond;

class StatusViewTest : public ::testing::Test {
 protected:
  StatusViewTest() {
    std::filesystem::remove(file_);
    alerting::Journal journal(file_);
    alerting::Commit commit;
    const ordered_json lumisection = {{"type", "lumisection"},
                                      {"model", "m"},
                                      {"stream", "scouting"},
                                      {"run", 7},
                                      {"ls", 30},
                                      {"events", 1200},
                                      {"covered_orbits", 1},
                                      {"expected_orbits", 1},
                                      {"outputs", {{"score", {{"mismatches", 3}}}}},
                                      {"sources", ordered_json::object()}};
    const ordered_json window = {{"type", "window"}, {"model", "m"},      {"stream", "scouting"},
                                 {"name", "10ls"},   {"quality", "good"}, {"reason", "all is well"}};
    alerting::JournalRow row;
    row.model = "m";
    row.stream = "scouting";
    row.run = 7;
    row.line = lumisection.dump();
    commit.rows.push_back(row);
    row.table = alerting::JournalRow::Table::window;
    row.window = "10ls";
    row.line = window.dump();
    commit.rows.push_back(row);
    journal.commit(commit);
  }
  ~StatusViewTest() override { std::filesystem::remove(file_); }

  ordered_json counts(int late, int batches) {
    return {{"batches", batches}, {"missing", 0}, {"duplicate", 0}, {"late", late},
            {"rejected", 2},      {"dropped", 0}, {"restarts", 0},  {"rejected_by", {{"clock jump", 2}}}};
  }
  void put(std::int64_t frame_ns, std::int64_t lumisection_ns, bool ended = false) {
    const ordered_json stream = {{"newest_frame_ns", frame_ns},
                                 {"newest_batch_ns", frame_ns},
                                 {"newest_lumisection_ns", lumisection_ns},
                                 {"run", 7},
                                 {"lag_s", 12.5},
                                 {"frames_per_s", 3.0},
                                 {"events_per_s", 40.0},
                                 {"seed_rate_hz", {{"L1_AXO", 1234.0}}},
                                 {"sources",
                                  {{"link0",
                                    {{"newest_batch_ns", frame_ns},
                                     {"run", 7},
                                     {"ls", 30},
                                     {"in_run", counts(5, 100)},
                                     {"in_program", counts(9, 200)}}},
                                   {"link1",
                                    {{"newest_batch_ns", nullptr},
                                     {"run", 0},
                                     {"ls", 0},
                                     {"silent_since", {{"run", 7}, {"ls", 20}}},
                                     {"in_run", counts(0, 0)},
                                     {"in_program", counts(0, 0)}}}}}};
    const ordered_json program = {{"mode", "watch"}, {"ended", ended}, {"result_lines_left_out", 4}};
    alerting::Journal(file_).put_live({{"m", "scouting", kThen, stream.dump()}, {"", "", kThen, program.dump()}});
  }
  ordered_json document(std::int64_t now_ns) { return status_document(file_, alerting::JournalReader(file_), now_ns); }
  const std::string file_ =
      (std::filesystem::temp_directory_path() / ("vigil-status-" + std::to_string(getpid()) + ".db")).string();
};

TEST_F(StatusViewTest, AStreamThatFlowsIsWhatItsWindowSaysWithAgesRatesAndLosses) {
  put(kThen, kThen - 10 * kSecond);
  const ordered_json out = document(kThen + 2 * kSecond);
  const ordered_json& stream = out["streams"].at(0);
  EXPECT_EQ(stream["quality"], "good");
  EXPECT_EQ(stream["age_s"]["newest_frame_s"], 2.0);
  EXPECT_EQ(stream["age_s"]["newest_lumisection_s"], 12.0);
  EXPECT_EQ(stream["lag_s"], 12.5);
  EXPECT_EQ(stream["in_run"]["late"], 5);
  EXPECT_EQ(stream["in_program"]["late"], 9);
  EXPECT_EQ(stream["silent"].at(0)["source"], "link1");
  const std::string text = status_text(out);
  EXPECT_THAT(text, HasSubstr("good"));
  EXPECT_THAT(text, HasSubstr("L1_AXO 1234 Hz"));
  EXPECT_THAT(text, HasSubstr("late 5 (9 since vigil started)"));
  EXPECT_THAT(text, HasSubstr("rejected 2 [clock jump 2]"));
  EXPECT_THAT(text, HasSubstr("SILENT since run 7 LS 20"));
  EXPECT_THAT(text, HasSubstr("4 result lines left out"));
  EXPECT_THAT(text, HasSubstr("is running"));
}

TEST_F(StatusViewTest, AStreamThatStoppedIsStaleNeverGood) {
  put(kThen, kThen - 10 * kSecond);
  const ordered_json out = document(kThen + 60 * kSecond);
  EXPECT_EQ(out["streams"].at(0)["quality"], "stale");
  EXPECT_EQ(out["streams"].at(0)["windows"].at(0)["quality"], "stale");
  EXPECT_EQ(out["streams"].at(0)["windows"].at(0)["quality_when_closed"], "good");
  EXPECT_EQ(out["streams"].at(0)["rates"]["events_per_s"], 0);
  const std::string text = status_text(out);
  EXPECT_THAT(text, HasSubstr("stale"));
  EXPECT_THAT(text, HasSubstr("no message for 60 s; vigil is not running"));
  EXPECT_THAT(text, HasSubstr("is NOT running and did not end"));
  EXPECT_THAT(text, Not(HasSubstr("good")));
}

TEST_F(StatusViewTest, WhereEverythingIsRefusedItIsStaleThoughMessagesArrive) {
  put(kThen, kThen - 130 * kSecond);
  EXPECT_THAT(status_text(document(kThen + kSecond)), HasSubstr("no lumisection for 2 min though messages arrive"));
}

TEST_F(StatusViewTest, AfterTheEndItSaysSo) {
  put(kThen, kThen, true);
  EXPECT_THAT(status_text(document(kThen + 3600 * kSecond)), HasSubstr("no message for 60 min; vigil has ended"));
}

TEST_F(StatusViewTest, AJournalThatNobodyEverReportedInIsStale) {
  const std::string text = status_text(document(kThen));
  EXPECT_THAT(text, HasSubstr("stale"));
  EXPECT_THAT(text, Not(HasSubstr("good")));
}

}  // namespace
}  // namespace vigil::app
