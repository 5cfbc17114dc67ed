#include "core/whole_file.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "core/error.h"

namespace vigil {

std::string read_whole(const std::string& path, const std::string& expected) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw Error(path, "cannot be read", expected);
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) throw Error(path, "cannot be read", expected);
  return bytes;
}

void write_whole(const std::string& path, std::string_view bytes) {
  const std::string next = path + ".new";
  {
    std::ofstream file(next, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) {
      std::remove(next.c_str());
      throw Error(path, "cannot be written", "a writable folder with room on the disk");
    }
  }
  std::error_code error;
  std::filesystem::rename(next, path, error);
  if (!error) return;
  std::remove(next.c_str());
  throw Error(path, "cannot be replaced: " + error.message(), "a file");
}

}  // namespace vigil
