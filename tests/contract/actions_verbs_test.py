"""People and a pipeline beside a running watch, through the command line alone: nothing that needs approval leaves before
it has it, the pipeline claims what it got, a person's proposal is rendered by the running program, every refusal is one
line, every event fits its schema, and the audit holds, also after kills."""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import zmq
from stream import ORBITS, Publisher, batch, check, demo_package, pack, start

try:
    import jsonschema
except ImportError:
    print("no python3-jsonschema")
    sys.exit(77)

vigil = sys.argv[1]
package = demo_package()
folder = tempfile.mkdtemp(prefix="vigil-verbs-")
journal = os.path.join(folder, "journal.db")
received, ended = {}, threading.Event()
socket = zmq.Context().socket(zmq.ROUTER)
endpoint = f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"
schemas = {}
for file in (pathlib.Path(__file__).resolve().parents[2] / "docs" / "schemas").glob("*.json"):
    schema = json.loads(file.read_text())
    schemas[schema["$id"]] = jsonschema.Draft202012Validator(schema)


def valid(event):
    schemas["urn:vigil:schema:event:1"].validate(event)
    schemas[event["dataschema"]].validate(event["data"])


def receiver():
    while not ended.is_set():
        if socket.poll(50):
            identity, empty, body = socket.recv_multipart()
            event = json.loads(body)
            received.setdefault(event["id"], event)
            socket.send_multipart([identity, b"", json.dumps({"id": event["id"], "status": "accepted"}).encode()])


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
expiry_h: 0.5
approval: {{revalidate: two}}
sinks:
  - {{type: zeromq, name: retraining, endpoint: "{endpoint}", reply_timeout_ms: 2000}}
  - {{type: file, path: actions.jsonl}}
""")


def watch():
    process = start(vigil, "watch", configuration, "--json")
    for stream in (process.stdout, process.stderr):
        threading.Thread(target=stream.read, daemon=True).start()
    publisher.wait()
    return process


def actions(*arguments, journal=journal):
    return subprocess.run([vigil, "actions", *arguments, "--journal", journal], capture_output=True, text=True)


def done(*arguments):
    run = actions(*arguments, "--json")
    check(run.returncode == 0, arguments, run.stderr)
    return json.loads(run.stdout)


def refused(*arguments, names):
    run = actions(*arguments)
    check(run.returncode == 2 and not run.stdout and len(run.stderr.splitlines()) == 1, arguments, run)
    for name in names:
        check(name in run.stderr, arguments, "names", name, run.stderr)


def show(action):
    return done("show", action)


def eventually(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, "not within", seconds, "s:", what)
        time.sleep(0.1)


process = watch()
rows = [i % len(package.inputs) for i in range(40)]
score = sum(package.widths[:-1])
for ls in range(1, 9):
    b = batch(package, rows, source="link0", seq=ls, ls=ls, first=(ls - 1) * ORBITS, last=ls * ORBITS - 1)
    if ls in (4, 5):
        b["hw_outputs"][:5, score] += 1
    publisher.send(pack(b))
eventually(lambda: len(actions("list", "--json").stdout.splitlines()) >= 2, "two actions")
listed = {a["kind"]: a for a in map(json.loads, actions("list", "--json").stdout.splitlines())}
waiting, notice = listed["revalidate"]["id"], listed["notify"]["id"]
eventually(lambda: notice in received, "what needs nobody's approval is sent")
check(waiting not in received and show(waiting)["state"] == "proposed", "what needs two is not")
check(show(waiting)["needed"] == "two" and show(waiting)["requests"][0]["method"] == "ZMQ", show(waiting))
refused("claim", waiting, "--run", "job-1", names=[waiting, "claim", "proposed"])
refused("reject", waiting, names=[waiting, "reject", "proposed", "--reason"])
refused("approve", waiting, "--sha256", "0" * 64, names=[waiting, "approve", "proposed"])
refused("approve", waiting, "--sha256", "x", names=[waiting, "approve"])
refused("show", "no-such-id", names=["no-such-id"])
# State changes are queued for whoever asked, whatever process makes them.
db = sqlite3.connect(journal, timeout=10, isolation_level=None)
db.execute("UPDATE sinks SET status = 1 WHERE name = 'file'")
check(done("approve", waiting, "--actor", "anna", "--reason", "seen in the log")["state"] == "proposed", "one of two")
refused("approve", waiting, "--actor", "anna", names=[waiting, "approve", "anna"])
check(done("approve", waiting, "--actor", "ben")["state"] == "approved", "two of two")
approved = time.monotonic()
eventually(lambda: waiting in received, "sent once approved", 5)
check(time.monotonic() - approved < 3, "a running watch sees it within 2 s", time.monotonic() - approved)
eventually(lambda: show(waiting)["state"] == "dispatched", "dispatched")
check(done("claim", waiting, "--run", "job-1", "--url", "http://ci/1")["state"] == "accepted", "claimed")
refused("claim", waiting, "--run", "job-2", names=[waiting, "claim", "accepted", "job-1"])
refused("status", waiting, "--state", "running", "--run", "job-2", names=[waiting, "status", "job-1"])
check(done("status", waiting, "--state", "running")["state"] == "running", "running")
check(done("status", waiting, "--state", "running")["n"] == show(waiting)["n"], "the state it has")
check(done("status", waiting, "--state", "succeeded", "--reason", "agrees")["state"] == "succeeded", "succeeded")
refused("reject", waiting, "--reason", "late", names=[waiting, "reject", "succeeded"])
refused("retry", waiting, names=[waiting, "retry", "succeeded"])

# A person's proposal, made beside the program.
proposal = json.dumps({"from": package.hash, "to": "b" * 64, "monitors": ["score"]})
arguments = ["propose", "--kind", "rollback", "--model", package.name, "--stream", "scouting", "--reason", "worse"]
own = done(*arguments, "--proposal", proposal, "--actor", "anna")
eventually(lambda: show(own["id"])["request_sha256"], "rendered by the running watch", 3)
check(show(own["id"])["cause"] == "person" and show(own["id"])["needed"] == "two", show(own["id"]))
refused("approve", own["id"], "--actor", "anna", names=[own["id"], "approve", "anna"])
refused(*arguments, "--proposal", "{}", names=["proposal"])
refused(*arguments, "--proposal", "no", names=["--proposal"])
check(done("approve", own["id"], "--actor", "ben")["state"] == "proposed", "one of two")

process.kill()
process.wait()
verified = json.loads(actions("audit", "--verify", "--json").stdout)
check(verified["ok"], verified)
check(show(own["id"])["state"] == "proposed" and len(show(own["id"])["approvals"]) == 1, "no kill loses an approval")
check(done("approve", own["id"], "--actor", "carl")["state"] == "approved", "approved without a running watch")
check(own["id"] not in received, "sending waits for the next start")
process = watch()
eventually(lambda: own["id"] in received, "sent at the next start")
eventually(lambda: not db.execute("SELECT 1 FROM status_outbox WHERE status = 'pending'").fetchone(), "changes told")
process.terminate()
check(process.wait(60) == 0, "clean end")
ended.set()
thread.join()

# Every event fits its schema; changes are numbered, chained and told as they happened.
for event in received.values():
    valid(event)
    check(event["data"]["type"] == "action", event)
check(received[waiting]["correlationid"] == received[notice]["correlationid"], "one window, one episode")
told = [json.loads(text) for (text,) in db.execute("SELECT cloudevent FROM status_events ORDER BY seq")]
check(len(told) >= 6, "changes", len(told))
lines = [json.loads(line) for line in open(os.path.join(folder, "actions.jsonl"))]
check([line for line in lines if line["type"] == "status"] == [event["data"] for event in told], "the file has every change")
hashes = {row["hash"]: row for row in map(json.loads, actions("audit", "--json").stdout.splitlines())}
for event in told:
    valid(event)
    row = hashes[event["data"]["audit"]]
    check(row["verb"] == event["data"]["to"] and row["detail"]["n"] == event["data"]["n"], row, event)
    check(event["causationid"] == row["action_id"] == event["data"]["action"], event)
for line in actions("list", "--json").stdout.splitlines():
    listed = json.loads(line)
    schemas["urn:vigil:schema:action:1"].validate(listed)
    for key in ("delivery", "open", "state", "n", "needed", "approvals", "claim", "supersedes", "superseded_by", "expires"):
        check(key in listed, key, listed)
check({json.loads(x)["id"] for x in actions("list", "--json", "--state", "succeeded").stdout.splitlines()} == {waiting}, "--state")

# The chain shows every change and, to whoever kept its hash, a cut.
head = json.loads(actions("audit", "--verify").stdout)["head"]
check(actions("audit", "--verify", "--expect", head).returncode == 0, "the head is there")
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
db.close()
for what, sql, expected in (("changed", "UPDATE audit SET reason = 'unseen' WHERE verb = 'approve'", 1),
                            ("cut", f"DELETE FROM audit WHERE seq = {len(hashes)}", 1),
                            ("state", f"UPDATE actions SET state = 'verified' WHERE id = '{own['id']}'", 1)):
    copy = os.path.join(folder, f"{what}.db")
    shutil.copy(journal, copy)
    tampered = sqlite3.connect(copy)
    tampered.executescript(f"DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; {sql};")
    tampered.close()
    found = actions("audit", "--verify", "--expect", head, "--json", journal=copy)
    check(found.returncode == expected and not json.loads(found.stdout)["ok"], what, found)
print(f"{len(received)} actions, {len(told)} changes, {len(hashes)} audit rows")
