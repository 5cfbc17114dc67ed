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
watch = stream.start(vigil, "watch", "--model", root / "demo" / "model", "--subscribe", endpoint, "--json")
lines = []
end = time.time() + 60
while time.time() < end and len({l["run"] for l in lines if l["type"] == "lumisection"}) < TURNS:
    lines.append(json.loads(watch.stdout.readline()))
publish.send_signal(signal.SIGTERM)
publish.communicate(timeout=30)
rest, log = stream.stop(watch)
lines += rest
closed = [line for line in lines if line["type"] == "lumisection"]
runs = sorted({line["run"] for line in closed})
stream.check(len(runs) >= TURNS and runs == list(range(runs[0], runs[0] + len(runs))), runs)
for run in runs[:TURNS - 1]:
    of_run = [line for line in closed if line["run"] == run]
    stream.check([line["ls"] for line in of_run] == list(range(1, LUMISECTIONS + 1)), run, [line["ls"] for line in of_run])
    stream.check(all(line["events"] == EVENTS for line in of_run), run, [line["events"] for line in of_run])
for line in closed:
    for name, source in line["sources"].items():
        stream.check(not any(source[k] for k in ("duplicate", "late", "rejected")), name, source)
stream.check(not any(lines[-1]["unplaced"][k] for k in ("duplicate", "late", "rejected")), lines[-1])
print(f"{len(runs)} turns used")
