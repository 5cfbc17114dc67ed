"""Incidents as triggers have had them, judged right from outside: what is named, what is not, and what each leads to.
Rows of tests/faults.md name the parts."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from stream import ORBITS, Package, Publisher, batch, check, demo_package, pack, start, stop

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-incidents-"))
FLAGS = ["--window-ls", 2, "--hop-ls", 1, "--reference", "learn:2", "--json"]
SCORE = sum(package.widths[:-1])  # column of the score
EVENTS = 400
rng = np.random.default_rng(23)


def of(lines, kind):
    return [line for line in lines if line["type"] == kind]


def watched(batches, *more, models=(package.folder,)):
    """Result lines and log of one watch that was sent these batches, or messages as they are."""
    publisher = Publisher()
    loaded = [word for model in models for word in ("--model", model)]
    watch = start(vigil, "watch", *loaded, "--subscribe", publisher.endpoint, *FLAGS, *more)
    publisher.wait()
    for b in batches:
        publisher.send(pack(b))
    publisher.close()
    return stop(watch)


def lumisection(ls, *, n=EVENTS, of_package=package, **extra):
    rows = rng.integers(0, len(of_package.inputs), n)
    options = {"source": "link0", "seq": ls, "ls": ls, "first": (ls - 1) * ORBITS, "last": ls * ORBITS - 1, **extra}
    return batch(of_package, rows, **options)


def replayed(text, *more, name="scenario"):
    scenario, recording = folder / f"{name}.yaml", folder / f"{name}.vrec"
    scenario.write_text(text)
    subprocess.run([vigil, "simulate", scenario, "--record", recording, "--truth", folder / f"{name}.truth"], check=True,
                   capture_output=True)
    out = subprocess.run([str(word) for word in (vigil, "replay", recording, "--model", package.folder, *FLAGS, *more)],
                         check=True, capture_output=True).stdout
    truth = [json.loads(line) for line in (folder / f"{name}.truth").read_text().splitlines()]
    return [json.loads(line) for line in out.splitlines()], {t["ls"]: t for t in of(truth, "lumisection")}, out


def revalidation(lines):
    found = [a for a in of(lines, "action") if a["kind"] == "revalidate"]
    check(len(found) == 1, "one revalidate:", [(a["kind"], a["reason"]) for a in of(lines, "action")])
    return found[0]


def only_mismatch(lines, where):
    kinds = {(a["kind"], a["cause"]) for a in of(lines, "action")}
    check(kinds == {("revalidate", "mismatch"), ("notify", "mismatch")}, where, kinds)


# The stage before disagrees in every event; the model behind it, which sees what that stage put out, does what it should.
upstream = folder / "upstream"
shutil.copytree(package.folder, upstream)
text = (upstream / "model.yaml").read_text().replace("name: vigil_demo", "name: vigil_upstream")
(upstream / "model.yaml").write_text(text.replace("L1_VIGIL_Demo", "L1_VIGIL_Upstream"))
stage = Package(upstream)
sent = []
for ls in range(1, 6):
    wrong = lumisection(ls, of_package=stage)
    wrong["hw_outputs"][:, SCORE] += 1
    sent += [wrong, lumisection(ls)]
lines, _ = watched(sent, models=(upstream, package.folder))
check({a["model"] for a in of(lines, "action")} == {"vigil_upstream"}, "only the stage that is wrong:", of(lines, "action"))
only_mismatch(lines, "upstream")
action = revalidation(lines)
check(action["first_ls"] == action["last_ls"] == 1, "at the close of the first lumisection", action)
for line in of(lines, "lumisection"):
    counts = line["outputs"]["score"]
    expected = EVENTS if line["model"] == "vigil_upstream" else 0
    check(counts["mismatches"] == counts["hardware_above"] == expected, line["model"], line["ls"], counts)
downstream = [v for v in of(lines, "verdict") if v["model"] == "vigil_demo" and v["monitor"].startswith("mismatch/")]
sequential = {v["quality"] for v in downstream if v["window"] == "sequential"}  # windows still learn
check(sequential == {"good"} and not any(v["quality"] in ("medium", "bad") for v in downstream), "downstream", downstream)
bx = action["proposal"]["bx"]
check(bx["affected"] == bx["compared"] > 100 and bx["clean"] == [], "every crossing has it:", bx)
print("upstream: every event of the stage before, none behind it")

# Nine crossings of thirteen: half of their events; of those without one, only the three with enough events are named.
BAD, CLEAN, FEW, PER = [5, 300, 301, 302, 900, 1500, 2222, 3000, 3564], [1, 77, 2999], 2500, 50
sent = []
for ls in range(1, 4):
    crossings = np.array([bx for bx in BAD + CLEAN for _ in range(PER)] + [FEW], "<u2")
    b = lumisection(ls, n=len(crossings), bx=crossings)
    hit = np.isin(crossings, BAD) & (np.arange(len(crossings)) % 2 == 0)
    if ls >= 2:
        b["hw_outputs"][hit, SCORE] ^= 2
    sent.append(b)
lines, _ = watched(sent)
only_mismatch(lines, "crossings")
action = revalidation(lines)
check(action["first_ls"] == 2, "its onset", action)
fraction = hit.sum() / len(crossings)
check((1 - fraction) ** PER < 1e-6 < (1 - fraction), "the test's own numbers")
check(action["proposal"]["bx"] == {"affected": len(BAD), "compared": len(BAD + CLEAN) + 1, "clean": sorted(CLEAN)},
      "crossings", action["proposal"]["bx"])
print("crossings:", action["proposal"]["bx"])

# Truncated momenta in 0.8 % of the events: acted upon at the close of the lumisection in which the second event differs
# (within 400 events, on average), and the change is among those that explain every event that was kept.
spans = []
for seed, columns in ((1, "*.pt"), (2, "*.pt"), (3, "*.pt"), (4, "*.pt"), (5, "et_miss.pt"), (6, "jet[0].pt")):
    lines, truth, _ = replayed(f"""
seed: {seed}
run: 9
lumisections: 60
sources: [link0]
batches_per_ls: 4
events_per_ls: 100
faults:
  - {{type: pt_truncated, columns: "{columns}", bits: 2, fraction: 0.008, from_ls: 3}}
""")
    differ, events, due = 0, 0, 2
    while differ < 2:
        due += 1
        differ += truth[due]["mismatched_events"]
        events += truth[due]["events"]
    only_mismatch(lines, "truncated")
    action = revalidation(lines)
    check(action["last_ls"] == due, columns, "due in", due, "found in", action["last_ls"])
    found = action["proposal"]["attribution"]
    # Bits are counted from the lowest that any kept event has in that column: with few events that may be the second.
    named = [{"input": columns, "change": f"low {k} bits zero", "explains": differ, "of": differ} for k in (1, 2)]
    check(any(n in found for n in named) and found[0]["explains"] == differ, columns, named, found)
    check(f"({differ} of {differ} events)" in action["reason"], action["reason"])
    if columns == "*.pt":
        spans.append(events)
check(sorted(spans)[len(spans) // 2 - 1] <= 400, "events until two of them differ:", spans)
print("truncated: named after", spans, "events")

# Every event, and from the first on: named first, and by all of them.
for fault, name, change in (("type: phi_offset", "*.phi", "plus 1"), ("type: phi_offset, codes: -1", "*.phi", "minus 1"),
                            ("type: pt_truncated, bits: 3", "*.pt", "low 3 bits zero"),
                            ('type: dead_column, columns: "et_miss.pt", side: hardware', "et_miss.pt", "zero"),
                            ('type: hot_column, columns: "et_miss.pt", side: hardware', "et_miss.pt", "largest")):
    lines, _, _ = replayed(f"""
seed: 31
run: 9
lumisections: 3
sources: [link0]
batches_per_ls: 4
events_per_ls: 600
faults:
  - {{{fault}, from_ls: 2}}
""")
    only_mismatch(lines, fault)
    action = revalidation(lines)
    first = action["proposal"]["attribution"][0]
    check(first == {"input": name, "change": change, "explains": 8, "of": 8}, fault, action["proposal"]["attribution"])
    check(action["reason"].endswith(f"; the hardware's words are those of {name} {change} (8 of 8 events)"), action["reason"])
print("attributed: azimuths, momenta, a dead and a hot input")

# As many words one above as one below: nothing is netted, and the mean of the differences, 0, excuses nothing.
sent = [lumisection(ls) for ls in range(1, 4)]
sent[1]["hw_outputs"][0:5, SCORE] += 1
sent[1]["hw_outputs"][5:10, SCORE] -= 1
lines, _ = watched(sent)
only_mismatch(lines, "opposite")
counts = next(line["outputs"]["score"] for line in of(lines, "lumisection") if line["ls"] == 2)
check((counts["mismatches"], counts["hardware_above"], counts["hardware_below"]) == (10, 5, 5), "opposite", counts)
bad = [v for v in of(lines, "verdict") if v["monitor"] == "mismatch/score" and v["quality"] == "bad"]
check(bad and bad[0]["last_ls"] == 2 and "(5 above, 5 below)" in bad[0]["reason"], "opposite is bad", bad)
print("opposite mismatches are not netted")

# Another model's score, twice as large, under its own hash: that is no drift, and no rate of these thresholds.
sent = [lumisection(ls, n=1200) for ls in range(1, 10)]
for b in sent[4:]:
    b["model_hash"] = "f" * 64
    b["hw_outputs"][:, SCORE] *= 2
lines, _ = watched(sent)
check(not of(lines, "action"), "another model is no fault of this one", of(lines, "action"))
for v in of(lines, "verdict"):
    if v["first_ls"] < 5 or (v["window"] == "sequential" and v["last_ls"] < 5):
        continue
    check(v["quality"] == "unknown" and "wrong emulator: model hash ffffffffffff" in v["reason"], "another model:", v)
    is_seed = v["monitor"].startswith("seed/")
    check(is_seed == ("thresholds not valid for this model" in v["reason"]), "whose thresholds:", v)
check(any(v["monitor"].startswith("seed/") and v["last_ls"] > 5 for v in of(lines, "verdict")), "the seeds were judged")
print("another model hash: thresholds not valid")

# Lumisections beyond 2000, up to the last there can be.
lines, _, _ = replayed("""
seed: 5
run: 9
first_ls: 16370
lumisections: 15
sources: [link0]
batches_per_ls: 2
events_per_ls: 1200
faults:
  - {type: score_bit_flip, bit: 4, fraction: 0.02, from_ls: 16380}
""")
only_mismatch(lines, "late lumisections")
action = revalidation(lines)
check(action["first_ls"] == action["last_ls"] == 16380 and action["proposal"]["first_event"]["ls"] == 16380, "late", action)
check([line["ls"] for line in of(lines, "lumisection")] == list(range(16370, 16385)), "all lumisections", lines)
print("lumisections to 16384")

# A source that misses some orbits, orbits nobody has, a file twice: less covered, duplicates counted, nothing bad.
sent = []
for ls in range(1, 8):
    for n, source in enumerate(("a", "b")):
        for part in range(2):
            if (ls, source, part) == (4, "b", 1):
                continue  # b misses half of lumisection 4
            first = (ls - 1) * ORBITS + part * ORBITS // 2
            if ls == 6 and part == 1:
                first += ORBITS // 4  # a quarter that nobody has, though no batch is missing
            last = (ls - 1) * ORBITS + (part + 1) * ORBITS // 2 - 1
            number = 2 * ls + part
            sent.append(lumisection(ls, source=source, seq=number, first=first, last=last))
            if (ls, source) == (5, "a"):
                sent.append(sent[-1])
lines, log = watched(sent)
covered = {line["ls"]: line["covered_orbits"] for line in of(lines, "lumisection")}
check(covered == {1: ORBITS, 2: ORBITS, 3: ORBITS, 4: ORBITS // 2, 5: ORBITS, 6: ORBITS * 3 // 4, 7: ORBITS}, "covered", covered)
fifth = next(line for line in of(lines, "lumisection") if line["ls"] == 5)
check(fifth["events"] == 4 * EVENTS and fifth["sources"]["a"]["duplicate"] == 2, "duplicates", fifth)
fourth = next(line for line in of(lines, "lumisection") if line["ls"] == 4)
check(fourth["sources"]["b"]["missing"] == 1 and fourth["sources"]["a"]["missing"] == 0, "missing", fourth)
check(not of(lines, "action") and not any(v["quality"] == "bad" for v in of(lines, "verdict")), "nothing is wrong", of(lines, "action"))
windows = {(w["first_ls"], w["last_ls"]): w["coverage"] for w in of(lines, "window")}
check(windows[3, 4] == 0.75 and windows[5, 6] == 0.875, "coverage", windows)
print("orbits missing, orbits nobody has, batches twice")

# Bunch crossings that do not exist: that batch is rejected by its cause, the rest goes on, and two true mismatches count.
sent = []
for ls in range(1, 6):
    sent += [lumisection(ls), lumisection(ls, source="broken")]
    if ls in (2, 3):
        sent[-1]["bx"][7] = {2: 0, 3: 3565}[ls]
        sent[-1]["hw_outputs"][:, SCORE] += 1  # must not be seen
sent[-2]["hw_outputs"][:2, SCORE] += 1
lines, log = watched(sent)
rejected = [line["sources"].get("broken", {}).get("rejected", 0) for line in of(lines, "lumisection")]
check(rejected == [0, 1, 1, 0, 0], "rejected", of(lines, "lumisection"))
check("bx" in log, "the log names the column", log)
check([line["events"] for line in of(lines, "lumisection")] == [2 * EVENTS, EVENTS, EVENTS, 2 * EVENTS, 2 * EVENTS],
      "the rest goes on", of(lines, "lumisection"))
action = revalidation(lines)
check(action["first_ls"] == 5 and action["proposal"]["bx"]["affected"] <= 2, "two mismatches", action)
print("bunch crossings 0 and 3565 are rejected")

# A recording cut in the middle of a block: what is whole is judged as if the rest had not been sent, with 1 and 4 threads,
# and again.
scenario = """
seed: 41
run: 9
lumisections: 12
sources: [link0, link1]
batches_per_ls: 4
events_per_ls: 900
faults:
  - {type: phi_offset, from_ls: 6}
"""
_, _, whole = replayed(scenario, name="whole")
recording = folder / "whole.vrec"
data = recording.read_bytes()
recording.write_bytes(data[: len(data) * 3 // 4 + 1])
outputs = []
for jobs in (1, 4, 1, 4):
    done = subprocess.run([str(w) for w in (vigil, "replay", recording, "--model", package.folder, *FLAGS, "--jobs", jobs)],
                          capture_output=True)
    check(done.returncode == 0, "a cut recording", done.returncode, done.stderr)
    outputs.append(done.stdout)
check(len(set(outputs)) == 1, "the same for 1 and 4 threads, and again")
cut = [json.loads(line) for line in outputs[0].splitlines()]
full = [json.loads(line) for line in whole.splitlines()]
check(revalidation(cut) == revalidation(full), "the same action, by the same events", revalidation(cut))
closed = of(cut, "lumisection")
check(8 <= len(closed) <= 10 and closed[:-2] == of(full, "lumisection")[: len(closed) - 2], "what is whole is the same")
print("a recording cut in the middle:", len(closed), "of 12 lumisections, digest", of(cut, "digest")[0]["sha256"][:12])
