// What a shared library says of itself in its symbol and type names, read from the bytes of the file without running
// it. Used by the importer and by the process that runs libraries. Reads names only: it knows nothing of array lengths.
// Tests: tests/fpga_model/external_library_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vigil::fpga_model {

// A type that std::any holds somewhere in the library. Either of the first two may be empty.
struct AnyType {
  std::string type_name;  // as std::type_info::name() gives it
  std::string manager;    // symbol of std::any's manager for it
  std::string text;       // demangled

  bool operator==(const AnyType&) const = default;
};

enum class LibraryKind { cms_emulator, hls4ml_library };

struct LibrarySymbols {
  LibraryKind kind = LibraryKind::cms_emulator;
  std::vector<AnyType> any_types;         // cms_emulator: pointers to values this program can lay out
  std::string project;                    // hls4ml_library: of <project>_float
  bool has_float = false;                 // <project>_float
  bool has_double = false;                // <project>_double
  std::vector<std::string> parameters;    // element types of the top function's parameters; empty: not told
  std::vector<std::string> weight_files;  // hls4ml_library: w2.txt and others it reads when it starts
};

// Throws Error naming `where` for what is no shared library of this machine, and for one that has neither the symbols
// create_model and destroy_model nor one of the kind <project>_float.
LibrarySymbols read_library_symbols(std::string_view bytes, const std::string& where);

}  // namespace vigil::fpga_model
