"""kill -9 again and again during a simulated fill, with a receiver that answers late or not at all: no action is lost,
none is acknowledged twice after a committed reply, the journal stays whole, and what was published while the process
was down is reported as missing."""
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
KILLS = int(os.environ.get("VIGIL_KILLS", "20"))
CYCLE = 16  # lumisections from one episode to the next: a mismatch rule is good again after ten without one
package = demo_package()
rng = random.Random(5)
folder = tempfile.mkdtemp(prefix="vigil-kill-")
journal = os.path.join(folder, "journal.db")
answered, received, stop_receiver = [], [], threading.Event()


def receiver(endpoint_box, ready):
    context = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    endpoint_box.append(f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}")
    ready.set()
    while not stop_receiver.is_set():
        if not socket.poll(50):
            continue
        identity, empty, body = socket.recv_multipart()
        event = json.loads(body)
        received.append(event["id"])
        mood = rng.random() if not stop_receiver.patient else 1.0
        if mood < 0.3:
            continue  # never answers this one
        if mood < 0.6:
            time.sleep(0.4)  # late
        socket.send_multipart([identity, b"", json.dumps({"id": event["id"], "status": "accepted"}).encode()])
        answered.append((event["id"], time.time()))


stop_receiver.patient = False
box, ready = [], threading.Event()
thread = threading.Thread(target=receiver, args=(box, ready), daemon=True)
thread.start()
ready.wait()

publisher = Publisher()


def watch():
    process = start(vigil, "watch", "--model", package.folder, "--subscribe", publisher.endpoint, "--json", "--journal",
                    journal, "--actions-to", box[0], "--window-ls", 2, "--hop-ls", 1, "--reference", "learn:3",
                    "--set", "reply_timeout_ms=300", "--set", "cool_down_ls=0", "--set", "minimum_events=20")
    threading.Thread(target=lambda: process.stdout.read(), daemon=True).start()
    threading.Thread(target=lambda: errors.append(process.stderr.read()), daemon=True).start()
    return process


errors = []
process = watch()
publisher.wait()
kills, seq, delivered_before = 0, 0, {}
up = True
down_batches = []  # seq numbers published while no process was listening
rows = [i % len(package.inputs) for i in range(40)]
score = sum(package.widths[:-1])
ls = 0
while kills < KILLS or ls % 18 != 0:
    ls += 1
    # Episodes: mismatch comes and goes, each proposes revalidate and notify, and ends after ten lumisections without.
    faulty = ls % 18 in (4, 5)
    for part in range(4):
        first = (ls - 1) * ORBITS + part * ORBITS // 4
        b = batch(package, rows, source="link0", seq=seq, ls=ls, first=first, last=first + ORBITS // 4 - 1)
        if faulty:
            b["hw_outputs"][:5, score] += 1
        publisher.send(pack(b))
        seq += 1
        time.sleep(0.02)
        if kills < KILLS and rng.random() < 0.07:
            process.kill()
            process.wait()
            kills += 1
            # What a committed reply acknowledged must never be sent again.
            db = sqlite3.connect(journal)
            check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "integrity after kill", kills)
            for (action_id,) in db.execute(
                    "SELECT a.id FROM outbox o JOIN actions a ON a.seq = o.action WHERE o.status = 'delivered'"):
                delivered_before.setdefault(action_id, len(received))
            db.close()
            for _ in range(2):  # published into the void
                part_first = first + ORBITS // 8
                void = batch(package, rows[:3], source="link0", seq=seq, ls=ls, first=part_first, last=part_first)
                down_batches.append(seq)
                publisher.send(pack(void))
                seq += 1
            process = watch()
            publisher.socket.poll(30000)
            publisher.wait()
stop_receiver.patient = True
time.sleep(3)
process.terminate()
check(process.wait(60) == 0, "clean end")
# A last, quiet run delivers what is still pending.
for _ in range(60):
    listed = [json.loads(line) for line in subprocess.run([vigil, "actions", "list", "--journal", journal, "--json"],
                                                          capture_output=True, check=True).stdout.splitlines()]
    if all(a["delivery"] == "delivered" for a in listed):
        break
    process = watch()
    time.sleep(3)
    process.terminate()
    process.wait(60)
stop_receiver.set()
thread.join()
check(len(listed) >= 4, "episodes opened actions", len(listed))
check(all(a["delivery"] == "delivered" for a in listed), "lost", [a["id"] for a in listed if a["delivery"] != "delivered"])
check(all(a["state"] == "dispatched" for a in listed), "states", {a["state"] for a in listed})
check({a["id"] for a in listed} == set(received), "the receiver saw every action and no other")
check(len({a["id"] for a in listed}) == len(listed), "ids are unique")
for action_id, position in delivered_before.items():
    check(action_id not in received[position:], "sent again after a committed reply:", action_id)
kinds = {a["kind"] for a in listed}
check(kinds == {"revalidate", "notify"}, "kinds", kinds)
db = sqlite3.connect(journal)
check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "integrity")
missing = batches = 0
for (line,) in db.execute("SELECT line FROM lumisections"):
    counts = json.loads(line)["sources"].get("link0", {})
    missing += counts.get("missing", 0)
    batches += counts.get("batches", 0)
check(missing >= len(down_batches), "missing", missing, "published while down", len(down_batches))
check(missing + batches <= seq, "missing", missing, "batches", batches, "sent", seq)
lines = [line for (line,) in db.execute("SELECT run || '/' || ls || '/' || stream FROM lumisections")]
check(len(lines) == len(set(lines)), "a lumisection was closed twice")
print(f"{KILLS} kills, {len(listed)} actions, {len(received)} requests, {missing} missing, {batches} batches of {seq}")
