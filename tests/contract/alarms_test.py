"""Alarms beside a running watch, from outside: raised, acknowledged, shelved, in the audit, and none of it lost by a kill.
And what a user can get wrong in them."""
import hashlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

from monitor import Watch, call
from stream import ORBITS, Publisher, batch, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-alarms-"))
journal = folder / "j.db"
publisher = Publisher()
output = package.outputs[-1]
leaf = f"{package.name}/scouting/mismatch/{output}"
configuration = folder / "watch.yaml"
configuration.write_text(f"""models: [{package.folder}]
subscribe: [{publisher.endpoint}]
journal: j.db
reference: learn:3
windows: [{{window_ls: 2, hop_ls: 1}}]
minimum_events: 20
alarms:
  - {{node: "*", contact: "trigger on call"}}
  - {{node: "*/mismatch/*", essential: true, guidance: "compare firmware and package"}}
""")
rows = [i % len(package.inputs) for i in range(40)]
score = sum(package.widths[:-1])
seq = 0


def send(first, last, faulty=()):
    global seq
    for ls in range(first, last + 1):
        b = batch(package, rows, source="link0", seq=seq, ls=ls, first=(ls - 1) * ORBITS, last=ls * ORBITS - 1)
        if ls in faulty:
            b["hw_outputs"][:5, score] += 1
        publisher.send(pack(b))
        seq += 1


def alarms(*arguments):
    code, out, err = call(vigil, "alarms", *arguments, "--journal", journal, "--json")
    check(code == 0, "vigil alarms", arguments, code, err)
    return json.loads(out)


def the_leaf(document):
    return next((a for a in document["alarms"] if a["node"] == leaf), None)


def listed():
    return the_leaf(alarms("list"))


def spoken():
    return [node for group in alarms("list")["groups"] for node in group["spoken"]]


watch = Watch(vigil, configuration)
publisher.wait()
send(1, 8, faulty={5, 6})
watch.wait_for_ls(6)
found = watch.wait("the alarm is raised", listed, 10)
check(list(found) == ["node", "model", "stream", "monitor", "severity", "latched", "acknowledged", "known", "run", "ls",
                      "shelved_until", "essential", "guidance", "contact"], "keys:", list(found))
check((found["severity"], found["latched"], found["acknowledged"], found["known"], found["essential"], found["run"]) ==
      ("major", "major", False, True, True, 1), "raised:", found)
check(found["guidance"] == "compare firmware and package" and found["contact"] == "trigger on call", "texts:", found)
check(leaf in spoken(), "spoken:", spoken())
group = alarms("list", f"{package.name}/scouting/mismatch")["groups"][0]
check(list(group) == ["node", "severity", "raised", "unacknowledged", "shelved", "spoken"], "keys:", list(group))
check(group["node"] == f"{package.name}/scouting" and group["severity"] == "major" and group["raised"] >= 1, "group:", group)
code, text, err = call(vigil, "alarms", "list", "--journal", journal)
check(code == 0 and "NOT ACKNOWLEDGED" in text and leaf in text and "compare firmware" in text, "for people:", text, err)
code, text, _ = call(vigil, "status", journal)
check(code == 0 and f"alarms: {group['raised']} raised, {group['unacknowledged']} of them not acknowledged, 0 shelved" in text,
      "status:", text)

# Acknowledged while bad, it stays until it is ok; the running program takes it up, and a kill does not lose it.
seen = the_leaf(alarms("ack", leaf, "--actor", "anna", "--reason", "looking"))
check(seen["acknowledged"] and seen["latched"] == "major", "acknowledged:", seen)
check(leaf not in spoken(), "acknowledged is not spoken")
watch.process.kill()
watch.process.wait()
check(listed()["acknowledged"], "after a kill:", listed())
watch = Watch(vigil, configuration)
while True:  # the end of the old subscription comes first
    check(publisher.socket.poll(30000), "no subscriber within 30 s")
    if publisher.socket.recv().startswith(b"\x01"):
        break
send(9, 12)
watch.wait_for_ls(10)
check(listed()["acknowledged"] and listed()["severity"] == "major", "the restarted program knows:", listed())

# Shelved for a while: bad underneath, out of what is spoken, and back by itself.
shelved = the_leaf(alarms("shelve", f"{package.name}/scouting", "--for-s", 12, "--reason", "known", "--actor", "bert"))
ends = time.time() + 12
check(shelved["shelved_until"].endswith("Z"), "until:", shelved)
check(all(a["shelved_until"] for a in alarms("list")["alarms"]) and not spoken(), "all below it:", alarms("list"))
check(len(alarms("list")["alarms"]) > 1, "also what is not raised is listed while it is shelved")
send(13, 26)  # ten without a mismatch: it is ok, and was acknowledged
watch.wait("it is gone underneath", lambda: listed() is None or listed()["latched"] == "ok", 20)
send(27, 32, faulty={28, 29})
watch.wait("it is raised again, shelved or not", lambda: (listed() or {}).get("latched") == "major", 20)
if time.time() < ends - 4:
    check(leaf not in spoken(), "not spoken while it is shelved")
time.sleep(max(0.0, ends - time.time()) + 0.1)
check(leaf in spoken() and listed()["shelved_until"] is None, "back by itself:", alarms("list"))
alarms("shelve", leaf, "--until", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600)), "--reason", "known")
check(leaf not in spoken(), "shelved until")
alarms("unshelve", leaf)
check(leaf in spoken(), "unshelved")

# Recovered first, acknowledged then: gone too.
send(33, 46)
watch.wait("ok again, and latched", lambda: (listed() or {}).get("severity") == "ok" and listed()["latched"] == "major", 20)
check(the_leaf(alarms("ack", package.name)) is None, "recovered and acknowledged is gone")
check(alarms("ack", "no/such/node")["alarms"] == [], "acknowledging nothing is nothing")
watch.stop()

# The audit: who, what, which node, until when, chained.
db = sqlite3.connect(journal)
audit = db.execute("SELECT seq, at_ns, actor, verb, action_id, reason, until_ns, detail, prev, hash FROM audit "
                   "ORDER BY seq").fetchall()
prev = "0" * 64
for row in audit:
    keys = ["seq", "at_ns", "actor", "verb", "action_id", "reason", "until_ns"]
    canonical = json.dumps({**dict(zip(keys, row)), "detail": json.loads(row[7])}, sort_keys=True, separators=(",", ":"),
                           ensure_ascii=False)
    check(row[8] == prev and row[9] == hashlib.sha256(f"{prev}\n{canonical}".encode()).hexdigest(), "the chain at", row[0])
    prev = row[9]
said = [(row[2], row[3], json.loads(row[7]), row[6] > 0) for row in audit if row[3] in ("ack", "shelve", "unshelve")]
check(said[:2] == [("anna", "ack", {"node": leaf}, False), ("bert", "shelve", {"node": f"{package.name}/scouting"}, True)] and
      [s[1] for s in said[2:]] == ["shelve", "unshelve", "ack", "ack"], "audit:", said)

# Bad input: one line, exit 2, nothing printed, nothing changed.
count, size = 0, len(audit)


def refuse(words, *arguments):
    global count
    count += 1
    done = subprocess.run([vigil, *map(str, arguments)], capture_output=True, timeout=60, env=dict(os.environ, VIGIL_LOG="off"))
    lines = done.stderr.decode().strip().splitlines()
    check(done.returncode == 2 and len(lines) == 1 and done.stdout == b"" and all(w in lines[0] for w in words),
          arguments, "exit", done.returncode, "wanted", words, done.stderr.decode(), done.stdout.decode()[:300])


def check_refuses(words, alarms_text):
    file = folder / "bad.yaml"
    file.write_text(f"models: [{package.folder}]\nalarms:\n  - {alarms_text}\n")
    refuse(["bad.yaml:3", *words], "check", file)


check_refuses(["colour", "expected"], "{node: a, colour: red}")
check_refuses(["node", "expected"], "{latching: true}")
check_refuses(["node", "pattern"], "{node: ''}")
check_refuses(["node", "pattern"], "{node: a/}")
check_refuses(["delay_ls", "0 to 16384"], "{node: a, delay_ls: -1}")
check_refuses(["count", "delay_ls"], "{node: a, count: 3}")
check_refuses(["count", "whole number"], "{node: a, delay_ls: 2, count: often}")
check_refuses(["latching", "true or false"], "{node: a, latching: maybe}")
check_refuses(["twice"], "{node: a, node: b}")
(folder / "bad.yaml").write_text(f"models: [{package.folder}]\nflood_alarms: many\n")
refuse(["bad.yaml:2", "flood_alarms", "whole number"], "check", folder / "bad.yaml")
here = ["--journal", journal]
refuse(["shelve", "one of"], "alarms", "shelve", leaf, *here)
refuse(["shelve", "one of"], "alarms", "shelve", leaf, "--hours", 1, "--for-s", 3, *here)
refuse(["until", "2026"], "alarms", "shelve", leaf, "--until", "tomorrow", *here)
refuse(["until", "from now"], "alarms", "shelve", leaf, "--until", "2020-01-01T00:00:00Z", *here)
refuse(["NODE"], "alarms", "ack", *here)
refuse(["none.db"], "alarms", "list", "--journal", folder / "none.db")
refuse(["none.db"], "alarms", "ack", leaf, "--journal", folder / "none.db")
refuse(["alarms paint"], "alarms", "paint", leaf, *here)
check(not (folder / "none.db").exists(), "no journal is made")
check(db.execute("SELECT count(*) FROM audit").fetchone()[0] == size, "what is refused is not in the audit")
print(f"{len(said)} verbs, {count} refused")
