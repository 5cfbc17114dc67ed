// One call of unknown code in a fork of this process, and memory that ends where a page begins that cannot be touched.
// Used by the probe.
// Tests: tests/fpga_model/external_library_test.cpp.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace vigil::fpga_model {

enum class Trial { done, refused, memory_fault, failed };

struct TrialResult {
  Trial trial = Trial::failed;
  std::string reason;  // of failed and memory_fault, for people
};

// Runs `work` in a fork. refused: it threw std::bad_any_cast; memory_fault: SIGSEGV or SIGBUS; failed: it threw
// anything else, ended the process, or ran longer than 20 s.
TrialResult run_trial(const std::function<void()>& work);

// `bytes` of zeros that end exactly at an untouchable page; read_only: and cannot be written either.
class GuardedMemory {
 public:
  explicit GuardedMemory(std::size_t bytes, bool read_only = false);
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;
  void* data() const { return data_; }

 private:
  void* map_ = nullptr;
  std::size_t mapped_ = 0;
  void* data_ = nullptr;
};

}  // namespace vigil::fpga_model
