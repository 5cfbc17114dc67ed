// After delivery: superseded, verified, reverted, and what a sink's answer says of the job.
#include "alerting/follow_up.h"

#include "desks.h"

namespace vigil::alerting {
namespace {

using K = ActionKind;

class FollowUp : public DeskTest {
 protected:
  std::string succeeded(K kind) {
    const std::string id = propose(kind);
    for (const char* person : {"anna", "ben"}) (void)approve(id, person);
    (void)begin(id, "first");
    EXPECT_EQ(act(id, "status", {{"state", "succeeded"}}), "200");
    EXPECT_EQ(state(id), "succeeded");
    return id;
  }
  // A closed window of these lumisections, with a verdict of `score`.
  void window(std::uint32_t first, std::uint32_t last, char hash, Quality score, const std::string& monitor = "score",
              std::uint32_t run = 1) {
    Commit c;
    for (std::uint32_t ls = first; ls <= last; ++ls) {
      c.rows.push_back(test_row(JournalRow::Table::lumisection, ls));
    }
    c.rows.push_back(test_row(JournalRow::Table::window, last));
    c.rows.push_back(test_row(JournalRow::Table::verdict, last));
    for (JournalRow& row : c.rows) {
      row.model_hash = std::string(64, hash);
      row.run = run;
    }
    c.rows[c.rows.size() - 2].first_ls = first;
    c.rows.back().monitor = monitor;
    c.rows.back().quality = score;
    journal.commit(c);
  }
};

TEST_F(FollowUp, ANewModelThatIsGoodVerifiesARetraining) {
  const std::string id = succeeded(K::retrain);  // at LS 20
  window(21, 22, 'a', Quality::good);            // of the old model
  EXPECT_EQ(state(id), "succeeded");
  window(23, 24, 'b', Quality::bad);
  window(25, 26, 'b', Quality::unknown);
  window(27, 28, 'b', Quality::good, "latent");  // of another monitor
  EXPECT_EQ(state(id), "succeeded");
  window(29, 30, 'b', Quality::good);
  EXPECT_EQ(state(id), "verified");
  EXPECT_NE(show(id)["history"].back()["reason"].get<std::string>().find("LS 29-30"), std::string::npos);
  window(31, 32, 'a', Quality::bad);
  EXPECT_EQ(state(id), "verified");  // final
}

TEST_F(FollowUp, AWindowThatBeganBeforeSaysNothing) {
  const std::string id = succeeded(K::retrain);
  window(20, 22, 'b', Quality::good);
  EXPECT_EQ(state(id), "succeeded");
  window(1, 2, 'b', Quality::good, "score", 2);  // of a later run all came later
  EXPECT_EQ(state(id), "verified");
}

TEST_F(FollowUp, BackAtTheOldModelIsReverted) {
  const std::string id = succeeded(K::retrain);
  window(21, 22, 'a', Quality::bad);
  EXPECT_EQ(state(id), "succeeded");
  window(23, 24, 'b', Quality::bad);
  window(25, 26, 'a', Quality::good);
  EXPECT_EQ(state(id), "reverted");
}

TEST_F(FollowUp, ANewerProposalReplacesTheOne) {
  const std::string old = propose(K::retrain, 20), other = propose(K::retrain, 21, "x");
  const std::string approved = propose(K::retrain, 22);
  EXPECT_EQ(state(old), "superseded");
  EXPECT_EQ(show(old)["superseded_by"], approved);
  EXPECT_EQ(show(approved)["supersedes"], old);
  EXPECT_EQ(show(old)["delivery"], "expired");
  EXPECT_EQ(state(other), "proposed");  // of another subject
  ASSERT_EQ(approve(approved, "anna"), "200");
  propose(K::retrain, 23);
  EXPECT_EQ(state(approved), "approved");  // what was approved stays
}

TEST_F(FollowUp, ReplayReplacesNothing) {
  const std::string old = propose(K::retrain, 20);
  Commit replayed = commit_with(action_of(K::retrain, 21));
  replayed.queue_actions = false;
  journal.commit(replayed);
  EXPECT_EQ(state(old), "proposed");
}

TEST_F(FollowUp, ARollbackThatMlflowHasIsDone) {
  const std::string id = propose(K::rollback);
  for (const char* person : {"anna", "ben"}) ASSERT_EQ(approve(id, person), "200");
  deliver(id, "second", Delivery::delivered, true);
  EXPECT_EQ(state(id), "succeeded");
  const std::string retrain = propose(K::retrain);
  ASSERT_EQ(approve(retrain, "anna"), "200");
  deliver(retrain, "second");
  EXPECT_EQ(state(retrain), "dispatched");
}

TEST_F(FollowUp, HasSucceededIsOfModelStreamAndHash) {
  succeeded(K::retrain);
  EXPECT_TRUE(journal.has_succeeded("axol1tl", "scouting", std::string(64, 'a')));
  EXPECT_FALSE(journal.has_succeeded("axol1tl", "scouting", std::string(64, 'b')));
  EXPECT_FALSE(journal.has_succeeded("axol1tl", "other", std::string(64, 'a')));
}

}  // namespace
}  // namespace vigil::alerting
