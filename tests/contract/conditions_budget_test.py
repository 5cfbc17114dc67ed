"""The false-alarm budget is kept while pile-up falls, by certainty alone (sizes of 0) and with a reference whose strata are
thin. Against the same reference undivided it is not: this test can tell."""
import sys

from fills import Fills
from monitor import of
from stream import check

fills = Fills(sys.argv[1])
FILLS = 5
CERTAIN = ["--set", "rules=[{monitor: '*', medium: 0, bad: 0}]", "--set", "budget={page: 200/week, warn: 2000/week}"]
kept, undivided = ({"pages": 0, "warnings": 0, "expected_pages": 0.0, "expected_warnings": 0.0} for _ in range(2))
for part in range(2):
    earlier = fills.simulate("reference_fill", f"earlier{part}", seed=900 + part, run=900 + part, events_per_ls=4000)
    references = [fills.reference(f"of{part}_{width}", earlier, "--pileup-width", width) for width in (0.5, 0)]
    for fill in range(FILLS):
        number = 1000 + part * FILLS + fill
        recording = fills.simulate("decay", "fill", seed=number, run=number, events_per_ls=12000)
        for totals, reference in zip((kept, undivided), references):
            (budget,) = of(fills.replay(recording, "--reference", reference, *CERTAIN), "budget")
            check(budget["judged_ls"] == 60, budget)
            for key in totals:
                totals[key] += budget[key]
# Alarms of one fill are not independent: the allowance is for twice their Poisson scatter.
for kind in ("pages", "warnings"):
    allowed = kept["expected_" + kind]
    check(kept[kind] <= allowed + 6 * allowed ** 0.5, kind, "in strata:", kept)
check(undivided["pages"] > 3 * undivided["expected_pages"], "without strata it is not:", undivided)
print("in strata:", kept, "undivided:", undivided)
