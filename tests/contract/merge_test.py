"""A plan's parts, emulated apart and merged, give the bytes of one replay: for any number of parts, in any order, made
twice, killed; of hostile and damaged recordings; judged anew with other windows; and what does not fit is refused."""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from monitor import lumisection
from stream import ORBITS, Publisher, check, demo_package, pack, start, stop

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-merge-"))
MODEL = ["--model", package.folder]
random.seed(5)


def run(*arguments, code=0):
    done = subprocess.run([vigil, *map(str, arguments)], capture_output=True, timeout=300)
    check(done.returncode == code, arguments, done.returncode, done.stderr.decode()[-2000:])
    return done


def refused(what, *arguments, words=()):
    done = run(*arguments, code=2)
    lines = done.stderr.decode().strip().splitlines()
    check(done.stdout == b"", what, "on stdout:", done.stdout[:200])
    check(len(lines) == 1, what, "not one line:", lines)
    for word in words:
        check(word in lines[0], what, "without", word, ":", lines[0])


def simulated():
    scenario = folder / "scenario.yaml"
    scenario.write_text("""
seed: 3
run: 7
lumisections: 36
sources: [link0, link1]
batches_per_ls: 4
events_per_ls: 900
luminosity: {initial_pileup: 60, lifetime_h: 0.5, pileup_slope: 1}
faults:
  - {type: dead_column, columns: "jet[1].eta", from_ls: 20}
  - {type: score_bit_flip, output: score, bit: 4, fraction: 0.02, from_ls: 27}
  - {type: lost_batches, every: 9, source: link1, from_ls: 5, to_ls: 30}
""")
    run("simulate", scenario, "--record", folder / "simulated.vrec")
    return folder / "simulated.vrec"


def hostile():
    """Gaps, duplicates, late batches, restarts, a doubled link, garbage, foreign and failed batches, a run change."""
    publisher = Publisher()
    recorder = subprocess.Popen([vigil, "record", "--subscribe", publisher.endpoint, "-o", folder / "hostile"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    publisher.wait()
    seq = {"a": 0, "b": 0, "doubled": 0}
    sent = []
    for run_number in (11, 12):
        for ls in range(1, 19):
            for source in seq:
                if source == "b" and ls == 6:
                    seq[source] += 3  # lost
                extra = {"context": {"pileup": 50 + ls, "beam_mode": "STABLE BEAMS"}} if source == "a" else {}
                if ls == 12:
                    extra = {"context": {"menu": "another", "prescale_column": 2}}
                if source == "b" and ls == 9:
                    extra["model_hash"] = "f" * 64
                epoch = 2 if source == "b" and (run_number == 12 or ls > 10) else 1
                if source == "b" and run_number == 11 and ls == 11:
                    seq[source] = 0  # restarted
                batch = pack(lumisection(package, ls, seq[source], 120, run=run_number, source=source, epoch=epoch, **extra))
                seq[source] += 1
                sent.append(batch)
                publisher.send(batch)
                if source == "doubled":
                    publisher.send(batch)
            if ls % 5 == 0:
                publisher.send(random.choice(sent[:-4]))  # duplicate
                publisher.send(pack(lumisection(package, ls - 4, seq["a"], 50, run=run_number, source="a")))  # late
                seq["a"] += 1
                publisher.send([b"scouting/" + package.name.encode(), os.urandom(60)])
                publisher.send([b"scouting/" + package.name.encode(), sent[-1][1][:-7]])
    time.sleep(1)
    publisher.close()
    recorder.send_signal(signal.SIGTERM)
    check(recorder.wait(timeout=60) == 0, "record", recorder.stderr.read())
    return folder / "hostile"


def damaged(recording):
    data = bytearray(recording.read_bytes())
    for at in (len(data) // 3, len(data) // 2, len(data) // 2 + 40000):
        data[at:at + 64] = os.urandom(64)
    out = folder / "damaged.vrec"
    out.write_bytes(data[:-5000])
    return out


def plan_of(name, recordings, parts, *flags):
    plan = folder / f"{name}-{parts}.plan"
    run("plan", *recordings, "--parts", parts, "-o", plan, *flags)
    return plan


def make_parts(plan, parts):
    order = list(range(parts))
    random.shuffle(order)
    for part in order:
        run("replay", "--plan", plan, "--part", part, "--jobs", random.choice([1, 2]))


def same_bytes(name, recordings, counts, *flags):
    whole = run("replay", *recordings, *flags, "--json").stdout
    for parts in counts:
        plan = plan_of(name, recordings, parts, *flags)
        make_parts(plan, parts)
        merged = run("merge", "--plan", plan, "--json").stdout
        if merged != whole:
            for ours, theirs in zip(merged.splitlines(), whole.splitlines()):
                check(ours == theirs, name, parts, "merged", ours[:600], "replayed", theirs[:600])
        check(merged == whole, name, parts, "parts: another number of lines")
    digest = json.loads(whole.splitlines()[-1])
    check(digest["type"] == "digest", digest)
    return whole


recording, stream = simulated(), hostile()
FLAGS = MODEL + ["--reference", "learn:6", "--window-ls", 4, "--hop-ls", 2]
whole = same_bytes("simulated", [recording], (1, 2, 3, 7, 16, 40), *FLAGS)
check(b'"type":"action"' in whole, "a fault of this stream leads to an action")
lines = [json.loads(line) for line in same_bytes("hostile", [stream], (1, 3, 16), *FLAGS).splitlines()]
losses = {key: sum(s[key] for line in lines if line["type"] == "lumisection" for s in line["sources"].values())
          for key in ("missing", "duplicate", "late", "rejected", "restarts")}
check(all(n > 0 for n in losses.values()), "the stream was to be hostile", losses)
same_bytes("damaged", [damaged(recording)], (1, 4, 9), *FLAGS)
same_bytes("both", [recording, stream], (5,), *FLAGS)

# A range of lumisections, and a reference in strata of pile-up.
ranged = FLAGS + ["--from-ls", 9, "--to-ls", 30]
same_bytes("ranged", [recording], (4,), *ranged)
run("reference", "build", recording, *MODEL, "--to-ls", 18, "-o", folder / "good.json")
same_bytes("divided", [recording], (3,), *MODEL, "--reference", folder / "good.json")

# Judged anew without emulating: other windows, another way to learn.
plan = folder / "simulated-7.plan"
other = ["--window-ls", 6, "--hop-ls", 3, "--reference", "learn:8", "--set", "sequential=false"]
check(run("merge", "--plan", plan, "--json", *other).stdout == run("replay", recording, *MODEL, *other, "--json").stdout,
      "judged anew")
run("merge", "--plan", plan, "--json", "-o", folder / "merged.jsonl")
check((folder / "merged.jsonl").read_bytes() == whole, "-o FILE")
check(not list(folder.glob("merged.jsonl.new*")), "left behind")

# Parts made twice, and killed at random moments.
parts = folder / "simulated-7.plan.parts"
before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in parts.glob("*.vsum")}
again = json.loads(run("replay", "--plan", plan, "--part", 3, "--json").stdout)
check(again["already"] is True and again["part"] == 3 and again["parts"] == 7, again)
check(before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in parts.glob("*.vsum")}, "untouched")
for attempt in range(12):
    victim = parts / "00002.vsum"
    victim.unlink(missing_ok=True)
    task = subprocess.Popen([vigil, "replay", "--plan", plan, "--part", "2", "--jobs", "1"], stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, 0.25))
    task.kill()
    task.wait()
    check(not victim.exists() or victim.read_bytes() == before[victim][0], "a killed task left half a part")
run("replay", "--plan", plan, "--part", 2)
check((parts / "00002.vsum").read_bytes() == before[parts / "00002.vsum"][0], "a part made twice")
torn = parts / "00004.vsum"
torn.write_bytes(before[torn][0][:-9])
refused("torn part", "merge", "--plan", plan, "--json", words=["00004.vsum"])
check(json.loads(run("status", plan, "--json").stdout)["bad"][0]["part"] == 4, "status names the torn part")
check(json.loads(run("replay", "--plan", plan, "--part", 4, "--json").stdout)["already"] is False, "torn: made anew")
check(run("merge", "--plan", plan, "--json").stdout == whole, "after it was mended")

# What does not fit.
files = sorted(parts.glob("*.vsum"))
refused("missing", "merge", *files[:2], *files[4:], "--plan", plan, "--json", words=["missing parts 2-3 of 7"])
refused("missing", "merge", *files[:3], *files[4:6], "--plan", plan, "--json", words=["missing parts 3, 6 of 7"])
refused("twice", "merge", *files, files[0], "--plan", plan, "--json", words=["twice"])
foreign = folder / "simulated-3.plan.parts" / "00001.vsum"
refused("of another plan", "merge", foreign, *files[1:], "--plan", plan, "--json", words=["plan"])
changed = bytearray(files[5].read_bytes())
changed[len(changed) // 2] ^= 1
(folder / "changed.vsum").write_bytes(changed)
refused("changed", "merge", folder / "changed.vsum", *files[:5], files[6], "--plan", plan, "--json", words=["changed.vsum"])
refused("no part", "merge", recording, *files[1:], "--plan", plan, "--json")
refused("another model", "merge", "--plan", plan, "--model", package.folder, "--model", package.folder, "--json")
refused("what enters partials", "merge", "--plan", plan, "--reference", folder / "good.json", "--json", words=["settings"])
refused("part beyond", "replay", "--plan", plan, "--part", 7, words=["0 to 6"])
refused("part without plan", "replay", "--part", 1)
refused("recordings beside a plan", "replay", recording, "--plan", plan, "--part", 1)
refused("no plan", "replay", "--plan", folder / "nothing.plan", "--part", 1, words=["nothing.plan"])
refused("not a plan", "replay", "--plan", recording, "--part", 1)
occupied = folder / "occupied.vsum"
occupied.write_text("mine")
refused("FILE of something else", "replay", "--plan", plan, "--part", 1, "-o", occupied)
check(occupied.read_text() == "mine", "another's file")
grown = recording.read_bytes()
recording.write_bytes(grown[:-100])
refused("recording changed", "merge", "--plan", plan, "--json", words=["simulated.vrec"])
refused("recording changed", "replay", "--plan", plan, "--part", 6, "-o", folder / "x.vsum", words=["simulated.vrec"])
check(not (folder / "x.vsum").exists(), "nothing left behind")
recording.write_bytes(grown)

# A journal holds what that of a replay holds.
run("merge", "--plan", plan, "--json", "--journal", folder / "merged.db")
run("replay", recording, *FLAGS, "--json", "--journal", folder / "replayed.db")
listed = [run("actions", "list", "--journal", folder / name, "--json").stdout for name in ("merged.db", "replayed.db")]
check(listed[0] == listed[1] and listed[0], "actions of the journals")
refused("journal that is there", "merge", "--plan", plan, "--json", "--journal", folder / "merged.db", words=["merged.db"])
print(f"{len(whole.splitlines())} lines from 1 to 40 parts; losses {losses}")
