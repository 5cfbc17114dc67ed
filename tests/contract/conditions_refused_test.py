"""What of references and conditions is refused: exit 2 and one line that says what, where and what was expected; nothing
on stdout, no file written. And what is still read: a reference file of version 1."""
import json
import sys

from fills import MODEL, Fills
from monitor import of
from stream import check

fills = Fills(sys.argv[1])
SHORT = "run: {run}\nseed: {run}\nlumisections: 12\nbatches_per_ls: 2\nevents_per_ls: 1000\n" \
        "luminosity: {{initial_pileup: 50, lifetime_h: 0.05, pileup_slope: 1}}\n"
first, second = (fills.simulate_text(f"run{run}", SHORT.format(run=run)) for run in (1, 2))
target = fills.folder / "refused.json"
build = ["reference", "build", first, "--model", MODEL, "-o", target]
for words, arguments in {
    ("--by", "'nonsense'", "menu, prescale_column, beam_mode"): ["--by", "nonsense"],
    ("--by", "twice 'menu'", "each once"): ["--by", "menu,menu"],
    ("--by", "''"): ["--by", "menu,"],
    ("--by", "'\\x1b'"): ["--by", "\x1b"],
    ("--pileup-width", "-1", "0.01 to 1000"): ["--pileup-width", "-1"],
    ("--pileup-width", "nan"): ["--pileup-width", "nan"],
    ("--pileup-width", "inf"): ["--pileup-width", "inf"],
    ("--pileup-width", "0.001"): ["--pileup-width", "0.001"],
    ("--pileup-width", "1001"): ["--pileup-width", "1001"],
    ("--pileup-width", "wide"): ["--pileup-width", "wide"],
    ("beam mode", "no complete lumisection"): ["--set", "judge_beam_modes=[ADJUST]"],
}.items():
    context = "context: {beam_mode: STABLE BEAMS}\n"
    if "beam mode" in words:
        fills.simulate_text("run1", SHORT.format(run=1) + context)
    fills.refused(words, *build, *arguments, writes=target)

# Configurations.
seed = "L1_VIGIL_Demo_Nominal"
for words, text in {
    ("c.yaml:2", "prescales", "'L1_VIGIL_Demo_Nomnal'", seed): '"0": {L1_VIGIL_Demo_Nomnal: 0}',
    ("c.yaml:2", seed, "-1"): f'"0": {{{seed}: -1}}',
    ("c.yaml:2", seed, "nan"): f'"0": {{{seed}: .nan}}',
    ("c.yaml:2", seed, "none"): f'"0": {{{seed}: none}}',
    ("c.yaml:2", "prescales", "column", "'zero'", "whole number"): f"zero: {{{seed}: 0}}",
    ("c.yaml:2", "'0'", "no map", "seed: prescale"): f'"0": [{seed}]',
    ("c.yaml:2", "prescales", "column 0 twice"): f'"0": {{{seed}: 0}}, "00": {{{seed}: 1}}',
    ("c.yaml:2", f"'{seed}' twice", "each seed once"): f'"0": {{{seed}: 0, {seed}: 1}}',
}.items():
    path = fills.folder / "c.yaml"
    path.write_text(f"models: [{MODEL}]\nprescales: {{{text}}}\n")
    # A seed is looked for when the models are loaded, and named without the line.
    fills.refused([w for w in words if "Nomnal" not in words[2] or w != "c.yaml:2"], "check", path)
for text in ("[]", "7", "off"):
    path.write_text(f"models: [{MODEL}]\nprescales: {text}\n")
    fills.refused(["c.yaml:2", "prescales", "no map"], "check", path)
for text in ("{STABLE: 1}", "[[STABLE]]", "[{STABLE: 1}]"):
    path.write_text(f"models: [{MODEL}]\njudge_beam_modes: {text}\n")
    fills.refused(["c.yaml:2", "judge_beam_modes", "text"], "check", path)
for text in ("{}", f'{{"0": {{{seed}: 0}}, "-1": {{{seed}: 2.5}}}}'):
    path.write_text(f"models: [{MODEL}]\nprescales: {text}\njudge_beam_modes: []\n")
    fills.run("check", path)

# Reference files.
divided = json.loads(fills.reference("divided", first).read_text())
check(divided["version"] == 2 and divided["pileup_width"] == 2.0 and divided["references"][0]["key"] == {}, "version 2")
check(len(divided["references"][0]["summary"]["strata"]) > 5 and set(divided["references"][0]["rates"]) > {seed}, "in strata, with fits")


def damaged(words, change):
    document = json.loads(json.dumps(divided))
    change(document)
    target.write_text(json.dumps(document))
    fills.refused([target.name, *words], "replay", second, "--model", MODEL, "--reference", target)
    target.unlink()


entry = divided["references"][0]
damaged(["version 3", "1 to 2"], lambda d: d.update(version=3))
damaged(["version 0"], lambda d: d.update(version=0))
damaged(["two references", "{}"], lambda d: d["references"].append(entry))
damaged(["two references", "v5"], lambda d: d.update(references=[dict(entry, key={"menu": "v5"}), entry, dict(entry, key={"menu": "v5"})]))
damaged(["no reference"], lambda d: d.update(references=[]))
damaged(["pileup_width"], lambda d: d.update(pileup_width="2"))
damaged(["pileup_width"], lambda d: d.update(pileup_width=-2))
damaged(["200", "300"], lambda d: d.update(pileup_width=3))
damaged(["model hash"], lambda d: d.update(model_hash="0" * 64))
damaged(["fill", "beam_mode"], lambda d: d["references"][0].update(key={"fill": 9000}))
damaged(["prescale_column"], lambda d: d["references"][0].update(key={"prescale_column": "1"}))
damaged(["3 numbers"], lambda d: d["references"][0]["rates"][seed].update(coefficients=[1, 2]))
damaged(["rows", "3"], lambda d: d["references"][0]["rates"][seed].update(covariance=[[1, 0, 0]]))
damaged(["ascending"], lambda d: d["references"][0]["summary"]["strata"].reverse())
damaged(["bounds"], lambda d: d["references"][0]["summary"]["strata"][0].update(pileup=[0, 100]))
damaged(["strata"], lambda d: d["references"][0]["summary"].pop("strata"))

# Version 1, made by hand of what is not divided, gives the results of version 2.
undivided = fills.reference("undivided", first, "--pileup-width", 0)
document = json.loads(undivided.read_text())
entry = document["references"][0]
summary = entry["summary"]
for key in ("crossings", "crossings_pileup", "crossings_pileup_squared", "pileup_width"):
    summary.pop(key)
summary["version"] = 1
check(len(summary["strata"]) == 1 and summary["strata"][0].pop("pileup") is None, "one stratum of any pile-up")
for key in ("input_products", "output_products"):
    summary["strata"][0].pop(key, None)
old = fills.folder / "old.json"
old.write_text(json.dumps({"format": "vigil-reference", "version": 1, "model": document["model"], "stream": document["stream"],
                           "selection": entry["selection"], "ranges": entry["ranges"], "summary": summary}))
shapes = lambda lines: [v for v in of(lines, "verdict") if not v["monitor"].startswith("multivariate/")]
of_old, of_new = (shapes(fills.replay(second, "--reference", path)) for path in (old, undivided))
check(of_old == of_new and any(v["value"] is not None and v["statistic"] == "chi2" for v in of_old), "version 1 is read")
print("refused, and version 1 read:", len(of_old), "verdicts")
