"""Simulated weeks of 70 streams through the whole program, against the false-alarm budget: weeks.py VIGIL [WEEKS].
A week is 12,355 judged lumisections, shared by the streams; all follow the reference, so that every page is a false one.
With the default sizes and by certainty alone. Prints a Markdown table; exit 1 where the budget is not kept."""
import concurrent.futures
import json
import math
import pathlib
import subprocess
import sys
import tempfile

vigil = pathlib.Path(sys.argv[1]).resolve()
weeks = int(sys.argv[2]) if len(sys.argv) > 2 else 20
root = pathlib.Path(__file__).resolve().parents[2]
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-weeks-"))
STREAMS, WEEK, EVENTS = 70, 12355, 300
MODEL = root / "demo" / "model"
ALONE = ["--set", "rules=[{monitor: '*', medium: 0, bad: 0}]"]
CASES = {"1 page, 10 warnings; default sizes": [], "1 page, 10 warnings; certainty alone": ALONE,
         "20 pages, 200 warnings; certainty alone": [*ALONE, "--set", "budget={page: 20/week, warn: 200/week}"],
         "200 pages, 2000 warnings; certainty alone": [*ALONE, "--set", "budget={page: 200/week, warn: 2000/week}"]}


def simulate(seed, stream, lumisections):
    name = folder / f"{seed}-{stream}"
    name.with_suffix(".yaml").write_text(f"seed: {seed * 1000 + stream}\nrun: {seed + 1}\nstream: s{stream}\nsources: [link0]\n"
                                         f"lumisections: {lumisections}\nbatches_per_ls: 1\nevents_per_ls: {EVENTS}\n")
    subprocess.run([vigil, "simulate", name.with_suffix(".yaml"), "--record", name.with_suffix(".vrec")], check=True,
                   capture_output=True)
    return name.with_suffix(".vrec")


reference = folder / "reference.json"
subprocess.run([vigil, "reference", "build", simulate(0, 0, 400), "--model", MODEL, "-o", reference], check=True,
               capture_output=True)


def week(seed):
    """Lumisections judged, pages, warnings of all streams, by case."""
    recordings = [simulate(seed, stream, WEEK // STREAMS) for stream in range(1, STREAMS + 1)]
    found = []
    for settings in CASES.values():
        out = subprocess.run([vigil, "replay", *recordings, "--model", MODEL, "--reference", reference, "--jobs", "1",
                              "--json", *settings], check=True, capture_output=True, text=True).stdout
        budgets = [json.loads(line) for line in out.splitlines() if '"type":"budget"' in line]
        assert len(budgets) == STREAMS, len(budgets)
        found.append([sum(b[key] for b in budgets) for key in ("judged_ls", "pages", "warnings", "expected_pages",
                                                              "expected_warnings")])
    for recording in recordings:
        recording.unlink()
    return found


with concurrent.futures.ThreadPoolExecutor(2) as pool:
    by_week = list(pool.map(week, range(1, weeks + 1)))
print(f"{weeks} weeks of {STREAMS} streams, {EVENTS} events a lumisection:\n")
print("| a week | lumisections judged | pages allowed | pages | warnings allowed | warnings |")
print("| --- | ---: | ---: | ---: | ---: | ---: |")
kept = True
for i, case in enumerate(CASES):
    judged, pages, warnings, allowed, allowed_warnings = (sum(w[i][k] for w in by_week) for k in range(5))
    print(f"| {case} | {judged} | {allowed:.1f} | {pages} | {allowed_warnings:.0f} | {warnings} |")
    both = allowed + allowed_warnings
    kept &= pages <= allowed + 3 * math.sqrt(allowed) and pages + warnings <= both + 3 * math.sqrt(both)
sys.exit(0 if kept else 1)
