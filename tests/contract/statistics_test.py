"""`vigil statistics` against the peers' values of shared/data/drift: samples, histograms, weights, counts; and what it
refuses."""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
from fractions import Fraction

import numpy as np

vigil = os.path.abspath(sys.argv[1])
data = pathlib.Path(sys.argv[2]) / "data" / "drift"
if not data.is_dir():
    print("no golden values in", data)
    sys.exit(77)
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-statistics-"))
NAMES = ["ks", "cvm", "ad", "mann_whitney", "chi2", "g", "psi", "kl", "js", "hellinger", "tv", "linf", "wasserstein", "energy"]
WITH_P = {"ks", "cvm", "ad", "mann_whitney", "chi2", "g", "psi"}
WEIGHTED = {"ks", "chi2", "js", "hellinger", "tv", "linf", "wasserstein", "energy"}
checks = 0


def save(name, values):
    np.save(folder / name, values)
    return folder / name


def call(*arguments):
    done = subprocess.run([vigil, "statistics", *map(str, arguments), "--json"], capture_output=True, timeout=120,
                          env=dict(os.environ, VIGIL_LOG="off"))
    if done.returncode != 0 or done.stderr:
        sys.exit(f"FAILED: {arguments}\n exit {done.returncode}\n{done.stderr.decode()}")
    return json.loads(done.stdout)


def compare(reference, sample, *more):
    result = call("--reference", save("a.npy", reference), "--sample", save("b.npy", sample), *more)
    assert list(result) == ["reference", "sample", "cells", *NAMES], list(result)
    for name in NAMES:
        entry = result[name]
        assert list(entry)[:3] == ["value", "p_value", "log_p_value"], entry
        assert ("reason" in entry) == (entry["value"] is None), entry
        assert (entry["p_value"] is None) == (entry["log_p_value"] is None), entry
        assert (entry["p_value"] is not None) == (entry["value"] is not None and name in WITH_P), (name, entry)
    return result


def near(value, expected, relative, absolute, what):
    global checks
    checks += 1
    if value is None or not math.isfinite(value) or abs(value - expected) > max(relative * abs(expected), absolute):
        sys.exit(f"FAILED: {what}: {value!r}, expected {expected!r}")


def same_reading(entry, golden, name, what, scale=1.0):
    """Values to 1e-10 relative: 0 as the peers' rounding gives it is 0 to 1e-13 of the scale of the values."""
    if golden.get("value") is not None:
        near(entry["value"], golden["value"], 1e-10, 1e-13 * scale, f"{what} {name} value")
    if golden.get("p_value") is not None:
        near(entry["p_value"], golden["p_value"], 1e-6 if name in {"cvm", "ad"} else 1e-8, 1e-300, f"{what} {name} p")
        if golden["p_value"] > 1e-300:
            near(entry["log_p_value"], math.log(golden["p_value"]), 1e-7, 1e-8, f"{what} {name} log p")
    for key in "dof", "distance":
        if golden.get(key) is not None:
            near(entry[key], golden[key], 1e-10, 1e-13, f"{what} {name} {key}")


values = np.load(data / "pairs_values.npy")
for pair in json.loads((data / "pairs.json").read_text()):
    reference, sample = (values[at:at + n] for at, n in (pair["reference"], pair["sample"]))
    result = compare(reference, sample)
    both = np.concatenate([reference, sample])
    scale = max(1e-280, np.ptp(both[np.isfinite(both)]))
    assert result["cells"] == len(np.unique(both))
    assert result["reference"]["n"] == len(reference) and result["sample"]["n"] == len(sample)
    for name, golden in pair["golden"].items():
        if name == "cvm" and (golden["p_value"] or 0) < 1e-7:
            golden = {"value": golden["value"]}  # 1 minus a sum that the peer ends at 1e-7
        same_reading(result[name], golden, name, f"pair {pair['id']}",
                     max(1, scale) if name == "mann_whitney" else min(1, scale))

for case in json.loads((data / "nan.json").read_text()):
    reference, sample = ([float(v) for v in case[side]] for side in "ab")
    result = compare(np.array(reference), np.array(sample))
    for side, given in ("reference", reference), ("sample", sample):
        assert result[side]["nan"] == sum(map(math.isnan, given)) and result[side]["n"] == len(given) - result[side]["nan"]
    for name, key in (("ks", "ks_2samp"), ("wasserstein", "wasserstein"), ("energy", "energy"), ("cvm", "cramervonmises_2samp")):
        value, p = case[key + "_after_drop"]
        golden = {"value": float(value), "p_value": float(p) if p and name == "ks" else None}
        same_reading(result[name], golden, name, case["kind"])
    u = float(case["mannwhitneyu_after_drop"][0])  # the peer counts the pairs with the reference above
    pairs = result["reference"]["n"] * result["sample"]["n"]
    same_reading(result["mann_whitney"], {"value": pairs - u}, "mann_whitney", case["kind"])
    near(result["mann_whitney"]["auc"], 1 - u / pairs, 1e-12, 0, "auc")

for case in json.loads((data / "histograms.json").read_text()):
    what = f"histogram {case['id']} {case['kind']}"
    c, d = np.array(case["c1"]), np.array(case["c2"])
    squares = case.get("sumw2_1"), case.get("sumw2_2")


    def spread(counts, squares):
        """Values, and where weighted weights, with these sums and sums of squares."""
        if squares is None:
            return np.repeat(np.arange(len(counts)), counts.astype(int)), None
        cells, weights = [], []
        for j, (w, s) in enumerate(zip(counts, squares)):
            if w == 0:
                continue
            # n - 1 weights of a and one of b: n large enough that both are positive.
            n = max(2, math.ceil(w * w / s) + 1)
            root = math.sqrt(max(0.0, (n - 1) * (n * s - w * w)))
            b = (w + root) / n
            a = (w - b) / (n - 1)
            cells += [j] * n
            weights += [a] * (n - 1) + [b]
        return np.array(cells), np.array(weights)


    (a, v), (b, w) = spread(c, squares[0]), spread(d, squares[1])
    more = []
    if v is not None:
        more += ["--weights-reference", save("v.npy", np.maximum(v, 0))]
    if w is not None:
        more += ["--weights-sample", save("w.npy", np.maximum(w, 0))]
    result = compare(a, b, *more) if not more else call("--reference", save("a.npy", a), "--sample", save("b.npy", b), *more)
    for name, golden in case["golden"].items():
        name = name.replace("_one_weighted", "").replace("_both_weighted", "")
        # The weights above have the sums of squares of the file to some digits only.
        for key, expected in golden.items():
            tolerance = {"p_value": 1e-8, "value": 1e-10, "distance": 1e-10, "dof": 0}[key] * (100 if more else 1)
            near(result[name][key], expected, tolerance, 1e-13, f"{what} {name} {key}")
    n, m = c.sum(), d.sum()
    cells = (c > 0) | (d > 0)
    c, d, t = c[cells], d[cells], (c + d)[cells]
    if not more:
        expected = (d - m * t / (n + m)) / np.sqrt(m * t / (n + m) * (1 - t / (n + m)) * n / (n + m))
    elif len(more) == 4:
        s1, s2 = (np.array(s)[cells] for s in squares)
        expected = (n * d - m * c) / np.sqrt(n * n * s2 + m * m * s1)
    else:  # counts against weights, by the contract's formula as it stands
        sign, counts, weights, s2 = (1, c, d, squares[1]) if w is not None else (-1, d, c, squares[0])
        s2 = np.where(weights > 0, np.array(s2)[cells], np.sum(s2) / weights.sum())
        N, W = counts.sum(), weights.sum()
        root = np.sqrt((W * weights - N * s2) ** 2 + 4 * W**2 * s2 * counts)
        p = (W * weights - N * s2 + root) / (2 * W**2)
        z2 = N * p * (1 - p) * (W * s2 / root) ** 2 + s2 / 4 * (1 + (N * s2 - W * weights) / root) ** 2
        expected = sign * (weights - W * p) / np.sqrt(z2)
    for j, (value, wanted) in enumerate(zip(result["chi2"]["residuals"], expected, strict=True)):
        near(value, wanted, 1e-8, 1e-8, f"{what} residual {j}")
    if more:
        for name in NAMES:
            assert (result[name]["value"] is not None) == (name in WEIGHTED), (what, name, result[name])



def twice_smaller_tail(k, other, exposure, other_exposure):
    """Of k in k + other under the binomial with the exposures' share, in exact fractions."""
    n, p = k + other, Fraction(exposure) / (Fraction(exposure) + Fraction(other_exposure))
    terms = [math.comb(n, i) * p.numerator**i * (p.denominator - p.numerator) ** (n - i) for i in range(n + 1)]
    return min(1.0, float(Fraction(2 * min(sum(terms[:k + 1]), sum(terms[k:])), p.denominator**n)))


for case in json.loads((data / "counts.json").read_text()):
    kind = case["kind"]
    if kind == "binom":
        result = call("--reference-count", f"{case['k']},{case['n']}", "--sample-count", "1,1.5", "--confidence", case["conf"])
        for name, key in ("clopper_pearson", "cp"), ("wilson", "wilson"):
            for value, end in zip(result["reference"][name], ("lo", "hi")):
                near(value, case[f"{key}_{end}"], 1e-9, 1e-12, f"{case} {name}")
        assert result["sample"]["clopper_pearson"] is None and result["sample"]["wilson"] is None and result["fisher"] is None
    elif kind == "poisson":
        result = call("--sample-count", f"{case['k']},0.5", "--reference-count", "1,1", "--confidence", case["conf"])
        for value, end in zip(result["sample"]["garwood"], ("lo", "hi")):
            near(value, case[end], 1e-10, 1e-12, f"{case}")
    elif kind == "two_poisson":
        result = call("--reference-count", f"{case['k1']},{case['e1']}", "--sample-count", f"{case['k2']},{case['e2']}")
        near(result["two_poisson"]["p_value"], twice_smaller_tail(case["k2"], case["k1"], case["e2"], case["e1"]), 1e-8, 0, kind)
        if case["e1"] == case["e2"]:  # elsewhere the peer sums what is no likelier instead
            near(result["two_poisson"]["p_value"], case["p_conditional_binomial"], 1e-8, 0, kind)
        if case["k1"] == 0:
            assert result["two_poisson"]["value"] is None
        else:
            near(result["two_poisson"]["value"], case["k2"] / case["e2"] / (case["k1"] / case["e1"]), 1e-15, 0, kind)
    else:
        result = call("--reference-count", f"{case['k1']},{case['n1']}", "--sample-count", f"{case['k2']},{case['n2']}")
        near(result["fisher"]["p_value"], case["fisher_p"], 1e-8, 0, kind)
        assert result["fisher"]["value"] is None and result["two_poisson"]["value"] is None

# Deep tails have logarithms; integers above 2^53 stay apart; zeros of both signs are one value; infinities are values.
far = compare(np.arange(20000), np.arange(30000, 45000))
for name in WITH_P - {"chi2", "g", "psi"}:
    assert far[name]["p_value"] == 0 and -1e7 < far[name]["log_p_value"] < -700, (name, far[name])
binary = compare(np.repeat([0, 1], [90000, 10000]), np.repeat([0, 1], [10000, 90000]))
for name in WITH_P:
    assert binary[name]["p_value"] == 0 and math.isfinite(binary[name]["log_p_value"]), (name, binary[name])
large = compare(np.array([2**62, 2**62 + 1]), np.array([2**62 + 1, 2**62 + 2]))
assert large["cells"] == 3 and large["wasserstein"]["value"] == 1
assert compare(np.array([-(2**63), 2**63 - 1]), np.array([0]))["wasserstein"]["value"] == 2.0**63
zeros = compare(np.array([0.0, -0.0]), np.array([-0.0, math.inf, -math.inf, math.nan]))
assert zeros["cells"] == 3 and zeros["sample"] == {"n": 3, "nan": 1, "minus_infinity": 1, "plus_infinity": 1}, zeros
assert zeros["wasserstein"]["value"] is None and zeros["energy"]["value"] is None and zeros["ks"]["value"] is not None
binned = compare(np.array([0.0, 1.0]), np.array([math.inf]), "--bins", 3)
assert all(binned[name]["value"] is None for name in NAMES)
empty = compare(np.array([], float), np.array([1.0, math.nan]))
assert all(empty[name]["value"] is None for name in NAMES) and empty["sample"]["nan"] == 1
single = compare(np.array([7, 7, 7]), np.array([7]))
for name in "chi2", "g", "psi", "ad", "cvm":
    assert single[name]["value"] == 0 and single[name]["p_value"] == 1, (name, single[name])
residuals = compare(np.arange(4096), np.arange(2000))["chi2"]["residuals"]
assert len(residuals) == 4096 and residuals[0] > 0 > residuals[-1]
assert "residuals" not in compare(np.arange(4097), np.arange(2000))["chi2"]
mixed = compare(np.array([1, 2, 3]), np.array([1.0, 2.5]))
assert mixed["cells"] == 4


def refuse(words, *arguments):
    global checks
    checks += 1
    before = sorted(p.name for p in folder.iterdir())
    done = subprocess.run([vigil, "statistics", *map(str, arguments), "--json"], capture_output=True, timeout=60, cwd=folder,
                          env=dict(os.environ, VIGIL_LOG="off"))
    lines = done.stderr.decode().splitlines()
    if (done.returncode != 2 or len(lines) != 1 or done.stdout or any(word not in lines[0] for word in words)
            or sorted(p.name for p in folder.iterdir()) != before):
        sys.exit(f"FAILED: {arguments} is not refused\n exit {done.returncode}, wanted {words}\n{done.stderr.decode()}")


x, y = save("x.npy", np.arange(4.0)), save("y.npy", np.arange(3))
square, scalar = save("square.npy", np.zeros((2, 2))), save("scalar.npy", np.float64(3))
text = folder / "text.npy"
text.write_text("no array")
words = save("words.npy", np.array(["a", "b"]))
arrays = ("--reference", x, "--sample", y)
refuse(["square.npy", "2 dimensions", "1"], "--reference", square, "--sample", y)
refuse(["scalar.npy", "0 dimensions"], "--reference", x, "--sample", scalar)
refuse(["text.npy"], "--reference", text, "--sample", y)
refuse(["words.npy"], "--reference", words, "--sample", y)
refuse(["nowhere.npy"], "--reference", folder / "nowhere.npy", "--sample", y)
refuse(["--sample"], "--reference", x)
refuse(["--reference"])
refuse(["x.npy", "4", "3"], *arrays, "--weights-sample", x)
refuse(["y.npy", "3", "4"], *arrays, "--weights-reference", y)
refuse(["square.npy"], *arrays, "--weights-reference", square)
for bad in -1.0, math.nan, math.inf:
    refuse(["bad.npy", "row 1"], *arrays, "--weights-sample", save("bad.npy", np.array([1, bad, 1])))
refuse(["--bins", "weights"], *arrays, "--bins", 3, "--weights-sample", y)
refuse(["bins"], *arrays, "--bins", 0)
refuse(["bins"], *arrays, "--bins", "many")
counts = ("--reference-count", "3,10", "--sample-count", "4,10")
refuse(["arrays"], *arrays, *counts)
refuse(["arrays"], *counts, "--reference", x)
refuse(["arrays"], *counts, "--bins", 3)
refuse(["arrays"], *counts, "--weights-sample", y)
refuse(["--sample-count"], "--reference-count", "3,10")
for bad in "-1,10", "1.5,10", "1e3,10", ",10", "3", "3,", "3,0", "3,-1", "3,nan", "3,inf", "3,ten", "99999999999999999999,1", "":
    refuse(["--sample-count", "expected"], "--reference-count", "3,10", "--sample-count", bad)
for bad in 0, 1, -0.5, 1.5, "nan":
    refuse(["confidence"], *counts, "--confidence", bad)
refuse(["confidence"], *counts, "--confidence", "high")
refuse(["--colour"], *arrays, "--colour", "red")
print(f"{checks} values and refusals")
