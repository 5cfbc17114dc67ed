#include "fpga_model/import/import_source.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "core/error.h"
#include "fpga_model/package/package_files.h"

namespace vigil::fpga_model {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxEntries = 100'000;

bool is_text(const fs::path& path) {
  constexpr std::array kExtensions = {".h",   ".hpp",  ".hh",   ".cpp", ".cc", ".txt",
                                      ".yml", ".yaml", ".json", ".tcl", ".vhd"};
  const std::string extension = path.extension().string();
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

}  // namespace

std::string read_source_file(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) throw Error(path.string(), "not a regular file", "a readable file");
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) throw Error(path.string(), error.message(), "a readable file");
  if (size > kMaxPackageBytes) throw Error(path.string(), "more than 256 MiB", "a smaller file");
  std::ifstream stream(path, std::ios::binary);
  std::string bytes(size, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!stream) throw Error(path.string(), "cannot be read, or changed while it was read");
  return bytes;
}

std::map<std::string, std::string> read_source_folder(const fs::path& folder) {
  std::map<std::string, std::string> files;
  std::uintmax_t total = 0;
  std::size_t entries = 0;
  try {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      if (++entries > kMaxEntries)
        throw Error(folder.string(), "more than 100,000 entries", "the folder of one project");
      if (!entry.is_regular_file() || !is_text(entry.path())) continue;
      std::string bytes = read_source_file(entry.path());
      total += bytes.size();
      if (total > kMaxPackageBytes)
        throw Error(folder.string(), "more than 256 MiB of text", "the folder of one project");
      files.emplace(entry.path().lexically_relative(folder).generic_string(), std::move(bytes));
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(folder.string(), error.code().message(), "a readable folder");
  }
  return files;
}

std::string clean_name(const std::string& text, const std::string& fallback) {
  std::string name;
  for (const char c : text.substr(0, 100)) {
    const auto byte = static_cast<unsigned char>(c);
    name += byte <= ' ' || byte >= 127 || c == '/' || c == '\\' || c == '"' ? '_' : c;
  }
  return name.empty() ? fallback : name;
}

}  // namespace vigil::fpga_model
