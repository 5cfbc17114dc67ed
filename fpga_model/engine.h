// What the loader of a format yields: the tensors of a deployed network and the computation of all of them, block by
// block. Implemented by Network and Conifer, driven by PackageModel. Does not check its input words and knows nothing
// of packages.
// Tests: tests/fpga_model/packages_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/model.h"
#include "fpga_model/fast_engine.h"
#include "fpga_model/simd_target.h"
#include "fpga_model/tensor.h"

namespace vigil::fpga_model {

struct LayerInfo {
  std::string name;
  std::string op;
  std::vector<std::string> inputs;  // tensor names
  std::size_t output = 0;           // index into Engine::tensors()
  std::string kernel;               // how it is accumulated and why; empty where nothing is
};

// A block of events: tensor t, event r, word i is at words[offset(t) * capacity + r * tensors()[t].words + i].
struct Block {
  std::int64_t* words = nullptr;
  std::int64_t* scratch = nullptr;
  std::size_t capacity = 0;  // events the block has room for
  std::size_t rows = 0;      // events in it
};

class Engine {
 public:
  virtual ~Engine() = default;

  const std::vector<TensorInfo>& tensors() const { return tensors_; }  // inputs first, then in order of execution
  std::size_t input_tensors() const { return input_tensors_; }
  const std::vector<std::size_t>& outputs() const { return outputs_; }  // indices into tensors()
  const std::vector<LayerInfo>& layers() const { return layers_; }
  std::size_t words() const {
    return offsets_.empty() ? 0 : offsets_.back() + tensors_.back().words;
  }  // of all tensors of an event
  std::size_t scratch_words() const { return scratch_words_; }
  std::int64_t* tensor(const Block& block, std::size_t t) const { return block.words + offsets_[t] * block.capacity; }

  // Fills every tensor after the inputs. Reads and writes the block only.
  [[nodiscard]] virtual Status run(const Block& block) const = 0;
  // The same computation for an instruction set other than `reference`; null where there is none. Keeps nothing of
  // this engine.
  virtual std::unique_ptr<const FastEngine> fast(SimdTarget) const { return nullptr; }
  // What a person should know of this model: assumptions made, places where the vendor's simulation differs.
  const std::vector<std::string>& warnings() const { return warnings_; }
  // Why run last said `failed`, naming what failed; empty where it never did. From any thread.
  virtual std::string failure() const { return {}; }

 protected:
  // Appends a tensor and returns its index.
  std::size_t add_tensor(TensorInfo tensor) {
    offsets_.push_back(words());
    tensors_.push_back(std::move(tensor));
    return tensors_.size() - 1;
  }

  std::vector<TensorInfo> tensors_;
  std::vector<std::size_t> offsets_;
  std::size_t input_tensors_ = 0;
  std::vector<std::size_t> outputs_;
  std::vector<LayerInfo> layers_;
  std::vector<std::string> warnings_;
  std::size_t scratch_words_ = 0;
};

}  // namespace vigil::fpga_model
