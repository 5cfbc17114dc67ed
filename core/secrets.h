// Secrets of sinks and of Kafka: read from files of their own whenever they are used, and kept out of every text that
// vigil shows. Used by alerting and ingest. Thread-safe.
// Tests: tests/alerting/secrets_test.cpp.
#pragma once

#include <string>
#include <vector>

namespace vigil {

// What is wrong with the file of a secret, empty: nothing. Expected: kSecretFile. `one_line`: the secret goes into a
// header, which takes no line break and no control character.
std::string secret_problem(const std::string& path, bool one_line = true);
inline constexpr const char* kSecretFile =
    "a regular file that is not empty, without bits for others (chmod o=), the secret in it";

// The content without its last newline. Throws Error naming the path, never the content. Links are followed.
std::string read_secret(const std::string& path, bool one_line = true);

// `text` with each of `secrets` as ***, also where it stands percent-encoded, form-encoded or escaped as in JSON.
std::string without_secrets(const std::string& text, const std::vector<std::string>& secrets);

}  // namespace vigil
