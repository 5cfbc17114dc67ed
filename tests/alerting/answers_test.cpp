#include "alerting/answers.h"

#include <gtest/gtest.h>

namespace vigil::alerting {
namespace {

constexpr std::int64_t kNow = 784111770;  // 7 s before Sun, 06 Nov 1994 08:49:37

HttpAnswer answered(int status, const std::string& body = {}) {
  HttpAnswer answer;
  answer.end = HttpAnswer::End::answered;
  answer.status = status;
  answer.body = body;
  return answer;
}

TEST(RetryAfter, SecondsAndEveryFormOfDate) {
  EXPECT_EQ(retry_after_ms("120", kNow), 120'000);
  EXPECT_EQ(retry_after_ms(" 0 ", kNow), 0);
  for (const char* date :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 UTC", "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(retry_after_ms(date, kNow), 7000) << date;
    EXPECT_EQ(retry_after_ms(date, kNow + 100), 0) << date;  // the past
  }
  EXPECT_EQ(retry_after_ms("99999999999999999999999", kNow), std::int64_t{30} * 86400 * 1000);
  for (const char* neither : {"", " ", "soon", "-5", "1.5", "5s"}) {
    EXPECT_EQ(retry_after_ms(neither, kNow), std::nullopt) << neither;
  }
}

TEST(Answers, FourClasses) {
  for (const int status : {401, 408, 425, 429, 503}) {
    EXPECT_EQ(class_of(answered(status), {}).delivery, Delivery::retry) << status;
    EXPECT_FALSE(class_of(answered(status), {}).server_error);
  }
  for (const int status : {500, 502, 504, 507, 599}) {
    EXPECT_EQ(class_of(answered(status), {}).delivery, Delivery::maybe_done) << status;
    EXPECT_TRUE(class_of(answered(status), {}).server_error);
  }
  for (const int status : {301, 302, 304, 307, 400, 403, 404, 405, 409, 410, 413, 418, 422, 501}) {
    EXPECT_EQ(class_of(answered(status), {}).delivery, Delivery::refused) << status;
  }
  HttpAnswer none;
  none.error = "could not connect";
  EXPECT_EQ(class_of(none, {}).delivery, Delivery::retry);
  none.end = HttpAnswer::End::unknown;
  EXPECT_EQ(class_of(none, {}).delivery, Delivery::maybe_done);
}

TEST(Answers, TheReasonIsShortOnOneLineAndWithoutSecrets) {
  EXPECT_EQ(class_of(answered(400, "no\nwith s3cret"), {"s3cret"}).reason, "HTTP 400: no\\nwith ***");
  const std::string reason = class_of(answered(404, std::string(1000, 'x')), {}).reason;
  EXPECT_TRUE(reason.starts_with("HTTP 404: " + std::string(200, 'x')));
  EXPECT_LT(reason.size(), 230u);
  // What is cut away must not leave half a secret behind.
  const std::string echo = class_of(answered(400, std::string(195, 'x') + "s3cretive"), {"s3cretive"}).reason;
  EXPECT_EQ(echo.find("s3c"), std::string::npos);
  EXPECT_EQ(class_of(answered(503), {}).reason, "HTTP 503");
}

TEST(Answers, RetryAfterIsALowerBoundOfWhatIsSentAgain) {
  HttpAnswer busy = answered(429);
  busy.retry_after = "7";
  EXPECT_EQ(class_of(busy, {}).not_before_ms, 7000);
  busy.status = 400;
  EXPECT_EQ(class_of(busy, {}).not_before_ms, 0);
}

}  // namespace
}  // namespace vigil::alerting
