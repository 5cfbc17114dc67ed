"""A real MLflow: actions leave a tag at the version whose vigil.model_hash is theirs, whatever page it is on; a rollback
moves the alias, once, and is done with that; a hash that no version has is refused for good."""
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

from sinks import Flow, eventually
from stream import check, demo_package

vigil = sys.argv[1]
server_program = pathlib.Path(__file__).resolve().parents[2] / "build" / "peers" / "receivers" / "bin" / "mlflow"
if not server_program.exists():
    print("skipped: no MLflow in build/peers/receivers; ./dev setup --receivers makes it")
    sys.exit(77)
folder = tempfile.mkdtemp(prefix="vigil-mlflow-")
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
url = f"http://127.0.0.1:{port}"
log = open(os.path.join(folder, "mlflow.log"), "wb")
server = subprocess.Popen([server_program, "server", "--backend-store-uri", f"sqlite:///{folder}/m.db", "--artifacts-destination",
                           f"{folder}/art", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"], cwd=folder,
                          stdout=log, stderr=log, start_new_session=True,
                          env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"})


def call(path, body=None, **query):
    address = f"{url}/api/2.0/mlflow/{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = json.dumps(body).encode() if body is not None else None
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, {"Content-Type": "application/json"}), timeout=30) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


def healthy():
    try:
        return urllib.request.urlopen(url + "/health", timeout=5).status == 200
    except OSError:
        return False


def alias():
    return call("registered-models/alias", name=name, alias="champion").get("model_version", {}).get("version")


def rollback(journal, to):
    """A rollback as vigil keeps it, approved."""
    action = str(uuid.uuid4())
    line = {"type": "action", "id": action, "kind": "rollback", "model": name, "stream": "scouting", "cause": "rate", "run": 1,
            "first_ls": 1, "last_ls": 2, "reason": "the new model is worse", "subject": "", "model_hash": "b" * 64,
            "proposal": {"from": "b" * 64, "to": to, "monitors": ["score"]}}
    db = sqlite3.connect(journal)
    seq = db.execute("INSERT INTO actions (id, kind, cause, model, model_hash, stream, subject, run, first_ls, last_ls, line, "
                     "cloudevent, state, n, first_seen_ns) VALUES (?, 'rollback', 'rate', ?, ?, 'scouting', '', 1, 1, 2, ?, '{}', "
                     "'approved', 1, ?)", [action, name, "b" * 64, json.dumps(line), time.time_ns()]).lastrowid
    db.execute("INSERT INTO outbox (action, sink, pipeline) VALUES (?, 'mlflow', 1)", [seq])
    db.commit()
    db.close()
    return action


try:
    eventually(healthy, "MLflow answers", 120)
    package = demo_package()
    name = package.name
    call("registered-models/create", {"name": name})
    # The version meant is the first of many, so that it is not on the first page.
    hashes = [package.hash] + [f"{i:064x}" for i in range(25)]
    for i, value in enumerate(hashes):
        made = call("model-versions/create", {"name": name, "source": f"s3://models/{i}", "tags": [{"key": "vigil.model_hash", "value": value}]})
        check("model_version" in made, made)
    flow = Flow(vigil, f"  - {{type: mlflow, url: '{url}', kinds: [revalidate, notify], when: proposed}}\n", "approval: {}\n", folder=folder)
    flow.episode()
    check(all(e[1] == "delivered" for e in flow.settled("mlflow")), flow.entries("mlflow"))
    flow.stop()
    tags = {t["key"]: t["value"] for t in call("model-versions/get", name=name, version="1")["model_version"]["tags"]}
    for action in flow.actions():
        check(f"vigil.{action['kind']}" in tags, tags)
    check(tags["vigil.revalidate"] in [a["id"] for a in flow.actions()], tags)
    check(alias() is None, "no alias yet")
    moved, again, unknown = (rollback(flow.journal, to) for to in (hashes[2], hashes[2], "f" * 64))
    flow.open()
    flow.settled("mlflow")
    flow.stop()
    status = {e[0]: e for e in flow.entries("mlflow")}
    states = {a["id"]: a["state"] for a in flow.actions()}
    check(alias() == "3", "the alias is at", alias())
    for action in (moved, again):
        check(status[action][1] == "delivered" and states[action] == "succeeded", status[action], states[action])
    check(status[unknown][1] == "rejected" and "vigil.model_hash" in status[unknown][2], status[unknown])
    check(states[unknown] == "failed", states[unknown])
    print(f"{len(status)} entries: tags set, the alias moved, what is unknown refused")
finally:
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
