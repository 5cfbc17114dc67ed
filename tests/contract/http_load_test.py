"""People who look change nothing: with 50 clients of /v1/events, 200 connections that dribble and requests of every bad kind at the
door, a replay has the same lines in about the same time, a watch loses nothing, /healthz answers within 1 s and memory is bounded.
How close the times are is measured by bench/http_load.py (docs/performance.md); here a coarse limit holds on a busy machine."""
import json
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from http_load import Crowd, replay, simulated  # noqa: E402
from prometheus import samples, value
from stream import check
from watched import Watched

vigil = sys.argv[1]
with tempfile.TemporaryDirectory(prefix="vigil-load-") as folder:
    recording = simulated(vigil, folder, 60, 8000)
    ratios, digests = [], set()
    for crowd_first in (False, True, False):
        found = {}
        for crowd in ((True, False) if crowd_first else (False, True)):
            wall, cpu, mib, digest, people = replay(vigil, recording, 60, crowd)
            found[crowd] = wall
            digests.add(digest["sha256"])
            if people:
                check(people.counts["requests"] > 0 and people.counts["stream_bytes"] > 0, "the crowd was there", people.counts)
                check(mib < 600, "memory with the crowd:", mib, "MiB")
        ratios.append(found[True] / found[False])
    check(len(digests) == 1, "the lines are the same with and without the crowd", digests)
    check(statistics.median(ratios) < 2, "time with the crowd over time without:", ratios)

# A watch under the crowd: all is judged, nothing is dropped, who is well-behaved is answered.
w = Watched(vigil, batches=4, n=100)
w.send(4)
w.closed(2)
before = value(samples(w.get("/metrics")), "process_resident_memory_bytes")
people = Crowd(int(w.address.rpartition(":")[2]))
for _ in range(60):
    w.send(1)
    time.sleep(0.25)
w.closed(w.ls - 3)
now = samples(w.get("/metrics"))
check(value(now, "vigil_http_streams") == 50, value(now, "vigil_http_streams"), "streams")
people.end()
check(len(people.healthz) > 20 and max(people.healthz) < 1, "health:", len(people.healthz), "asked, worst", max(people.healthz))
check(value(now, "vigil_frames_dropped_total") == 0 and value(now, "vigil_frames_received_total") == w.ls * 4, "frames")
for reason in ("host", "size", "slow"):
    check(value(now, "vigil_http_refused_total", reason=reason) > 0, "refused and counted:", reason)
check(value(now, "process_resident_memory_bytes") - before < 200 * 2**20, "memory grew from", before, "to", value(now, "process_resident_memory_bytes"))
log = w.watch.log()
check(len(log.splitlines()) < 20, "misbehaviour is no line of the log each:", log[-2000:])
lines = w.stop()
check([line["ls"] for line in lines if line["type"] == "lumisection"] == list(range(1, w.ls + 1)), "every lumisection once, in order")
print("ok", {"ratios": [round(r, 3) for r in ratios], "healthz_worst_s": round(max(people.healthz), 4)})
