// An emulator library that crashes on some events: those windows are unknown, and the monitor goes on.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "app/pipeline.h"
#include "fpga_model/import/import.h"
#include "fpga_model/package/package.h"
#include "ingest/encode.h"
#include "replay/scenario_source.h"
#include "tests/fpga_model/external_libraries.h"

namespace vigil::app {
namespace {

constexpr const char* kEmulatorFailureScenario = R"(
seed: 5
lumisections: 12
sources: [a]
batches_per_ls: 4
events_per_ls: 300
)";

// Crashes on x[4] = 77, but only where the environment says so: the scenario is made with the same library.
constexpr const char* kModel = R"(
using in_t = ap_fixed<18, 13>;
constexpr int IN = 5;
using result_t = std::array<ap_ufixed<18, 14>, 1>;
static void compute(const in_t* x, result_t& out) {
  if (x[4].v == 77 && std::getenv("VIGIL_TEST_TRAP")) *(volatile int*)0 = 1;
  out[0].v = (x[0].v + 5 * x[1].v) & 0x3ffff;
}
)";

class Memory : public Source {
 public:
  explicit Memory(std::vector<Frame> frames) : frames_(std::move(frames)) {}
  std::optional<Frame> next() override {
    if (at_ == frames_.size()) return {};
    return frames_[at_++];
  }
  void request_stop() override { at_ = frames_.size(); }

 private:
  std::vector<Frame> frames_;
  std::size_t at_ = 0;
};

TEST(EmulatorFailure, WindowsAreUnknownAndTheMonitorGoesOn) {
  namespace fs = std::filesystem;
  fpga_model::use_host_of_this_build();
  const fs::path folder = fs::path(testing::TempDir()) / "vigil_emulator_failure";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const fs::path library = fs::path(testing::TempDir()) / "vigil_failing.so";
  std::ofstream(library, std::ios::binary)
      << fpga_model::compile_library(std::string(fpga_model::kFixedTypes) + kModel + fpga_model::kCmsModel);
  for (const auto& [path, bytes] : fpga_model::import_model(library).files)
    std::ofstream(folder / path, std::ios::binary) << bytes;

  replay::ScenarioEvents events;
  events.raw = true;
  for (std::int32_t row = 0; row < 2000; ++row) {
    for (std::int32_t column = 0; column < 5; ++column) events.words.push_back((row * 131 + column * 977) % 5000 + 100);
  }
  events.words[4] = 77;  // one row in 2000
  std::vector<Frame> frames;
  {
    replay::ScenarioSource source(replay::parse_scenario(kEmulatorFailureScenario, "test"), fpga_model::load_package(folder), events,
                                  ingest::encode);
    while (auto frame = source.next()) frames.push_back(std::move(*frame));
  }

  ::setenv("VIGIL_TEST_TRAP", "1", 1);
  Configuration c;
  c.models = {folder.string()};
  c.monitors.windows = {{"1ls", 1, 1}};
  c.monitors.learn_ls = 2;
  const ModelSet models(c.models);
  Judge judge(models, c, {}, KeepState::always, {});
  Memory source(std::move(frames));
  std::size_t lumisections = 0, failed = 0, good = 0;
  run_pipeline(source, models, judge,
               {{},
                [&](Closing&& closing) {
                  for (const std::string& line : closing.lines) {
                    lumisections += line.find("\"type\":\"lumisection\"") != std::string::npos;
                    if (line.find("\"type\":\"window\"") == std::string::npos) continue;
                    const bool unknown = line.find("\"quality\":\"unknown\"") != std::string::npos;
                    if (line.find("emulator failed") != std::string::npos) {
                      EXPECT_TRUE(unknown) << line;
                      ++failed;
                    }
                    good += !unknown;
                  }
                }},
               2);
  ::unsetenv("VIGIL_TEST_TRAP");
  EXPECT_EQ(lumisections, 12u);
  EXPECT_GE(failed, 1u);
  EXPECT_GE(good, 1u);
  fs::remove_all(folder);
  fs::remove(library);
}

}  // namespace
}  // namespace vigil::app
