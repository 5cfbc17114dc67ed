// The files of a model package, read once: what is hashed is what is loaded. Used by the package loader.
// Rules: docs/model_package.md. Nothing is parsed here.
// Tests: tests/fpga_model/package_test.cpp.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vigil::fpga_model {

// A file or folder name that is no part of a model.
bool is_leaving(const std::string& name);

inline constexpr std::uintmax_t kMaxPackageBytes = std::uintmax_t{256} << 20;

class PackageFiles {
 public:
  // Leavings of editors and tools are passed over: names that begin with a dot or end in ~ .lock .swp .tmp .orig, and
  // __pycache__ folders. Throws Error for a folder that cannot be read, links, special files and more than 256 MiB.
  explicit PackageFiles(const std::filesystem::path& folder);

  // SHA-256 over every file but leavings, in order of its relative path's bytes: path, NUL, size as little-endian u64,
  // content. 64 hex digits.
  const std::string& hash() const { return hash_; }
  bool has(const std::string& path) const { return contents_.contains(path); }
  std::string_view content(const std::string& path) const;  // throws Error when there is no such file
  std::string where(const std::string& path) const { return (folder_ / path).string(); }
  const std::map<std::string, std::string>& contents() const {
    return contents_;
  }                                                                       // relative path, / between parts -> bytes
  const std::vector<std::string>& leavings() const { return leavings_; }  // relative paths, in order
  // A file, or a folder with files in it; "." is the package itself.
  bool holds(const std::string& path) const;

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::string> contents_;
  std::vector<std::string> leavings_;
  std::string hash_;
};

}  // namespace vigil::fpga_model
