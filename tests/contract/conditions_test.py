"""A fill's pile-up falls, is levelled, scanned: with a reference in strata of pile-up nothing is proposed and nothing is
bad; outside of it nothing is claimed; and a change of one percent beneath the decay is found and named."""
import re
import sys

from fills import CONDITIONS, MODEL, SHAPES, Fills, brief, verdicts
from monitor import of
from stream import check

fills = Fills(sys.argv[1])
reference = fills.reference("reference", fills.simulate("reference_fill"))
undivided = fills.reference("undivided", fills.folder / "reference_fill.vrec", "--pileup-width", 0)
FILLS = {"decay", "levelling", "mu_scan", "emittance_scan", "low_pileup"}
check({p.stem for p in CONDITIONS.glob("*.yaml")} == FILLS | {"reference_fill", "decay_scale_shift"}, "each scenario is here")
OUTSIDE = re.compile(r"pile-up [\d.]+ outside the (reference \(18 to 62\)|fit \(19.\d+ to 60\))")


def claims_nothing(name, lines):
    check(not of(lines, "action") and not verdicts(lines, quality="bad"), name, "is no fault:", brief(lines))
    check(all(m["quality"] == "good" for m in verdicts(lines, "mismatch/")), name, "hardware and emulator agree")


pileup = {}  # scenario -> {ls: pile-up}
for name in sorted(FILLS):
    recording = fills.simulate(name)
    lines = fills.replay(recording, "--reference", reference)
    claims_nothing(name, lines)
    windows = verdicts(lines, *SHAPES, "seed/", sequential=False)
    statistics = {v["statistic"] for v in windows}
    check({"chi2", "ks", "rate", "rate_vs_pileup"} <= statistics, name, "is judged by", statistics)
    unknown = [v for v in windows if v["quality"] == "unknown"]
    check(all(OUTSIDE.fullmatch(v["reason"]) for v in unknown), name, {v["reason"] for v in unknown})
    if name == "low_pileup":
        check(len(unknown) == len(windows) > 0, name, "is outside the reference:", len(unknown), "of", len(windows))
        check(all(v["value"] is None for v in unknown), name, "has no value")
        sequential = verdicts(lines, *SHAPES, "seed/", sequential=True)
        check(sequential and {v["reason"] for v in sequential} == {"pile-up 5 outside the reference (18 to 62)"}, name, sequential[:1])
    elif name == "mu_scan":  # windows of LS 37 to 52 lie at a fifth and a tenth of 60, and so in good part do two more
        spans = {(v["first_ls"], v["last_ls"]) for v in unknown if v["monitor"] == "score"}
        check({(36, 45), (41, 50)} <= spans <= {(31, 40), (36, 45), (41, 50), (46, 55), (51, 60)}, name, spans)
        back = verdicts(lines, *SHAPES, "seed/", sequential=False)
        check(all(v["quality"] == "good" for v in back if v["first_ls"] > 52) and any(v["first_ls"] > 52 for v in back), name, "back")
    else:
        check(not unknown and len(windows) == 11 * len({(v["monitor"], v["statistic"]) for v in windows}), name, "is judged throughout")
    print(name, len(windows), "verdicts of windows,", len(unknown), "unknown")

# The same decay against the whole fill's mean, at sizes that see one percent: it drifts where conditions did.
SMALL = "rules=[{monitor: 'input/*', medium: 0.01, bad: 0.02}, {monitor: score, medium: 0.01, bad: 0.02}]"
decay = fills.folder / "decay.vrec"
lines = fills.replay(decay, "--reference", reference, "--set", SMALL)
claims_nothing("decay at small sizes", lines)
check(not verdicts(lines, quality="medium"), "nor is anything medium:", brief(lines))
lines = fills.replay(decay, "--reference", undivided, "--set", SMALL)
drifting = {v["monitor"] for v in verdicts(lines, *SHAPES, quality="bad")}
check(len(drifting) >= 3 and of(lines, "action"), "without strata the decay drifts:", brief(lines))
check(not [v for v in of(lines, "verdict") if v["statistic"] == "rate_vs_pileup"], "and has no rates against pile-up")
print("undivided:", len(drifting), "monitors drift,", [(a["kind"], a["cause"]) for a in of(lines, "action")])

# One percent on top of it, with limits that two good fills earned, which a third one keeps.
good = [fills.simulate("decay", f"good{seed}", seed=seed, run=seed) for seed in (51, 52)]
limits = fills.folder / "limits.json"
fills.run("calibrate", *good, "--model", MODEL, "--reference", reference, "-o", limits)
calibrated = ["--reference", reference, "--limits", limits]
lines = fills.replay(decay, *calibrated)
claims_nothing("a good fill by calibrated limits", lines)
shifted = fills.simulate("decay_scale_shift")
lines = fills.replay(shifted, *calibrated)
bad = {v["monitor"] for v in verdicts(lines, *SHAPES, "seed/", "mismatch/", quality="bad")}
check(bad == {"input/jet[0].pt"}, "one percent on the leading jet is found, and it alone:", brief(lines))
actions = [(a["kind"], a["cause"], a["subject"]) for a in of(lines, "action")]
check(actions == [("notify", "input", "input/jet[0].pt")], "and named:", actions)
found = of(lines, "action")[0]
check(31 <= found["last_ls"] <= 45, "soon, and not before it came:", found["first_ls"], found["last_ls"])
check(not [v for v in verdicts(lines, quality="bad") if v["last_ls"] < 31], "not before it came:", brief(lines))
lines = fills.replay(shifted, "--reference", reference)
check(not verdicts(lines, *SHAPES, quality="bad") and not of(lines, "action"), "by the default sizes it is medium at most:", brief(lines))
print("one percent found at the close of LS", found["last_ls"])
