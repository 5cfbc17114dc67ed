"""Several people and pipelines at once do whatever comes to mind about the actions of a running watch, legal or not, and
both they and the watch are killed at random. Whatever happened: only the table's transitions, states follow from the
audit, every command that said yes has its rows, and the chain is whole."""
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import zmq
from stream import ORBITS, Publisher, batch, check, demo_package, pack, start

vigil = sys.argv[1]
SECONDS = float(os.environ.get("VIGIL_STORM_S", "25"))
TABLE = {("proposed", "approved"): {"vigil"}, ("proposed", "rejected"): None, ("approved", "rejected"): None,
         ("proposed", "expired"): {"vigil"}, ("approved", "expired"): {"vigil"}, ("proposed", "superseded"): {"vigil"},
         ("approved", "proposed"): {"vigil"}, ("approved", "dispatched"): {"vigil"}, ("approved", "failed"): None,
         ("failed", "approved"): None, ("succeeded", "verified"): {"vigil"}, ("succeeded", "reverted"): {"vigil"}}
for before, after in [(b, a) for a, bs in {"accepted": ["approved", "dispatched"], "running": ["approved", "dispatched", "accepted"],
                                           "succeeded": ["approved", "dispatched", "accepted", "running"],
                                           "failed": ["approved", "dispatched", "accepted", "running"]}.items() for b in bs]:
    TABLE[before, after] = None  # anybody who may
package = demo_package()
folder = tempfile.mkdtemp(prefix="vigil-storm-")
journal = os.path.join(folder, "journal.db")
ended, rng = threading.Event(), random.Random(11)
socket = zmq.Context().socket(zmq.ROUTER)
endpoint = f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"


def receiver():
    moods = random.Random(3)
    while not ended.is_set():
        if not socket.poll(50):
            continue
        identity, empty, body = socket.recv_multipart()
        mood, event = moods.random(), json.loads(body)
        answer = {"id": event["id"], "status": "accepted" if mood < 0.6 else "rejected", "reason": "not today"}
        if mood < 0.85:
            socket.send_multipart([identity, b"", json.dumps(answer).encode()])


thread = threading.Thread(target=receiver, daemon=True)
thread.start()
publisher = Publisher()
configuration = os.path.join(folder, "watch.yaml")
with open(configuration, "w") as out:
    out.write(f"""models: [{package.folder}]
subscribe: [{publisher.endpoint}]
journal: {journal}
reference: learn:3
windows: [{{window_ls: 2, hop_ls: 1}}]
minimum_events: 20
cool_down_ls: 0
expiry_h: 0.003
approval: {{revalidate: one, notify: two}}
sinks:
  - {{type: zeromq, name: one, endpoint: "{endpoint}", reply_timeout_ms: 150}}
  - {{type: zeromq, name: two, endpoint: "{endpoint}", reply_timeout_ms: 150, kinds: [revalidate, rollback]}}
""")


def watch():
    process = start(vigil, "watch", configuration, "--json")
    for stream in (process.stdout, process.stderr):
        threading.Thread(target=stream.read, daemon=True).start()
    publisher.wait()
    return process


def ids():
    run = subprocess.run([vigil, "actions", "list", "--journal", journal, "--json"], capture_output=True, text=True)
    return [json.loads(line)["id"] for line in run.stdout.splitlines()]


said_yes, wrong, kills = [], [], [0]


def person(name):
    dice = random.Random(name)
    while not ended.is_set():
        known = ids()
        if not known:
            time.sleep(0.2)
            continue
        action = dice.choice(known[-6:])
        verb, more = dice.choice([("approve", []), ("approve", []), ("approve", []), ("reject", ["--reason", "no"]), ("retry", []),
                                  ("discard", ["--reason", "gone"]), ("claim", ["--run", name]), ("ack", []),
                                  ("status", ["--state", dice.choice(["accepted", "running", "succeeded", "failed"])]), ("propose", [])])
        where = [action]
        if verb == "propose":
            where = ["--kind", "collect-data", "--model", package.name, "--stream", "scouting", "--reason", "storm", "--subject",
                     dice.choice("abc"), "--proposal", '{"first":{"run":1,"ls":1},"last":{"run":1,"ls":2},"monitors":["score"]}']
        run = subprocess.Popen([vigil, "actions", verb, *where, "--actor", name, *more, "--journal", journal, "--json"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if dice.random() < 0.15:
            time.sleep(dice.random() * 0.05)
            run.kill()
            kills[0] += 1
        out, err = run.communicate()
        if run.returncode == 0 and verb not in ("propose", "status"):
            said_yes.append((name, {"reject": "rejected"}.get(verb, verb), action))
        elif run.returncode == 2:
            if len(err.splitlines()) != 1 or out or (action not in err and verb != "propose"):
                wrong.append((verb, err, out))
        elif run.returncode > 0:
            wrong.append((verb, run.returncode, err))


process = watch()
people = [threading.Thread(target=person, args=(name,)) for name in ("anna", "ben", "carl")]
for one in people:
    one.start()
rows, score = [i % len(package.inputs) for i in range(40)], sum(package.widths[:-1])
end, ls, restarts = time.monotonic() + SECONDS, 0, 0
while time.monotonic() < end:
    ls += 1
    b = batch(package, rows, source="link0", seq=ls, ls=ls, first=(ls - 1) * ORBITS, last=ls * ORBITS - 1)
    if ls % 14 in (4, 5):
        b["hw_outputs"][:5, score] += 1
    publisher.send(pack(b))
    time.sleep(0.1)
    if rng.random() < 0.02:
        process.kill()
        process.wait()
        restarts += 1
        check(json.loads(subprocess.run([vigil, "actions", "audit", "--verify", "--journal", journal], capture_output=True).stdout)["ok"],
              "the chain after a kill")
        process = watch()
ended.set()
for one in people:
    one.join()
process.terminate()
check(process.wait(60) == 0, "clean end")
thread.join()
check(not wrong, "refusals", wrong[:3])
verified = json.loads(subprocess.run([vigil, "actions", "audit", "--verify", "--journal", journal], capture_output=True).stdout)
check(verified["ok"], verified)
db = sqlite3.connect(journal)
check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "integrity")
state, changes, told = {}, {}, {}
for actor, verb, action, detail in db.execute("SELECT actor, verb, action_id, detail FROM audit ORDER BY seq"):
    told[actor, verb, action] = told.get((actor, verb, action), 0) + 1
    detail = json.loads(detail)
    if "from" not in detail:
        continue
    move = (detail["from"], detail["to"])
    check(state.get(action, "proposed") == detail["from"] and verb == detail["to"], "continues", action, move)
    check(move in TABLE and (TABLE[move] is None or actor in TABLE[move]), "in the table", move, actor)
    state[action] = detail["to"]
    changes[move] = changes.get(move, 0) + 1
for action, now in db.execute("SELECT id, state FROM actions"):
    check(state.get(action, "proposed") == now, "follows from the audit", action, now)
for answer in said_yes:
    check(told.get(answer, 0) >= said_yes.count(answer), "said yes and has no row", answer)
for action, in db.execute("SELECT DISTINCT action_id FROM audit WHERE verb = 'approve'"):
    who = [a for a, in db.execute("SELECT actor FROM audit WHERE verb = 'approve' AND action_id = ?1 AND seq > coalesce((SELECT max(seq) "
                                  "FROM audit WHERE verb = 'void' AND action_id = ?1), 0)", [action])]
    proposer = db.execute("SELECT actor FROM audit WHERE verb = 'propose' AND action_id = ?", [action]).fetchone()
    check(len(who) == len(set(who)) and (proposer is None or proposer[0] not in who), "approvers", who, proposer)
check(len(said_yes) > 10 and len(changes) > 4, "something happened", len(said_yes), changes)
print(f"{len(state)} actions, {restarts} kills of watch, {kills[0]} of people, {len(said_yes)} verbs done, changes {changes}")
