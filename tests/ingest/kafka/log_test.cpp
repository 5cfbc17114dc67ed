#include "ingest/kafka/log.h"

#include <gtest/gtest.h>

#include <vector>

namespace vigil::ingest::kafka {
namespace {

TEST(KafkaLog, WhatWasSaidIsNotSaidAgainSoon) {
  std::vector<std::string> lines;
  const Log log = sparing([&](const std::string& line) { lines.push_back(line); });
  log("a");
  log("b");
  log("a");
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "b"}));
}

TEST(KafkaLog, NoLogIsNoLog) { EXPECT_FALSE(sparing({})); }

}  // namespace
}  // namespace vigil::ingest::kafka
