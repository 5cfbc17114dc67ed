#include "core/whole_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/error.h"

namespace vigil {
namespace {

namespace fs = std::filesystem;

TEST(WholeFile, IsReplacedOrLeftAlone) {
  const fs::path folder = fs::temp_directory_path() / ("vigil-whole-file-" + std::to_string(getpid()));
  fs::create_directories(folder / "a_folder" / "full");
  const std::string path = folder / "file";
  const std::string bytes("a\0b\n", 4);
  write_whole(path, bytes);
  write_whole(path, bytes + bytes);
  EXPECT_EQ(read_whole(path, "a file"), bytes + bytes);
  EXPECT_FALSE(fs::exists(path + ".new"));
  for (const fs::path& wrong : {folder / "absent" / "file", folder / "a_folder"}) {
    try {
      write_whole(wrong, bytes);
      ADD_FAILURE() << wrong;
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), testing::StartsWith(wrong.string() + ": "));
    }
    EXPECT_FALSE(fs::exists(wrong.string() + ".new"));
    EXPECT_THROW((void)read_whole(wrong, "a reference"), Error);
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace vigil
