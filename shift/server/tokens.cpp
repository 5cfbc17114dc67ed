#include "shift/server/tokens.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/error.h"
#include "core/utf8.h"
#include "core/whole_file.h"

namespace vigil::shift {
namespace {

constexpr const char* kExpected = "sha256:<64 hex digits> <actor> <role>[,<role>], roles shifter, expert, pipeline";
constexpr std::size_t kActorBytes = 128;

std::vector<std::string_view> words(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) break;
    const auto end = std::min(text.find_first_of(separators, begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
  return out;
}

std::optional<std::array<unsigned char, 32>> digest(std::string_view word) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!word.starts_with(kPrefix)) return {};
  word.remove_prefix(kPrefix.size());
  std::array<unsigned char, 32> out{};
  if (word.size() != 2 * out.size()) return {};
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0) return {};
    out[i / 2] = static_cast<unsigned char>(out[i / 2] << 4 | value);
  }
  return out;
}

bool is_actor(std::string_view word) {
  return word.size() <= kActorBytes && is_utf8(word) &&
         std::none_of(word.begin(), word.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

std::vector<TokenLine> parse_tokens(const std::string& where, std::string_view text) {
  std::vector<TokenLine> out;
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string at = where + ":" + std::to_string(number);
    const auto parts = words(line, " \t");
    if (parts.empty() || parts.front().starts_with('#')) continue;
    if (parts.size() != 3) throw Error(at, std::to_string(parts.size()) + " words", kExpected);
    const auto sha256 = digest(parts[0]);
    if (!sha256) throw Error(at, "a first word that is no hash", kExpected);
    if (!is_actor(parts[1])) throw Error(at, "an actor that is too long or not readable", kExpected);
    TokenLine entry{*sha256, {.actor = std::string(parts[1])}};
    std::string_view roles = parts[2];
    for (;;) {  // an empty role between two commas is none
      const auto comma = std::min(roles.find(','), roles.size());
      const std::string_view role = roles.substr(0, comma);
      if (role == "shifter") {
        entry.asker.shifter = true;
      } else if (role == "expert") {
        entry.asker.expert = entry.asker.shifter = true;
      } else if (role == "pipeline") {
        entry.asker.pipeline = true;
      } else {
        throw Error(at, "an unknown role", kExpected);
      }
      if (comma == roles.size()) break;
      roles.remove_prefix(comma + 1);
    }
    if (std::any_of(out.begin(), out.end(), [&](const TokenLine& other) { return other.sha256 == entry.sha256; })) {
      throw Error(at, "the hash of an earlier line", "each token once");
    }
    out.push_back(std::move(entry));
  }
  return out;
}

TokenFile::TokenFile(std::string path, std::function<void(const std::string&)> log)
    : path_(std::move(path)), log_(std::move(log)) {
  if (!path_.empty()) read(stamp());
}

TokenFile::Stamp TokenFile::stamp() const {
  struct stat s {};
  if (::stat(path_.c_str(), &s) != 0) throw Error(path_, std::strerror(errno), "a tokens file");
  if (!S_ISREG(s.st_mode)) throw Error(path_, "no regular file", "a tokens file");
  if ((s.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw Error(path_, "writable by group or others", "a tokens file that only its owner may write (chmod go-w)");
  }
  const auto ns = [](const timespec& t) { return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; };
  return {s.st_dev, s.st_ino, s.st_size, ns(s.st_ctim), ns(s.st_mtim), s.st_mode};
}

void TokenFile::read(const Stamp& stamp) {
  lines_ = parse_tokens(path_, read_whole(path_, "a tokens file"));
  seen_ = stamp;
  // The clock of a file system ticks in milliseconds: a file as young may change again without a trace.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  if (std::chrono::nanoseconds(now).count() - stamp.changed_ns < 1'000'000'000) seen_.reset();
}

std::optional<alerting::Asker> TokenFile::find(std::string_view token) {
  if (path_.empty()) return {};
  try {
    const Stamp now = stamp();
    if (now != seen_) read(now);
    said_.clear();
  } catch (const Error& e) {
    lines_.clear();
    seen_.reset();
    if (said_ != e.what() && log_) log_(std::string(e.what()) + "; until then no token is accepted");
    said_ = e.what();
  }
  std::array<unsigned char, 32> sha256{};
  if (EVP_Digest(token.data(), token.size(), sha256.data(), nullptr, EVP_sha256(), nullptr) != 1) return {};
  // Every line is looked at, whichever fits: the time says nothing.
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (CRYPTO_memcmp(sha256.data(), lines_[i].sha256.data(), sha256.size()) == 0) found = i;
  }
  if (!found) return {};
  return lines_[*found].asker;
}

}  // namespace vigil::shift
