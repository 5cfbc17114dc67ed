"""river itself on the rows that `detection_bench CASES` wrote: python river_confirms.py CASES, with river 0.19.0 and numpy
below 2. Prints a Markdown table; exit 1 where page_hinkley, ddm, eddm or hddm_a alarm at other values than ours. adwin
(river stops one cut short in each row) and hddm_w (river's means take a first value of 0 for none) may differ by a little."""
import json
import pathlib
import sys

import numpy as np
from river import drift
from river.drift import binary

MADE = {"page_hinkley": drift.PageHinkley, "adwin": drift.ADWIN, "ddm": binary.DDM, "eddm": binary.EDDM,
        "hddm_a": binary.HDDM_A, "hddm_w": binary.HDDM_W}
EXACT = {"page_hinkley", "ddm", "eddm", "hddm_a"}


def first_after(alarms, change=10_000):
    return next((a - change + 1 for a in alarms if a >= change), "none")


wrong = 0
print("| detector | change | tuned | alarms, ours | river | delay, ours | river | index by index |\n|" + " --- |" * 8)
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    case = json.loads(path.read_text())
    detector = MADE[case["detector"]](**case["set"])
    alarms = []
    for i, x in enumerate(np.load(path.with_suffix(".npy")).tolist()):
        detector.update(x)
        if detector.drift_detected:
            alarms.append(i)
    same = alarms == case["alarms"]
    wrong += case["detector"] in EXACT and not same
    (key, value), = case["set"].items()
    print(f"| {case['detector']} | {case['scenario']} | {key} = {value:.4g} | {len(case['alarms'])} | {len(alarms)} |"
          f" {first_after(case['alarms'])} | {first_after(alarms)} | {'same' if same else 'not the same'} |")
sys.exit(1 if wrong else 0)
