"""`vigil rate-curve`: from words against peers' values and every threshold counted, from recordings and references
against the events themselves; the drawing; and what it refuses."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import numpy as np

vigil = os.path.abspath(sys.argv[1])
golden = pathlib.Path(sys.argv[2]) / "data" / "drift" / "thresholds.json"
root = pathlib.Path(__file__).resolve().parents[2]
model = root / "demo" / "model"
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-rate-curve-"))
CROSSING_HZ = 40_078_962
KEYS = ["n_bx", "events", "target_rate_hz", "nearest", "threshold_not_above", "thresholds_compatible", "tie", "threshold",
        "rate_hz", "low_hz", "high_hz"]


def run(*arguments, code=0):
    done = subprocess.run([vigil, *map(str, arguments)], capture_output=True, text=True, cwd=folder, timeout=300)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done


def curve(*arguments):
    found = json.loads(run("rate-curve", *arguments, "--json").stdout)
    assert list(found) == KEYS, list(found)
    n = len(found["threshold"])
    assert n > 0 and all(len(found[key]) == n for key in ("rate_hz", "low_hz", "high_hz"))
    assert found["threshold"] == sorted(set(found["threshold"]))
    for low, rate, high in zip(found["low_hz"], found["rate_hz"], found["high_hz"]):
        assert low <= rate <= high
    return found


def of_words(words, n_bx, target_hz, *more):
    np.save(folder / "x.npy", np.asarray(words))
    return curve("--scores", "x.npy", "--n-bx", n_bx, "--target", repr(float(target_hz)), *more)


def same_interval(found, i, passes, n_bx):
    counts = json.loads(run("statistics", "--reference-count", f"{passes},{n_bx}", "--sample-count", "1,2", "--json").stdout)
    low, high = counts["reference"]["clopper_pearson"]
    assert abs(found["low_hz"][i] - low * CROSSING_HZ) <= 1e-9 * max(1, high * CROSSING_HZ)
    assert abs(found["high_hz"][i] - high * CROSSING_HZ) <= 1e-9 * high * CROSSING_HZ


def same_points(found, words, n_bx, highest):
    """The curve at each distinct word and the highest threshold, counted."""
    words = np.asarray(words)
    thresholds = sorted(set(words[words <= highest].tolist()) | {highest})
    assert found["threshold"] == thresholds, (found["threshold"][:5], thresholds[:5])
    for i, t in enumerate(thresholds):
        rate = np.count_nonzero(words >= t) / n_bx * CROSSING_HZ
        assert abs(found["rate_hz"][i] - rate) <= 1e-12 * max(1, rate), (t, found["rate_hz"][i], rate)


# Peers' values: words 0..K-1.
cases = json.loads(golden.read_text()) if golden.is_file() else []
if not cases:
    print("no golden values in", golden)
for case in cases:
    counts, n = np.array(case["counts"]), sum(case["counts"])
    if n > 100_000:
        continue
    found = of_words(np.repeat(np.arange(len(counts)), counts), n, case["target"] * CROSSING_HZ, "--range", f"0:{len(counts)}")
    passes = lambda t: counts[t:].sum()
    assert (found["n_bx"], found["events"]) == (n, n)
    assert found["threshold_not_above"] == case["threshold_not_above"], (case, found)
    assert found["thresholds_compatible"] == case["thresholds_compatible"], (case, found)
    # The peer's rounding names the first or the last of equal distances; the larger is meant.
    off = [abs(passes(t) - case["target"] * n) for t in range(len(counts) + 1)]
    assert abs(off[found["nearest"]] - off[case["nearest"]]) < 1e-6 * n
    assert found["nearest"] == max(t for t in range(len(counts) + 1) if off[t] <= min(off) + 1e-9 * n)
    assert (found["tie"] is None) == bool(case["thresholds_compatible"])
    if found["tie"]:
        tie = found["tie"]
        assert list(tie) == ["threshold", "fraction", "prescale"] and tie["threshold"] == case["threshold_not_above"] - 1
        assert abs(tie["fraction"] - case["fraction"]) < 1e-9
        assert abs(passes(tie["threshold"]) / tie["prescale"] - case["target"] * n) < 1e-6 * n
print(len(cases), "spectra of peers")

# By hand: one word holds too much, equal distances, nothing low enough, negative words and ranges.
found = of_words([5] * 10 + [40] * 900 + [60] * 90, 10_000, 500 / 10_000 * CROSSING_HZ)
assert found["thresholds_compatible"] == [] and found["threshold_not_above"] == 41, found
assert found["tie"]["threshold"] == 40 and abs(found["tie"]["fraction"] - 410 / 900) < 1e-12
assert abs(found["tie"]["prescale"] - 990 / 500) < 1e-12
same_points(found, [5] * 10 + [40] * 900 + [60] * 90, 10_000, 61)
same_interval(found, 1, 990, 10_000)
found = of_words([0, 0, 3, 3, 3, 3], 6, 3 / 6 * CROSSING_HZ)
assert found["nearest"] == 3  # 4 and 2 passes would be as far: 6 at 0, 4 from 1 to 3, 0 at 4; 1 off at 1, 2 and 3
found = of_words([-7, -7, 2, 9], 8, 1.5 / 8 * CROSSING_HZ, "--range", "-9:2")
assert found["nearest"] == 2 and found["threshold_not_above"] is None and found["tie"] is None, found
assert found["threshold"] == [-7, 2]
found = of_words([-7, -7, 2, 9], 8, 3 / 8 * CROSSING_HZ, "--range", "-9:100")
assert found["nearest"] == 2 and found["threshold_not_above"] == -6 and found["threshold"] == [-7, 2, 9, 100]
wide, narrow = (of_words([1, 2, 3, 4] * 9, 100, 1e7, "--confidence", c) for c in (0.99, 0.5))
assert wide["low_hz"][1] < narrow["low_hz"][1] < narrow["high_hz"][1] < wide["high_hz"][1]
assert of_words(np.array([3, 2**62], dtype=np.int64), 10**15, 1)["n_bx"] == 10**15
top = 2**63 - 1
assert of_words(np.array([top], dtype=np.int64), 2, 1)["threshold"] == [top]

# Recordings and references: the words behind the seed, n_bx of the batches, every threshold of the type.
(folder / "s.yaml").write_text("seed: 3\nrun: 3\nlumisections: 40\nsources: [link0]\nbatches_per_ls: 2\nevents_per_ls: 2000\n")
run("simulate", "s.yaml", "--record", "good.vrec")
run("reference", "build", "good.vrec", "--model", model, "-o", "good.json")
info = json.loads(run("model", "inspect", model, "--json").stdout)
seed = next(s for s in info["seeds"] if s["name"] == "L1_VIGIL_Demo_Tight")
one = curve("good.vrec", "--model", model, "--seed", seed["name"], "--target", 2000)
lines = [json.loads(line) for line in run("replay", "good.vrec", "--model", model, "--json").stdout.splitlines()]
lumisections = [line for line in lines if line["type"] == "lumisection"]
assert one["events"] == sum(line["events"] for line in lumisections) > 70_000
assert one["n_bx"] == sum(line["n_bx"] for line in lumisections) >= one["events"]
assert one["thresholds_compatible"][0] <= one["nearest"] <= one["thresholds_compatible"][1]
assert one == curve("good.json", "--model", model, "--seed", seed["name"], "--target", 2000), "a reference holds the same words"
both = curve("good.json", "good.vrec", "--model", model, "--seed", seed["name"], "--target", 2000)
assert both["events"] == 2 * one["events"] and both["n_bx"] == 2 * one["n_bx"] and both["rate_hz"] == one["rate_hz"]
assert both["nearest"] == one["nearest"] and both["high_hz"][0] <= one["high_hz"][0]
default = curve("good.vrec", "--model", model, "--seed", seed["name"])
assert default["target_rate_hz"] == seed.get("target_rate_hz"), (default["target_rate_hz"], seed)
passes = sum(line["seeds"][seed["name"]]["emulator"] for line in lumisections)
at = [t for t in one["threshold"] if t >= seed["threshold"]][0]  # up to the next word the rate is the same
assert abs(one["rate_hz"][one["threshold"].index(at)] - passes / one["n_bx"] * CROSSING_HZ) < 1e-6
part = curve("good.vrec", "--model", model, "--seed", seed["name"], "--from-ls", 11, "--to-ls", 20)
assert part["events"] == sum(line["events"] for line in lumisections if 11 <= line["ls"] <= 20)

# The table and the drawing.
text = run("rate-curve", "good.vrec", "--model", model, "--seed", seed["name"], "--svg", "curve.svg").stdout
assert f"{seed['threshold']:>12}" in text and "current" in text and text.count("\n") < 40, text
drawing = xml.parse(folder / "curve.svg").getroot()
assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
words = " ".join(element.text or "" for element in drawing.iter("{http://www.w3.org/2000/svg}text"))
assert f"current {seed['threshold']}" in words and seed["name"] in words, words
assert "href" not in (folder / "curve.svg").read_text()


# Refused: exit 2, one line, nothing printed, nothing written.
def refused(words, *arguments):
    for more in ([], ["--json"]):
        done = run("rate-curve", *arguments, *more, "--svg", "no.svg", code=2)
        assert done.stdout == "" and done.stderr.count("\n") == 1 and words in done.stderr, (words, done.stderr)
        assert not (folder / "no.svg").exists()


np.save(folder / "real.npy", np.array([0.5, 2.0]))
np.save(folder / "nan.npy", np.array([np.nan]))
np.save(folder / "two.npy", np.zeros((2, 2), dtype=int))
np.save(folder / "none.npy", np.zeros(0, dtype=int))
np.save(folder / "five.npy", np.arange(5))
five = ("--scores", "five.npy", "--n-bx", 10, "--target", 1)
assert run("rate-curve", *five).stdout
for name, words in (("real", "integer words"), ("nan", "integer words"), ("two", "2 dimensions"), ("none", "no word"), ("gone", "gone.npy")):
    refused(words, "--scores", f"{name}.npy", "--n-bx", 10, "--target", 1)
refused("at least the 5 events", "--scores", "five.npy", "--n-bx", 4, "--target", 1)
for value in ("-1", "0", "1.5", "x"):
    refused("--n-bx", "--scores", "five.npy", f"--n-bx={value}", "--target", 1)
for value in ("0", "-5", "nan", "inf", "x"):
    refused("--target", "--scores", "five.npy", "--n-bx", 10, f"--target={value}")
refused("--n-bx and --target", "--scores", "five.npy", "--n-bx", 10)
for value in ("3", "5:4", "a:b", "1:2:3", "1.5:2"):
    refused("--range", *five, f"--range={value}")
for value in (0, 1, -0.5):
    refused("--confidence", *five, f"--confidence={value}")
refused("--scores together with", *five, "--seed", seed["name"])
refused("--scores together with", "good.vrec", *five)
recording = ("good.vrec", "--model", model, "--seed", seed["name"])
refused("no seed of model", "good.vrec", "--model", model, "--seed", "L1_Nobody")
refused(seed["name"], "good.vrec", "--model", model, "--seed", "L1_Nobody")
refused("--model and --seed", "good.vrec", "--model", model)
refused("--n-bx only with --scores", *recording, "--n-bx", 10)
refused("nothing to count", "--model", model, "--seed", seed["name"])
refused("gone.vrec", "gone.vrec", "--model", model, "--seed", seed["name"])
refused("no crossing inspected", *recording, "--from-ls", 900)
(folder / "broken.json").write_text("{")
refused("broken.json", "broken.json", "--model", model, "--seed", seed["name"])
(folder / "b.yaml").write_text((folder / "s.yaml").read_text() + "selection: L1_Mu\n")
run("simulate", "b.yaml", "--record", "biased.vrec")
refused("selection 'L1_Mu'", "biased.vrec", "--model", model, "--seed", seed["name"])
run("reference", "build", "biased.vrec", "--model", model, "-o", "biased.json")
refused("selection 'L1_Mu'", "biased.json", "--model", model, "--seed", seed["name"])
print("ok")
