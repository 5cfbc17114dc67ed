#include "fuzz_target.h"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "core/error.h"

namespace vigil::fuzz {
namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "fuzz: %s\n", what.c_str());
  std::abort();
}

}  // namespace

bool expect_error_or_success(const std::string& file, const std::function<void()>& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.find('\n') != std::string::npos) fail("a message of several lines: " + message);
    if (!message.starts_with(file)) fail("a message that does not open with " + file + ": " + message);
    if (message.size() > 2000)
      fail("a message of " + std::to_string(message.size()) + " bytes: " + message.substr(0, 500));
    return false;
  } catch (const std::exception& error) {
    fail(std::string("not a vigil::Error: ") + error.what());
  }
}

std::vector<std::string> json_words() {
  return {"0",
          "-1",
          "1",
          "2",
          "64",
          "-64",
          "127",
          "128",
          "65536",
          "16777216",
          "16777217",
          "2147483648",
          "9223372036854775807",
          "-9223372036854775808",
          "18446744073709551615",
          "1e308",
          "-1e308",
          "1e-400",
          "1.0",
          "0.5",
          "null",
          "true",
          "false",
          "[]",
          "{}",
          "\"\"",
          "[[]]",
          "\"a\"",
          "\"ap_fixed<64,64>\"",
          "\"ap_ufixed<63,-128>\"",
          "\"ap_fixed<1,128,AP_RND_CONV,AP_SAT_SYM>\"",
          "\"ap_fixed<8,4,AP_RND,AP_WRAP,3>\"",
          "\"exact\"",
          "\\u0000",
          "\xff",
          "\n"};
}

}  // namespace vigil::fuzz
