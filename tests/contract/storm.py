"""A storm: a person proposes and approves actions for six sinks, of which each fails 30 % of the time in every class of
answer, while vigil is killed at random instants. Afterwards every action is delivered or in the dead letter for a stated
reason, every pipeline ran each at most once and exactly once where it was delivered, the audit is whole, states follow
from it, and no secret is anywhere.

  python3 tests/contract/storm.py build/release/vigil ../shared --actions 200 --kills 100 --seed 1

Used by sink_storm_test.py with smaller numbers."""
import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import zmq
from sinks import eventually, secret
from stream import check

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = 4
# Of the three strict servers. Retry: 401 429 503. Permanent: 302 400 (echo: the answer repeats all that was sent). The rest
# may have been done: some have, some have not, `late` is done only after the connection is gone.
MIX = "500,500-created,502,504-created,503:1,429:1,429d:1,401,302,echo,timeout,timeout-created,reset,reset-created,torn,late:0.5"
SECRETS = {"kubeflow": "kfp-s3cret-4711", "gitlab": "glptt-test-trigger", "api": "glpat-test-read", "argo": "argo-test-token",
           "webhook": "bearer-s3cret-0815", "signing": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
NAMES = ["kubeflow", "gitlab", "argo", "webhook", "zeromq", "file"]
PIPELINES = NAMES[:3]
MAY_FOLLOW = {("proposed", "approved"), ("approved", "dispatched"), ("approved", "accepted"), ("dispatched", "accepted"),
              ("approved", "failed")}


class Webhook(ThreadingHTTPServer):
    """Answers of every class; remembers what it got, byte for byte."""

    def __init__(self, rng, share):
        self.rng, self.share, self.lock = rng, share, threading.Lock()
        self.bodies, self.answers, self.requests = collections.defaultdict(set), collections.Counter(), 0
        super().__init__(("127.0.0.1", 0), Answers)

    def handle_error(self, *_):
        pass


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.requests += 1
            self.server.bodies[json.loads(body)["id"]].add(body)
            kind = "200" if self.server.rng.random() > self.server.share else self.server.rng.choice(
                ["503", "429", "408", "401", "500", "502", "close", "torn", "silent", "301", "400", "404", "501"])
            self.server.answers[kind] += 1
        if kind in ("close", "silent"):
            time.sleep(1.5 if kind == "silent" else 0)
            self.close_connection = True
            return self.connection.close()
        self.send_response(200 if kind == "torn" else int(kind))
        if kind in ("503", "429"):
            self.send_header("Retry-After", "1")
        said = (" ".join(self.headers.values())).encode()  # whatever was sent comes back
        self.send_header("Content-Length", str(len(said) + (50 if kind == "torn" else 0)))
        self.end_headers()
        self.wfile.write(said)
        if kind == "torn":
            self.close_connection = True


class Receiver(threading.Thread):
    """The ZeroMQ pipeline: accepts, or says nothing, nonsense, another id, no."""

    def __init__(self, rng, share):
        super().__init__(daemon=True)
        self.rng, self.share, self.seen, self.requests = rng, share, set(), 0
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.endpoint = f"tcp://127.0.0.1:{self.socket.bind_to_random_port('tcp://127.0.0.1')}"
        self.start()

    def run(self):
        while True:
            identity, _, body = self.socket.recv_multipart()
            action = json.loads(body)["id"]
            self.seen.add(action)
            self.requests += 1
            kind = "accepted" if self.rng.random() > self.share else self.rng.choice(["", "nonsense", "other", "rejected", "perhaps"])
            answer = {"id": action, "status": kind}
            if kind == "rejected":
                answer["reason"] = "not today"
            if kind == "other":
                answer = {"id": "of another", "status": "accepted"}
            if kind:
                self.socket.send_multipart([identity, b"", b"\xff" if kind == "nonsense" else json.dumps(answer).encode()])


class Disk(threading.Thread):
    """The folder of the file sink is away for this share of the time, but never while vigil starts."""

    def __init__(self, folder, rng, share):
        super().__init__(daemon=True)
        self.folder, self.rng, self.share, self.there, self.over = folder, rng, share, threading.Lock(), False
        folder.mkdir()
        self.start()

    def run(self):
        away = self.folder.with_name("away")
        while not self.over:
            time.sleep(self.rng.uniform(0, 0.2) * (1 - self.share))
            with self.there:
                self.folder.rename(away)
                time.sleep(self.rng.uniform(0, 0.2) * self.share)
                away.rename(self.folder)


class Storm:
    def __init__(self, vigil, servers, actions, kills, seed, share=0.3):
        self.vigil, self.servers, self.count, self.kills, self.share = vigil, servers, actions, kills, share
        self.rng = random.Random(seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-storm-"))
        self.journal, self.configuration = self.folder / "journal.db", self.folder / "watch.yaml"
        self.children, self.process = [], None
        self.webhook = Webhook(random.Random(seed + 1), share)
        threading.Thread(target=self.webhook.serve_forever, daemon=True).start()
        self.zeromq = Receiver(random.Random(seed + 2), share)
        self.disk = Disk(self.folder / "disk", random.Random(seed + 3), share)
        self.urls = {"kubeflow": self.server("kubeflow", seed, "--token", SECRETS["kubeflow"]),
                     "gitlab": self.server("gitlab", seed + 10), "argo": self.server("argo", seed + 20)}
        self.models = [self.model(n) for n in range(MODELS)]
        self.write_configuration()

    def server(self, name, seed, *options):
        child = subprocess.Popen([sys.executable, "-u", self.servers / f"{name}.py", "--random", str(self.share), "--mix", MIX,
                                  "--get-random", "0.1", "--get-mix", "500,503:1,reset,429:1,401", "--hang", "2", "--seed", str(seed),
                                  *options], stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        return child.stdout.readline().split()[-1]

    def model(self, n):
        package = self.folder / f"model{n}"
        shutil.copytree(ROOT / "demo" / "model", package)
        text = (package / "model.yaml").read_text()
        (package / "model.yaml").write_text(re.sub(r"^name: .*$", f"name: model{n}", text, flags=re.M))
        return package

    def write_configuration(self):
        tokens = {name: secret(self.folder, name, text) for name, text in SECRETS.items()}
        self.configuration.write_text(f"""models: [{', '.join(map(str, self.models))}]
subscribe: ['tcp://127.0.0.1:9']
journal: {self.journal}
approval: {{retrain: one}}
first_back_off_ms: 20
longest_back_off_ms: 200
settle_s: 2
breaker_failures: 1000000
sinks:
  - {{type: kubeflow, url: '{self.urls['kubeflow']}', token_file: {tokens['kubeflow']}, timeout_ms: 700,
     pipeline_id: 11111111-1111-4111-8111-111111111111, pipeline_version_id: 22222222-2222-4222-8222-222222222222}}
  - {{type: gitlab, url: '{self.urls['gitlab']}', token_file: {tokens['gitlab']}, api_token_file: {tokens['api']}, project: l1t/vigil-retrain,
     ref: main, throttle_s: 1, timeout_ms: 700}}
  - {{type: argo, url: '{self.urls['argo']}', token_file: {tokens['argo']}, namespace: l1t, template: vigil-retrain, timeout_ms: 700}}
  - {{type: webhook, url: 'http://127.0.0.1:{self.webhook.server_port}', token_file: {tokens['webhook']}, secret_files: [{tokens['signing']}],
     timeout_ms: 700}}
  - {{type: zeromq, endpoint: '{self.zeromq.endpoint}', reply_timeout_ms: 200}}
  - {{type: file, when: approved, path: {self.folder}/disk/actions.jsonl}}
""")

    def start(self):
        """Until it runs, or now and then for a part of that."""
        self.start_whole(None if self.rng.random() < 0.8 else self.rng.uniform(0, 0.3))

    def start_whole(self, seconds=None):
        self.disk.there.acquire()
        try:
            before = self.log().count("listening on")
            with open(self.folder / "log", "ab") as log:
                self.process = subprocess.Popen([self.vigil, "watch", self.configuration, "--http", "127.0.0.1:0"],
                                                stdout=subprocess.DEVNULL, stderr=log)
            if seconds is not None:
                return time.sleep(seconds)
            end = time.monotonic() + 60
            while self.log().count("listening on") == before:
                check(self.process.poll() is None, "vigil ended by itself:", self.log()[-2000:])
                check(time.monotonic() < end, "vigil does not start:", self.log()[-2000:])
                time.sleep(0.01)
        finally:
            self.disk.there.release()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        path = self.folder / "log"
        return path.read_bytes().decode(errors="replace") if path.exists() else ""

    def actions(self, verb, *arguments):
        done = subprocess.run([self.vigil, "actions", verb, *map(str, arguments), "--journal", self.journal, "--json"],
                              capture_output=True, text=True, timeout=120)
        check(done.returncode == 0, "actions", verb, arguments, done.stdout, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def propose(self, n):
        model = f"model{n % MODELS}"
        proposal = {"first": {"run": 1, "ls": 1}, "last": {"run": 1, "ls": n + 1}, "monitors": ["score"]}
        self.actions("propose", "--kind", "retrain", "--model", model, "--stream", "scouting", "--subject", f"storm/{n}",
                     "--actor", "anna", "--reason", "the storm", "--proposal", json.dumps(proposal))

    def approve_rendered(self):
        """What a running vigil has rendered; returns how many still wait."""
        waiting = self.actions("list", "--state", "proposed")
        for action in waiting:
            if action["request_sha256"]:
                self.actions("approve", action["id"], "--actor", "ben", "--sha256", action["request_sha256"])
        return len(waiting)

    def person(self, until):
        """Proposes all of them over the time there is, and approves."""
        for n in range(self.count):
            self.propose(n)
            if n % 10 == 9:
                self.approve_rendered()
            time.sleep(max(0.0, (until - time.monotonic()) / (self.count - n)) * self.patience)

    def query(self, text, *values):
        db = sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True, timeout=30)
        try:
            return db.execute(text, values).fetchall()
        finally:
            db.close()

    def run(self):
        self.start_whole()  # the journal and its models
        begun = time.monotonic()
        self.patience = 0.8  # the last ones are proposed while it is still killed
        failed = []

        def act():
            try:
                self.person(begun + self.kills * 1.2)
            except BaseException as error:  # a check that failed, too
                failed.append(error)

        person = threading.Thread(target=act)
        person.start()
        for _ in range(self.kills):
            time.sleep(self.rng.uniform(0, 1.5))
            self.kill()
            self.start()
        self.kill()
        self.start_whole()
        person.join()
        check(not failed, failed)
        eventually(lambda: self.approve_rendered() == 0, "all are rendered and approved", 120)
        eventually(lambda: self.query("SELECT count(*) FROM outbox WHERE status = 'pending'") == [(0,)] or self.said(),
                   "every entry ends", 900)
        took = time.monotonic() - begun
        self.process.terminate()
        check(self.process.wait(60) == 0, "a clean end:", self.log()[-2000:])
        self.disk.over = True
        self.disk.join()
        return took

    def said(self):
        time.sleep(0.5)
        return False

    def state(self, name):
        for _ in range(20):  # what answers may be hanging
            try:
                return json.loads(urllib.request.urlopen(self.urls[name] + "/_test/state", timeout=20).read())
            except (OSError, http.client.HTTPException):
                time.sleep(0.5)
        return check(False, name, "does not say what it did")

    def effects(self):
        """Sink -> action -> how often it ran there, or was told."""
        time.sleep(1)  # what is done late
        lines = [line for line in (self.folder / "disk" / "actions.jsonl").read_bytes().split(b"\n") if line.endswith(b"}")]
        return {"kubeflow": collections.Counter(w["description"].removeprefix("vigil:") for w in self.state("kubeflow")["workflows"]),
                "gitlab": collections.Counter(p["_inputs"]["action_id"] for p in self.state("gitlab")["pipelines"]),
                "argo": collections.Counter(w["metadata"]["name"].removeprefix("vigil-") for w in self.state("argo")["workflows"]),
                "webhook": collections.Counter({action: len(bodies) for action, bodies in self.webhook.bodies.items()}),
                "zeromq": collections.Counter(self.zeromq.seen),
                "file": collections.Counter(json.loads(line)["id"] for line in lines)}

    def check_deliveries(self):
        """Returns a line of figures a sink."""
        ids = {row[0] for row in self.query("SELECT id FROM actions")}
        check(len(ids) == self.count, "actions", len(ids))
        dead = {(entry["id"], sink["sink"]) for entry in self.actions("list", "--dead")
                for sink in self.actions("show", entry["id"])[0]["sinks"] if sink["status"] in ("rejected", "expired")}
        effects, figures, rejected_all = self.effects(), [], set()
        for name in NAMES:
            rows = self.query("SELECT a.id, o.status, o.reason, o.attempts FROM outbox o JOIN actions a ON a.seq = o.action WHERE o.sink = ?", name)
            delivered = {row[0] for row in rows if row[1] == "delivered"}
            refused = {row[0]: row[2] for row in rows if row[1] == "rejected"}
            check({row[0] for row in rows} == ids and len(rows) == len(ids), name, "has an entry of each action")
            check(len(delivered) + len(refused) == len(ids), name, "delivered or in the dead letter", collections.Counter(r[1] for r in rows))
            check(all(refused.values()), name, "states why", refused)
            check({(i, name) for i in refused} == {d for d in dead if d[1] == name}, name, "list --dead names them")
            done = effects[name]
            check(set(done) <= ids, name, "did what nobody asked for", set(done) - ids)
            check(delivered <= set(done), name, "delivered, and not there:", delivered - set(done))
            if name != "file":  # a death after the line and before the answer was committed: the line comes again, same id
                check(set(done.values()) <= {1}, name, "more than once:", [(i, n) for i, n in done.items() if n > 1])
            if name in ("kubeflow", "gitlab"):  # they look first: what was refused never ran
                check(set(done) == delivered, name, "ran, and is said to be refused:", set(done) - delivered)
            figures.append(f"{name}: {len(delivered)} delivered, {len(refused)} dead, {sum(r[3] for r in rows)} attempts, "
                           f"{len(done)} effects, {sum(done.values())} in all")
            rejected_all = set(refused) if name == NAMES[0] else rejected_all & set(refused)
        check(rejected_all == {i for i, in self.query("SELECT id FROM actions WHERE state = 'failed'")}, "failed is what every sink refused")
        return figures

    def check_audit(self):
        """States follow from the audit, every entry ended in one row, and the chain is whole. Returns its length."""
        verified = self.actions("audit", "--verify")[0]
        check(verified["ok"], verified)
        state, ends = {}, collections.Counter()
        for verb, action, detail in self.query("SELECT verb, action_id, detail FROM audit ORDER BY seq"):
            detail = json.loads(detail)
            if verb in ("delivered", "refused", "lapsed"):
                ends[action, detail["sink"]] += 1
            if "from" in detail:
                check(state.get(action, "proposed") == detail["from"] and (detail["from"], detail["to"]) in MAY_FOLLOW, action, detail)
                state[action] = detail["to"]
        check(dict(self.query("SELECT id, state FROM actions")) == state, "states follow from the audit")
        check(len(ends) == self.count * len(NAMES) and set(ends.values()) == {1}, "one end an entry", len(ends), max(ends.values()))
        check(self.query("PRAGMA integrity_check") == [("ok",)], "the journal is whole")
        return verified["rows"], collections.Counter(state.values())

    def check_secrets(self):
        texts = [text.encode() for text in SECRETS.values()]
        for path in [*self.folder.glob("journal.db*"), self.folder / "log", self.folder / "disk" / "actions.jsonl"]:
            for text in texts:
                check(text not in path.read_bytes(), "a secret in", path)
        for command in (["check", self.configuration, "--json"], ["actions", "list", "--journal", self.journal, "--json"],
                        ["actions", "audit", "--journal", self.journal, "--json"]):
            said = subprocess.run([self.vigil, *command], capture_output=True)
            for text in texts:
                check(text not in said.stdout + said.stderr, "a secret in what is printed by", command[0])

    def end(self):
        if self.process and self.process.poll() is None:
            self.kill()
        for child in self.children:
            child.kill()
            child.wait()


def run(vigil, shared, actions, kills, seed):
    servers = pathlib.Path(shared) / "test_servers"
    if not servers.exists():
        print("skipped: no", servers)
        sys.exit(77)
    storm = Storm(vigil, servers, actions, kills, seed)
    try:
        took = storm.run()
        figures = storm.check_deliveries()
        rows, states = storm.check_audit()
        storm.check_secrets()
    finally:
        storm.end()
    print(f"seed {seed}: {actions} actions at {len(NAMES)} sinks, {kills} kills, {took:.0f} s; audit of {rows} rows; states {dict(states)}")
    print(*figures, f"webhook answers: {dict(storm.webhook.answers)}", sep="\n")
    shutil.rmtree(storm.folder, ignore_errors=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("vigil")
    options.add_argument("shared", help="folder with test_servers")
    options.add_argument("--actions", type=int, default=200)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    run(**vars(options.parse_args()))
