// HMAC-SHA256 and base64, as webhooks are signed with (OpenSSL). Used by sinks. Pure; thread-safe.
// Tests: tests/core/hmac_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vigil {

// 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view message);

// Standard alphabet, padded.
std::string base64(std::string_view bytes);
// Strict: the standard alphabet, padding where it is due or none at all; nullopt for anything else.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace vigil
