// Every public package, on every instruction set this machine has: the same bits as the reference path, for every
// number of events in a block and for every layout of the words.
#include <gtest/gtest.h>

#include <filesystem>

#include "fpga_model/package/npy.h"
#include "fpga_model/package/package.h"

namespace vigil::fpga_model {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  SimdTarget target;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  const fs::path models = fs::path(VIGIL_SHARED) / "data" / "models";
  if (!fs::exists(models)) return out;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(models)) {
    if (fs::exists(entry.path() / "model.yaml")) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    for (const SimdTarget target : simd_targets()) {
      if (target != SimdTarget::reference) out.push_back({name, target});
    }
  }
  return out;
}

class PackageKernels : public testing::TestWithParam<Case> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PackageKernels);
INSTANTIATE_TEST_SUITE_P(Packages, PackageKernels, testing::ValuesIn(cases()), [](const auto& test) {
  std::string name = test.param.name + "_" + to_string(test.param.target);
  return name;
});

TEST_P(PackageKernels, SameBitsAsTheReferencePathForEveryCountAndLayout) {
  const fs::path folder = fs::path(VIGIL_SHARED) / "data" / "models" / GetParam().name;
  LoadOptions options;
  options.check_golden = false;
  options.target = GetParam().target;
  const auto model = load_package(folder, options);
  ASSERT_EQ(model->target(), GetParam().target) << "no fast form";
  const NpyArray golden = read_npy(folder / "golden_inputs.npy");
  const std::size_t columns = model->info().inputs.size(), words = model->info().output_words();
  constexpr std::size_t kRows = 4096;
  std::vector<std::int64_t> in(kRows * columns), transposed(kRows * columns);
  for (std::size_t i = 0; i < in.size(); ++i) {
    in[i] = golden.integers[i % golden.integers.size()];
    transposed[i % columns * kRows + i / columns] = in[i];
  }
  std::vector<std::int64_t> expected(kRows * words);
  const WordsView rows_first = words_of(in.data(), columns);
  ASSERT_EQ(model->predict_by_reference(rows_first, mutable_words_of(expected.data(), words), golden.shape[0]),
            Status::ok);
  for (std::size_t i = golden.shape[0] * words; i < expected.size(); ++i)
    expected[i] = expected[i - golden.shape[0] * words];
  std::vector<std::size_t> counts = {4096};
  for (std::size_t n = 1; n <= 200; ++n) counts.push_back(n);
  const WordsView columns_first{transposed.data(), 8, 8, static_cast<std::ptrdiff_t>(8 * kRows)};
  for (const std::size_t n : counts) {
    for (const WordsView& view : {rows_first, columns_first}) {
      std::vector<std::int64_t> found(n * words, -1);
      ASSERT_EQ(model->predict(view, mutable_words_of(found.data(), words), n), Status::ok);
      for (std::size_t i = 0; i < found.size(); ++i)
        ASSERT_EQ(found[i], expected[i]) << n << " events, row " << i / words << ", word " << i % words;
    }
  }
}

}  // namespace
}  // namespace vigil::fpga_model
