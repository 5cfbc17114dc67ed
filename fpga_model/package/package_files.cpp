#include "fpga_model/package/package_files.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "core/digest.h"
#include "core/error.h"

namespace vigil::fpga_model {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path, std::uintmax_t size) {
  std::ifstream stream(path, std::ios::binary);
  std::string bytes(size, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!stream || stream.peek() != std::ifstream::traits_type::eof())
    throw Error(path.string(), "cannot be read, or changed while it was read");
  return bytes;
}

}  // namespace

PackageFiles::PackageFiles(const fs::path& folder) : folder_(folder) {
  try {
    if (!fs::is_directory(folder))
      throw Error(folder.string(), "not a folder", "a model package (docs/model_package.md)");
    std::uintmax_t total = 0;
    for (auto at = fs::recursive_directory_iterator(folder); at != fs::recursive_directory_iterator(); ++at) {
      const fs::directory_entry& entry = *at;
      const fs::file_status status = entry.symlink_status();
      if (is_leaving(entry.path().filename().string())) {
        leavings_.push_back(entry.path().lexically_relative(folder).generic_string());
        if (fs::is_directory(status)) at.disable_recursion_pending();
        continue;
      }
      if (fs::is_directory(status)) continue;
      const std::string where = entry.path().string();
      if (fs::is_symlink(status))
        throw Error(where, "a symbolic link", "regular files and folders only in a model package");
      if (!fs::is_regular_file(status))
        throw Error(where, "a special file", "regular files and folders only in a model package");
      const std::uintmax_t size = entry.file_size();
      total += size;
      if (size > kMaxPackageBytes || total > kMaxPackageBytes)
        throw Error(folder.string(), "more than 256 MiB", "a smaller model package");
      contents_.emplace(entry.path().lexically_relative(folder).generic_string(), read_file(entry.path(), size));
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(folder.string(), error.code().message(), "a readable model package");
  }
  std::sort(leavings_.begin(), leavings_.end());
  Sha256 digest;
  for (const auto& [path, content] : contents_) {  // std::map<std::string> is ordered by bytes
    digest.update(path);
    std::string head(9, '\0');  // the NUL after the path, then the size
    for (std::size_t i = 0; i < 8; ++i)
      head[1 + i] = static_cast<char>(static_cast<std::uint64_t>(content.size()) >> (8 * i));
    digest.update(head);
    digest.update(content);
  }
  hash_ = digest.hex();
}

bool is_leaving(const std::string& name) {
  if (name.starts_with(".") || name == "__pycache__") return true;
  constexpr std::array<std::string_view, 5> kEndings = {"~", ".lock", ".swp", ".tmp", ".orig"};
  return std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

bool PackageFiles::holds(const std::string& path) const {
  if (path == "." || contents_.contains(path)) return true;
  const auto next = contents_.lower_bound(path + "/");
  return next != contents_.end() && next->first.starts_with(path + "/");
}

std::string_view PackageFiles::content(const std::string& path) const {
  const auto found = contents_.find(path);
  if (found == contents_.end()) throw Error(where(path), "no such file");
  return found->second;
}

}  // namespace vigil::fpga_model
