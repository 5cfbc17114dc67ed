// Kubernetes: an indexed Job of all parts, and one of the merge.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "app/engine.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/utf8.h"

namespace vigil::app {
namespace {

// A Job that ended stays, and cannot be applied anew: it goes first. What is there already costs its task nothing.
constexpr const char* kKubernetesSubmit = R"sh(todo=all
if [ -r "$plan" ] && command -v "$vigil" >/dev/null; then
  ask
fi
ended() {
  while :; do
    state=$(kubectl get job "$1" -o 'jsonpath={.status.conditions[?(@.status=="True")].type}')
    case " $state " in
      *" Complete "*) return 0 ;;
      *" Failed "*) echo "job $1 failed" >&2; return 1 ;;
    esac
    sleep "${VIGIL_POLL_S:-5}"
  done
}
if [ -n "$todo" ]; then
  kubectl delete job "$name" --ignore-not-found >/dev/null
  kubectl apply -f "$here/parts.yaml" >/dev/null
  echo "parts $name"
  ended "$name"
fi
kubectl delete job "$name-merge" --ignore-not-found >/dev/null
kubectl apply -f "$here/merge.yaml" >/dev/null
echo "merge $name-merge"
)sh";

// A YAML text in double quotes is a JSON text.
std::string yaml_quoted(const std::string& text) { return json_text(text); }
// A word of a container's command, in which $(NAME) is replaced and $$ is a dollar.
std::string command_word(const std::string& text) { return yaml_quoted(replaced(text, "$", "$$")); }

struct Claim {
  std::string name, path;
};

Claim claim_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  const Claim claim{text.substr(0, colon), colon == std::string::npos ? "" : text.substr(colon + 1)};
  const auto is_name = [](const std::string& name) {
    const auto in_name = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    };
    return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), in_name) &&
           name.front() != '-' && name.front() != '.' && name.back() != '-' && name.back() != '.';
  };
  if (!is_name(claim.name) || !claim.path.starts_with('/') ||
      claim.path.find_first_of(std::string_view(":\n\r\0", 4)) != std::string::npos) {
    throw Error("--claim '" + text + "'", "no claim",
                "PVC:PATH, the name of a PersistentVolumeClaim and an absolute path");
  }
  return claim;
}

// A line of the pod's specification: a YAML map on one line, of keys that are not ours.
void check_option(const std::string& line) {
  const auto refuse = [&] {
    throw Error(
        "--option '" + line + "'", "not taken",
        "one line of a pod's spec, like `nodeSelector: {disk: ssd}`; containers, volumes and restartPolicy are set");
  };
  try {
    const YAML::Node node = YAML::Load(line);
    if (!node.IsMap()) refuse();
    for (const auto& pair : node) {
      const std::string key = pair.first.Scalar();
      if (key == "containers" || key == "volumes" || key == "restartPolicy") refuse();
    }
  } catch (const YAML::Exception&) {
    refuse();
  }
}

std::string kubernetes_job(const EngineTask& task, const std::string& name, const std::string& about,
                           const std::string& command) {
  std::string out = fmt::format(
      "# {}; submit.sh applies it.\n"
      "apiVersion: batch/v1\n"
      "kind: Job\n"
      "metadata:\n"
      "  name: {}\n"
      "spec:\n"
      "{}"
      "  template:\n"
      "    spec:\n"
      "      restartPolicy: Never\n",
      kEngineMark, name, about);
  for (const std::string& option : task.options) out += "      " + option + "\n";
  out += fmt::format(
      "      containers:\n"
      "        - name: vigil\n"
      "          image: {}\n"
      "          command: [{}]\n"
      "          resources: {{requests: {{cpu: \"{}\"}}}}\n",
      yaml_quoted(task.image), command, name.ends_with("-merge") ? 1 : task.cores);
  if (task.claims.empty()) return out;
  std::string mounts = "          volumeMounts:\n", volumes = "      volumes:\n";
  for (std::size_t i = 0; i < task.claims.size(); ++i) {
    const Claim claim = claim_of(task.claims[i]);
    mounts += fmt::format("            - {{name: claim{}, mountPath: {}}}\n", i, yaml_quoted(claim.path));
    volumes += fmt::format("        - {{name: claim{}, persistentVolumeClaim: {{claimName: {}}}}}\n", i,
                           yaml_quoted(claim.name));
  }
  return out + mounts + volumes;
}

}  // namespace

EngineFiles kubernetes_files(const EngineTask& task) {
  for (const std::string* text : {&task.plan, &task.vigil, &task.image}) {
    if (!is_utf8(*text)) throw Error(*text, "is no UTF-8", "a text that YAML can hold");
  }
  for (const std::string& option : task.options) check_option(option);
  const std::string name = "vigil-" + task.sha256.substr(0, 12);
  const std::string begin = command_word(task.vigil) + ", ";
  EngineFiles files;
  files["submit.sh"] =
      submit_head(task, "Kubernetes") + "name=" + name + "\nask() {\n" + kAskStatus + "}\n" + kKubernetesSubmit;
  files["parts.yaml"] = kubernetes_job(
      task, name,
      fmt::format("  completionMode: Indexed\n"
                  "  completions: {}\n"
                  "  parallelism: {}\n"
                  "  backoffLimitPerIndex: 3\n",
                  task.parts, task.max_parallel == 0 ? task.parts : task.max_parallel),
      begin + fmt::format(R"yaml("replay", "--plan", {}, "--part", "$(JOB_COMPLETION_INDEX)", "--jobs", "{}")yaml",
                          command_word(task.plan), task.cores));
  files["merge.yaml"] =
      kubernetes_job(task, name + "-merge", "  backoffLimit: 3\n",
                     begin + fmt::format(R"yaml("merge", "--plan", {}, "--json", "-o", {})yaml",
                                         command_word(task.plan), command_word(task.plan + ".jsonl")));
  return files;
}

}  // namespace vigil::app
