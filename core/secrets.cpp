#include "core/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/json_text.h"
#include "core/percent_encoded.h"

namespace vigil {
namespace {

constexpr std::size_t kSecretBytes = 64 * 1024;

// The whole file, or what is wrong with it.
std::pair<std::string, std::string> content_or_problem(const std::string& path, bool one_line) {
  // Non-blocking: a pipe without a writer must not hold up the start.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return {{}, std::strerror(errno)};
  std::string content, problem;
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    problem = std::strerror(errno);
  } else if (!S_ISREG(info.st_mode)) {
    problem = "not a regular file";
  } else if ((info.st_mode & S_IRWXO) != 0) {
    problem = "open to others";
  }
  std::array<char, 4096> part{};
  while (problem.empty() && content.size() <= kSecretBytes) {
    const ssize_t n = ::read(fd, part.data(), part.size());
    if (n < 0) problem = std::strerror(errno);
    if (n <= 0) break;
    content.append(part.data(), static_cast<std::size_t>(n));
  }
  ::close(fd);
  if (!problem.empty()) return {{}, problem};
  if (content.ends_with('\n')) content.pop_back();
  if (content.empty()) return {{}, "empty"};
  if (content.size() > kSecretBytes) return {{}, "longer than 64 KiB"};
  if (one_line && std::any_of(content.begin(), content.end(),
                              [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    return {{}, "more than one line, or a control character"};
  }
  return {content, {}};
}

}  // namespace

std::string secret_problem(const std::string& path, bool one_line) { return content_or_problem(path, one_line).second; }

std::string read_secret(const std::string& path, bool one_line) {
  auto [content, problem] = content_or_problem(path, one_line);
  if (!problem.empty()) throw Error("secret file '" + path + "'", problem, kSecretFile);
  return content;
}

std::string without_secrets(const std::string& text, const std::vector<std::string>& secrets) {
  // The longest first: one may be part of another.
  std::vector<std::string> forms;
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    std::string percent = percent_encoded(secret), form = percent, quoted = json_text(secret);
    for (std::size_t at = form.find("%20"); at != std::string::npos; at = form.find("%20", at))
      form.replace(at, 3, "+");
    forms.insert(forms.end(), {secret, percent, form, quoted.substr(1, quoted.size() - 2)});
  }
  std::sort(forms.begin(), forms.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  // One pass, so that what was put in is not looked at again.
  std::string clean;
  for (std::size_t at = 0; at < text.size();) {
    const auto found = std::find_if(forms.begin(), forms.end(),
                                    [&](const std::string& form) { return text.compare(at, form.size(), form) == 0; });
    clean += found == forms.end() ? std::string(1, text[at]) : "***";
    at += found == forms.end() ? 1 : found->size();
  }
  return clean;
}

}  // namespace vigil
