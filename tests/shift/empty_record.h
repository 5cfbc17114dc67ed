// A record of a journal that holds nothing, for tests that fill in what they need.
#pragma once

#include "alerting/record.h"

namespace vigil::shift::fixtures {

class EmptyRecord : public alerting::Record {
 public:
  const std::string& file() const override { return file_; }
  std::uint64_t bytes() const override { return 4096; }
  std::uint64_t version() override { return 1; }
  std::map<std::string, std::string> meta() override { return {}; }
  std::vector<alerting::RecordRow> rows(alerting::RecordTable, const alerting::RecordFilter&) override { return {}; }
  std::vector<alerting::RecordRow> rows_after(alerting::RecordTable, std::int64_t, std::size_t) override { return {}; }
  std::int64_t newest_seq(alerting::RecordTable) override { return 0; }
  std::vector<alerting::RecordRow> newest_verdicts(const std::string&, const std::string&, std::uint32_t) override {
    return {};
  }
  std::vector<alerting::RecordRow> newest_windows(const std::string&, const std::string&, std::uint32_t) override {
    return {};
  }
  std::optional<alerting::RecordedWindow> window(const std::string&, const std::string&, const std::string&,
                                                 std::uint32_t, std::optional<std::uint32_t>) override {
    return {};
  }
  std::vector<alerting::RecordedModel> models() override { return {}; }
  std::optional<alerting::RecordedModel> model(const std::string&) override { return {}; }
  std::vector<alerting::RecordedStream> streams() override { return {}; }
  std::vector<alerting::RecordedRun> runs(const alerting::RecordFilter&) override { return {}; }
  std::vector<alerting::Mark> marks(const std::string&, const std::string&, std::uint32_t) override { return {}; }
  std::uint64_t actions_of_run(const std::string&, const std::string&, std::uint32_t) override { return 0; }
  std::uint64_t open_actions(const std::string&, const std::string&) override { return 0; }
  ActionCounts action_counts() override { return {}; }
  std::vector<alerting::RecordedChange> changes_after(std::int64_t, std::size_t) override { return {}; }
  std::int64_t newest_change() override { return 0; }
  std::vector<alerting::RecordedLive> live() override { return {}; }

 private:
  std::string file_ = "journal.db";
};

}  // namespace vigil::shift::fixtures
