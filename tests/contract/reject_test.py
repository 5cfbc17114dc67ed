"""A person rejects an action beside a running watch: what is queued is never sent, what may have left is refused. A
receiver that is silent delays neither the file nor the lumisections."""
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import zmq
from stream import ORBITS, Publisher, batch, check, demo_package, pack, start

vigil = sys.argv[1]
package = demo_package()
folder = tempfile.mkdtemp(prefix="vigil-reject-")
journal, lines = os.path.join(folder, "journal.db"), os.path.join(folder, "actions.jsonl")
received, answering, ended = [], threading.Event(), threading.Event()
socket = zmq.Context().socket(zmq.ROUTER)
endpoint = f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"


def receiver():
    while not ended.is_set():
        if not socket.poll(50):
            continue
        identity, empty, body = socket.recv_multipart()
        event = json.loads(body)
        received.append(event["id"])
        if answering.is_set():
            socket.send_multipart([identity, b"", json.dumps({"id": event["id"], "status": "accepted"}).encode()])


thread = threading.Thread(target=receiver, daemon=True)
thread.start()
publisher = Publisher()
with open(os.path.join(folder, "watch.yaml"), "w") as file:
    file.write(f"""models: [{package.folder}]
subscribe: [{publisher.endpoint}]
journal: {journal}
reference: learn:3
windows: [{{window_ls: 2, hop_ls: 1}}]
minimum_events: 20
cool_down_ls: 0
sinks:
  - {{type: zeromq, name: retraining, endpoint: "{endpoint}", reply_timeout_ms: 400}}
  - {{type: file, path: actions.jsonl}}
""")
process = start(vigil, "watch", os.path.join(folder, "watch.yaml"), "--json")
threading.Thread(target=lambda: process.stdout.read(), daemon=True).start()
threading.Thread(target=lambda: process.stderr.read(), daemon=True).start()
publisher.wait()


def actions(*arguments):
    return subprocess.run([vigil, "actions", *arguments, "--journal", journal], capture_output=True, text=True)


def listed():
    return [json.loads(line) for line in actions("list", "--json").stdout.splitlines()]


def eventually(condition, what):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    check(False, "not within 30 s:", what)


rows = [i % len(package.inputs) for i in range(40)]
score = sum(package.widths[:-1])
# Two episodes of mismatches, each proposes revalidate and notify; one ends after ten lumisections without.
for ls in range(1, 30):
    b = batch(package, rows, source="link0", seq=ls, ls=ls, first=(ls - 1) * ORBITS, last=ls * ORBITS - 1)
    if ls % 20 in (4, 5):
        b["hw_outputs"][:5, score] += 1
    publisher.send(pack(b))
eventually(lambda: len(listed()) >= 4, "actions of two episodes")
eventually(lambda: sum(1 for _ in open(lines)) == len(listed()), "the file has every action beside a silent receiver")
eventually(lambda: received, "the first action reaches the receiver")
before = listed()
check(all(a["state"] == "approved" and a["delivery"] == "pending" for a in before), "states", before)
sent, queued = before[0]["id"], before[1]["id"]
check(set(received) == {sent}, "one at a time")

refused = actions("reject", sent, "--actor", "anna", "--reason", "no")
check(refused.returncode == 2, "what is sent cannot be rejected", refused.returncode)
check(len(refused.stderr.splitlines()) == 1 and sent in refused.stderr and "reject" in refused.stderr and
      "approved" in refused.stderr, "one line with id, verb and state:", refused.stderr)
rejected = actions("reject", queued, "--actor", "anna", "--reason", "not during the ramp")
check(rejected.returncode == 0, rejected.stderr)
for verb in ("reject", "approve", "retry"):
    again = actions(verb, queued)
    check(again.returncode == 2 and "rejected" in again.stderr and queued in again.stderr, verb, again.stderr)
check(actions("reject", "no-such-id").returncode == 2, "an unknown id")
answering.set()
eventually(lambda: all(a["delivery"] != "pending" for a in listed()), "the rest is delivered")
process.terminate()
check(process.wait(60) == 0, "clean end")
time.sleep(0.5)
ended.set()
thread.join()

after = {a["id"]: a for a in listed()}
check(queued not in received, "a rejected action was sent")
check((after[queued]["state"], after[queued]["delivery"]) == ("rejected", "rejected"), after[queued])
others = [a for a in after.values() if a["id"] != queued]
check(all((a["state"], a["delivery"]) == ("dispatched", "delivered") for a in others), others)
firsts = [i for n, i in enumerate(received) if i not in received[:n]]
check(firsts == [a["id"] for a in others], "in order of creation")

# The trail names who and why, and its chain holds.
db = sqlite3.connect(journal)
check(db.execute("SELECT actor, reason FROM audit WHERE action_id = ? AND verb = 'rejected'", [queued]).fetchall() ==
      [("anna", "not during the ramp")], "who and why")
prev = "0" * 64
names = ["seq", "at_ns", "actor", "verb", "action_id", "reason", "until_ns", "detail"]
for number, row in enumerate(db.execute(f"SELECT {', '.join(names)}, prev, hash FROM audit ORDER BY seq"), 1):
    values = dict(zip(names, row), detail=json.loads(row[7]))
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    check(row[0] == number and row[8] == prev, "chain at", number)
    prev = hashlib.sha256((prev + "\n" + text).encode()).hexdigest()
    check(row[9] == prev, "hash of", number, text)
print(f"{len(after)} actions, {len(received)} requests, {number} audit rows")
