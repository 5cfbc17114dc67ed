"""The alarms of a whole recording against docs/alarms.md, worked out anew from the printed verdicts alone: severities,
latches, delays and counts of every leaf."""
import json
import pathlib
import subprocess
import sys
import tempfile

from monitor import call
from stream import check, demo_package

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-alarms-model-"))
scenario = folder / "s.yaml"
# Faults that come and go, so that leaves leave ok more than once.
scenario.write_text("""seed: 3
lumisections: 90
events_per_ls: 400
faults:
  - {type: dead_column, columns: "jet[1].eta", from_ls: 25, to_ls: 32}
  - {type: dead_column, columns: "jet[1].eta", from_ls: 40, to_ls: 43}
  - {type: rate_change, factor: 2.5, from_ls: 30, to_ls: 44}
  - {type: scale_shift, columns: "jet*.pt", factor: 1.3, from_ls: 52, to_ls: 72}
""")
RULES = [("*", {}), ("*/input/*", {"delay_ls": 20, "count": 2}), ("*/seed/*", {"latching": False}), ("*/score", {"delay_ls": 3})]
configuration = folder / "replay.yaml"
configuration.write_text(f"""models: [{package.folder}]
reference: learn:10
journal: j.db
sequential: false
windows: [{{window_ls: 4, hop_ls: 2}}, {{name: long, window_ls: 9, hop_ls: 3}}]
minimum_events: 200
alarms:
""" + "".join(f"  - {json.dumps({'node': node, **rule})}\n" for node, rule in RULES))
subprocess.run([vigil, "simulate", scenario, "--record", folder / "run.vrec"], check=True, capture_output=True)
code, out, err = call(vigil, "replay", folder / "run.vrec", "--configuration", configuration, "--json")
check(code == 0, "replay:", code, err[-500:])

WORDS = {"good": "ok", "medium": "minor", "bad": "major"}
ORDER = ["ok", "minor", "major"]
leaves, closed, here = {}, 0, (0, 0)


def rule_of(node):
    monitor = node.split("/", 2)[2]
    rule = {"latching": True, "delay_ls": 0, "count": 0}
    if monitor.startswith("input/"):
        rule.update(delay_ls=20, count=2)
    if monitor.startswith("seed/"):
        rule.update(latching=False)
    if monitor.split("/")[-1] == "score":  # score itself, and mismatch/score
        rule.update(delay_ls=3)
    return rule


def close():
    """Ends a lumisection: what its verdicts come to."""
    for node, leaf in leaves.items():
        rule = rule_of(node)
        known = [q for q in leaf["newest"].values() if q]
        before = leaf["severity"]
        if known:
            leaf["severity"] = max((WORDS[q] for q in known), key=ORDER.index)
        if leaf["severity"] != before:
            leaf["at"] = here
            if before == "ok":
                leaf["left"].append(closed)
            if leaf["severity"] == "ok" and not rule["latching"]:
                leaf["latched"] = "ok"
        if ORDER.index(leaf["severity"]) > ORDER.index(leaf["latched"]):
            left, delay = leaf["left"], rule["delay_ls"]
            often = left[-1] == closed and sum(closed - at <= delay for at in left) >= rule["count"] > 0
            if closed - left[-1] >= delay or often:
                leaf["latched"] = leaf["severity"]
                leaf["by_count"] += bool(delay and often)


for line in map(json.loads, out.splitlines()):
    if line["type"] == "lumisection":
        close()
        closed, here = closed + 1, (line["run"], line["ls"])
    if line["type"] == "verdict":
        leaf = leaves.setdefault(f"{line['model']}/{line['stream']}/{line['monitor']}", {
            "severity": "ok", "latched": "ok", "newest": {}, "any": {}, "left": [], "at": (0, 0), "by_count": 0})
        key = line["window"], line["statistic"]
        leaf["any"][key] = line["quality"] != "unknown"
        leaf["newest"].setdefault(key, None)
        if line["quality"] != "unknown":
            leaf["newest"][key] = line["quality"]
close()

# Shelved, every leaf is listed.
code, text, err = call(vigil, "alarms", "shelve", package.name, "--hours", 1, "--reason", "all", "--journal", folder / "j.db", "--json")
check(code == 0, "shelve:", err)
found = {a["node"]: (a["severity"], a["latched"], a["known"], (a["run"], a["ls"])) for a in json.loads(text)["alarms"]}
expected = {node: (leaf["severity"], leaf["latched"], any(leaf["any"].values()), leaf["at"]) for node, leaf in leaves.items()}
for node in sorted(found.keys() | expected.keys()):
    check(found.get(node) == expected.get(node), node, "is", found.get(node), "expected", expected.get(node), leaves.get(node))
left = [len(leaf["left"]) for leaf in leaves.values()]
check(sum(n > 0 for n in left) >= 2 and max(left) >= 2, "leaves left ok, some again:", left)
check(sum(leaf["by_count"] for leaf in leaves.values()) > 0, "something is raised by its count")
check(any(latched != "ok" for _, latched, _, _ in found.values()), "something is raised")
print(f"{len(found)} leaves, {sum(left)} times one left ok, {sum(leaf['by_count'] for leaf in leaves.values())} raised by count")
