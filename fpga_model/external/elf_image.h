// The bytes of a shared library, changed in two places before they are loaded: symbols that the loader would share
// between libraries become the library's own, and a library it names but does not use is left out. Used by
// SharedObject. Loads nothing; bytes that are no such library stay as they are.
// Tests: tests/fpga_model/external_library_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vigil::fpga_model {

class ElfImage {
 public:
  explicit ElfImage(std::string bytes);

  // g++ marks static variables of templates and inline functions unique in a process (STB_GNU_UNIQUE), and the loader
  // then gives every library the first one's: weights and tables of another model. Makes them plain global symbols,
  // which RTLD_LOCAL keeps apart.
  void isolate_unique_symbols();
  // Takes `name` out of the libraries it needs; false where it is none of them.
  bool leave_out(const std::string& name);
  const std::string& bytes() const { return bytes_; }

 private:
  struct Segment {
    std::uint64_t address, offset, size;
  };
  template <class T>
  bool read(std::uint64_t offset, T& value) const;
  std::uint64_t offset_of(std::uint64_t address) const;  // past the end where it is not in the file
  std::uint64_t entry(std::int64_t tag) const;           // of the dynamic section; 0 where it is missing
  std::uint64_t symbols() const;                         // in the table, as far as the hash tables tell

  std::string bytes_;
  std::vector<Segment> segments_;
  std::uint64_t dynamic_ = 0, dynamic_entries_ = 0;
};

}  // namespace vigil::fpga_model
