#include "app/configuration_kafka.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace vigil::app {
namespace {

#ifdef VIGIL_KAFKA
using testing::HasSubstr;

std::string refusal_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(ConfigurationKafka, IsWrittenAsItIsRead) {
  Configuration c;
  read_configuration_text(c,
                          "kafka: {brokers: ['a:1', 'b:2'], prefix: p, properties: {security.protocol: sasl_ssl, "
                          "sasl.mechanism: SCRAM-SHA-512}, create_partitions: 3, replication: 2}\nname: rack.1\n",
                          "test");
  EXPECT_EQ(c.kafka.brokers, "a:1,b:2");
  EXPECT_EQ(c.kafka.properties.size(), 2u);
  Configuration again;
  read_configuration_text(again, to_yaml(c), "test");
  EXPECT_EQ(to_yaml(again), to_yaml(c));
  set_key(c, "kafka.properties.session.timeout.ms", "6000");
  set_key(c, "kafka.prefix", "q");
  EXPECT_EQ(c.kafka.properties.back(), (std::pair<std::string, std::string>("session.timeout.ms", "6000")));
  EXPECT_EQ(c.kafka.prefix, "q");
  EXPECT_EQ(c.kafka.create_partitions, 3u);
}

TEST(ConfigurationKafka, WhatIsWrongIsNamedWithItsPlace) {
  Configuration c;
  const auto of = [&](const std::string& text) {
    return refusal_of([&] { read_configuration_text(c, text, "f.yaml"); });
  };
  EXPECT_THAT(of("kafka: {brokers: ['a']}"), HasSubstr("f.yaml:1"));
  EXPECT_THAT(of("kafka: {prefix: 'a b'}"), HasSubstr("f.yaml:1"));
  EXPECT_THAT(of("\nkafka: {properties: {group.id: x}}"), HasSubstr("f.yaml:2"));
  EXPECT_THAT(of("kafka: {properties: {sasl.password: hunter2}}"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(of("kafka: {properties: {sasl.password: hunter2}}"), HasSubstr("sasl.password_file"));
  EXPECT_THAT(of("name: 'a b'"), HasSubstr("1 to 64"));
  EXPECT_THAT(of("start: middle"), HasSubstr("earliest"));
}

TEST(ConfigurationKafka, OneEndpointWhereItIsKafka) {
  Configuration c;
  EXPECT_TRUE(is_kafka(c, {"kafka://a:1/p"}, "--subscribe"));
  EXPECT_FALSE(is_kafka(c, {"tcp://a:1", "tcp://b:1"}, "--subscribe"));
  EXPECT_FALSE(is_kafka(c, {}, "--subscribe"));
  EXPECT_THAT(refusal_of([&] {
                (void)is_kafka(c, {"kafka://a:1/p", "tcp://a:1"}, "--subscribe");
              }),
              HasSubstr("together"));
  EXPECT_THAT(refusal_of([&] {
                (void)is_kafka(c, {"kafka://a:1/p", "kafka://b:1/p"}, "--subscribe");
              }),
              HasSubstr("2 endpoints"));
  c.kafka.brokers = "a:1";
  EXPECT_TRUE(is_kafka(c, {}, "--subscribe"));
  EXPECT_THAT(refusal_of([&] { (void)kafka_settings(c, {}, "--subscribe"); }), HasSubstr("no Kafka"));
  c.kafka.prefix = "p";
  EXPECT_EQ(kafka_settings(c, {}, "--subscribe").prefix, "p");
  EXPECT_EQ(kafka_settings(c, {"kafka://b:2/q"}, "--subscribe").brokers, "b:2");
}
#else
TEST(ConfigurationKafka, WithoutLibrdkafkaItIsRefusedByName) {
  Configuration c;
  EXPECT_THROW(read_configuration_text(c, "kafka: {brokers: ['a:1']}", "test"), Error);
  EXPECT_THROW((void)is_kafka(c, {"kafka://a:1/p"}, "--subscribe"), Error);
}
#endif

TEST(ConfigurationKafka, ANameIsOfTheLettersOfAName) {
  Configuration c;
  EXPECT_FALSE(name_or_host(c).empty());
  c.name = "w1";
  EXPECT_EQ(name_or_host(c), "w1");
}

}  // namespace
}  // namespace vigil::app
