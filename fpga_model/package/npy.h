// numpy arrays in files: what golden vectors, the emulate command and the importers exchange.
// Reads formats 1 to 3, either byte order, C or Fortran order, i1..i8, u1..u8, f4, f8; writes integers and f8,
// format 1, little-endian, C order. Every length is checked against the bytes that are there before anything is
// allocated.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/fixed_point.h"

namespace vigil::fpga_model {

// Always in C order. Exactly one of `integers` and `reals` is filled.
struct NpyArray {
  std::vector<std::size_t> shape;
  bool is_integer = true;
  std::string element;  // as in the file: "<i4", "|u1", ">f8"
  std::vector<std::int64_t> integers;
  std::vector<double> reals;

  std::size_t rows() const { return shape.empty() ? 1 : shape[0]; }
  std::size_t columns() const;  // product of the dimensions after the first; 1 for a vector
};

// Throws Error naming `where` (or the file) for anything that is not such an array, for missing or surplus bytes, and
// for a u8 word above 2^63-1, naming its row.
NpyArray parse_npy(std::string_view bytes, const std::string& where);
NpyArray read_npy(const std::filesystem::path& file);

enum class NpyType : std::uint8_t { i1, i2, i4, i8, u1, u2, u4, f8 };

// The smallest of i1, i2, i4, i8 that holds every word of the type.
NpyType smallest_npy_type(const FixedPoint& type);

// Writes one array piece by piece: the shape is known, the words arrive in C order. Throws Error when the file cannot
// be written, when a word does not fit the type, and in finish() when the words are not as many as the shape says. An
// array of f8 takes the real numbers, the others the words. One thread.
class NpyWriter {
 public:
  NpyWriter(const std::filesystem::path& file, NpyType type, std::vector<std::size_t> shape);
  void append(std::span<const std::int64_t> words);
  void append(std::span<const double> numbers);
  void finish();

 private:
  std::string where_;
  std::ofstream file_;
  NpyType type_;
  std::size_t expected_ = 1;
  std::size_t written_ = 0;
  std::string bytes_;
};

void write_npy(const std::filesystem::path& file, std::span<const std::int64_t> words, std::vector<std::size_t> shape,
               NpyType type);
void write_npy(const std::filesystem::path& file, std::span<const double> numbers, std::vector<std::size_t> shape);

}  // namespace vigil::fpga_model
