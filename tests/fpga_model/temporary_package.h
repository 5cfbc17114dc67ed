// A small model package in a folder of its own, for tests that damage one thing at a time. Removed at the end.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/error.h"
#include "fpga_model/package/npy.h"
#include "fpga_model/package/package.h"

namespace vigil::fpga_model {

class TemporaryPackage {
 public:
  TemporaryPackage() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string(test->test_suite_name()) + "." + test->name();
    for (char& c : name) c = c == '/' ? '_' : c;
    static int count = 0;
    folder = std::filesystem::path(testing::TempDir()) / ("vigil_" + name + "_" + std::to_string(++count));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~TemporaryPackage() { std::filesystem::remove_all(folder); }
  TemporaryPackage(const TemporaryPackage&) = delete;
  TemporaryPackage& operator=(const TemporaryPackage&) = delete;

  void write(const std::string& path, const std::string& bytes) const {
    std::filesystem::create_directories((folder / path).parent_path());
    std::ofstream(folder / path, std::ios::binary) << bytes;
  }
  void write_words(const std::string& path, const std::vector<std::int64_t>& words, std::size_t rows) const {
    std::filesystem::create_directories((folder / path).parent_path());
    write_npy(folder / path, words, {rows, words.size() / rows}, NpyType::i4);
  }
  // The message of the refusal; empty when the package loads.
  std::string refusal(const LoadOptions& options = {}) const {
    try {
      load_package(folder, options);
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }

  std::filesystem::path folder;
};

}  // namespace vigil::fpga_model
