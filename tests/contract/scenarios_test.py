"""Each fault of conf/scenarios/ leads to the right kinds of verdict and action and to no other; what is no fault, to none."""
import json
import pathlib
import subprocess
import sys
import tempfile

vigil = sys.argv[1]
root = pathlib.Path(__file__).resolve().parents[2]
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-scenarios-"))
MISMATCH = {("revalidate", "mismatch"), ("notify", "mismatch")}
EXPLAINED = {"phi_offset": ("*.phi", "plus 1"), "pt_truncated": ("*.pt", "low 2 bits zero")}  # named first, by every event
EXPECTED = {  # actions, monitors that must turn bad, monitors that must not (prefixes)
    "stationary": (set(), [], [""]),
    "lost_batches": (set(), [], [""]),
    "luminosity_decay": (set(), [], [""]),
    "menu_change": (set(), [], [""]),
    "score_bit_flip": (MISMATCH, ["mismatch/score"], ["input/", "seed/", "score"]),
    "wrong_weights": (MISMATCH, ["mismatch/score"], ["input/", "seed/", "score"]),
    "pt_truncated": (MISMATCH, ["mismatch/score"], ["input/", "seed/", "score"]),
    "phi_offset": (MISMATCH, ["mismatch/score"], ["input/", "seed/", "score"]),
    "bx_slip": (MISMATCH, ["mismatch/score"], ["input/", "seed/", "score"]),
    "dead_column": ({("notify", "input")}, ["input/"], ["mismatch/"]),
    "hot_column": ({("notify", "input")}, ["input/"], ["mismatch/"]),
    "scale_shift_one_column": ({("notify", "input")}, ["input/"], ["mismatch/"]),
    "scale_shift": ({("retrain", "conditions")}, ["input/"], ["mismatch/"]),
    "demo": ({("retrain", "conditions")}, ["input/"], ["mismatch/"]),
    "rate_change": ({("threshold-adjust", "rate")}, ["seed/"], ["mismatch/", "input/", "score"]),
}


def replay(name, text=None):
    scenario = root / "conf" / "scenarios" / f"{name}.yaml"
    if text:
        scenario = folder / f"{name}.yaml"
        scenario.write_text(text)
    recording = folder / f"{name}.vrec"
    subprocess.run([vigil, "simulate", scenario, "--record", recording], check=True, capture_output=True)
    out = subprocess.run([vigil, "replay", recording, "--model", root / "demo" / "model", "--json"], check=True,
                         capture_output=True).stdout
    lines = [json.loads(line) for line in out.splitlines()]
    return {t: [line for line in lines if line["type"] == t] for t in ("lumisection", "window", "verdict", "action")}


failed = 0
found = {path.stem for path in (root / "conf" / "scenarios").glob("*.yaml")}
assert found == set(EXPECTED), found ^ set(EXPECTED)
for name, (actions, bad, quiet) in EXPECTED.items():
    lines = replay(name)
    got = {(a["kind"], a["cause"]) for a in lines["action"]}
    turned = {v["monitor"] for v in lines["verdict"] if v["quality"] == "bad"}
    problems = []
    # A rate that moved is told of every seed it moved.
    subjects = {(a["kind"], a["cause"], a["proposal"].get("seed")) for a in lines["action"]}
    if got != actions or len(lines["action"]) != len(subjects):
        problems.append(f"actions {[(a['kind'], a['cause'], a['reason']) for a in lines['action']]}")
    problems += [f"nothing of {prefix} turned bad" for prefix in bad if not any(m.startswith(prefix) for m in turned)]
    problems += [f"{m} turned bad" for prefix in quiet for m in turned if m.startswith(prefix)]
    # All faults here are gross: acted upon at the close of the lumisection that shows them, or of the next.
    first = min((a["last_ls"] for a in lines["action"]), default=31)
    if first > (31 if actions == MISMATCH else 32):
        problems.append(f"late: {[(a['kind'], a['first_ls'], a['last_ls']) for a in lines['action']]}")
    if any(w["quality"] != "unknown" for w in lines["window"][:3]):
        problems.append("a window was judged while the reference was still learned")
    if name == "lost_batches" and sum(s["missing"] for l in lines["lumisection"] for s in l["sources"].values()) == 0:
        problems.append("no batch is missing")
    for a in lines["action"]:
        if a["kind"] != "revalidate":
            continue
        found = a["proposal"]["attribution"][:1]
        whole = [{"input": i, "change": c, "explains": 8, "of": 8} for i, c in [EXPLAINED[name]]] if name in EXPLAINED else []
        if whole != [e for e in found if e["explains"] == e["of"]]:
            problems.append(f"explained by {found}")
        bx = a["proposal"]["bx"]
        if not 0 < bx["affected"] <= bx["compared"] <= 3564 or bx["clean"]:
            problems.append(f"crossings {bx}")
    print(name, sorted(got) or "no action", "; ".join(problems))
    failed += bool(problems)


def bit_flip(from_ls, more=""):
    text = (root / "conf" / "scenarios" / "score_bit_flip.yaml").read_text().replace("from_ls: 31", f"from_ls: {from_ls}")
    return replay("bit_flip", text + more)


# While still learning, and right after a menu change: at the close of the first lumisection that holds it.
for name, onset, more in (("learning", 5, ""), ("menu", 31, "  - {type: menu_change, menu: demo_menu_v2, from_ls: 31}\n")):
    lines = bit_flip(onset, more)
    got = [(a["kind"], a["cause"], a["first_ls"], a["last_ls"]) for a in lines["action"]]
    expected = [("revalidate", "mismatch", onset, onset), ("notify", "mismatch", onset, onset)]
    changes = [v for v in lines["verdict"] if v["window"] == "sequential" and v["monitor"] == "mismatch/score"]
    first_bad = next(v for v in changes if v["quality"] == "bad")
    every_tenth = {v["last_ls"] for v in changes} >= set(range(10, 61, 10))
    print("bit flip,", name, got)
    failed += got != expected or first_bad["last_ls"] != onset or first_bad["statistic"] != "e_bernoulli" or not every_tenth
lines = replay("too_few", "lumisections: 40\nevents_per_ls: 15\n")
qualities = {w["quality"] for w in lines["window"]}
print("too_few", qualities)
failed += qualities != {"unknown"} or bool(lines["action"])
sys.exit(1 if failed else 0)
