"""`report --quality` and `--golden-json` against a reading of the result lines that asks every window about every
lumisection: of real replays with faults, cuts, lost data, overlapping windows of several lengths and hops."""
import json
import sys

from journals import Replayed
from monitor import call, of
from stream import check

vigil = sys.argv[1]
WORSE = {"unknown": 0, "good": 1, "medium": 2, "bad": 3}


def naive(lines):
    """(model, stream, run) -> [(quality, causes)] of lumisections 1, 2, …, as docs/report.md says it."""
    out = {}
    for line in of(lines, "lumisection"):
        key = line["model"], line["stream"], line["run"]
        out[key] = max(out.get(key, 0), line["ls"])
    for key, last in out.items():
        mine = [line for line in lines if (line.get("model"), line.get("stream"), line.get("run")) == key]
        found = []
        for ls in range(1, last + 1):
            holding = [w for w in of(mine, "window") if w["first_ls"] <= ls <= w["last_ls"]]
            worst = max((w["quality"] for w in holding), key=WORSE.get, default="unknown")
            names = {(w["name"], w["first_ls"], w["last_ls"]) for w in holding}
            causes = {f"{v['monitor']} {v['statistic']}" for v in of(mine, "verdict")
                      if (v["window"], v["first_ls"], v["last_ls"]) in names and v["quality"] == worst}
            found.append((worst, sorted(causes) if worst in ("medium", "bad") else []))
        out[key] = found
    return out


def merged(found):
    spans = []
    for ls, here in enumerate(found, 1):
        if spans and spans[-1][2:] == here:
            spans[-1] = (spans[-1][0], ls) + here
        else:
            spans.append((ls, ls) + here)
    return spans


def golden(lines, accepted, runs=None):
    everything = naive(lines)
    streams = {key[:2] for key in everything}
    out = {}
    for run in sorted({key[2] for key in everything}):
        if runs and run not in runs:
            continue
        good = set.intersection(*({ls for ls, (q, _) in enumerate(everything.get((*stream, run), []), 1) if q in accepted}
                                  for stream in streams))
        spans = []
        for ls in sorted(good):
            if spans and spans[-1][1] + 1 == ls:
                spans[-1][1] = ls
            else:
                spans.append([ls, ls])
        if spans:
            out[str(run)] = spans
    return out


seen = set()
for scenarios, arguments in [(("demo",), ()), (("score_bit_flip", "menu_change"), ("--window-ls", 7, "--hop-ls", 3)),
                             (("lost_batches", "rate_change"), ("--window-ls", 4, "--hop-ls", 6))]:
    data = Replayed(vigil, *scenarios, arguments=arguments)
    expected = naive(data.lines)
    code, out, err = call(vigil, "report", data.journal, "--quality", "--json")
    check(code == 0 and err == "", "quality:", code, err)
    lines = [json.loads(line) for line in out.splitlines()]
    check(all(list(line) == ["type", "model", "stream", "run", "first_ls", "last_ls", "quality", "causes"] and
              line["type"] == "quality" for line in lines), "keys and their order")
    for key, found in expected.items():
        mine = [(q["first_ls"], q["last_ls"], q["quality"], q["causes"]) for q in lines
                if (q["model"], q["stream"], q["run"]) == key]
        check(mine == merged(found), key, mine, merged(found))
        seen |= {q for q, _ in found}
    check(call(vigil, "report", data.journal, "--quality")[1] == out, "with and without --json")
    for accept, accepted in (((), {"good"}), (("--accept", "medium"), {"good", "medium"})):
        code, out, err = call(vigil, "report", data.journal, "--golden-json", *accept)
        check(code == 0 and json.loads(out) == golden(data.lines, accepted), "golden", accept, out)
    run = data.runs[-1]
    code, out, _ = call(vigil, "report", data.journal, "--golden-json", "--run", run, "-o", data.folder / "golden.json")
    check(code == 0 and out == "", "into a file")
    check(json.loads((data.folder / "golden.json").read_text()) == golden(data.lines, {"good"}, [run]), "of one run")
check(seen == set(WORSE), "the replays hold every quality:", seen)
print("certified")
