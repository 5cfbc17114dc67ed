#include "core/secrets.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "journals.h"

namespace vigil::alerting {
namespace {

namespace fs = std::filesystem;

std::string file_with(const TemporaryFolder& folder, const std::string& content, mode_t mode = 0600) {
  const std::string path = folder / "secret";
  fs::remove(path);
  std::ofstream(path, std::ios::binary) << content;
  ::chmod(path.c_str(), mode);
  return path;
}

TEST(Secrets, TheLastNewlineIsDroppedAndNoOther) {
  TemporaryFolder folder;
  EXPECT_EQ(read_secret(file_with(folder, "s3cret\n")), "s3cret");
  EXPECT_EQ(read_secret(file_with(folder, "s3cret")), "s3cret");
  EXPECT_EQ(read_secret(file_with(folder, " a b ", 0640)), " a b ");
  EXPECT_EQ(read_secret(file_with(folder, "a\n\n"), false), "a\n");
}

TEST(Secrets, LinksAreFollowed) {
  TemporaryFolder folder;
  fs::create_symlink(file_with(folder, "s3cret\n"), folder / "link");
  EXPECT_EQ(read_secret(folder / "link"), "s3cret");
}

TEST(Secrets, WhatIsWrongIsSaidWithoutTheSecret) {
  TemporaryFolder folder;
  EXPECT_EQ(secret_problem(folder / "none"), "No such file or directory");
  EXPECT_EQ(secret_problem(file_with(folder, "")), "empty");
  EXPECT_EQ(secret_problem(file_with(folder, "\n")), "empty");
  for (const mode_t mode : {0604, 0602, 0601, 0777}) {
    EXPECT_EQ(secret_problem(file_with(folder, "s3cret", mode)), "open to others");
  }
  fs::create_directory(folder / "folder");
  ::chmod((folder / "folder").c_str(), 0700);
  EXPECT_EQ(secret_problem(folder / "folder"), "not a regular file");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(secret_problem(folder / "pipe"), "not a regular file");  // and does not wait for a writer
  EXPECT_EQ(secret_problem(file_with(folder, "two\nlines\n")), "more than one line, or a control character");
  EXPECT_EQ(secret_problem(file_with(folder, "two\nlines\n"), false), "");
  EXPECT_EQ(secret_problem(file_with(folder, std::string(70000, 'x'))), "longer than 64 KiB");
  try {
    (void)read_secret(file_with(folder, "s3cret", 0644));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos);
  }
}

TEST(Secrets, NoneStandsInATextInAnyForm) {
  const std::string secret = "a&b \"c\"/+%";
  const std::string echo =
      "got a&b \"c\"/+% and a%26b%20%22c%22%2F%2B%25 and a%26b+%22c%22%2F%2B%25 and a&b \\\"c\\\"/+%";
  EXPECT_EQ(without_secrets(echo, {secret}), "got *** and *** and *** and ***");
  EXPECT_EQ(without_secrets("tokentoken2", {"token", "token2"}), "******");
  EXPECT_EQ(without_secrets("nothing", {"", "other"}), "nothing");
  EXPECT_EQ(without_secrets("**", {"*"}), "******");
}

}  // namespace
}  // namespace vigil::alerting
