"""`vigil detect` against what peers give (shared/data/drift), its own definitions, and what it refuses."""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from stream import check

vigil, shared = sys.argv[1], pathlib.Path(sys.argv[2])
data = shared / "data" / "drift"
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-detect-"))
if not (data / "detectors.json").exists():
    print("skipped: no golden data in", data)
    sys.exit(77)


def save(values, name="x.npy"):
    np.save(folder / name, np.asarray(values))
    return folder / name


def settings(values):
    for key, value in values.items():
        if isinstance(value, bool):
            text = str(value).lower()
        elif isinstance(value, list):
            text = "@" + str(save(value, f"{key}.npy"))
        else:
            text = value if isinstance(value, str) else repr(value)
        yield from ("--set", f"{key}={text}")


def run(detector, values, parameters={}, *arguments):
    """The document, and the trace."""
    trace = folder / "trace.npy"
    command = [vigil, "detect", detector, "--input", save(values), *settings(parameters), "--json", *map(str, arguments)]
    done = subprocess.run([*command, "--trace", trace], capture_output=True, text=True, timeout=120)
    check(done.returncode == 0 and not done.stderr, detector, parameters, done.stderr)
    check(subprocess.run(command, capture_output=True, text=True).stdout == done.stdout, detector, "differs without a trace")
    check(not (folder / "trace.npy.new").exists(), "a temporary file stayed")
    out = json.loads(done.stdout)
    check(list(out) == ["detector", "n", "nan", "alarms", "change_points", "warnings", "state"], "keys", list(out))
    check(len(out["alarms"]) == len(out["change_points"]), "one change point an alarm")
    check(all(0 <= c <= a for c, a in zip(out["change_points"], out["alarms"])), detector, "change point after its alarm")
    values = np.load(trace)
    check(values.dtype == np.float64 and values.shape == (out["n"],), "trace", values.dtype, values.shape)
    return out, values


def close(got, expected, what):
    check(abs(got - expected) <= 1e-9 * max(1, abs(expected)), what, got, expected)


def stream(name):
    if "rows" in name:
        return np.column_stack([np.load(data / "streams" / "fill_counts.npy"), np.load(data / "streams" / "fill_counts.lumi.npy")])
    return np.load(data / "streams" / f"{name}.npy")


# Values that peers give, index by index.
golden = json.loads((data / "detectors.json").read_text())
for entry in golden:
    what = (entry["stream"], entry["detector"], entry["set"])
    out, trace = run(entry["detector"], stream(entry["stream"]), entry["set"])
    check(out["alarms"] == entry["alarms"], *what, "alarms", out["alarms"][:9], entry["alarms"][:9])
    if "n_warnings" in entry:
        check((len(out["warnings"]), out["warnings"][0]) == (entry["n_warnings"], entry["first_warning"]), *what, "warnings")
    for key, value in entry.get("state", {}).items():
        close(out["state"][key], value, (*what, key))
    for index, value in entry.get("trace", []):
        close(trace[index], value, (*what, index))
check(len(golden) > 80, "golden detectors", len(golden))

golden = json.loads((data / "edetectors.json").read_text())
for entry in golden:
    what = (entry["stream"], entry["detector"], entry["set"].get("form"), entry["peer"])
    values = stream(entry["stream"])[entry.get("offset", 0):] / entry.get("divide_by", 1)
    out, trace = run(entry["detector"], values, entry["set"])
    check(out["alarms"][0] == entry["first_alarm"], *what, "first alarm", out["alarms"][:3], entry["first_alarm"])
    for index, value in entry["trace"]:
        if value is not None and np.isfinite(value):
            close(trace[index], value, (*what, index))
check(len(golden) >= 10, "golden e-detectors", len(golden))

# What the page says of one value, of rows, of lists and of files.
rng = np.random.default_rng(1)
normal = rng.normal(size=5000)
shifted = np.concatenate([normal[:3000], normal[3000:] + 2])
out, trace = run("cusum", shifted, {"mean": 0, "sd": 1})
check(out["alarms"] and 3000 <= out["alarms"][0] < 3020 and 2990 <= out["change_points"][0] <= 3001, "cusum", out["alarms"], out["change_points"])
check(len(out["alarms"]) == 1 and trace.max() == 18, "latched: one alarm, capped at 1.5 h", out["alarms"], trace.max())
check(set(out["state"]) >= {"statistic", "limit"} and out["state"]["statistic"] == trace[-1], "state", out["state"])

holes = shifted.copy()
holes[[5, 100, 3001]] = np.nan
out, trace = run("cusum", holes, {}, "--warmup", 500)
check(out["n"] == 5000 and out["nan"] == 3, "NaN is counted", out["n"], out["nan"])
check(np.isnan(trace[:502]).all() and not np.isnan(trace[502]) and np.isnan(trace[3001]), "NaN in the trace: warm-up and skipped")
first = holes[:502][~np.isnan(holes[:502])]
close(out["state"]["mean"], first.mean(), "mean of the warm-up")
close(out["state"]["sd"], first.std(ddof=1), "sd of the warm-up")
check(run("cusum", normal[:400])[0]["alarms"] == [], "shorter than its warm-up")
check(run("adwin", [])[0]["state"] == {"width": 0.0, "total": 0.0, "variance": 0.0}, "no value")
check(run("cusum", np.arange(5), {"mean": 2, "sd": 1, "h": 1, "k": 0})[0]["alarms"] == [0], "integers are values")

rows = np.column_stack([rng.poisson(50, 3000), np.full(3000, 100)])
rows[2000:, 0] = rng.poisson(65, 1000)
for name in ("cusum_poisson", "e_poisson"):
    out, _ = run(name, rows, {}, "--warmup", 1000)
    check(len(out["alarms"]) == 1 and 2000 <= out["alarms"][0] < 2030, name, out["alarms"])
    close(out["state"]["rate"], rows[:1000, 0].sum() / rows[:1000, 1].sum(), "rate of the warm-up")
rows = np.column_stack([rng.binomial(100, np.where(np.arange(3000) < 2000, 0.5, 0.65)), np.full(3000, 100)])
for name, parameters in (("cusum_binomial", {"p_up": 0.6, "p_down": 0.4}), ("e_bernoulli", {})):
    out, _ = run(name, rows, parameters)
    check(len(out["alarms"]) == 1 and 2000 <= out["alarms"][0] < 2030, name, out["alarms"])
    close(out["state"]["p0"], (rows[:1000, 0].sum() + 0.5) / (rows[:1000, 1].sum() + 1), "p0 of the warm-up")
bits = (rng.random(4000) < np.where(np.arange(4000) < 3000, 0.02, 0.2)).astype(int)
out, _ = run("e_bernoulli", bits)
check(len(out["alarms"]) == 1 and 3000 <= out["alarms"][0] < 3080, "e_bernoulli", out["alarms"])

codes = np.concatenate([rng.choice(3, 2000, p=[0.5, 0.3, 0.2]), rng.choice(3, 500, p=[0.2, 0.2, 0.6])])
out, trace = run("e_multinomial", codes, {"p0": [0.5, 0.3, 0.2], "q": [[0.3, 0.3, 0.4], [0.2, 0.2, 0.6]]})
check(len(out["alarms"]) == 1 and 2000 <= out["alarms"][0] < 2060, "e_multinomial", out["alarms"])
close(trace[0], np.log((np.array([0.3, 0.3, 0.4]) / [0.5, 0.3, 0.2] + np.array([0.2, 0.2, 0.6]) / [0.5, 0.3, 0.2])[codes[0]] / 2), "first value")
out, _ = run("e_bounded", rng.beta(2, 5, 3000) * 4 - 1, {"low": -1, "high": 3, "mean": 4 * 2 / 7 - 1})
check(out["alarms"] == [], "e_bounded", out["alarms"])

# The list in words is the list in a file.
np.save(folder / "l.npy", [0.5, -0.5])
texts = [subprocess.run([vigil, "detect", "e_gaussian", "--input", save(shifted), "--set", "mean=0", "--set", "sd=1", "--set", f"lambdas={l}",
                         "--json"], capture_output=True, text=True).stdout for l in ("0.5,-0.5", f"@{folder}/l.npy")]
check(texts[0] and texts[0] == texts[1], "lists", texts)
# For people.
text = subprocess.run([vigil, "detect", "cusum", "--input", save(shifted), "--set", "mean=0", "--set", "sd=1"], capture_output=True, text=True)
check(text.returncode == 0 and "1 alarms" in text.stdout and "change since" in text.stdout, "text", text.stdout, text.stderr)

count = 0


def refuse(words, *arguments):
    """Exit 2, one line on stderr that has all words, nothing on stdout, no file written."""
    global count
    count += 1
    trace = folder / "refused.npy"
    done = subprocess.run([vigil, "detect", *map(str, arguments), "--trace", trace, "--json"], capture_output=True, text=True, timeout=60)
    lines = done.stderr.splitlines()
    check(done.returncode == 2 and len(lines) == 1 and not done.stdout and all(w in lines[0] for w in words),
          arguments, "exit", done.returncode, lines, done.stdout[:100], "wanted", words)
    check(not trace.exists() and not (folder / "refused.npy.new").exists(), arguments, "wrote a file")


x, r, b = save(normal, "v.npy"), save(rows, "r.npy"), save(bits, "b.npy")
good = ["--set", "mean=0", "--set", "sd=1"]
refuse(["unknown detector 'kusum'", "one of cusum, cusum_poisson", "e_multinomial"], "kusum", "--input", x)
refuse(["nowhere.npy"], "cusum", "--input", folder / "nowhere.npy")
(folder / "text.npy").write_text("no array")
refuse(["text.npy", "numpy"], "cusum", "--input", folder / "text.npy")
refuse(["3 dimensions"], "cusum", "--input", save(np.zeros((2, 2, 2)), "three.npy"))
refuse(["0 dimensions"], "cusum", "--input", save(np.float64(1), "scalar.npy"))
refuse(["rows of 2", "values for cusum"], "cusum", "--input", r, *good)
refuse(["rows of 3"], "e_poisson", "--input", save(np.zeros((5, 3)), "three.npy"))
refuse(["a row of values", "count and exposure"], "cusum_poisson", "--input", x, "--set", "rate=1")
refuse(["a row of values", "passes and trials"], "cusum_binomial", "--input", b, "--set", "p0=0.1")
infinite = normal.copy()
infinite[77] = np.inf
refuse(["row 77", "inf"], "cusum", "--input", save(infinite, "i.npy"), *good)
refuse(["row 77", "inf"], "cusum", "--input", folder / "i.npy")
refuse(["row 0", "inf"], "e_poisson", "--input", save([[np.nan, np.inf]], "i2.npy"), "--set", "rate=1")
refuse(["row 0", "0 or 1"], "ddm", "--input", x)
refuse(["0 or 1"], "e_bernoulli", "--input", x, "--set", "p0=0.1")
refuse(["inside [0, 1]"], "hddm_a", "--input", x)
refuse(["passes from 0 to the trials"], "e_bernoulli", "--input", save([[3, 2]], "w.npy"), "--set", "p0=0.1")
refuse(["neither negative"], "e_poisson", "--input", save([[3, -2]], "w.npy"), "--set", "rate=0.1")
refuse(["row 1: ", "inside low to high"], "e_bounded", "--input", save([0.5, 1.5], "w.npy"), "--set", "mean=0.5")
refuse(["row 1: ", "inside low to high"], "e_bounded", "--input", save([0.5, 1.5, 0.2, 0.4], "w.npy"), "--warmup", "3")
refuse(["code 3", "from 0 to 1"], "e_multinomial", "--input", save([0, 3], "w.npy"), "--set", "p0=0.5,0.5", "--set", "q=0.1,0.9")
refuse(["unknown parameter 'lamda'", "lambda"], "ewma", "--input", x, *good, "--set", "lamda=0.1")
refuse(["unknown parameter 'mean'"], "ddm", "--input", b, "--set", "mean=0")
refuse(["'h' twice"], "cusum", "--input", x, *good, "--set", "h=1", "--set", "h=2")
refuse(["'h'", "key=value"], "cusum", "--input", x, *good, "--set", "h")
refuse(["'h': not a number"], "cusum", "--input", x, *good, "--set", "h=")
refuse(["'sd': 0", "above 0"], "cusum", "--input", x, "--set", "mean=0", "--set", "sd=0")
refuse(["'sd': nan"], "cusum", "--input", x, "--set", "mean=0", "--set", "sd=nan")
refuse(["'p0': 1", "below 1"], "e_bernoulli", "--input", b, "--set", "p0=1")
refuse(["'p1'", "evidence"], "e_bernoulli", "--input", b, "--set", "p0=0.85", "--set", "log_threshold=0.1")
refuse(["'low': 2", "below high"], "e_bounded", "--input", x, "--set", "mean=2.5", "--set", "low=2", "--set", "high=2")
refuse(["'weights': 3 numbers", "2"], "e_gaussian", "--input", x, *good, "--set", "lambdas=1,2", "--set", "weights=1,1,1")
refuse(["'q': missing"], "e_multinomial", "--input", b, "--set", "p0=0.5,0.5")
refuse(["'p0': missing", "q"], "e_multinomial", "--input", b)
refuse(["'mean': missing"], "cusum", "--input", x, "--warmup", "0")
refuse(["'sd': missing", "all the same"], "cusum", "--input", save(np.ones(2000), "ones.npy"))
refuse(["none.npy"], "e_gaussian", "--input", x, *good, "--set", f"lambdas=@{folder}/none.npy")
refuse(["--warmup"], "cusum", "--input", x, "--warmup", "-1")
refuse(["--input"], "cusum")
done = subprocess.run([vigil, "detect", "cusum", "--input", x, "--trace", folder / "no" / "t.npy"], capture_output=True, text=True)
check(done.returncode == 2 and not done.stdout and len(done.stderr.splitlines()) == 1, "trace that cannot be written", done)
for target in (folder, "/dev/null"):
    done = subprocess.run([vigil, "detect", "cusum", "--input", x, "--trace", target], capture_output=True, text=True)
    check(done.returncode == 2 and not done.stdout and "not a file" in done.stderr, "trace that is no file", done)
print(count, "wrong inputs refused")
