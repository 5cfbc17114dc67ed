// Secrets of the connection: read from files of their own for every new client, and kept out of every text that is
// shown. The rules of docs/actions.md, Secrets; a secret here may have several lines (a key in PEM).
// Tests: tests/ingest/kafka/properties_test.cpp.
#pragma once

#include <string>
#include <vector>

namespace vigil::ingest::kafka {

// The content without its last newline. Throws Error naming the path, never the content. Links are followed.
std::string read_secret_file(const std::string& path);

// `text` with each of `secrets` as ***.
std::string without_secrets(std::string text, std::vector<std::string> secrets);

}  // namespace vigil::ingest::kafka
