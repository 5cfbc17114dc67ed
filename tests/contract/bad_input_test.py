"""What a user can get wrong: one line that names what, where and what was expected; exit 2 at the start, 3 later."""
import os
import pathlib
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile

import numpy as np

vigil = sys.argv[1]
root = pathlib.Path(__file__).resolve().parents[2]
model = root / "demo" / "model"
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-bad-"))
count = 0


def refuse(expected, words, *arguments, **options):
    """Runs vigil; wants exit code `expected`, one line on stderr that has all `words`, nothing on stdout."""
    global count
    count += 1
    done = subprocess.run([vigil, *map(str, arguments)], capture_output=True, timeout=60, env=dict(os.environ, VIGIL_LOG="off"),
                          **options)
    lines = done.stderr.decode().strip().splitlines()
    problem = (done.returncode != expected or len(lines) != 1 or any(word not in lines[0] for word in words))
    if problem:
        sys.exit(f"FAILED: vigil {' '.join(map(str, arguments))}\n exit {done.returncode}, expected {expected}; wanted {words}\n"
                 + done.stderr.decode() + done.stdout.decode()[:500])


def write(name, text):
    (folder / name).write_text(text)
    return folder / name


with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    s.listen()
    used = f"tcp://127.0.0.1:{s.getsockname()[1]}"
    record = folder / "run.vrec"
    scenario = write("s.yaml", "lumisections: 6\nevents_per_ls: 400\n")
    subprocess.run([vigil, "simulate", scenario, "--record", record], check=True, capture_output=True)
    refuse(2, ["in use", used], "publish", record, "--endpoint", used)
    refuse(2, ["in use", used], "simulate", scenario, "--publish", used)

watch = ["watch", "--model", model, "--subscribe", "tcp://127.0.0.1:9"]
refuse(2, ["unknown key 'window_lss'", "c.yaml:2", "window"], "check", write("c.yaml", "models: [x]\nwindow_lss: 3\n"))
refuse(2, ["c.yaml:1", "close_after_ls", "whole number"], "check", write("c.yaml", "close_after_ls: soon\n"))
refuse(2, ["c.yaml:3", "twice"], "check", write("c.yaml", "jobs: 1\nexpiry_h: 2\njobs: 2\n"))
refuse(2, ["c.yaml:1", "minimum_coverage", "0 to 1"], "check", write("c.yaml", "minimum_coverage: 1.5\n"))
refuse(2, ["no such file"], "check", folder / "none.yaml")
refuse(2, ["statistic", "nonsense"], "check", write("c.yaml", f"models: [{model}]\nrules: [{{monitor: score, statistic: nonsense}}]\n"))
refuse(2, ["--set", "unknown key 'colour'"], *watch, "--set", "colour=red")
refuse(2, ["learn:0"], *watch, "--reference", "learn:0")
refuse(2, ["endpoint"], "watch", "--model", model)
refuse(2, ["nowhere"], "watch", "--model", folder / "nowhere", "--subscribe", "tcp://127.0.0.1:9")
refuse(2, ["subscribe", "carrier-pigeon"], "watch", "--model", model, "--subscribe", "carrier-pigeon://x")
refuse(2, ["second model named"], *watch, "--model", model)
refuse(2, ["sink zeromq", "nonsense"], *watch, "--actions-to", "nonsense")
refuse(2, ["--fail-on"], *watch, "--fail-on", "everything")
refuse(2, ["'gallop'", "vigil --help"], "gallop")
refuse(2, ["'wach'", "'watch'"], "wach", "--model", model)
refuse(2, ["'--endpont'", "'--endpoint'"], "publish", record, "--endpont", used)

broken = folder / "broken"
shutil.copytree(model, broken)
golden = np.load(broken / "golden_outputs.npy")
golden.reshape(-1)[5] += 1
np.save(broken / "golden_outputs.npy", golden)
refuse(2, ["score", "row 5", "expected", str(golden.reshape(-1)[5])], "model", "inspect", broken)
(broken / "network.json").unlink()
refuse(2, ["network.json"], "model", "inspect", broken)

reference = folder / "good.json"
subprocess.run([vigil, "reference", "build", record, "--model", model, "-o", reference], check=True, capture_output=True)
refuse(2, ["good.json", "model hash"], "replay", record, "--model", root / "demo" / "model_v2", "--reference", reference)
refuse(2, ["good.json"], "replay", record, "--model", model, "--reference", write("good.json", reference.read_text()[:1000]))
refuse(2, ["no complete lumisection"], "reference", "build", record, "--model", root / "demo" / "model_v2", "-o", folder / "r.json")

refuse(2, ["nothing.vrec"], "replay", folder / "nothing.vrec", "--model", model)
refuse(2, ["text.vrec"], "replay", write("text.vrec", "not a recording"), "--model", model)
refuse(2, ["speed", "fast"], "replay", record, "--model", model, "--speed", "fast")

journal = folder / "other.db"
sqlite3.connect(journal).execute("CREATE TABLE mine (x)").connection.commit()
refuse(2, ["other.db"], "replay", record, "--model", model, "--journal", journal)
journal = folder / "old.db"
subprocess.run([vigil, "replay", record, "--model", model, "--journal", journal], check=True, capture_output=True)
db = sqlite3.connect(journal)
db.execute("PRAGMA user_version = 99")
db.commit()
db.close()
refuse(2, ["old.db", "99", "1"], "replay", record, "--model", model, "--journal", journal)
refuse(2, ["No such file"], "status", folder / "none.db")

x = folder / "x.npy"
np.save(x, np.zeros((3, 56), "<i4"))
refuse(2, ["x.npy", "[3,56]", "[n,57]"], "emulate", "--model", model, "--input", x)
wrong = np.zeros((3, 57), "<i4")
wrong[2, 4] = 1 << 20
np.save(x, wrong)
refuse(2, ["x.npy", "row 2", "column 4", "egamma[0].eta"], "emulate", "--model", model, "--input", x)
np.save(x, np.full((1, 57), np.nan))
refuse(2, ["x.npy", "row 0", "column 0"], "emulate", "--model", model, "--input", x)
np.save(x, np.zeros((0, 57)))
assert subprocess.run([vigil, "emulate", "--model", model, "--input", x, "--output", folder / "y.npy"]).returncode == 0
assert np.load(folder / "y.npy").shape == (0, 1)


# A full disk while running: exit 3, and what was committed before stays whole. A file size limit stands in for the disk.
def limit():
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))


full = folder / "full.db"
refuse(3, ["full.db"], "replay", record, "--model", model, "--journal", full, "--set", "minimum_events=1", preexec_fn=limit)
assert sqlite3.connect(full).execute("PRAGMA integrity_check").fetchone()[0] == "ok"
print(f"{count} refusals, each one line")
