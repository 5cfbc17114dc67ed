"""References by key in strata of pile-up, seeds that are off, judged beam modes and calibrated limits together: equal
results for 1 and 8 threads, live against replay, and on after kill -9."""
import json
import subprocess
import sys

from fills import MODEL, Fills, brief, verdicts
from monitor import Watch, of
from stream import ORBITS, Publisher, batch, check, demo_package, pack, start, stop

vigil = sys.argv[1]
fills = Fills(vigil)
DECAY = """seed: {seed}
run: {seed}
lumisections: 40
sources: [link0, link1]
batches_per_ls: 4
events_per_ls: 2000
luminosity: {{initial_pileup: 60, lifetime_h: 0.2, pileup_slope: 1}}
context: {{fill: 9100, menu: v5, prescale_column: 1, beam_mode: STABLE BEAMS}}
faults:
  - {{type: menu_change, menu: v6, prescale_column: 0, from_ls: 21}}
"""
SCALED = '  - {type: scale_shift, columns: "jet*.pt", factor: 1.3, from_ls: 29}\n'
earlier, faulty = (fills.simulate_text(name, DECAY.format(seed=seed) + more) for name, seed, more in (("earlier", 61, ""), ("faulty", 62, SCALED)))
reference = fills.reference("by", earlier, "--by", "menu,prescale_column,beam_mode")
keys = [r["key"] for r in json.loads(reference.read_text())["references"]]
check(sorted((k["menu"], k["prescale_column"]) for k in keys) == [("v5", 1), ("v6", 0)], keys)
limits = fills.folder / "limits.json"
WINDOWS = ["--set", "windows=[{name: 4ls, window_ls: 4, hop_ls: 2}]"]
fills.run("calibrate", earlier, "--model", MODEL, "--reference", reference, "-o", limits, *WINDOWS)
FLAGS = ["--model", MODEL, "--json", "--reference", reference, "--limits", limits, *WINDOWS,
         "--set", 'prescales={"0": {L1_VIGIL_Demo_Tight: 0}, "1": {L1_VIGIL_Demo_Nominal: 2.5}}',
         "--set", "judge_beam_modes=[STABLE BEAMS]"]
whole = fills.run("replay", faulty, *FLAGS)
lines = [json.loads(line) for line in whole.splitlines()]
check(of(lines, "action") and verdicts(lines, "input/jet", quality="bad"), "the stream of this test leads to an action:", brief(lines))
for v in verdicts(lines, "seed/", sequential=False):
    is_off = v["monitor"] == "seed/L1_VIGIL_Demo_Tight" and v["first_ls"] >= 21
    check(is_off == (v["reason"] == "off in prescale column 0"), v)
check(not [v for v in verdicts(lines, quality="bad") if v["last_ls"] < 29], "nothing before the fault:", brief(lines))
for jobs in (1, 8):
    check(fills.run("replay", faulty, *FLAGS, "--jobs", jobs) == whole, "jobs", jobs)
again = fills.folder / "again.json"
fills.run("reference", "build", earlier, "--model", MODEL, "--by", "menu,prescale_column,beam_mode", "-o", again, "--jobs", 8)
check(again.read_bytes() == reference.read_bytes(), "a reference is the same for 8 threads")

publisher = subprocess.Popen([vigil, "publish", faulty, "--endpoint", "tcp://127.0.0.1:*", "--speed", "max"],
                             stderr=subprocess.PIPE, stdout=subprocess.PIPE)
endpoint = publisher.stderr.readline().decode().split()[-1]
watch = start(vigil, "watch", "--subscribe", endpoint, "--record", fills.folder / "live", *FLAGS)
publisher.communicate(timeout=120)
live, _ = stop(watch)
check(live == lines, "live against the recording it came from")
check([json.loads(line) for line in fills.run("replay", fills.folder / "live", *FLAGS).splitlines()] == live, "live against replay")

# kill -9 between two lumisections: windows go on with what they held of each pile-up. LS 15, which is open then, is
# empty, so that what a kill may take of it is no event.
package = demo_package()
pileup = lambda ls: 59.0 - 0.6 * (ls - 1)
rows = [i % len(package.inputs) for i in range(700)]


def lumisection(ls, run):
    events = [] if ls == 15 else [(r * 7 + ls * 13 + run) % len(package.inputs) for r in rows]
    return batch(package, events, source="link0", seq=ls - 1, ls=ls, run=run, first=(ls - 1) * ORBITS, last=ls * ORBITS - 1,
                 context={"menu": "v5", "beam_mode": "STABLE BEAMS", "prescale_column": 1, "pileup": pileup(ls)})


def watch_run(run, *arguments, kill_after=None):
    """The lines of all programs, a first one killed once it has closed this lumisection."""
    publisher, printed = Publisher(), []
    arguments = ["--model", MODEL, "--subscribe", publisher.endpoint, "--window-ls", 6, "--hop-ls", 3, *arguments]
    watch = Watch(vigil, *arguments)
    publisher.wait()
    for ls in range(1, 32):
        publisher.send(pack(lumisection(ls, run)))
        if ls - 1 == kill_after:
            watch.wait_for_ls(kill_after, run=run)
            watch.process.kill()
            watch.process.wait()
            printed = watch.lines()
            watch = Watch(vigil, *arguments)
            while publisher.socket.poll(30000) and not publisher.socket.recv().startswith(b"\x01"):
                pass  # that the killed one is gone
    watch.wait_for_ls(30, run=run)
    printed += watch.stop()
    publisher.close()
    return printed


watch_run(71, "--record", fills.folder / "good")
divided = fills.reference("divided", fills.folder / "good", "--by", "menu,beam_mode")
number = iter(range(100))
run = lambda **more: watch_run(72, "--reference", divided, "--journal", fills.folder / f"{next(number)}.db", **more)
unbroken, broken = run(), run(kill_after=14)
# How much of LS 15 came is in no verdict; a window says it with its coverage.
of_windows = lambda lines: [(v["first_ls"], v["last_ls"], v["monitor"], v["statistic"], v["quality"], v["value"], v["p_value"], v["reason"])
                            for v in verdicts(lines, sequential=False)]
check(of_windows(broken) == of_windows(unbroken), "verdicts after a kill",
      [pair for pair in zip(of_windows(broken), of_windows(unbroken)) if pair[0] != pair[1]][:2])
spanning = [v for v in verdicts(broken, "score", "seed/", sequential=False) if v["first_ls"] <= 14 and v["last_ls"] > 15]
check(len(spanning) >= 4 and all(v["value"] is not None for v in spanning), "windows that hold it are judged:", spanning)
check({v["statistic"] for v in spanning} >= {"ks", "rate", "rate_vs_pileup"} and not of(broken, "action"), brief(broken))
fed = lambda lines: [v for v in verdicts(lines, "input/jet[0].pt", "score", sequential=True) if v["last_ls"] == 30]
check([v["value"] for v in fed(broken)] == [v["value"] for v in fed(unbroken)] and len(fed(broken)) == 2, "evidence goes on:",
      fed(broken), fed(unbroken))
print(f"{len(lines)} lines for any number of threads and live; {len(of_windows(broken))} verdicts the same after a kill")
