// How to call an emulator library, found by calling it: which type prepare_input and read_result take, and how many
// words lie behind a pointer. Used by the host process alone: every trial is a fork of it, on memory that ends at a
// page that cannot be touched, so the shortest value that does not crash has exactly the words that are used.
// Tests: tests/fpga_model/external_library_test.cpp.
#pragma once

#include "fpga_model/external/external_library.h"

namespace vigil::fpga_model {

// What model.yaml says of inputs and outputs. Only types and words of the ports are used; empty: it does not say.
struct LibraryHints {
  std::vector<Port> inputs, outputs;
};

std::string to_json(const LibraryHints& hints);
LibraryHints read_hints(std::string_view json, const std::string& where);

// Call from a process with one thread of its own. Throws Error naming `where`: no type fits, several do, the library
// crashes, hangs or ends the process, or it uses no memory at all.
LibraryLayout probe_library(const SharedObject& object, const LibrarySymbols& symbols, const LibraryHints& hints,
                            const std::string& where);

}  // namespace vigil::fpga_model
