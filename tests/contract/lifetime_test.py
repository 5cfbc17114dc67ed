"""`vigil lifetime` against peers' values, an own Theil-Sen and Kendall, and the rules of what is said; the lifetime
lines of a stream; and what is refused."""
import itertools
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

vigil = os.path.abspath(sys.argv[1])
golden = pathlib.Path(sys.argv[2]) / "data" / "drift" / "trends.json"
root = pathlib.Path(__file__).resolve().parents[2]
model = root / "demo" / "model"
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-lifetime-"))
KEYS = ["n", "slope", "slope_low", "slope_high", "intercept", "kendall_tau", "p_value", "lifetime", "lifetime_low", "lifetime_high"]


def run(*arguments, code=0):
    done = subprocess.run([vigil, *map(str, arguments)], capture_output=True, text=True, cwd=folder, timeout=300)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done


def lifetime(t, y, limit, *more):
    np.save(folder / "t.npy", np.asarray(t))
    np.save(folder / "y.npy", np.asarray(y))
    found = json.loads(run("lifetime", "--time", "t.npy", "--value", "y.npy", f"--limit={float(limit)!r}", *more, "--json").stdout)
    assert list(found) == KEYS, list(found)
    return found


def near(a, b, relative=1e-10):
    return (a is None and b is None) or (a is not None and b is not None and abs(a - b) <= relative * max(abs(a), abs(b)) + 1e-12)


def plain(t, y, limit, z):
    """Slopes of all pairs sorted, Sen's ranks, the rules of the contract, with z of the confidence."""
    pairs = sorted((y[j] - y[i]) / (t[j] - t[i]) for i, j in itertools.permutations(range(len(t)), 2) if t[j] > t[i])
    spread = lambda v: sum(k * (k - 1) * (2 * k + 5) for k in np.unique(v, return_counts=True)[1])
    n, count = len(t), len(pairs)
    sigma = math.sqrt((n * (n - 1) * (2 * n + 5) - spread(t) - spread(y)) / 18)
    high = pairs[min(round((count + z * sigma) / 2), count - 1)]
    low = pairs[max(round((count - z * sigma) / 2) - 1, 0)]
    slope, tm, ym = np.median(pairs), np.median(t), np.median(y)
    last, span = max(t), max(t) - min(t)
    sign = -1 if limit < ym else 1
    after = lambda s: max(tm + (limit - ym) / s - last, 0)
    flat, steep = sorted((sign * low, sign * high))
    earliest = min(after(sign * steep), 2 * span) if steep > 0 else None
    mid = latest = None
    if flat > 0:
        mid, latest = (None if after(s) > 2 * span else after(s) for s in (slope, sign * flat))
    return {"slope": slope, "slope_low": low, "slope_high": high, "intercept": ym - slope * tm, "lifetime": mid,
            "lifetime_low": earliest, "lifetime_high": latest}


for case in json.loads(golden.read_text()) if golden.is_file() else []:
    found = lifetime(case["t"], case["y"], 5)
    theil = case["theil"]
    for key, name in (("slope", "slope"), ("slope_low", "lo"), ("slope_high", "hi"), ("intercept", "intercept")):
        assert near(found[key], theil[name]), (key, found[key], theil[name])
    assert near(found["kendall_tau"], case["kendall"]["tau"]) and near(found["p_value"], case["kendall"]["p"], 1e-8)

rng = np.random.default_rng(4)
said = 0
for round_ in range(150):
    n = int(rng.integers(5, 40))
    t = np.sort(rng.integers(0, 60, n)).astype(float) if round_ % 3 else np.arange(n)
    if t[0] == t[-1]:
        t[-1] += 1
    y = rng.normal(0, 0.2, n) + rng.choice([-0.05, 0, 0.05, 0.1]) * t
    if round_ % 5 == 0:
        y = np.round(y, 1)  # ties
    limit = rng.normal(0, 4)
    found, expected = lifetime(t, y, limit, "--confidence", 0.9), plain(list(t), list(y), limit, 1.6448536269514722)
    assert found["n"] == n
    for key, value in expected.items():
        assert near(found[key], value), (round_, key, found, expected)
    said += found["lifetime"] is not None
assert said > 20, said

# By hand. A line of 0.1 a unit that stands at 1 at its last time, 10.
t = np.arange(11)
line = 0.1 * t
for limit, expected in ((1.5, 5), (0.9, 0), (2.99, 19.9)):
    found = lifetime(t, line, limit)
    assert all(near(found[key], expected, 1e-9) for key in ("lifetime", "lifetime_low", "lifetime_high")), (limit, found)
found = lifetime(t, line, 3.1)
assert (found["lifetime"], found["lifetime_low"], found["lifetime_high"]) == (None, 20.0, None), found
found = lifetime(t, line, -1)
assert (found["lifetime"], found["lifetime_low"], found["lifetime_high"]) == (None, None, None), found
found = lifetime(t, np.full(11, 2), 3)
assert (found["slope"], found["kendall_tau"], found["p_value"], found["lifetime_low"]) == (0.0, None, None, None), found
step = np.where(np.arange(40) < 20, 0.0, 1.0) + rng.normal(0, 0.05, 40)
found = lifetime(np.arange(40), step, 1.5)
assert found["slope_low"] > 0 and found["lifetime"] is None and found["lifetime_high"] is None and found["lifetime_low"] > 0, found
assert "no date" in run("lifetime", "--time", "t.npy", "--value", "y.npy", "--limit", 1.5).stdout


def refused(words, *arguments):
    for more in ([], ["--json"]):
        done = run("lifetime", *arguments, *more, code=2)
        assert done.stdout == "" and done.stderr.count("\n") == 1 and words in done.stderr, (words, done.stderr)


for name, values in (("four", np.arange(4)), ("six", np.arange(6)), ("five", np.arange(5)), ("same", np.ones(5)), ("two", np.ones((5, 2))),
                     ("nan", np.array([1, 2, np.nan, 4, 5])), ("inf", np.array([1, 2, np.inf, 4, 5])), ("text", np.array(["a"] * 5)),
                     ("huge", np.array([-1.7e308, 0, 1, 2, 1.7e308]))):
    np.save(folder / f"{name}.npy", values)
for time, value, words in (("four", "four", "4 times"), ("six", "five", "5 values"), ("same", "five", "one time only"), ("nan", "five", "nan.npy: row 2"),
                           ("five", "inf", "inf.npy: row 2"), ("two", "five", "2 dimensions"), ("five", "gone", "gone.npy"), ("five", "text", "text.npy"),
                           ("huge", "five", "too far apart"), ("five", "huge", "too far apart")):
    refused(words, "--time", f"{time}.npy", "--value", f"{value}.npy", "--limit", 1)
five = ("--time", "five.npy", "--value", "five.npy")
for value in ("nan", "inf", "x"):
    refused("--limit", *five, f"--limit={value}")
for value in ("0", "1", "nan", "x"):
    refused("--confidence", *five, "--limit=1", f"--confidence={value}")
refused("--limit", *five)

# Lines of a stream: six runs of which one input drifts, against a reference file.
def simulate(name, run_number, factor):
    (folder / f"{name}.yaml").write_text(
        f"seed: {run_number}\nrun: {run_number}\nlumisections: 24\nsources: [link0]\nbatches_per_ls: 2\nevents_per_ls: 3000\n"
        f"faults:\n  - {{type: scale_shift, columns: 'jet[0].pt', factor: {factor}, from_ls: 1}}\n")
    run("simulate", f"{name}.yaml", "--record", f"{name}.vrec")


simulate("reference", 90, 1.0)
run("reference", "build", "reference.vrec", "--model", model, "-o", "ref.json")
runs = [f"run{i}.vrec" for i in range(1, 8)]
for i in range(1, 8):
    simulate(f"run{i}", i, 1 + 0.004 * i)


def replay(files, *more):
    return [json.loads(line) for line in run("replay", *files, "--model", model, *more, "--json").stdout.splitlines()]


lines = replay(runs, "--reference", "ref.json")
found = [line for line in lines if line["type"] == "lifetime"]
assert {line["run"] for line in found} == {5, 6, 7}
rules = {(line["monitor"], line["statistic"]) for line in found}
verdicts = {(line["monitor"], line["statistic"]) for line in lines if line["type"] == "verdict" and line["window"] != "sequential"}
assert rules == {rule for rule in verdicts if not rule[0].startswith(("mismatch/", "multivariate/"))}
assert len(found) == 3 * len(rules)
for line in found:
    assert list(line) == ["type", "model", "stream", "run", "monitor", "statistic", "runs", "effect", "limit", "slope", "remaining_ls"]
    assert line["runs"] == line["run"] and len(line["slope"]) == 3 == len(line["remaining_ls"]) and line["limit"] > 0
    assert line["effect"] >= 0 and line["slope"][0] <= line["slope"][1] <= line["slope"][2]
(jet,) = [line for line in found if line["run"] == 7 and line["monitor"] == "input/jet[0].pt"]
assert jet["effect"] > 0 and jet["slope"][0] > 0 and jet["remaining_ls"][0] is not None, jet
# After the windows of the run and before its budget line.
for number in (5, 6, 7):
    at = [i for i, line in enumerate(lines) if line["type"] == "lifetime" and line["run"] == number]
    assert at == list(range(at[0], at[-1] + 1)) and lines[at[-1] + 1]["type"] == "budget" and lines[at[-1] + 1]["run"] == number
    windows = [i for i, line in enumerate(lines) if line["type"] in ("window", "verdict") and line["run"] == number]
    assert max(windows) < at[0]
# Nothing else of a run depends on the runs before; a journal carries them over a restart.
others = lambda lines, number: [line for line in lines if line.get("run") == number and line["type"] in ("window", "verdict", "budget")]
assert others(lines, 7) == others(replay(runs[6:], "--reference", "ref.json"), 7)
first = replay(runs[:4], "--reference", "ref.json", "--journal", "a.db")
rest = replay(runs[4:], "--reference", "ref.json", "--journal", "a.db")
again = [line for line in first + rest if line["type"] == "lifetime"]
assert again == found, (again[:1], found[:1])
assert not [line for line in replay(runs, "--set", "reference=learn:20") if line["type"] == "lifetime"]
print("ok", len(found), "lifetime lines")
