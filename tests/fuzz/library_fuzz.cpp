// Symbol and type names of shared libraries: the bytes of a library that is built beside this program.
#include <fstream>
#include <iterator>

#include "fpga_model/external/library_symbols.h"
#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vigil::fuzz::expect_error_or_success("model.so", [&] {
    vigil::fpga_model::read_library_symbols({reinterpret_cast<const char*>(data), size}, "model.so");
  });
  return 0;
}

namespace vigil::fuzz {

std::vector<std::string> seeds() {
  std::vector<std::string> libraries;
  for (const char* path : {VIGIL_SEED_LIBRARY}) {
    std::ifstream file(path, std::ios::binary);
    libraries.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return libraries;
}

std::vector<std::string> words() {
  return {std::string(8, '\0'),
          std::string(8, '\xff'),
          std::string("\x01\0\0\0\0\0\0\0", 8),
          "create_model",
          "_ZNSt3any",
          "St5arrayI8ap_fixedILi16ELi6E",
          "_float",
          std::string("\xff\xff\xff\x7f", 4),
          std::string(4, '\x80')};
}

}  // namespace vigil::fuzz
