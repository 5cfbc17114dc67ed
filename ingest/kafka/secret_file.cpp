#include "ingest/kafka/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace vigil::ingest::kafka {

std::string read_secret_file(const std::string& path) {
  constexpr std::size_t most = 64 * 1024;
  // Non-blocking: a pipe without a writer must not hold up the start.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  std::string content, problem;
  struct stat info {};
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    problem = std::strerror(errno);
  } else if (!S_ISREG(info.st_mode)) {
    problem = "not a regular file";
  } else if ((info.st_mode & S_IRWXO) != 0) {
    problem = "open to others";
  }
  std::array<char, 4096> part{};
  while (problem.empty() && content.size() <= most) {
    const ssize_t n = ::read(fd, part.data(), part.size());
    if (n < 0) problem = std::strerror(errno);
    if (n <= 0) break;
    content.append(part.data(), static_cast<std::size_t>(n));
  }
  if (fd >= 0) ::close(fd);
  if (content.ends_with('\n')) content.pop_back();
  if (problem.empty() && content.empty()) problem = "empty";
  if (problem.empty() && content.size() > most) problem = "longer than 64 KiB";
  if (!problem.empty()) {
    throw Error("secret file '" + path + "'", problem,
                "a regular file that is not empty, without bits for others (chmod o=), the secret in it");
  }
  return content;
}

std::string without_secrets(std::string text, std::vector<std::string> secrets) {
  // The longest first: one may be part of another.
  std::sort(secrets.begin(), secrets.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

}  // namespace vigil::ingest::kafka
