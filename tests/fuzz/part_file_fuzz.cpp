// Part files: the bytes as a file, and the bytes as the text within a whole zstd stream.
#include <unistd.h>
#include <zstd.h>

#include <fstream>

#include "core/digest.h"
#include "fuzz_target.h"
#include "replay/part_file.h"

namespace {

const std::string& path() {
  static const std::string name = "/tmp/vigil_part_file_fuzz." + std::to_string(::getpid());
  return name;
}

void read(std::string_view bytes) {
  std::ofstream(path(), std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  vigil::fuzz::expect_error_or_success(path(), [] { vigil::replay::check_part(path()); });
  std::remove(path().c_str());
}

std::string compressed(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

// A part of these lines.
std::string part(const std::string& lines) {
  const std::string before = R"({"type":"part","version":1,"settings":")" + vigil::sha256_of("s") + R"(","plan":")" +
                             vigil::sha256_of("p") + R"(","part":1,"parts":2})" + "\n" + lines;
  return before + R"({"type":"end","frames":3,"sha256":")" + vigil::sha256_of(before) + "\"}\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  read(compressed(bytes));
  return 0;
}

namespace vigil::fuzz {

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (const std::string& text : {part(""), part("{\"type\":\"frame\"}\n{\"type\":\"summary\"}\n"),
                                  part("{\"x\":\"" + std::string(5000, 'x') + "\"}\n")}) {
    out.push_back(text);
    out.push_back(compressed(text));
  }
  return out;
}

std::vector<std::string> words() {
  std::vector<std::string> out = json_words();
  for (const char* word : {"type", "part", "parts", "end", "frames", "sha256", "version", "settings", "plan",
                           "{\"type\":\"end\",", "\n", "\x28\xB5\x2F\xFD"}) {
    out.emplace_back(word);
  }
  return out;
}

}  // namespace vigil::fuzz
