// Endpoints, brokers, prefixes and names: what is taken and what is refused.
#include "ingest/kafka/settings.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace vigil::ingest::kafka {
namespace {

TEST(KafkaSettings, AnEndpointGivesBrokersAndPrefix) {
  Settings settings;
  settings.create_partitions = 3;
  read_endpoint("kafka://a.example:9092,127.0.0.1:1,[::1]:65535/vigil_test-1", settings);
  EXPECT_EQ(settings.brokers, "a.example:9092,127.0.0.1:1,[::1]:65535");
  EXPECT_EQ(settings.prefix, "vigil_test-1");
  EXPECT_EQ(settings.create_partitions, 3u);
}

TEST(KafkaSettings, OnlyTheSchemeMakesAnEndpoint) {
  EXPECT_TRUE(is_endpoint("kafka://"));
  EXPECT_FALSE(is_endpoint("tcp://127.0.0.1:5555"));
  EXPECT_FALSE(is_endpoint("Kafka://a:1/p"));
  EXPECT_FALSE(is_endpoint(""));
}

TEST(KafkaSettings, WhatIsNoEndpointIsRefusedAndLeavesTheSettings) {
  for (const char* text : {"kafka://",          "kafka:///p",           "kafka://a:1",     "kafka://a:1/",
                           "kafka://a/p",       "kafka://a:/p",         "kafka://a:0/p",   "kafka://a:65536/p",
                           "kafka://a:x/p",     "kafka://a:01/p",       "kafka://a:1,/p",  "kafka://,a:1/p",
                           "kafka://a:1;b:2/p", "kafka://user@a:1/p",   "kafka://a:1/p/q", "kafka://a:1/p.q",
                           "kafka://a:1/p?x",   "kafka://a b:1/p",      "kafka://::1:1/p", "kafka://[::1:1/p",
                           "kafka://-a:1/p",    "kafka://a:1/\xc3\xa9", "kafka://a:+1/p",  "kafka://a:99999999999/p",
                           "tcp://a:1/p"}) {
    Settings settings;
    EXPECT_THROW(read_endpoint(text, settings), Error) << text;
    EXPECT_EQ(settings.brokers, "") << text;
  }
}

TEST(KafkaSettings, ARefusalSaysWhatWasFoundAndExpected) {
  try {
    Settings settings;
    read_endpoint("kafka://a:99999/p", settings);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "endpoint 'kafka://a:99999/p': 'a:99999', expected HOST:PORT, the port 1 to 65535");
  }
}

TEST(KafkaSettings, PrefixesAndNames) {
  EXPECT_NO_THROW(check_prefix(std::string(100, 'a')));
  EXPECT_NO_THROW(check_name(std::string(64, '.')));
  EXPECT_NO_THROW(check_name("trigger-01.cern_ch"));
  for (const std::string& text :
       {std::string{}, std::string(101, 'a'), std::string("a.b"), std::string("a b"), std::string("a\n")}) {
    EXPECT_THROW(check_prefix(text), Error) << text;
  }
  for (const std::string& text : {std::string{}, std::string(65, 'a'), std::string("a/b"), std::string("a\0", 2)}) {
    EXPECT_THROW(check_name(text), Error) << text;
  }
  EXPECT_THROW(check_brokers({}), Error);
  EXPECT_NO_THROW(check_brokers({"kafka1.example:9093"}));
  EXPECT_THROW(check_brokers({"kafka1.example:9093", "kafka2.example"}), Error);
}

}  // namespace
}  // namespace vigil::ingest::kafka
