// Damaged hls4ml projects: a project either is read and loads, or is refused with an Error; nothing else, soon.
#include <gtest/gtest.h>

#include <random>

#include "fpga_model/network/network.h"
#include "tests/fpga_model/hls4ml_files.h"

namespace vigil::fpga_model {
namespace {

namespace fs = std::filesystem;

// One to three edits of one file: bytes replaced, stretches removed, doubled or cut off.
void damage(ProjectFiles& files, std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  static constexpr std::string_view kBytes = "<>(){}[];,:=+-*/#\"0129xau \n.";
  static constexpr const char* kWords[] = {
      "99999999999", "-1", "0", "ap_fixed<64,64>", "config2",  "nnet::", "unsigned", "static const",
      "#if 0\n",     "/*", "}", "1e999",           "template<"};
  auto file = files.begin();
  std::advance(file, static_cast<std::ptrdiff_t>(below(files.size())));
  std::string& text = file->second;
  for (std::size_t edits = 1 + below(3); edits > 0 && !text.empty(); --edits) {
    const std::size_t at = below(text.size());
    const std::size_t length = std::min(below(40) + 1, text.size() - at);
    switch (below(6)) {
      case 0:
        text[at] = kBytes[below(kBytes.size())];
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
      case 3:
        text.insert(at, kWords[below(std::size(kWords))]);
        break;
      case 4:
        text.resize(at);
        break;
      default:
        text[at] = static_cast<char>(below(256));
        break;
    }
  }
}

void expect_error_or_network(const ProjectFiles& files) {
  try {
    const Hls4mlProject project = read_hls4ml_project(files, "p");
    const Network network(project.network_json, "network.json");
    EXPECT_FALSE(network.outputs().empty());
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()), "");
    EXPECT_LT(std::string(error.what()).size(), 1000u);
  }
}

TEST(Hls4mlHostile, DamagedSmallProject) {
  std::mt19937_64 random(20260721);
  for (int i = 0; i < 1500; ++i) {
    ProjectFiles files = small_project();
    damage(files, random);
    expect_error_or_network(files);
  }
}

TEST(Hls4mlHostile, DamagedSharedProjects) {
  const fs::path folder = fs::path(VIGIL_SHARED) / "data" / "hls4ml_projects";
  if (!fs::exists(folder)) GTEST_SKIP() << "needs ../shared";
  std::mt19937_64 random(20260722);
  for (const char* name : {"dense_small", "dense_latency_b", "conv2d_stream_small", "conv2d_stream_b"}) {
    const ProjectFiles whole = read_folder(folder / name / "project");
    for (int i = 0; i < 100; ++i) {
      ProjectFiles files = whole;
      damage(files, random);
      expect_error_or_network(files);
    }
  }
}

TEST(Hls4mlHostile, DeepNestingEndsInAnError) {
  for (const std::string& deep : {std::string(100000, '('), std::string(100000, '<'), std::string(100000, '-')}) {
    ProjectFiles files = small_project();
    replace(files["firmware/defines.h"], "N_IN 2", "N_IN " + deep + "2");
    EXPECT_NE(project_refusal(files), "");
  }
  ProjectFiles files = small_project();
  std::string names;
  for (int i = 0; i < 1000; ++i)
    names += "static const unsigned a" + std::to_string(i) + " = a" + std::to_string(i + 1) + " + a" +
             std::to_string(i + 1) + ";\n";
  files["firmware/defines.h"] += names + "static const unsigned a1000 = 1;\n";
  replace(files["firmware/defines.h"], "N_IN 2", "N_IN a0");
  EXPECT_NE(project_refusal(files), "");
}

}  // namespace
}  // namespace vigil::fpga_model
