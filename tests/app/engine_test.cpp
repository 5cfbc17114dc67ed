#include "app/engine.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <random>

#include "core/error.h"
#include "core/whole_file.h"

namespace vigil::app {
namespace {
namespace fs = std::filesystem;

class Engines : public ::testing::Test {
 protected:
  Engines() {
    std::string name = (fs::temp_directory_path() / "vigil_engine_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    task_.plan = "/data/run 1.plan";
    task_.sha256 = std::string(64, 'a');
    task_.parts = 3;
    task_.vigil = "/usr/bin/vigil";
    task_.folder = (folder_ / "out").string();
    task_.image = "image";
  }
  ~Engines() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
  EngineTask task_;
};

using MakeFiles = EngineFiles (*)(const EngineTask&);
constexpr MakeFiles kAll[] = {slurm_files, condor_files, kubernetes_files};

TEST_F(Engines, a_shell_reads_every_text_back) {
  std::mt19937_64 random(1);
  std::string command = "printf '%s\\n'", expected;
  constexpr std::string_view kLetters = " '\"$`\\%#*?~!&;|<>(){}[]=abc-\t";
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (std::uint64_t n = random() % 12; n > 0; --n) text += kLetters[random() % kLetters.size()];
    command += " " + shell_quoted(text);
    expected += text + "\n";
  }
  const fs::path script = folder_ / "s.sh", out = folder_ / "out.txt";
  write_whole(script.string(), command + " >" + shell_quoted(out.string()) + "\n");
  ASSERT_EQ(std::system(("sh " + script.string()).c_str()), 0);
  EXPECT_EQ(read_whole(out.string(), "a file"), expected);
}

TEST_F(Engines, what_cannot_stand_on_a_line_is_refused) {
  for (const MakeFiles make : kAll) {
    EXPECT_NO_THROW(make(task_));
    for (std::string EngineTask::*path : {&EngineTask::plan, &EngineTask::vigil, &EngineTask::folder}) {
      for (const char* breaks : {"/a\nb", "/a\rb"}) {
        EngineTask task = task_;
        task.*path = breaks;
        EXPECT_THROW(make(task), Error);
      }
    }
    for (const std::string& option : {std::string("a: b\nc: d"), std::string(), std::string("a: \0b", 5)}) {
      EngineTask task = task_;
      task.options = {option};
      EXPECT_THROW(make(task), Error) << option;
    }
  }
  task_.plan = "/data/$$(NAME).plan";
  EXPECT_THROW(condor_files(task_), Error);
  EXPECT_NO_THROW(slurm_files(task_));
}

TEST_F(Engines, claims_of_kubernetes) {
  for (const char* good : {"data:/data", "a.b-1:/x y"}) {
    task_.claims = {good};
    EXPECT_NO_THROW(kubernetes_files(task_)) << good;
  }
  for (const char* bad :
       {"", "data", ":/x", "data:", "data:x", "Data:/x", "-a:/x", "a-:/x", "a b:/x", "a:/x:/y", "a:/x\ny"}) {
    task_.claims = {bad};
    EXPECT_THROW(kubernetes_files(task_), Error) << bad;
  }
}

TEST_F(Engines, files_are_written_whole_or_not_at_all) {
  const EngineFiles files = slurm_files(task_);
  write_engine_files(task_.folder, files, "");
  for (const auto& [name, text] : files) EXPECT_EQ(read_whole((folder_ / "out" / name).string(), "a file"), text);
  EXPECT_EQ(::access((folder_ / "out" / "submit.sh").c_str(), X_OK), 0);
  EXPECT_NO_THROW(write_engine_files(task_.folder, files, ""));  // over its own

  // Of another engine, or of somebody else: nothing is changed.
  EXPECT_THROW(write_engine_files(task_.folder, condor_files(task_), ""), Error);
  write_whole((folder_ / "out" / "part.sbatch").string(), "#!/bin/sh\nrm -rf /\n");
  EXPECT_THROW(write_engine_files(task_.folder, files, ""), Error);
  EXPECT_EQ(read_whole((folder_ / "out" / "part.sbatch").string(), "a file"), "#!/bin/sh\nrm -rf /\n");
  EXPECT_THROW(write_engine_files((folder_ / "none" / "out").string(), files, ""), Error);
  write_whole((folder_ / "file").string(), "x");
  EXPECT_THROW(write_engine_files((folder_ / "file").string(), files, ""), Error);
  EXPECT_EQ(entries(), 2u);

  // What the engine itself leaves there.
  const std::string second = (folder_ / "second").string();
  write_engine_files(second, condor_files(task_), "vigil.dag.");
  write_whole(second + "/vigil.dag.rescue001", "DONE");
  EXPECT_NO_THROW(write_engine_files(second, condor_files(task_), "vigil.dag."));
  write_whole(second + "/vigil.txt", "x");
  EXPECT_THROW(write_engine_files(second, condor_files(task_), "vigil.dag."), Error);
}

}  // namespace
}  // namespace vigil::app
