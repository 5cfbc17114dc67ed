#include "fpga_model/package/package.h"

#include <algorithm>

#include "core/error.h"
#include "fpga_model/package/formats.h"
#include "fpga_model/package/golden.h"
#include "fpga_model/package/model_yaml.h"
#include "fpga_model/package/package_files.h"

namespace vigil::fpga_model {
namespace {

// All tensors of a block should stay in a core's second cache level: 32768 words are 256 KiB.
constexpr std::size_t kBlockWords = std::size_t{1} << 15;
constexpr std::size_t kBlockRows = 64;

struct alignas(64) CacheLine {
  std::byte bytes[64];
};

}  // namespace

PackageModel::PackageModel(ModelInfo info, std::unique_ptr<const Engine> engine, SimdTarget target)
    : info_(std::move(info)), engine_(std::move(engine)), target_(target) {
  if (target_ != SimdTarget::reference) fast_ = engine_->fast(target_);
}

std::string PackageModel::kernel(std::size_t layer) const {
  const std::string& rule = engine_->layers()[layer].kernel;
  if (fast_ == nullptr) return rule;
  const std::string chosen = fast_->kernel(layer);
  return rule.empty() ? chosen : rule.substr(0, rule.find(':')) + ": " + chosen;
}

// Widens one block of input words and checks each against its type.
bool PackageModel::load_inputs(const WordsView& in, std::size_t first_row, const Block& block) const {
  std::size_t column = 0;
  for (std::size_t t = 0; t < engine_->input_tensors(); ++t) {
    const TensorInfo& tensor = engine_->tensors()[t];
    const std::int64_t lowest = tensor.type.lowest();
    const std::int64_t highest = tensor.type.highest();
    std::int64_t* words = engine_->tensor(block, t);
    for (std::size_t r = 0; r < block.rows; ++r) {
      for (std::size_t i = 0; i < tensor.words; ++i) {
        const std::int64_t word = in.at(first_row + r, column + i);
        if (word < lowest || word > highest) return false;
        *words++ = word;
      }
    }
    column += tensor.words;
  }
  return true;
}

template <class AfterBlock>
Status PackageModel::run_blocks(const WordsView& in, std::size_t rows, AfterBlock after) const {
  Block block;
  block.capacity =
      std::min(rows, std::clamp<std::size_t>(kBlockWords / std::max<std::size_t>(engine_->words(), 1), 1, kBlockRows));
  const std::size_t words = engine_->words() * block.capacity;
  const auto memory = std::make_unique_for_overwrite<std::int64_t[]>(words + engine_->scratch_words());
  block.words = memory.get();
  block.scratch = memory.get() + words;
  for (std::size_t row = 0; row < rows; row += block.rows) {
    block.rows = std::min(block.capacity, rows - row);
    if (!load_inputs(in, row, block)) return Status::word_out_of_range;
    if (const Status status = engine_->run(block); status != Status::ok) return status;
    after(block, row);
  }
  return Status::ok;
}

Status PackageModel::predict(const WordsView& in, const MutableWordsView& out, std::size_t rows) const {
  if (fast_ == nullptr) return predict_by_reference(in, out, rows);
  // One workspace a thread, shared by all models: grown to the largest.
  thread_local std::vector<CacheLine> workspace;
  const std::size_t lines = fast_->workspace_bytes() / sizeof(CacheLine) + 1;
  if (workspace.size() < lines) workspace = std::vector<CacheLine>(lines);
  auto* memory = reinterpret_cast<std::byte*>(workspace.data());
  for (std::size_t first = 0; first < rows; first += FastEngine::kLanes) {
    const Status status = fast_->run(in, out, first, std::min(FastEngine::kLanes, rows - first), memory);
    if (status != Status::ok) return status;
  }
  return Status::ok;
}

Status PackageModel::predict_by_reference(const WordsView& in, const MutableWordsView& out, std::size_t rows) const {
  return run_blocks(in, rows, [&](const Block& block, std::size_t first_row) {
    std::size_t column = 0;
    for (const std::size_t t : engine_->outputs()) {
      const std::int64_t* words = engine_->tensor(block, t);
      const std::size_t n = engine_->tensors()[t].words;
      for (std::size_t r = 0; r < block.rows; ++r) {
        for (std::size_t i = 0; i < n; ++i) out.set(first_row + r, column + i, *words++);
      }
      column += n;
    }
  });
}

Status PackageModel::evaluate_all(const WordsView& in, std::size_t rows, const TensorSink& sink) const {
  return run_blocks(in, rows, [&](const Block& block, std::size_t first_row) {
    for (std::size_t t = 0; t < engine_->tensors().size(); ++t) {
      sink(t, first_row, block.rows, {engine_->tensor(block, t), engine_->tensors()[t].words * block.rows});
    }
  });
}

namespace {

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kMost ? text + " and " + std::to_string(names.size() - kMost) + " more" : text;
}

Error missing_path(const PackageFiles& files, const PackageDescription& package) {
  std::vector<std::string> others;
  for (const auto& [path, bytes] : files.contents()) {
    if (path != "model.yaml" && !path.starts_with("golden_")) others.push_back(path);
  }
  return {package.path_where, "'" + package.path.substr(0, 100) + "', which is not in the package",
          others.empty() ? "a file beside it: there is none" : "one of its files: " + listed(others)};
}

}  // namespace

std::shared_ptr<const PackageModel> load_package(const std::filesystem::path& folder, const LoadOptions& options) {
  const PackageFiles files(folder);
  const std::string yaml = files.where("model.yaml");
  const PackageDescription package = parse_model_yaml(files.content("model.yaml"), yaml);
  if (!files.holds(package.path)) throw missing_path(files, package);
  std::unique_ptr<const Engine> engine = load_engine(files, package);
  ModelInfo info = describe(package, *engine);
  info.hash = files.hash();
  info.warnings = engine->warnings();
  if (!files.leavings().empty())
    info.warnings.push_back("leavings in the folder, no part of the model: " + listed(files.leavings()));
  auto model = std::make_shared<PackageModel>(std::move(info), std::move(engine), options.target);
  if (options.check_golden) model->set_golden(check_golden(*model, files));
  return model;
}

}  // namespace vigil::fpga_model
