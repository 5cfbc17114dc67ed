#include "shift/report/masked.h"

#include <algorithm>
#include <cctype>

namespace vigil::shift {
namespace {

bool is_key_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
}

bool names_secret(std::string key) {
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* path : {"_file", "_files", ".location"}) {
    if (key.ends_with(path)) return false;
  }
  for (const char* word : {"secret", "password", "passphrase", "token", "credential", "jaas", "private_key", "api_key",
                           "apikey", "key.pem", "sasl.username"}) {
    if (key.find(word) != std::string::npos) return true;
  }
  return false;
}

// Where a value ends that begins at `begin`: of a quoted one behind its quote, else at a comma or bracket of a flow
// mapping, or at the end of the line.
std::size_t value_end(std::string_view line, std::size_t begin) {
  const char quote = begin < line.size() ? line[begin] : ' ';
  if (quote == '"' || quote == '\'') {
    for (std::size_t at = begin + 1; at < line.size(); ++at) {
      if (line[at] == '\\' && quote == '"') {
        ++at;
      } else if (line[at] == quote) {
        return at + 1;
      }
    }
    return line.size();
  }
  return std::min(line.find_first_of(",}]", begin), line.size());
}

std::string without_users(std::string line) {
  for (std::size_t at = line.find("://"); at != std::string::npos; at = line.find("://", at + 3)) {
    const std::size_t begin = at + 3;
    const std::size_t end = std::min(line.find_first_of("/?# \t\"',]}", begin), line.size());
    const std::size_t user = line.rfind('@', end == 0 ? 0 : end - 1);
    if (user != std::string::npos && user > begin && user < end) line.replace(begin, user - begin, "***");
  }
  return line;
}

std::string masked_line(std::string_view line) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t colon = line.find(':'); colon != std::string_view::npos; colon = line.find(':', colon + 1)) {
    std::size_t begin = colon;
    const bool is_quoted = begin > 0 && (line[begin - 1] == '"' || line[begin - 1] == '\'');
    std::size_t end = is_quoted ? begin - 1 : begin;
    begin = end;
    while (begin > copied && is_key_character(line[begin - 1])) --begin;
    std::size_t value = colon + 1;
    while (value < line.size() && line[value] == ' ') ++value;
    if (value == colon + 1 || value == line.size() || colon < copied) continue;  // http://…, or a map follows
    if (!names_secret(std::string(line.substr(begin, end - begin)))) continue;
    const std::size_t after = value_end(line, value);
    out += std::string(line.substr(copied, value - copied)) + "***";
    copied = after;
    colon = after == 0 ? 0 : after - 1;
  }
  return without_users(out + std::string(line.substr(copied)));
}

}  // namespace

std::string masked_yaml(std::string_view yaml) {
  std::string out;
  for (std::size_t begin = 0; begin < yaml.size();) {
    const std::size_t end = std::min(yaml.find('\n', begin), yaml.size());
    out += masked_line(yaml.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return out;
}

}  // namespace vigil::shift
