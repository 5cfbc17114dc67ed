#include "shift/report/masked.h"

#include <gtest/gtest.h>

namespace vigil::shift {
namespace {

TEST(Masked, WhatNamesASecretIsHidden) {
  EXPECT_EQ(masked_yaml("password: hunter2"), "password: ***\n");
  EXPECT_EQ(masked_yaml("  sasl.password: \"a, b\", other: 1"), "  sasl.password: ***, other: 1\n");
  EXPECT_EQ(masked_yaml("{client_secret: 'x}y', name: n}"), "{client_secret: ***, name: n}\n");
  EXPECT_EQ(masked_yaml("\"api_token\": abc"), "\"api_token\": ***\n");
  EXPECT_EQ(masked_yaml("Secret: a: b"), "Secret: ***\n");
}

TEST(Masked, FilesOfSecretsAndAllElseStay) {
  for (const char* line : {"http_tokens_file: /etc/vigil/tokens", "token_file: t", "secret_files: [a, b]",
                           "ssl.key.location: k", "journal: vigil.db", "url: https://host:8080/x", "# comment", "",
                           "http_key_file: server.key", "approval: {retrain: one}"}) {
    EXPECT_EQ(masked_yaml(line), *line == 0 ? "" : std::string(line) + "\n");
  }
}

TEST(Masked, UsersInUrlsAreHidden) {
  EXPECT_EQ(masked_yaml("url: https://user:pass@host/path?a@b"), "url: https://***@host/path?a@b\n");
  EXPECT_EQ(masked_yaml("- tcp://h:1\n- http://u@h, http://v:w@i/"), "- tcp://h:1\n- http://***@h, http://***@i/\n");
}

}  // namespace
}  // namespace vigil::shift
