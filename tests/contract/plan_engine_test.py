"""What vigil plan writes for Slurm, HTCondor and Kubernetes, run by stand-ins for their commands: every task gets its part,
only what is missing or bad is submitted, and paths with blanks, quotes, $, % and # arrive as they are."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml
from parts import calls, part_path, put_part, run, sha256, stand_in
from stream import check

vigil = sys.argv[1]
root = pathlib.Path(__file__).resolve().parents[2]
model = root / "demo" / "model"
base = pathlib.Path(tempfile.mkdtemp(prefix="vigil-engine-"))
ugly = base / """a b'c"d$HOME%j#e $(date) `x`"""
(ugly / "back\\slash").mkdir(parents=True)
(base / "s.yaml").write_text("lumisections: 6\nevents_per_ls: 300\nbatches_per_ls: 2\nsources: [link0]\n")
recording = ugly / "r 1.vrec"
subprocess.run([vigil, "simulate", base / "s.yaml", "--record", recording], check=True, capture_output=True)
tools = base / "bin"
tools.mkdir()
environment = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}", VIGIL_POLL_S="0")


def tool(name, text):
    (tools / name).write_text("#!/usr/bin/python3\n" + text)
    (tools / name).chmod(0o755)


def submit(folder, expected=0, **more):
    code, out, err = run(folder / "submit.sh", env=dict(environment, **more), cwd="/")
    check(code == expected, "submit.sh - exit", code, out, err)
    return out.splitlines()


def parts_run(log):
    return sorted(int(call[call.index("--part") + 1]) for call in calls(log) if call[0] == "replay")


def fresh(name, n=5, where=ugly / "back\\slash"):
    """A plan in a folder, and an executable that records what it is asked."""
    plan = where / f"{name} #1 %a.plan"
    log = base / f"{name}.log"
    program = stand_in(ugly / f"vigil {name}", vigil, log)
    code, out, err = run(vigil, "plan", recording, "--model", model, "--parts", n, "-o", plan)
    check(code == 0, err)
    return plan, log, program


def check_calls(log, plan, parts, cores):
    check(parts_run(log) == parts, "parts", parts, "ran", parts_run(log))
    for call in calls(log):
        if call[0] == "replay":
            check(call == ["replay", "--plan", str(plan), "--part", call[4], "--jobs", str(cores)], call)
        if call[0] == "merge":
            check(call == ["merge", "--plan", str(plan), "--json", "-o", f"{plan}.jsonl"], call)


# ---- Slurm. The stand-in knows --array, --dependency and --export, reads #SBATCH lines as sbatch does, runs at once.
tool("sbatch", r'''
import json, os, re, shlex, subprocess, sys
state = os.environ["SLURM_STAND_IN"]
options = dict(a.lstrip("-").split("=", 1) if "=" in a else (a.lstrip("-"), "") for a in sys.argv[1:-1])
script = sys.argv[-1]
lines = open(script).read().splitlines()
header = [line[len("#SBATCH "):] for line in lines if line.startswith("#SBATCH ")]
words = {}
for line in header:
    for word in shlex.split(line, comments=False):
        key, _, value = word.lstrip("-").partition("=")
        words[key] = value
jobs = json.load(open(state)) if os.path.exists(state) else []
job = {"id": 100 + len(jobs), "options": options, "header": words, "ok": True}
needed = [int(i) for i in re.findall(r"\d+", options.get("dependency", ""))]
assert options.get("dependency", "afterok:1").startswith("afterok:")
env = {k: v for k, v in os.environ.items() if k != "VIGIL_FIRST"}
for pair in options.get("export", "ALL").split(",")[1:]:
    key, _, value = pair.partition("=")
    env[key] = value
if all(next(j for j in jobs if j["id"] == i)["ok"] for i in needed):
    indices = []
    for piece in options.get("array", "").split(","):
        first, _, last = piece.partition("-")
        indices += list(range(int(first), int(last or first) + 1)) if piece else []
    assert len(indices) <= 1000 and all(i < 1001 for i in indices), indices
    job["tasks"] = len(indices)
    for index in indices or [None]:
        if index is not None:
            env["SLURM_ARRAY_TASK_ID"] = str(index)
        job["ok"] &= subprocess.run(["/bin/sh", script], env=env, cwd="/").returncode == 0
else:
    job["ok"] = False
jobs.append(job)
json.dump(jobs, open(state, "w"))
print(f"{job['id']};cluster")
''')
plan, log, program = fresh("slurm", where=ugly)
folder = ugly / "slurm scripts"
check(run(vigil, "plan", plan, "--slurm", folder, "--vigil", program, "--task-jobs", 3, "--option", "--partition=x y",
          "--option", "--time=10")[0] == 0, "scripts")
check(sorted(p.name for p in folder.iterdir()) == ["merge.sbatch", "part.sbatch", "submit.sh"], "files")
state = str(base / "slurm.json")
put_part(plan, 1)
put_part(plan, 3, b"torn")
out = submit(folder, SLURM_STAND_IN=state)
check(out == ["array 100", "merge 101"], out)
check_calls(log, plan, [0, 2, 3, 4], 3)
jobs = json.load(open(state))
check(jobs[0]["options"]["array"] == "0,2-4" and jobs[0]["options"]["export"] == "ALL,VIGIL_FIRST=0", jobs)
check(jobs[0]["header"]["output"] == f"{plan}".replace("%", "%%") + ".parts/log/part-%A_%a.log", jobs[0]["header"])
check((jobs[0]["header"]["cpus-per-task"], jobs[0]["header"]["time"]) == ("3", "10"), jobs[0]["header"])
check("#SBATCH --partition=x y\n" in (folder / "part.sbatch").read_text(), "an option is a line of the engine's own")
check(jobs[1]["options"]["dependency"] == "afterok:100" and jobs[1]["options"]["kill-on-invalid-dep"] == "yes", jobs[1])
check(pathlib.Path(f"{plan}.jsonl").read_text() == "merged\n" and pathlib.Path(f"{plan}.parts/log").is_dir(), "merged")
out = submit(folder, SLURM_STAND_IN=state)  # nothing is missing: only the merge
check(out == ["merge 102"] and "dependency" not in json.load(open(state))[2]["options"], out)
for number in (0, 4):
    part_path(plan, number).unlink()
out = submit(folder, SLURM_STAND_IN=state, FAIL_PARTS="4")
check(not json.load(open(state))[4]["ok"] and part_path(plan, 0).exists(), "a part failed: no merge")
log.unlink()
submit(folder, SLURM_STAND_IN=state)
check(parts_run(log) == [4], "run again: what failed alone")
check(run(vigil, "plan", plan, "--slurm", folder)[0] == 0, "written anew over its own")
check(str(vigil) in (folder / "part.sbatch").read_text(), "the default is this executable")

# More than a thousand parts: indices are part numbers modulo 1000, an array a thousand. The status is a stand-in's.
missing = sorted(set(range(2500)) - set(range(7, 995)) - {998, 1000, 1500, 1501, 2499})
program = base / "counting"
program.write_text("#!/usr/bin/python3\nimport json, sys\n"
                   f"if sys.argv[1] == 'status': print(json.dumps({{'parts': 2500, 'done': [], 'missing': {missing}, 'bad': "
                   '[{"part": 998, "reason": \'"missing":[5],{"part":6,"reason":\'}, {"part": 1500, "reason": "x"}], "events": 0},'
                   " separators=(',', ':')))\n")
program.chmod(0o755)
many = base / "many"
check(run(vigil, "plan", plan, "--slurm", many, "--vigil", program)[0] == 0, "scripts")
state = str(base / "many.json")
text = (many / "part.sbatch").read_text()  # thousands of processes of Python are slow; the shell counts as well
(many / "part.sbatch").write_text(re.sub(r"^exec .*?(--part (\S.*?)) --jobs.*$", r"echo \2 >>'" + str(base / "counted") + "'", text, flags=re.M))
out = submit(many, SLURM_STAND_IN=state)
check(out == ["array 100", "array 101", "array 102", "merge 103"], out)
jobs = json.load(open(state))
check([j["options"].get("array") for j in jobs] == ["0-6,995-999", "1-500,502-999", "0-498", None], [j["options"] for j in jobs])
check(sorted(map(int, (base / "counted").read_text().split())) == sorted(missing + [998, 1500]), "every missing part once")
check(jobs[3]["options"]["dependency"] == "afterok:100:101:102", jobs[3])

# ---- HTCondor. Submit files are read by htcondor's own parser where it is there, and by the rules of its manual.
tool("condor_submit_dag", r'''
import json, os, sys
json.dump([sys.argv[1:], os.getcwd(), open("vigil.dag").read()], open(os.environ["CONDOR_STAND_IN"], "w"))
''')


def expanded(text, variables):
    return re.sub(r"\$\((\w+)\)", lambda m: "$" if m[1] == "DOLLAR" else variables[m[1]], text)


def condor_words(text):
    """"New" arguments syntax: one pair of double quotes, words by blanks, single quotes group, each doubled is itself."""
    check(text[0] == text[-1] == '"' and '"' not in text[1:-1].replace('""', ""), text)
    words, word, quoted, i = [], None, False, 0
    text = text[1:-1].replace('""', '"')
    while i < len(text):
        c = text[i]
        if c == "'":
            if quoted and text[i + 1:i + 2] == "'":
                word += "'"
                i += 1
            else:
                quoted = not quoted
                word = word or ""
        elif c == " " and not quoted:
            words += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + c
        i += 1
    return words + ([] if word is None else [word])


def condor_submit(file, variables):
    out = {}
    for line in file.read_text().splitlines():
        key, equals, value = line.partition(" = ")
        if equals and not line.startswith("#"):
            out[key] = expanded(value, variables)
    return out


plan, log, program = fresh("condor")
folder = ugly / "condor scripts"
check(run(vigil, "plan", plan, "--condor", folder, "--vigil", program, "--task-jobs", 2, "--option", "+Project = \"x\"")[0] == 0, "scripts")
check(sorted(p.name for p in folder.iterdir()) == ["merge.sub", "part.sub", "submit.sh", "vigil.dag"], "files")
state = str(base / "condor.json")
put_part(plan, 2)
submit(folder, CONDOR_STAND_IN=state)
arguments, where, dag = json.load(open(state))
check(arguments == ["-force", "vigil.dag"] and where == str(folder), arguments, where)
jobs = re.findall(r"^JOB (\S+) (\S+)(?: (DONE))?$", dag, re.M)
check(jobs == [(f"part{i:05}", "part.sub", "DONE" if i == 2 else "") for i in range(5)] + [("merge", "merge.sub", "")], jobs)
check("PARENT " + " ".join(f"part{i:05}" for i in range(5)) + " CHILD merge" in dag.splitlines(), dag)
for i in range(5):
    check(f'VARS part{i:05} part="{i}"' in dag and f"RETRY part{i:05} 3" in dag, dag)
for i in (0, 1, 3, 4):
    described = condor_submit(folder / "part.sub", {"part": str(i)})
    check(described["universe"] == "vanilla" and described["request_cpus"] == "2" and described["executable"] == str(program), described)
    check(described["output"] == f"{plan}.parts/log/part-{i}.out" and described["+Project"] == '"x"', described)
    check(subprocess.run([described["executable"], *condor_words(described["arguments"])]).returncode == 0, described)
described = condor_submit(folder / "merge.sub", {})
check(subprocess.run([described["executable"], *condor_words(described["arguments"])]).returncode == 0, described)
check_calls(log, plan, [0, 1, 3, 4], 2)
check(all(f.read_text().rstrip().endswith("\nqueue") for f in (folder / "part.sub", folder / "merge.sub")), "one queue")
(folder / "vigil.dag.dagman.out").write_text("what DAGMan leaves")
submit(folder, CONDOR_STAND_IN=state)
check(json.load(open(state))[2].count(" DONE\n") == 5, "all are done")
part_path(plan, 4).write_bytes(b"bad")
submit(folder, CONDOR_STAND_IN=state)
dag = json.load(open(state))[2]
check(dag.count(" DONE\n") == 4 and "JOB part00004 part.sub\n" in dag, dag)
check(run(vigil, "plan", plan, "--condor", folder, "--vigil", program)[0] == 0, "written anew beside what DAGMan left")
try:
    os.environ["CONDOR_CONFIG"] = "ONLY_ENV"
    import htcondor2
    for name in ("part.sub", "merge.sub"):
        theirs = htcondor2.Submit((folder / name).read_text())
        check(condor_words(theirs.expand("arguments").replace("$(part)", "3"))[:3] ==
              [name.split(".")[0].replace("part", "replay"), "--plan", str(plan)], theirs.expand("arguments"))
        check(theirs.expand("executable") == str(program), theirs.expand("executable"))
    parser = "htcondor's own parser too"
except ImportError:
    parser = "htcondor's own parser not installed (pip install htcondor)"

# ---- Kubernetes. The stand-in runs a Job's containers, with $(NAME) replaced as the kubelet does.
tool("kubectl", r'''
import json, os, re, subprocess, sys, yaml
state = os.environ["KUBERNETES_STAND_IN"]
jobs = json.load(open(state)) if os.path.exists(state) else {"jobs": {}, "calls": []}
jobs["calls"].append(sys.argv[1:])
def expand(word, env):
    return re.sub(r"\$\$|\$\((\w+)\)", lambda m: "$" if m[0] == "$$" else env.get(m[1], m[0]), word)
if sys.argv[1] == "apply":
    job = yaml.safe_load(open(sys.argv[3]))
    name, spec = job["metadata"]["name"], job["spec"]
    assert name not in jobs["jobs"], "a Job that is there cannot be changed"
    assert re.fullmatch("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name)
    [container] = spec["template"]["spec"]["containers"]
    ok = True
    for index in range(spec.get("completions", 1)):
        env = {"JOB_COMPLETION_INDEX": str(index)} if spec.get("completionMode") == "Indexed" else {}
        ok &= subprocess.run([expand(word, env) for word in container["command"]]).returncode == 0
    jobs["jobs"][name] = "Complete" if ok else "FailureTarget Failed"
elif sys.argv[1] == "delete":
    jobs["jobs"].pop(sys.argv[3], None)
else:
    print(jobs["jobs"][sys.argv[3]], end="")
json.dump(jobs, open(state, "w"))
''')
plan, log, program = fresh("kubernetes", n=3)
folder = ugly / "kubernetes manifests"
check(run(vigil, "plan", plan, "--kubernetes", folder, "--vigil", program, "--image", "registry.example/vigil:1 #x", "--task-jobs", 4,
          "--claim", f"data:{ugly}", "--claim", "models:/models", "--option", "nodeSelector: {disk: ssd}", "--max-parallel", 2)[0] == 0, "manifests")
check(sorted(p.name for p in folder.iterdir()) == ["merge.yaml", "parts.yaml", "submit.sh"], "files")
job = yaml.safe_load((folder / "parts.yaml").read_text())
name = "vigil-" + sha256(plan.read_bytes())[:12]
check((job["apiVersion"], job["kind"], job["metadata"]["name"]) == ("batch/v1", "Job", name), job)
spec = job["spec"]
check((spec["completionMode"], spec["completions"], spec["parallelism"], spec["backoffLimitPerIndex"]) == ("Indexed", 3, 2, 3), spec)
pod = spec["template"]["spec"]
check(pod["restartPolicy"] == "Never" and pod["nodeSelector"] == {"disk": "ssd"}, pod)
check(pod["containers"][0]["image"] == "registry.example/vigil:1 #x", pod)
check([m["mountPath"] for m in pod["containers"][0]["volumeMounts"]] == [str(ugly), "/models"], pod)
check([v["persistentVolumeClaim"]["claimName"] for v in pod["volumes"]] == ["data", "models"], pod)
check("$(JOB_COMPLETION_INDEX)" in pod["containers"][0]["command"], pod)
state = str(base / "kubernetes.json")
out = submit(folder, KUBERNETES_STAND_IN=state)
check(out == [f"parts {name}", f"merge {name}-merge"], out)
check_calls(log, plan, [0, 1, 2], 4)
check(pathlib.Path(f"{plan}.jsonl").read_text() == "merged\n", "merged")
out = submit(folder, KUBERNETES_STAND_IN=state)
check(out == [f"merge {name}-merge"], "nothing is missing: only the merge", out)
part_path(plan, 1).unlink()
submit(folder, expected=1, KUBERNETES_STAND_IN=state, FAIL_PARTS="1")
submit(folder, KUBERNETES_STAND_IN=state)
check(part_path(plan, 1).exists(), "run again after a failure")
print("Slurm, HTCondor, Kubernetes by stand-ins;", parser)
