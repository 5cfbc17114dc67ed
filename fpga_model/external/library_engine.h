// The engine of packages that hold a shared library: a CMS emulator or the library hls4ml compiles. Each thread that
// computes has an instance of its own, by default in a process of its own. Knows nothing of std::any.
// Tests: tests/fpga_model/external_library_test.cpp.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fpga_model/engine.h"
#include "fpga_model/external/external_library.h"
#include "fpga_model/external/host_process.h"
#include "fpga_model/external/probe.h"

namespace vigil::fpga_model {

struct LibraryOptions {
  bool in_process = false;  // instances in this process: a crash of the library is then this program's
  LibraryHints hints;
  std::vector<std::string> output_names;  // used where there are as many as outputs
};

class LibraryEngine : public Engine {
 public:
  // Opens the library in a process of its own to find types and lengths. Throws Error naming `where`.
  LibraryEngine(std::string library, const std::string& where, const LibraryOptions& options);
  ~LibraryEngine() override;

  // failed: the library crashed, hung, threw or returned a word outside its type. Its process is started anew on later
  // calls: after the k-th failure in a row the next 2^k - 1 calls fail at once, after the tenth all do.
  [[nodiscard]] Status run(const Block& block) const override;
  std::string failure() const override;

 private:
  struct Worker;
  std::unique_ptr<Worker> take() const;
  std::unique_ptr<Worker> start() const;

  OpenRequest request_;
  LibraryLayout layout_;
  std::unique_ptr<SharedObject> object_;  // in_process
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Worker>> idle_;
  mutable int failures_ = 0;  // in a row
  mutable int calls_to_skip_ = 0;
  mutable std::string failure_;
};

}  // namespace vigil::fpga_model
