// What may stand in kafka.properties. No broker is needed: nothing is connected to.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/secrets.h"
#include "ingest/kafka/client.h"
#include "ingest/kafka/settings.h"

namespace vigil::ingest::kafka {
namespace {

class KafkaProperties : public testing::Test {
 protected:
  KafkaProperties() : folder_(std::filesystem::temp_directory_path() / ("vigil-kafka-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~KafkaProperties() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    const std::string path = folder_ / name;
    std::ofstream(path) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }

  static std::string refusal(const std::string& name, const std::string& value) {
    try {
      check_property(name, value);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  static std::string refusal(const Settings& settings, std::vector<std::string>* lines = nullptr) {
    try {
      check_settings(settings, [&](const std::string& line) {
        if (lines) lines->push_back(line);
      });
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  std::filesystem::path folder_;
};

TEST_F(KafkaProperties, WhatTheLawRestsOnIsRefused) {
  for (const char* name : {"group.id",
                           "group.instance.id",
                           "transactional.id",
                           "transaction.timeout.ms",
                           "enable.idempotence",
                           "acks",
                           "request.required.acks",
                           "isolation.level",
                           "enable.auto.commit",
                           "auto.commit.enable",
                           "enable.auto.offset.store",
                           "auto.offset.reset",
                           "message.timeout.ms",
                           "delivery.timeout.ms",
                           "message.send.max.retries",
                           "retries",
                           "bootstrap.servers",
                           "metadata.broker.list",
                           "plugin.library.paths",
                           "enable.partition.eof",
                           "partition.assignment.strategy",
                           "log_cb",
                           "rebalance_cb",
                           "made_up_cb",
                           "queuing.strategy",
                           "delivery.report.only.error",
                           "log.queue",
                           "allow.auto.create.topics",
                           "sasl.kerberos.kinit.cmd",
                           "group.id_file"}) {
    EXPECT_NE(refusal(name, "1").find("expected properties that vigil does not set itself"), std::string::npos)
        << name << ": " << refusal(name, "1");
  }
}

TEST_F(KafkaProperties, WhatLibrdkafkaTakesIsTaken) {
  EXPECT_EQ(refusal("session.timeout.ms", "6000"), "");
  EXPECT_EQ(refusal("security.protocol", "SASL_SSL"), "");
  EXPECT_EQ(refusal("sasl.mechanism", "SCRAM-SHA-512"), "");
  EXPECT_EQ(refusal("compression.codec", "zstd"), "");
  EXPECT_EQ(refusal("sasl.password_file", file("p", "s3cret\n")), "");
}

TEST_F(KafkaProperties, UnknownOnesAndTheirValuesAreRefused) {
  EXPECT_NE(refusal("made.up", "1").find("'made.up': no property of librdkafka"), std::string::npos);
  EXPECT_NE(refusal("session.timeout.ms", "soon").find("a value that librdkafka does not take"), std::string::npos);
  EXPECT_NE(refusal("", "1"), "");
  EXPECT_NE(refusal("_file", "1"), "");
  EXPECT_NE(refusal("opaque", "1"), "");
}

TEST_F(KafkaProperties, ASecretInClearIsRefusedAndNeverShown) {
  for (const char* name : {"sasl.password", "ssl.key.password", "ssl.key.pem", "ssl.keystore.password",
                           "sasl.oauthbearer.client.secret", "sasl.oauthbearer.config"}) {
    const std::string said = refusal(name, "s3cret");
    EXPECT_NE(said.find("a secret in clear, expected " + std::string(name) + "_file"), std::string::npos) << said;
    EXPECT_EQ(said.find("s3cret"), std::string::npos) << said;
  }
}

TEST_F(KafkaProperties, FilesOfSecretsHaveRules) {
  EXPECT_NE(refusal("sasl.password_file", folder_ / "none").find("No such file"), std::string::npos);
  EXPECT_NE(refusal("sasl.password_file", folder_).find("not a regular file"), std::string::npos);
  EXPECT_NE(refusal("sasl.password_file", file("o", "s3cret", 0644)).find("open to others"), std::string::npos);
  EXPECT_NE(refusal("sasl.password_file", file("e", "\n")).find("empty"), std::string::npos);
  EXPECT_NE(refusal("sasl.password_file", file("l", std::string(65537, 'x'))).find("longer"), std::string::npos);
  const std::string bad = refusal("session.timeout.ms_file", file("b", "s3cret"));
  EXPECT_NE(bad.find("does not take"), std::string::npos);
  EXPECT_EQ(bad.find("s3cret"), std::string::npos) << bad;
}

TEST_F(KafkaProperties, CertificatesAndHostNamesAreAlwaysChecked) {
  EXPECT_NE(refusal("enable.ssl.certificate.verification", "false").find("switches off"), std::string::npos);
  EXPECT_NE(refusal("enable.ssl.certificate.verification", "0").find("switches off"), std::string::npos);
  EXPECT_NE(refusal("enable.ssl.certificate.verification_file", file("v", "false")).find("switches off"),
            std::string::npos);
  EXPECT_NE(refusal("ssl.endpoint.identification.algorithm", "none").find("switches off"), std::string::npos);
  EXPECT_EQ(refusal("ssl.endpoint.identification.algorithm", "https"), "");
  EXPECT_EQ(refusal("enable.ssl.certificate.verification", "true"), "");
}

TEST_F(KafkaProperties, NoSecretInClearBeyondLoopback) {
  Settings settings{"127.0.0.1:9092",
                    "p",
                    {{"security.protocol", "SASL_PLAINTEXT"},
                     {"sasl.mechanism", "PLAIN"},
                     {"sasl.username", "u"},
                     {"sasl.password_file", file("p", "s3cret")}}};
  EXPECT_EQ(refusal(settings), "");
  settings.brokers = "localhost:9092,kafka.example:9092";
  EXPECT_NE(refusal(settings).find("a secret over sasl_plaintext to kafka.example:9092"), std::string::npos);
  settings.properties[0] = {"security.protocol_file", file("proto", "sasl_plaintext")};
  EXPECT_NE(refusal(settings).find("a secret over sasl_plaintext"), std::string::npos);
  settings.properties[0] = {"security.protocol", "sasl_ssl"};
  std::vector<std::string> lines;
  EXPECT_EQ(refusal(settings, &lines), "");
  EXPECT_TRUE(lines.empty());
}

TEST_F(KafkaProperties, PlaintextBeyondLoopbackIsSaid) {
  std::vector<std::string> lines;
  EXPECT_EQ(refusal(Settings{"127.0.0.1:1,[::1]:2,localhost:3", "p", {}}, &lines), "");
  EXPECT_TRUE(lines.empty());
  EXPECT_EQ(refusal(Settings{"127.0.0.1:1,127.0.0.1.example:2", "p", {}}, &lines), "");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("127.0.0.1.example:2 is reached in plaintext"), std::string::npos);
}

TEST_F(KafkaProperties, WhatDoesNotGoTogetherIsRefused) {
  const Properties tls{{"security.protocol", "ssl"}, {"ssl.ca.location", folder_ / "none.pem"}};
  EXPECT_NE(refusal(Settings{"127.0.0.1:1", "p", tls}).find("ssl.ca.location"), std::string::npos);
  EXPECT_NE(refusal(Settings{"127.0.0.1:1", "p", {{"max.in.flight", "100"}}}), "");
  EXPECT_NE(refusal(Settings{"127.0.0.1:1", "p", {{"acks", "0"}}}), "");
}

TEST(KafkaSecrets, AreTakenOutLongestFirst) { EXPECT_EQ(without_secrets("ab abc a", {"ab", "abc", ""}), "*** *** a"); }

}  // namespace
}  // namespace vigil::ingest::kafka
