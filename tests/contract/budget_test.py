"""The false-alarm budget: a line a run, counted as its verdicts are, and kept with no effect limit at all."""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

vigil = sys.argv[1]
root = pathlib.Path(__file__).resolve().parents[2]
model = root / "demo" / "model"
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-budget-"))
WEEK = 12355


def simulate(name, text):
    (folder / f"{name}.yaml").write_text(text)
    subprocess.run([vigil, "simulate", folder / f"{name}.yaml", "--record", folder / f"{name}.vrec"], check=True,
                   capture_output=True)
    return folder / f"{name}.vrec"


def stationary(seed, lumisections, events=600, run=1):
    return simulate(f"stationary{seed}-{run}", f"seed: {seed}\nrun: {run}\nlumisections: {lumisections}\n"
                    f"sources: [link0]\nbatches_per_ls: 1\nevents_per_ls: {events}\n")


def replay(*arguments, check=True):
    done = subprocess.run([vigil, "replay", *arguments, "--model", model, "--json"], capture_output=True, text=True)
    assert not check or done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()] if check else done


def recount(lines, run):
    """Pages and warnings of a run, from its verdict lines."""
    known, pages, warnings = {}, 0, 0
    for v in lines:
        if v["type"] != "verdict" or v["run"] != run or v["quality"] == "unknown":
            continue
        key = (v["window"], v["monitor"], v["statistic"])
        if v["quality"] != known.get(key):
            pages += v["quality"] == "bad"
            warnings += v["quality"] == "medium"
        known[key] = v["quality"]
    return pages, warnings


# Two runs, the second with a fault.
fault = simulate("fault", "seed: 5\nrun: 2\nlumisections: 60\nsources: [link0]\nbatches_per_ls: 1\nevents_per_ls: 600\n"
                 "faults:\n  - {type: dead_column, columns: 'jet[1].eta', from_ls: 31}\n")
lines = replay(stationary(1, 60), fault)
budgets = [line for line in lines if line["type"] == "budget"]
assert [b["run"] for b in budgets] == [1, 2], budgets
assert lines[-1]["type"] == "digest" and lines[-2] == budgets[1]
for b in budgets:
    assert set(b) == {"type", "model", "stream", "run", "judged_ls", "pages", "warnings", "expected_pages",
                      "expected_warnings"}, b
    assert (b["pages"], b["warnings"]) == recount(lines, b["run"]), b
    assert math.isclose(b["expected_pages"], b["judged_ls"] / WEEK, rel_tol=1e-8), b
    assert math.isclose(b["expected_warnings"], 10 * b["judged_ls"] / WEEK, rel_tol=1e-8), b
assert budgets[0]["pages"] == 0 and 0 < budgets[0]["judged_ls"] <= 45, budgets
assert budgets[1]["pages"] >= 2 and budgets[1]["judged_ls"] > 40, budgets
at = lines.index(budgets[0])
assert all(line["run"] == 2 for line in lines[at + 1:-1] if line["type"] == "window")
assert all(line["run"] == 1 for line in lines[:at] if line["type"] == "window")
print("a line a run:", [(b["judged_ls"], b["pages"], b["warnings"]) for b in budgets])

# Without windows' help, and the other way round.
for setting in ("sequential=false", "windows=[{window_ls: 400, name: long}]"):
    lines = replay(folder / "fault.vrec", "--set", setting)
    (b,) = [line for line in lines if line["type"] == "budget"]
    sequential = {line["monitor"] for line in lines if line["type"] == "verdict" and line["window"] == "sequential"}
    assert bool(sequential) != setting.startswith("sequential"), setting
    assert b["judged_ls"] > 0 and (b["pages"], b["warnings"]) == recount(lines, 2), (setting, b)

# By certainty alone: never above the budget, and not far below it.
pages = expected = warnings = 0
for seed in (21, 22, 23):
    lines = replay(stationary(seed, 1200, 300), "--set", "budget={page: 200/week, warn: 2000/week}", "--set",
                   "rules=[{monitor: '*', medium: 0, bad: 0}]")
    (b,) = [line for line in lines if line["type"] == "budget"]
    assert (b["pages"], b["warnings"]) == recount(lines, 1), b
    pages, warnings, expected = pages + b["pages"], warnings + b["warnings"], expected + b["expected_pages"]
print(f"by certainty alone: {pages} pages and {warnings} warnings, {expected:.1f} and {10 * expected:.0f} allowed")
assert expected / 30 <= pages <= expected + 4 * math.sqrt(expected), (pages, expected)
assert pages + warnings <= 11 * expected + 4 * math.sqrt(11 * expected), (warnings, expected)

# One line each.
for setting, words in (("budget={page: 0/week}", "N/week"), ("budget={page: 20/week}", "at least page"),
                       ("budget={shares: {inputs: 0.9}}", "sum 1"), ("budget={pages: 1/week}", "unknown key"),
                       ("budget=1/week", "budget"), ("week_ls=0", "week_ls")):
    done = replay(folder / "fault.vrec", "--set", setting, check=False)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1 and words in done.stderr, done
done = replay(folder / "fault.vrec", "--set", "budget={page: 1/week}", "--set", "false_alarms_per_day=1", check=False)
assert done.returncode == 2 and done.stderr.count("\n") == 1 and "one of the two" in done.stderr, done
(old,) = [line for line in replay(folder / "fault.vrec", "--set", "false_alarms_per_day=2") if line["type"] == "budget"]
assert math.isclose(old["expected_pages"], 14 * old["judged_ls"] / WEEK, rel_tol=1e-8), old
