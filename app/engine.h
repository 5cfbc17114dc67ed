// Batch systems that run the parts of a plan: the files `vigil plan` writes for them (docs/scale_out.md). Each engine
// is one source that makes texts; nothing is submitted. Tests: tests/app/engine_test.cpp,
// tests/contract/plan_engine_test.py.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vigil::app {

struct EngineTask {
  std::string plan;    // absolute, in all files and on every machine
  std::string sha256;  // of the plan
  std::uint32_t parts = 1;
  std::string vigil;                 // executable
  std::string folder;                // where the files will lie; absolute
  std::uint32_t cores = 1;           // of a task
  std::vector<std::string> options;  // lines of the engine's own
  std::string image;                 // Kubernetes, and what follows
  std::vector<std::string> claims;   // PVC:PATH
  std::uint32_t max_parallel = 0;    // 0: all
};

// Name in the folder -> text. submit.sh is to be executable.
using EngineFiles = std::map<std::string, std::string>;

// Throw Error: a path or option with a line break, an option or claim that is none.
EngineFiles slurm_files(const EngineTask& task);
EngineFiles condor_files(const EngineTask& task);
EngineFiles kubernetes_files(const EngineTask& task);

// What marks a file as one of ours.
inline constexpr std::string_view kEngineMark = "Written by `vigil plan`";

// One word of a POSIX shell, whatever it holds.
std::string shell_quoted(std::string_view text);
// `text` with every `from` replaced.
std::string replaced(std::string text, std::string_view from, std::string_view to);
// Part 7: part00007.
std::string part_name(std::uint32_t part);
// The beginning of every submit.sh: the variables vigil, plan and here, and in todo the numbers of the parts that are
// missing or bad, a line each. `ask`: sh text put before the question, which may set `status`.
std::string submit_head(const EngineTask& task, const std::string& engine);
// Sets `status` and `todo`.
extern const char* const kAskStatus;

// Writes `files` into `folder`, which is made where it is missing. Throws Error, and has written nothing, where it
// holds anything else than files of ours (and names beginning with `besides`, where it is not empty).
void write_engine_files(const std::string& folder, const EngineFiles& files, const std::string& besides);
// The check alone.
void check_engine_folder(const std::string& folder, const EngineFiles& files, const std::string& besides);

}  // namespace vigil::app
