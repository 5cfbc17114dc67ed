// Model packages: a folder that names a deployed model (docs/model_package.md) becomes a Model that reproduces it bit
// for bit. Used by the pipeline, `vigil emulate` and `vigil model inspect`. Nothing here writes files or logs.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "core/model.h"
#include "fpga_model/engine.h"

namespace vigil::fpga_model {

struct LoadOptions {
  bool check_golden = true;
  SimdTarget target = best_simd_target();  // of predict; `reference`: the plain scalar path
};

// What the golden vectors of a package covered.
struct GoldenCheck {
  std::size_t events = 0;        // 0: the package has none, or they were not checked
  std::size_t output_words = 0;  // compared
  std::size_t tensors = 0;       // intermediate tensors compared
  std::size_t tensor_words = 0;
};

// Receives the words of tensor `tensor` (index into tensors()) for events first_row .. first_row + rows - 1: [rows,
// words], row-major.
using TensorSink = std::function<void(std::size_t tensor, std::size_t first_row, std::size_t rows,
                                      std::span<const std::int64_t> words)>;

// A loaded package. Immutable: every member function may be called from many threads at once.
class PackageModel : public Model {
 public:
  PackageModel(ModelInfo info, std::unique_ptr<const Engine> engine, SimdTarget target = best_simd_target());

  const ModelInfo& info() const override { return info_; }
  [[nodiscard]] Status predict(const WordsView& in, const MutableWordsView& out, std::size_t rows) const override;
  // The same by the plain scalar path: the judge of the other.
  [[nodiscard]] Status predict_by_reference(const WordsView& in, const MutableWordsView& out, std::size_t rows) const;
  // What predict runs on: `reference` where the model has no fast form.
  SimdTarget target() const { return fast_ != nullptr ? target_ : SimdTarget::reference; }
  // How layer `layer` is computed and why that is exact, for people.
  std::string kernel(std::size_t layer) const;
  // Why predict last said `failed`, naming the library; empty where it never did.
  std::string failure() const override { return engine_->failure(); }

  // All tensors, network inputs first, then in order of execution, and the layers that make them.
  const std::vector<TensorInfo>& tensors() const { return engine_->tensors(); }
  const std::vector<LayerInfo>& layers() const { return engine_->layers(); }
  // Calls sink for every tensor of every block of events, rows ascending; from the calling thread.
  [[nodiscard]] Status evaluate_all(const WordsView& in, std::size_t rows, const TensorSink& sink) const;

  const GoldenCheck& golden() const { return golden_; }
  void set_golden(const GoldenCheck& golden) { golden_ = golden; }  // by the loader, before the model is shared

 private:
  template <class AfterBlock>
  Status run_blocks(const WordsView& in, std::size_t rows, AfterBlock after) const;
  bool load_inputs(const WordsView& in, std::size_t first_row, const Block& block) const;

  ModelInfo info_;
  std::unique_ptr<const Engine> engine_;
  SimdTarget target_;
  std::unique_ptr<const FastEngine> fast_;
  GoldenCheck golden_;
};

// Reads, checks and hashes a package; by default also reproduces its golden vectors, and refuses it when one word
// differs. Throws Error, one line: what, where, expected. Packages hold at most 256 MiB.
std::shared_ptr<const PackageModel> load_package(const std::filesystem::path& folder, const LoadOptions& options = {});

}  // namespace vigil::fpga_model
