// numpy files.
#include "fpga_model/package/npy.h"
#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vigil::fuzz::expect_error_or_success("words.npy", [&] {
    const auto array = vigil::fpga_model::parse_npy({reinterpret_cast<const char*>(data), size}, "words.npy");
    if (array.integers.size() + array.reals.size() > size) throw std::runtime_error("more words than bytes");
  });
  return 0;
}

namespace vigil::fuzz {

std::vector<std::string> seeds() {
  std::vector<std::string> files;
  for (const char* type : {"|i1", "<i2", "<i4", "<i8", ">i4", "|u1", "<u8", "<f4", ">f8"}) {
    for (const char* order : {"False", "True"}) {
      for (const int version : {1, 2, 3}) {
        std::string header =
            std::string("{'descr': '") + type + "', 'fortran_order': " + order + ", 'shape': (3, 2), }";
        while ((header.size() + (version == 1 ? 11 : 13)) % 64 != 0) header += ' ';
        header += '\n';
        std::string file = "\x93NUMPY";
        file += static_cast<char>(version);
        file += '\0';
        for (int i = 0; i < (version == 1 ? 2 : 4); ++i) file += static_cast<char>(header.size() >> (8 * i));
        file += header;
        for (int i = 0; i < 6 * (type[2] - '0'); ++i) file += static_cast<char>(i * 37 % 128);
        files.push_back(file);
      }
    }
  }
  return files;
}

std::vector<std::string> words() {
  return {"(3,)",
          "()",
          "(0, 5)",
          "(18446744073709551615, 2)",
          "(4294967296, 4294967296)",
          "-1",
          "'<i3'",
          "'<c8'",
          "True",
          "False",
          "'descr'",
          "'shape'",
          "'fortran_order'",
          "{",
          "}",
          "\\",
          "'",
          "\"",
          "\xff\xff",
          std::string(4, '\0')};
}

}  // namespace vigil::fuzz
