// Who may act: the file of token hashes (docs/http.md), read anew when it changes. Used by the server's front; one
// thread. A token is never kept, and nothing of the file is ever quoted.
// Tests: tests/shift/tokens_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerting/desk.h"

namespace vigil::shift {

struct TokenLine {
  std::array<unsigned char, 32> sha256{};
  alerting::Asker asker;
};

// The lines of a file, `where` its name. Throws Error: file:line, what was expected; quotes nothing of the line, which
// may hold a token by mistake.
std::vector<TokenLine> parse_tokens(const std::string& where, std::string_view text);

class TokenFile {
 public:
  // Reads it; throws Error. `path` empty: no token is known. `log` is told when the file can no longer be read.
  TokenFile(std::string path, std::function<void(const std::string&)> log);

  // Who a token belongs to; compared with every line in constant time. Looks first whether the file has changed; while
  // it is missing, malformed or writable by others nobody is known.
  std::optional<alerting::Asker> find(std::string_view token);

 private:
  struct Stamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0, changed_ns = 0, modified_ns = 0;
    std::uint32_t mode = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;  // throws Error where there is no such file
  void read(const Stamp& stamp);

  std::string path_;
  std::function<void(const std::string&)> log_;
  std::optional<Stamp> seen_;
  std::string said_;
  std::vector<TokenLine> lines_;
};

}  // namespace vigil::shift
