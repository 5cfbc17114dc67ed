"""Out of the context in which vigil acts (act_when) alarms neither raise nor recover, while notify and revalidate open as
ever; back in it they follow what is judged there."""
import json
import pathlib
import sys
import tempfile

from monitor import Watch, call
from stream import ORBITS, Publisher, batch, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-act-when-"))
journal = folder / "j.db"
publisher = Publisher()
leaf = f"{package.name}/scouting/mismatch/{package.outputs[-1]}"
configuration = folder / "watch.yaml"
configuration.write_text(f"""models: [{package.folder}]
subscribe: [{publisher.endpoint}]
journal: j.db
reference: learn:3
windows: [{{window_ls: 2, hop_ls: 1}}]
minimum_events: 20
reference_events: 100
act_when: {{beam_mode: ["STABLE*"], menu: ["collisions*"]}}
""")
rows = [i % len(package.inputs) for i in range(40)]
score = sum(package.widths[:-1])
ls = 0


def send(n, beam_mode, menu="collisions_v1", faulty=False):
    """n lumisections of one context. Returns the last but one, which is sure to close with them."""
    global ls
    for _ in range(n):
        ls += 1
        context = {k: v for k, v in (("beam_mode", beam_mode), ("menu", menu)) if v}
        b = batch(package, rows, source="link0", seq=ls, ls=ls, first=(ls - 1) * ORBITS, last=ls * ORBITS - 1, context=context)
        if faulty:
            b["hw_outputs"][:5, score] += 1
        publisher.send(pack(b))
    return ls - 2


def alarm():
    code, out, err = call(vigil, "alarms", "list", "--journal", journal, "--json")
    check(code == 0, "vigil alarms list", code, err)
    return next((a for a in json.loads(out)["alarms"] if a["node"] == leaf), None)


def severity():
    return (alarm() or {"severity": "ok"})["severity"]


watch = Watch(vigil, configuration)
publisher.wait()
send(4, None, None)
send(6, None, None, faulty=True)  # the data do not say
send(6, "RAMP", faulty=True)
last = send(6, "STABLE BEAMS", "cosmics_v3", faulty=True)
watch.wait_for_ls(last)
watch.settle(1)
bad = [v for v in watch.lines("verdict") if v["monitor"] == f"mismatch/{package.outputs[-1]}" and v["quality"] == "bad"]
check(bad, "it is judged bad all the same")
check(alarm() is None, "raised out of its context:", alarm())
kinds = {a["kind"] for a in watch.lines("action")}
check(kinds == {"revalidate", "notify"}, "these open in every context:", kinds)

first_acting = ls + 1
watch.wait_for_ls(send(6, "STABLE BEAMS", faulty=True))
found = watch.wait("raised where vigil acts", alarm, 10)
check(found["severity"] == "major" and found["ls"] >= first_acting, "raised by what is judged there:", found)

# Good again, but only out of the context: what people were told stands.
last = send(25, "RAMP")
watch.wait_for_ls(last)
watch.settle(1)
check(severity() == "major", "recovered out of its context:", alarm())
check(alarm()["ls"] == found["ls"], "nothing changed:", alarm(), found)
send(25, "STABLE BEAMS")
watch.wait("recovered where vigil acts", lambda: severity() == "ok", 20)
check(alarm()["latched"] == "major", "and stays until somebody acknowledges it:", alarm())
watch.stop()
check(any(w["quality"] == "good" for w in watch.lines("window") if w["last_ls"] <= last), "windows were judged good meanwhile")
print(f"{len(bad)} bad verdicts out of context, raised at LS {found['ls']}")
