// Every public package: its golden vectors, and the behaviour every Model promises.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "fpga_model/package/npy.h"
#include "fpga_model/package/package.h"

namespace vigil::fpga_model {
namespace {

namespace fs = std::filesystem;

fs::path models() { return fs::path(VIGIL_SHARED) / "data" / "models"; }

std::vector<std::string> package_names() {
  std::vector<std::string> names;
  if (!fs::exists(models())) return {"none"};
  for (const auto& entry : fs::directory_iterator(models())) {
    if (fs::exists(entry.path() / "model.yaml")) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Package : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!fs::exists(models())) GTEST_SKIP() << "needs ../shared";
    model_ = load_package(models() / GetParam());
    inputs_ = read_npy(models() / GetParam() / "golden_inputs.npy");
  }
  std::vector<std::int64_t> predict(std::size_t first, std::size_t rows) const {
    std::vector<std::int64_t> out(rows * model_->info().output_words());
    const std::size_t columns = model_->info().inputs.size();
    EXPECT_EQ(model_->predict(vigil::words_of(inputs_.integers.data() + first * columns, columns),
                              mutable_words_of(out.data(), model_->info().output_words()), rows),
              Status::ok);
    return out;
  }

  std::shared_ptr<const PackageModel> model_;
  NpyArray inputs_;
};

TEST_P(Package, LoadingReproducesEveryGoldenWord) {
  const ModelInfo& info = model_->info();
  EXPECT_EQ(model_->golden().events, inputs_.rows());
  EXPECT_EQ(model_->golden().output_words, inputs_.rows() * info.output_words());
  std::size_t layer_files = 0;
  if (const fs::path layers = models() / GetParam() / "golden_layers"; fs::exists(layers)) {
    layer_files = static_cast<std::size_t>(std::distance(fs::directory_iterator(layers), fs::directory_iterator()));
  }
  EXPECT_EQ(model_->golden().tensors, layer_files);
  EXPECT_EQ(info.hash.size(), 64u);
  EXPECT_EQ(info.inputs.size(), inputs_.columns());

  // The same comparison without the loader: predict against the files.
  const std::vector<std::int64_t> found = predict(0, inputs_.rows());
  for (const Output& output : info.outputs) {
    const fs::path one = models() / GetParam() / "golden_outputs.npy";
    const NpyArray expected =
        read_npy(info.outputs.size() == 1 ? one : models() / GetParam() / ("golden_" + output.name + ".npy"));
    ASSERT_EQ(expected.integers.size(), inputs_.rows() * output.words);
    for (std::size_t r = 0; r < inputs_.rows(); ++r) {
      for (std::size_t i = 0; i < output.words; ++i) {
        ASSERT_EQ(found[r * info.output_words() + output.first_word + i], expected.integers[r * output.words + i])
            << output.name << " row " << r << " column " << i;
      }
    }
  }
}

TEST_P(Package, BatchesOfAnySizeAndManyThreadsGiveTheSameWords) {
  const std::vector<std::int64_t> all = predict(0, inputs_.rows());
  const std::size_t words = model_->info().output_words();
  std::vector<std::int64_t> parts;
  for (std::size_t r = 0, n = 1; r < inputs_.rows(); r += n, n = n * 3 % 89) {
    const std::size_t rows = std::min(n, inputs_.rows() - r);
    const std::vector<std::int64_t> part = predict(r, rows);
    parts.insert(parts.end(), part.begin(), part.end());
  }
  EXPECT_EQ(parts, all);

  std::vector<std::vector<std::int64_t>> results(4);
  {
    std::vector<std::jthread> threads;
    for (auto& result : results) {
      threads.emplace_back([&] {
        for (int repeat = 0; repeat < 3; ++repeat) result = predict(0, inputs_.rows());
      });
    }
  }
  for (const auto& result : results) EXPECT_EQ(result, all);
  EXPECT_EQ(predict(0, 0).size(), 0 * words);
}

TEST_P(Package, NarrowAndStridedViewsGiveTheSameWords) {
  const ModelInfo& info = model_->info();
  const bool narrow = std::all_of(info.inputs.begin(), info.inputs.end(),
                                  [](const InputColumn& c) { return smallest_npy_type(c.type) != NpyType::i8; });
  const bool narrow_out = std::all_of(info.outputs.begin(), info.outputs.end(),
                                      [](const Output& o) { return smallest_npy_type(o.type) != NpyType::i8; });
  if (!narrow || !narrow_out) GTEST_SKIP() << "words beyond 32 bits";
  const std::size_t rows = 17;
  const std::size_t columns = info.inputs.size();
  const std::size_t words = info.output_words();
  std::vector<std::int32_t> column_major(rows * columns);  // element (r, c) at c * rows + r
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c)
      column_major[c * rows + r] = static_cast<std::int32_t>(inputs_.integers[r * columns + c]);
  }
  std::vector<std::int32_t> out(rows * words);
  const WordsView in{column_major.data(), 4, 4, static_cast<std::ptrdiff_t>(4 * rows)};
  const MutableWordsView to{out.data(), 4, 4, static_cast<std::ptrdiff_t>(4 * rows)};
  ASSERT_EQ(model_->predict(in, to, rows), Status::ok);
  const std::vector<std::int64_t> expected = predict(0, rows);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < words; ++c) ASSERT_EQ(out[c * rows + r], expected[r * words + c]);
  }
}

TEST_P(Package, AWordOutsideItsTypeIsRefusedInAnyColumn) {
  const ModelInfo& info = model_->info();
  const std::size_t columns = info.inputs.size();
  std::vector<std::int64_t> out(3 * info.output_words());
  for (std::size_t c = 0; c < columns; c += std::max<std::size_t>(1, columns / 7)) {
    if (info.inputs[c].type.width > 62) continue;
    for (const std::int64_t word : {info.inputs[c].type.highest() + 1, info.inputs[c].type.lowest() - 1}) {
      std::vector<std::int64_t> in(inputs_.integers.begin(),
                                   inputs_.integers.begin() + static_cast<std::ptrdiff_t>(3 * columns));
      in[2 * columns + c] = word;
      EXPECT_EQ(
          model_->predict(vigil::words_of(in.data(), columns), mutable_words_of(out.data(), info.output_words()), 3),
          Status::word_out_of_range);
    }
  }
}

TEST_P(Package, EvaluateAllCoversEveryTensorAndRow) {
  std::vector<std::vector<std::int64_t>> words(model_->tensors().size());
  const Status status = model_->evaluate_all(
      vigil::words_of(inputs_.integers.data(), inputs_.columns()), inputs_.rows(),
      [&](std::size_t t, std::size_t first, std::size_t rows, std::span<const std::int64_t> block) {
        EXPECT_EQ(words[t].size(), first * model_->tensors()[t].words);
        EXPECT_EQ(block.size(), rows * model_->tensors()[t].words);
        words[t].insert(words[t].end(), block.begin(), block.end());
      });
  ASSERT_EQ(status, Status::ok);
  for (std::size_t t = 0; t < words.size(); ++t) {
    const TensorInfo& tensor = model_->tensors()[t];
    EXPECT_EQ(words[t].size(), inputs_.rows() * tensor.words) << tensor.name;
    EXPECT_TRUE(std::all_of(words[t].begin(), words[t].end(), [&](std::int64_t w) { return tensor.type.holds(w); }))
        << tensor.name;
  }
  for (const LayerInfo& layer : model_->layers()) EXPECT_LT(layer.output, model_->tensors().size());
}

INSTANTIATE_TEST_SUITE_P(Public, Package, testing::ValuesIn(package_names()),
                         [](const auto& param) { return param.param; });

TEST(PackageNames, ColumnsAreNamedAsTheContractSays) {
  if (!fs::exists(models())) GTEST_SKIP() << "needs ../shared";
  const auto model = load_package(models() / "axol1tl_v4", {.check_golden = false});
  const auto& inputs = model->info().inputs;
  EXPECT_EQ(inputs[0].name, "et_miss.pt");
  EXPECT_EQ(inputs[3].name, "egamma[0].pt");
  EXPECT_EQ(inputs[56].name, "jet[9].phi");
  EXPECT_EQ(model->info().output_words(), 9u);
  EXPECT_EQ(model->info().outputs[1].first_word, 8u);
  EXPECT_EQ(model->golden().events, 0u);
  EXPECT_EQ(load_package(models() / "bdt_oblique")->info().inputs[3].name, "x[3]");
}

}  // namespace
}  // namespace vigil::fpga_model
