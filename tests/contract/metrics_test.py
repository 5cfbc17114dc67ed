"""/metrics against a count of the result lines by brute force, with faults of every kind; names of strangers; promtool."""
import contextlib
import sqlite3
import sys
import time
from collections import Counter

import numpy as np
from monitor import of
from prometheus import program, promtool, samples, value
from server import until
from stream import check, pack
from watched import Watched

vigil = sys.argv[1]
HOSTILE = 'a"b\\c\nd{e="f"} 1\r\t\x01é'
CAUSES = ("parts,too large,not msgpack,trailing bytes,not a map,missing key,wrong type,version,topic,unknown model,lumisection,orbits,"
          "bunch crossing,column,word range,limits,selection,sources,clock jump").split(",")


def scrape(w):
    text = w.get("/metrics")
    check(text.endswith("\n"), "the last line ends")
    if program("promtool"):
        code, said = promtool("check", "metrics", text=text)
        check((code, said.strip()) == (0, ""), "promtool:", said)
    return samples(text)


w = Watched(vigil, "sinks: [{type: file, name: notes, path: FOLDER/notes.jsonl}]\n", sources=("link0", HOSTILE))

# Before anything arrived all that has a name is there, with 0.
start = scrape(w)
for name, labels in ([("vigil_rejections_total", {"cause": c}) for c in CAUSES]
                     + [("vigil_stage_busy_seconds_total", {"stage": s}) for s in ("read", "emulate", "judge", "journal")]
                     + [("vigil_stage_frames_total", {"stage": s}) for s in ("read", "emulate", "judge", "journal")]
                     + [("vigil_http_refused_total", {"reason": r}) for r in ("rate", "streams", "size", "slow", "host")]
                     + [("vigil_alarms", {"state": s}) for s in ("raised", "acknowledged", "shelved")]
                     + [("vigil_deliveries_pending", {"sink": "notes"}), ("vigil_emulated_events_total", {"model": w.package.name}),
                        ("vigil_emulator_failures_total", {"model": w.package.name}), ("vigil_journal_errors_total", {}),
                        ("vigil_frames_received_total", {}), ("vigil_frames_dropped_total", {}), ("vigil_journal_commit_seconds_count", {})]
                     + [("vigil_deliveries_total", {"sink": "notes", "result": r}) for r in ("delivered", "rejected", "expired", "retry")]):
    check(value(start, name, **labels) == 0, name, labels, value(start, name, **labels))
check(value(start, "vigil_queue_capacity_frames") == 4096 and value(start, "vigil_sink_up", sink="notes") == 1, "queue, sink")
check(value(start, "vigil_build_info") == 1, "build_info")

# Learning, then faults: both sides of a mismatch, duplicates, gaps, what is late, rejected and of another model, a drift.
def up_and_down(b):
    b["hw_outputs"][:4, 0] += 1
    b["hw_outputs"][4:7, 0] -= np.minimum(b["hw_outputs"][4:7, 0], 1)


w.send(6)
w.send(2, change=up_and_down)
w.send(1, skip=lambda source, seq: source == "link0" and seq % 2 == 0)
w.send(2, change=lambda b: b.update(model_hash="0" * 64))
w.raw([f"scouting/{w.package.name}".encode(), b"\xc1"])
w.raw([f"scouting/{w.package.name}".encode(), b"\x80"])
w.raw([b"one part"])
again = []
w.send(2, change=lambda b: again.append(pack(b)))
w.raw(again[-1])  # a duplicate
w.send(3)
w.raw(again[0])  # late, or a duplicate: the lines say
w.send(6, pool=w.high)
w.closed(w.ls - 3)
w.watch.settle()
text, lines = w.get("/metrics"), w.watch.lines()
now = scrape(w)
M = {"model": w.package.name, "stream": "scouting"}

ls = of(lines, "lumisection")
check(until(lambda: value(samples(w.get("/metrics")), "vigil_lumisections_total", **M) == len(of(w.watch.lines(), "lumisection"))), "lumisections")


def equal(name, expected, **labels):
    found = value(now, name, **M, **labels)
    check(found == expected, name, labels, "expected", expected, "found", found)


equal("vigil_events_total", sum(line["events"] for line in ls))
equal("vigil_crossings_total", sum(line["n_bx"] for line in ls))
equal("vigil_foreign_events_total", sum(line["wrong_model_events"] for line in ls))
equal("vigil_uncovered_orbits_total", sum(line["expected_orbits"] - line["covered_orbits"] for line in ls))
equal("vigil_lumisection_number", ls[-1]["ls"])
equal("vigil_run_number", 1)
equal("vigil_coverage_ratio", ls[-1]["covered_orbits"] / ls[-1]["expected_orbits"])
check(sum(line["wrong_model_events"] for line in ls) > 0, "the test sends another model's events")
sums = Counter()
for line in ls:
    for output, c in line["outputs"].items():
        sums["mismatch/" + output] += c["compared"]
        for side in ("hardware_above", "hardware_below"):
            sums["mismatch/" + output, side] += c[side]
    for seed, c in line["seeds"].items():
        sums["mismatch/" + seed] += c["compared"]
        for side in ("hardware_only", "emulator_only"):
            sums["mismatch/" + seed, side] += c[side]
        sums[seed, "hardware", "pass"] += c["hardware"]
        sums[seed, "emulator", "pass"] += c["emulator"]
    for source, c in line["sources"].items():
        for key in ("batches", "missing", "duplicate", "late", "rejected", "dropped", "restarts"):
            sums[source, key, "source"] += c[key]
        for cause, count in c.get("rejected_by", {}).items():
            sums[cause, "cause", ""] += count
for key, count in sums.items():
    if isinstance(key, str):
        equal("vigil_compared_events_total", count, monitor=key)
    elif len(key) == 2:
        equal("vigil_mismatches_total", count, monitor=key[0], side=key[1])
    elif key[2] == "pass":
        equal("vigil_seed_passes_total", count, seed=key[0], by=key[1])
    elif key[2] == "source":
        if key[1] in ("missing", "restarts"):
            equal({"missing": "vigil_batches_missing_total", "restarts": "vigil_source_restarts_total"}[key[1]], count, source=key[0])
        else:
            equal("vigil_batches_total", count, source=key[0], outcome={"batches": "accepted"}.get(key[1], key[1]))
check(sums["mismatch/score", "hardware_above"] > 0 and sums["mismatch/score", "hardware_below"] > 0, "both sides differ in this test")
for key in ("duplicate", "missing", "rejected"):
    check(sum(v for k, v in sums.items() if k[1:] == (key, "source")) > 0, "the test has something", key)
for cause in CAUSES:
    found = value(now, "vigil_rejections_total", cause=cause)
    check(found == sums[cause, "cause", ""], "rejections", cause, found, sums[cause, "cause", ""])

# Windows, and the newest verdict of each rule in the newest run.
windows = Counter((line["name"], line["quality"]) for line in of(lines, "window"))
for name in {n for n, _ in windows}:
    for quality in ("good", "medium", "bad", "unknown"):
        equal("vigil_windows_total", windows[name, quality], window=name, quality=quality)
newest = {(v["window"], v["monitor"], v["statistic"]): v for v in of(lines, "verdict")}
check(len(newest) > 50, len(newest), "rules")
for (window, monitor, statistic), v in newest.items():
    labels = {"window": window, "monitor": monitor, "statistic": statistic}
    equal("vigil_monitor_value", v["value"], **labels)
    equal("vigil_monitor_limit", v["limit"], **labels)
    quality = value(now, "vigil_monitor_quality", **M, **labels)
    check(quality != quality if v["quality"] == "unknown" else quality == {"good": 0, "medium": 1, "bad": 2}[v["quality"]], labels, quality, v)

# Actions, their deliveries, states, and the pipeline's own counts.
kinds = Counter(line["kind"] for line in of(lines, "action"))
check(kinds["revalidate"] > 0, kinds)
for kind in ("retrain", "threshold-adjust", "revalidate", "notify", "collect-data", "rollback"):
    equal("vigil_actions_total", kinds[kind], kind=kind)
check(until(lambda: value(samples(w.get("/metrics")), "vigil_deliveries_total", sink="notes", result="delivered") == sum(kinds.values())), "delivered")
for family in ("all", "agreement", "score", "inputs", "rates", "data"):
    found = {s: value(now, "vigil_state", **M, family=family, state=s) for s in ("good", "medium", "bad", "unknown", "stale", "shelved")}
    check(sorted(found.values()) == [0] * 5 + [1], family, found)
check(any(v["quality"] == "bad" for v in of(lines, "verdict") if v["monitor"].startswith("mismatch/")), "the test has a mismatch")
for family, begins in (("agreement", "mismatch/"), ("rates", "seed/")):
    found = {v["quality"] for (_, monitor, _), v in newest.items() if monitor.startswith(begins)}
    worst = next((q for q in ("bad", "medium", "good") if q in found), "unknown")
    check(value(now, "vigil_state", **M, family=family, state=worst) == 1, family, "expected", worst)
equal("vigil_judging", 1)
frames = value(now, "vigil_frames_received_total")
check(frames == value(now, "vigil_stage_frames_total", stage="read") == value(now, "vigil_stage_frames_total", stage="judge"), "frames")
check(value(now, "vigil_received_bytes_total") > frames * 100, "bytes")
events = sum(line["events"] - line["wrong_model_events"] for line in ls)
check(value(now, "vigil_emulated_events_total", model=w.package.name) >= events > 0, "emulated, open lumisections included")
check(value(now, "vigil_journal_commit_seconds_count") >= len(ls), "commits")
for stage in ("read", "emulate", "judge", "journal"):
    check(0 < value(now, "vigil_stage_busy_seconds_total", stage=stage) < 60, stage)
age = time.time() - value(now, "vigil_last_close_timestamp_seconds", **M)
check(0 <= age < 60, "closed", age, "s ago")
age = time.time() - value(now, "vigil_source_last_batch_timestamp_seconds", **M, source=HOSTILE)
check(0 <= age < 60, "a batch", age, "s ago")
check(value(now, "process_open_fds") > 5 and value(now, "process_resident_memory_bytes") > 1e7, "process")
check(abs(value(now, "process_start_time_seconds") - time.time()) < 300, "start")
check(value(now, "vigil_http_requests_total", code=200) >= 2, "requests")

# A restart on the same journal: names are there, counts begin anew.
w.restart()
again = scrape(w)
for name in ("vigil_lumisections_total", "vigil_events_total", "vigil_foreign_events_total", "vigil_uncovered_orbits_total"):
    check(value(again, name, **M) == 0, name, "after a restart")
check(value(again, "vigil_batches_total", **M, source=HOSTILE, outcome="accepted") == 0, "sources are known")
check(value(again, "vigil_lumisection_number", **M) >= ls[-1]["ls"], "the newest lumisection is the journal's")
with contextlib.closing(sqlite3.connect(f"file:{w.journal}?mode=ro", uri=True)) as db:
    for kind, is_open, proposed in db.execute("SELECT kind, sum(open), sum(state = 'proposed') FROM actions GROUP BY kind"):
        check(value(again, "vigil_actions_open", **M, kind=kind) == is_open, kind, "open", is_open)
        check(value(again, "vigil_actions_proposed", **M, kind=kind) == proposed, kind, "proposed", proposed)
    check(db.execute("SELECT count(*) FROM actions").fetchone()[0] >= 2, "there are actions")
w.stop()
print("ok")
