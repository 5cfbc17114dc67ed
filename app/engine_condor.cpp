// HTCondor: a DAG whose nodes are the parts, and the merge as their child. Shared file system.
#include <fmt/format.h>

#include "app/engine.h"
#include "core/error.h"

namespace vigil::app {
namespace {

// Parts that are there are marked as done, so that a part that went bad since is run again, which a rescue DAG would
// not do; -force puts an older rescue DAG aside.
constexpr const char* kCondorSubmit = R"sh(cd "$here"
{
  printf '%s\n' "$todo"
  cat vigil.dag
} | awk '
  /^[0-9]+$/ { todo[sprintf("part%05d", $1)] = 1; next }
  $1 == "JOB" && $2 != "merge" { sub(/ DONE$/, ""); if (!($2 in todo)) $0 = $0 " DONE" }
  NF > 0' >vigil.dag.next
mv vigil.dag.next vigil.dag
condor_submit_dag -force vigil.dag
)sh";

// A value of a submit description: $( begins a macro.
std::string condor_value(const std::string& text) {
  if (text.find("$$(") != std::string::npos) {
    throw Error(text, "a path with '$$('", "one without: HTCondor takes it for a property of the machine");
  }
  return replaced(text, "$", "$(DOLLAR)");
}

// One word of `arguments = "…"`.
std::string condor_argument(const std::string& text) {
  return "'" + replaced(replaced(condor_value(text), "'", "''"), "\"", "\"\"") + "'";
}

std::string condor_description(const EngineTask& task, const std::string& name, const std::string& arguments) {
  const std::string log = condor_value(task.plan + ".parts/log/");
  std::string out = fmt::format(
      "# {}; vigil.dag names it.\n"
      "universe = vanilla\n"
      "executable = {}\n"
      "arguments = \"{}\"\n"
      "transfer_executable = false\n"
      "should_transfer_files = no\n"
      "log = {}vigil.condor.log\n"
      "output = {}{}.out\n"
      "error = {}{}.err\n",
      kEngineMark, condor_value(task.vigil), arguments, log, log, name, log, name);
  if (name != "merge") out += fmt::format("request_cpus = {}\n", task.cores);
  for (const std::string& option : task.options) out += option + "\n";
  return out + "queue\n";
}

}  // namespace

EngineFiles condor_files(const EngineTask& task) {
  EngineFiles files;
  files["submit.sh"] = submit_head(task, "HTCondor") + "mkdir -p \"$plan.parts/log\"\n" + kAskStatus + kCondorSubmit;
  files["part.sub"] = condor_description(
      task, "part-$(part)",
      fmt::format("replay --plan {} --part $(part) --jobs {}", condor_argument(task.plan), task.cores));
  files["merge.sub"] = condor_description(
      task, "merge",
      fmt::format("merge --plan {} --json -o {}", condor_argument(task.plan), condor_argument(task.plan + ".jsonl")));
  std::string dag = fmt::format("# {}; submit.sh submits it.\n", kEngineMark);
  std::string names;
  for (std::uint32_t part = 0; part < task.parts; ++part) {
    const std::string name = part_name(part);
    dag += fmt::format("JOB {} part.sub\nVARS {} part=\"{}\"\nRETRY {} 3\n", name, name, part, name);
    names += " " + name;
  }
  files["vigil.dag"] = dag + "JOB merge merge.sub\nPARENT" + names + " CHILD merge\n";
  return files;
}

}  // namespace vigil::app
