// A part file: what a task made of its stretch of the recordings (docs/partials.md). JSON Lines in one zstd stream,
// written beside its place, synced and renamed; ends with a line that holds the SHA-256 of all before.
// Used by `vigil replay --part`, `merge` and `status PLAN`. Knows no pipeline. Not synchronised.
// Tests: tests/replay/part_file_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace vigil::replay {

// The first line.
struct PartHeader {
  std::string settings;  // SHA-256 of what enters a partial
  std::string plan;      // SHA-256 of the file PLAN
  std::uint32_t part = 0;
  std::uint32_t parts = 1;
  bool operator==(const PartHeader&) const = default;
};

class PartWriter {
 public:
  // Begins `<path>.new-<pid>`. Throws Error naming the path where it cannot be written.
  PartWriter(const std::filesystem::path& path, const PartHeader& header);
  ~PartWriter();  // removes what was not finished
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;

  void line(std::string_view json);  // without newline
  // The end line; synced and renamed to its place. Bytes of the file.
  std::uint64_t finish(std::uint64_t frames);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A part file that is torn or was changed: made anew, it is right again. What never was one throws a plain Error.
class DamagedPart : public Error {
 public:
  DamagedPart(const std::string& where, const std::string& what) : Error(where, what, "a whole part file") {}
};

// Reads lines, one at a time. Throws Error naming the file and what is wrong: no part file, another version, torn,
// changed (the SHA-256 of the end line), a line above 256 MiB.
class PartReader {
 public:
  explicit PartReader(const std::filesystem::path& path);
  ~PartReader();
  PartReader(PartReader&&) noexcept;
  PartReader& operator=(PartReader&&) noexcept;

  const PartHeader& header() const;
  // The next line but the first and the end line; nullopt after the end line, which is then checked.
  std::optional<std::string_view> next();
  std::uint64_t frames() const;  // of the end line, after the end

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Reads a whole file: its header where it is intact. Throws Error as PartReader does.
PartHeader check_part(const std::filesystem::path& path);

}  // namespace vigil::replay
