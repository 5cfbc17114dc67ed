"""A plan on a real Slurm (test_servers/slurm.sh): the scripts as they are, every task's part, the merge that waits, what happens
after a failure. Paths hold blanks, quotes, $, % and #. Where this vigil replays parts and merges, what the cluster leaves is
what `vigil replay` prints. Skipped without Slurm."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from parts import calls, part_path, put_part, run, stand_in
from stream import check

vigil, shared = sys.argv[1], pathlib.Path(sys.argv[2])
script = shared / "test_servers" / "slurm.sh"
for missing in [name for name in ("sbatch", "slurmctld", "slurmd", "munged") if shutil.which(name) is None]:
    print(f"skipped: no {missing}; apt-get install --no-install-recommends slurm-wlm munge")
    sys.exit(77)
if not script.exists() or os.getuid() != 0:
    print(f"skipped: no {script}" if not script.exists() else "skipped: a Slurm of one's own needs root")
    sys.exit(77)
model = pathlib.Path(__file__).resolve().parents[2] / "demo" / "model"
base = pathlib.Path(tempfile.mkdtemp(prefix="vigil-slurm-"))
ugly = base / """a b'c"d$HOME%j#e"""
ugly.mkdir()
(base / "s.yaml").write_text("lumisections: 14\nevents_per_ls: 400\nbatches_per_ls: 3\nsources: [link0, link1]\n")
recording = ugly / "r 1.vrec"
subprocess.run([vigil, "simulate", base / "s.yaml", "--record", recording], check=True, capture_output=True)


def submit(folder, **more):
    code, out, err = run(folder / "submit.sh", env=dict(os.environ, **more), cwd="/")
    check(code == 0, "submit.sh", out, err)
    check(re.fullmatch(r"(array \d+\n)*merge \d+\n", out), out)
    return [int(word) for word in re.findall(r"\d+", out)]


def wait(seconds=120):
    end = time.monotonic() + seconds
    while queued := run("squeue", "-h", "-o", "%i %T %r")[1]:
        check(time.monotonic() < end, "the queue is not empty within", seconds, "s:", queued)
        time.sleep(0.2)


def state(job):
    return re.search(r"JobState=(\S+)", run("scontrol", "show", "job", job)[1])[1]


def plan(name, parts, program, *options):
    file = ugly / f"{name} %a #1.plan"
    folder = ugly / f"{name} scripts"
    code, _, err = run(vigil, "plan", recording, "--model", model, "--parts", parts, "-o", file, "--slurm", folder, "--vigil", program,
                       *options)
    check(code == 0, err)
    return file, folder


def rows(log):
    return sorted(int(call[call.index("--part") + 1]) for call in calls(log) if call[0] == "replay")


done = subprocess.run([script, "start", base / "cluster"], capture_output=True, text=True)
if done.returncode != 0:
    print("skipped: no Slurm starts here:", done.stderr.strip().splitlines()[-1])
    sys.exit(77)
try:
    os.environ["SLURM_CONF"] = done.stdout.strip().partition("=")[2]
    log = base / "log"
    program = stand_in(ugly / "vigil $x", vigil, log)
    file, folder = plan("one", 5, program, "--option", "--time=5", "--task-jobs", 2)
    put_part(file, 3)
    array, merge = submit(folder, FAIL_PARTS="2")
    wait()
    check(rows(log) == [0, 1, 2, 4], "parts", rows(log))
    check(not pathlib.Path(f"{file}.jsonl").exists() and state(merge) == "CANCELLED", "a part failed: the merge never runs", state(merge))
    logs = sorted(p.name for p in pathlib.Path(f"{file}.parts/log").iterdir())
    check(logs == [f"part-{array}_{i}.log" for i in (0, 1, 2, 4)], logs)
    log.unlink()
    array, merge = submit(folder)
    wait()
    check(rows(log) == [2] and pathlib.Path(f"{file}.jsonl").read_text() == "merged\n", "run again: what failed, then the merge")
    check(len(submit(folder)) == 1, "nothing is missing: only the merge")
    wait()
    for number in (1, 4):
        part_path(file, number).write_bytes(b"spoilt")
    submit(folder)
    wait()
    check(rows(log) == [1, 2, 4], "what is bad is made anew", rows(log))

    # Indices beyond Slurm's largest: an array of its own. 1001 parts, all but four there.
    (base / "s.yaml").write_text("lumisections: 300\nevents_per_ls: 40\nbatches_per_ls: 4\nsources: [link0]\n")
    subprocess.run([vigil, "simulate", base / "s.yaml", "--record", recording], check=True, capture_output=True)
    log.unlink()
    file, folder = plan("many", 1003, program)
    for number in set(range(1003)) - {0, 999, 1000, 1002}:
        put_part(file, number)
    check(len(submit(folder)) == 3, "two arrays and a merge")
    wait()
    check(rows(log) == [0, 999, 1000, 1002] and pathlib.Path(f"{file}.jsonl").exists(), rows(log))

    if "--part" in run(vigil, "replay", "--help")[1].replace("--parts", "") and run(vigil, "merge", "--help")[0] == 0:
        file, folder = plan("real", 7, vigil)
        submit(folder)
        wait()
        expected = run(vigil, "replay", recording, "--model", model, "--json")[1]
        check(pathlib.Path(f"{file}.jsonl").read_text() == expected, "the cluster's lines are those of one process")
        print("a cluster's lines are those of one process")
    else:
        print("this vigil does not replay parts: the scripts alone were tested")
finally:
    subprocess.run([script, "clean", base / "cluster"], capture_output=True)
