#include "shift/server/tokens.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/digest.h"
#include "core/error.h"

namespace vigil::shift {
namespace {

using testing::HasSubstr;

std::string line(const std::string& token, const std::string& actor, const std::string& roles) {
  Sha256 sha256;
  sha256.update(token);
  return "sha256:" + sha256.hex() + " " + actor + " " + roles + "\n";
}

std::string refusal(const std::string& text) {
  try {
    (void)parse_tokens("tokens", text);
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

class TokensFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("vigil-tokens-" + std::to_string(::getpid()));
    write(line("a", "ann", "shifter"));
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void write(const std::string& text) {
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), 0644);
  }
  std::string path_;
  std::vector<std::string> said_;
  std::function<void(const std::string&)> log_ = [this](const std::string& fact) { said_.push_back(fact); };
};

TEST(Tokens, AreReadWithTheirRoles) {
  const auto lines =
      parse_tokens("t", "# a comment\n\n  \r\n" + line("a", "ann", "shifter") + line("b", "bob", "expert") +
                            line("c", "ci", "pipeline,shifter") + line("d", "Zoë", "expert,pipeline"));
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0].asker.actor, "ann");
  EXPECT_TRUE(lines[0].asker.shifter && !lines[0].asker.expert && !lines[0].asker.pipeline);
  EXPECT_TRUE(lines[1].asker.shifter && lines[1].asker.expert && !lines[1].asker.pipeline);
  EXPECT_TRUE(lines[2].asker.shifter && !lines[2].asker.expert && lines[2].asker.pipeline);
  EXPECT_EQ(lines[3].asker.actor, "Zoë");
}

TEST(Tokens, AMalformedLineIsNamedAndNeverQuoted) {
  const std::string good = line("a", "ann", "shifter");
  for (const std::string& bad : std::vector<std::string>{
           "secret ann expert", "sha256:secret ann expert", good.substr(0, 71) + " secret",
           good.substr(0, 71) + " ann secret", good.substr(0, 71) + " ann expert,", good.substr(0, 71) + " ann ,expert",
           good.substr(0, 71) + " secret x expert", good.substr(0, 70) + " ann expert",
           "SHA256:" + std::string(64, 'a') + " ann expert", "sha256:" + std::string(64, 'A') + " secret expert",
           line("b", "\x01secret", "expert"), line("b", "\xff", "expert")}) {
    const std::string said = refusal("#\n" + bad);
    EXPECT_THAT(said, HasSubstr("tokens:2: ")) << bad;
    EXPECT_THAT(said, testing::Not(HasSubstr("secret"))) << bad;
  }
  EXPECT_THAT(refusal(good + good), HasSubstr("tokens:2: "));
  EXPECT_EQ(refusal(""), "");
}

TEST_F(TokensFile, FindsWhoATokenBelongsTo) {
  TokenFile file(path_, log_);
  ASSERT_TRUE(file.find("a"));
  EXPECT_EQ(file.find("a")->actor, "ann");
  EXPECT_FALSE(file.find("b"));
  EXPECT_FALSE(file.find(""));
  EXPECT_FALSE(TokenFile("", {}).find(""));
}

TEST_F(TokensFile, IsReadAnewWhenItChanges) {
  TokenFile file(path_, log_);
  write(line("b", "bob", "expert"));  // the same size, in the same tick of the clock
  EXPECT_FALSE(file.find("a"));
  EXPECT_TRUE(file.find("b"));
}

TEST_F(TokensFile, LetsNobodyInWhileItIsWrongAndSaysSoOnce) {
  TokenFile file(path_, log_);
  ::chmod(path_.c_str(), 0664);
  EXPECT_FALSE(file.find("a"));
  EXPECT_FALSE(file.find("a"));
  EXPECT_EQ(said_.size(), 1u);
  ::chmod(path_.c_str(), 0644);
  EXPECT_TRUE(file.find("a"));
  std::filesystem::remove(path_);
  EXPECT_FALSE(file.find("a"));
  EXPECT_EQ(said_.size(), 2u);
}

TEST_F(TokensFile, IsRefusedAtTheStart) {
  ::chmod(path_.c_str(), 0646);
  EXPECT_THROW(TokenFile(path_, {}), Error);
  EXPECT_THROW(TokenFile(path_ + "-none", {}), Error);
  EXPECT_THROW(TokenFile(std::filesystem::temp_directory_path().string(), {}), Error);
}

}  // namespace
}  // namespace vigil::shift
