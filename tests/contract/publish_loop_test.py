"""`publish --loop`: every turn is new data to a monitor, none of it late or duplicate."""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import stream

vigil = sys.argv[1]
root = pathlib.Path(__file__).resolve().parents[2]
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-loop-"))
LUMISECTIONS, EVENTS, TURNS = 5, 200, 4
(folder / "s.yaml").write_text(f"lumisections: {LUMISECTIONS}\nevents_per_ls: {EVENTS}\n")
subprocess.run([vigil, "simulate", folder / "s.yaml", "--record", folder / "run.vrec"], check=True, capture_output=True)
publish = subprocess.Popen([vigil, "publish", folder / "run.vrec", "--endpoint", "tcp://127.0.0.1:*", "--speed", "80x", "--loop"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
endpoint = publish.stderr.readline().decode().split()[-1]
with open(folder / "out", "wb") as out, open(folder / "log", "wb") as err:
    watch = subprocess.Popen([vigil, "watch", "--model", root / "demo" / "model", "--subscribe", endpoint, "--json"], stdout=out,
                             stderr=err)


def seen():
    whole = (folder / "out").read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


end = time.time() + 90
while time.time() < end and len({line["run"] for line in seen() if line["type"] == "lumisection"}) < TURNS:
    time.sleep(0.2)
publish.send_signal(signal.SIGTERM)
publish.communicate(timeout=30)
watch.send_signal(signal.SIGTERM)
stream.check(watch.wait(60) == 0, "watch", watch.returncode, (folder / "log").read_text())
lines = seen()
closed = [line for line in lines if line["type"] == "lumisection"]
runs = sorted({line["run"] for line in closed})
stream.check(len(runs) >= TURNS and runs == list(range(runs[0], runs[0] + len(runs))), runs)
for run in runs[:TURNS - 1]:
    of_run = [line for line in closed if line["run"] == run]
    stream.check([line["ls"] for line in of_run] == list(range(1, LUMISECTIONS + 1)), run, [line["ls"] for line in of_run])
    events = [line["events"] for line in of_run]
    stream.check(events == [line["events"] for line in closed[:LUMISECTIONS]] and min(events) > 0, run, events)
    stream.check(all(line["covered_orbits"] == line["expected_orbits"] for line in of_run), run, "coverage")
for line in closed:
    for name, source in line["sources"].items():
        stream.check(not any(source[k] for k in ("duplicate", "late", "rejected")), name, source)
stream.check(not any(lines[-1]["unplaced"][k] for k in ("duplicate", "late", "rejected")), lines[-1])
print(f"{len(runs)} turns used")
