"""Equal results for any number of threads, any speed, any cut into batches, and live against replay."""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from stream import ORBITS, Publisher, batch, check, demo_package, pack, start, stop

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-digest-"))
FLAGS = ["--model", package.folder, "--json", "--window-ls", 4, "--hop-ls", 2, "--reference", "learn:4"]


def run(*arguments):
    done = subprocess.run([vigil, *map(str, arguments)], capture_output=True)
    check(done.returncode == 0, arguments, done.returncode, done.stderr.decode())
    return done.stdout


scenario = folder / "scenario.yaml"
scenario.write_text("""
seed: 3
run: 7
lumisections: 14
sources: [link0, link1]
batches_per_ls: 4
events_per_ls: 800
faults:
  - {type: dead_column, columns: "jet[1].eta", from_ls: 7}
""")
run("simulate", scenario, "--record", folder / "a.vrec")
run("simulate", scenario, "--record", folder / "b.vrec")
check((folder / "a.vrec").read_bytes() == (folder / "b.vrec").read_bytes(), "simulate is not reproducible")
reference = run("replay", folder / "a.vrec", *FLAGS)
check(json.loads(reference.splitlines()[-1])["type"] == "digest", "no digest")
check(b'"type":"action"' in reference, "the stream of this test leads to an action")
for jobs in (1, 2, 8):
    check(run("replay", folder / "a.vrec", *FLAGS, "--jobs", jobs) == reference, "jobs", jobs)
check(run("replay", folder / "a.vrec", *FLAGS, "--speed", "50x") == reference, "speed 50x")

# Live against replay: the same frames over ZeroMQ, recorded on the way, then replayed.
publisher = subprocess.Popen([vigil, "publish", folder / "a.vrec", "--endpoint", "tcp://127.0.0.1:*", "--speed", "max"],
                             stderr=subprocess.PIPE, stdout=subprocess.PIPE)
endpoint = publisher.stderr.readline().decode().split()[-1]
watch = start(vigil, "watch", "--subscribe", endpoint, "--record", folder / "live", *FLAGS)
publisher.communicate(timeout=120)
lines, _ = stop(watch)
replayed = [json.loads(line) for line in run("replay", folder / "live", *FLAGS).splitlines()]
check(lines == replayed, "live against replay")
check(lines == [json.loads(line) for line in reference.splitlines()], "live against the recording it came from")

# The same events cut into batches of 1, 7 and 4096: equal windows, verdicts and actions.
rng = np.random.default_rng(11)
LUMISECTIONS, EVENTS = 12, 210
rows = {ls: rng.integers(0, len(package.inputs), EVENTS) for ls in range(1, LUMISECTIONS + 1)}
score = sum(package.widths[:-1])


def cut(size):
    publisher = Publisher()
    watch = start(vigil, "watch", "--subscribe", publisher.endpoint, *FLAGS)
    publisher.wait()
    seq = 0
    for ls, chosen in rows.items():
        start_orbit = (ls - 1) * ORBITS
        orbit = (start_orbit + np.arange(EVENTS) * (ORBITS // EVENTS)).astype("<u4")
        edges = list(range(0, EVENTS, size))
        for first, last in zip(edges, edges[1:] + [EVENTS]):
            begin = orbit[first] if first else start_orbit
            end = orbit[last] - 1 if last < EVENTS else start_orbit + ORBITS - 1
            b = batch(package, chosen[first:last], source="link0", seq=seq, ls=ls, first=int(begin), last=int(end))
            b["orbit"] = orbit[first:last]
            if ls > 8:
                b["hw_outputs"][np.arange(first, last) % 50 == 3, score] += 4
            publisher.send(pack(b))
            seq += 1
    publisher.close()
    lines, _ = stop(watch, 3)
    return [line for line in lines if line["type"] in ("window", "verdict", "action")]


whole = cut(4096)
check(any(line["type"] == "action" and line["kind"] == "revalidate" for line in whole), "a mismatch must be revalidated")
for size in (1, 7):
    check(cut(size) == whole, "batches of", size)
print(f"{len(whole)} lines equal for every cut; digest {json.loads(reference.splitlines()[-1])['sha256'][:12]}")
