// Slurm: job arrays of at most 1000 tasks, and a merge that waits for all of them.
#include <fmt/format.h>

#include "app/engine.h"
#include "core/error.h"

namespace vigil::app {
namespace {

// Indices beyond MaxArraySize - 1 (1000 by default) are refused: a task's part is VIGIL_FIRST plus its index.
constexpr const char* kSlurmSubmit = R"sh(# "FIRST INDICES" of each array: part numbers modulo 1000, as ranges.
arrays=$(printf '%s\n' "$todo" | awk '
  function put() { if (from >= 0) list = list (list == "" ? "" : ",") (from == to ? from : from "-" to) }
  function leave() { put(); if (list != "") print block * 1000, list; list = ""; from = -1 }
  BEGIN { block = -1; from = -1 }
  /^[0-9]+$/ {
    i = $1 % 1000
    b = ($1 - i) / 1000
    if (b != block) { leave(); block = b }
    if (from >= 0 && i == to + 1) { to = i } else { put(); from = i; to = i }
  }
  END { leave() }')
ids=
while read -r first indices; do
  [ -n "$indices" ] || continue
  id=$(sbatch --parsable --array="$indices" --export=ALL,VIGIL_FIRST="$first" "$here/part.sbatch")
  id=${id%%;*}
  echo "array $id"
  ids="$ids:$id"
done <<END
$arrays
END
if [ -n "$ids" ]; then
  id=$(sbatch --parsable --dependency="afterok$ids" --kill-on-invalid-dep=yes "$here/merge.sbatch")
else
  id=$(sbatch --parsable "$here/merge.sbatch")
fi
echo "merge ${id%%;*}"
)sh";

// A path in an #SBATCH line, which knows quotes and backslashes, as pattern of a file name, in which % begins a field.
std::string pattern_quoted(const std::string& path, const std::string& pattern) {
  return "\"" + replaced(replaced(replaced(path, "%", "%%"), "\\", "\\\\"), "\"", "\\\"") + pattern + "\"";
}

std::string slurm_script(const EngineTask& task, const char* what, const char* pattern, const std::string& command) {
  std::string out = fmt::format(
      "#!/bin/sh\n"
      "# {}; submit.sh submits it.\n"
      "#SBATCH --job-name=vigil-{}\n"
      "#SBATCH --output={}\n",
      kEngineMark, what, pattern_quoted(task.plan + ".parts/log/", pattern));
  if (std::string_view(what) == "part") out += fmt::format("#SBATCH --cpus-per-task={}\n", task.cores);
  for (const std::string& option : task.options) out += "#SBATCH " + option + "\n";
  return out + "exec " + shell_quoted(task.vigil) + command + "\n";
}

}  // namespace

EngineFiles slurm_files(const EngineTask& task) {
  if (task.plan.find('\\') != std::string::npos) {
    throw Error(task.plan, "a path with a backslash", "one without: Slurm takes it for a mark in the names of logs");
  }
  const std::string plan = shell_quoted(task.plan);
  EngineFiles files;
  files["submit.sh"] = submit_head(task, "Slurm") + "mkdir -p \"$plan.parts/log\"\n" + kAskStatus + kSlurmSubmit;
  files["part.sbatch"] = slurm_script(
      task, "part", "part-%A_%a.log",
      fmt::format(R"sh( replay --plan {} --part "$((${{VIGIL_FIRST:-0}} + SLURM_ARRAY_TASK_ID))" --jobs {})sh", plan,
                  task.cores));
  files["merge.sbatch"] =
      slurm_script(task, "merge", "merge-%j.log",
                   fmt::format(" merge --plan {} --json -o {}", plan, shell_quoted(task.plan + ".jsonl")));
  return files;
}

}  // namespace vigil::app
