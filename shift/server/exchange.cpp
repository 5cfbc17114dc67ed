#include "shift/server/exchange.h"

#include <algorithm>
#include <charconv>

namespace vigil::shift {

std::vector<std::string> Head::all(const std::string& name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : fields) {
    if (key == name) out.push_back(value);
  }
  return out;
}

bool Head::is_chunked() const { return !all("transfer-encoding").empty(); }

std::optional<std::uint64_t> Head::content_length() const {
  const auto lengths = all("content-length");
  if (lengths.empty()) return is_chunked() ? std::nullopt : std::optional<std::uint64_t>(0);
  std::uint64_t out = 0;
  const std::string& text = lengths.front();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return out;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  return text;
}

}  // namespace vigil::shift
