"""Slow and silent receivers hold up neither another sink nor the commit of a lumisection: the same stream and the same
actions without and with them. Prints what was measured; asks only that nothing waits a tenth of what they make it wait."""
import http.client
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from server import TOKENS, write_tokens
from stream import ORBITS, batch, check, demo_package, knows_kafka, pack, Publisher

vigil = sys.argv[1]
LUMISECTIONS, ACTIONS, TIMEOUT_S = 120, 30, 30
package = demo_package()


class Prompt(BaseHTTPRequestHandler):
    """Answers at once; notes when."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.at.setdefault(event["id"], time.monotonic())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def silent():
    """Takes connections, and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    kept.append(listener)
    return listener.getsockname()[1]


def trickling():
    """Answers by a byte a second."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def answer(connection):
        try:
            connection.recv(65536)
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000:
                connection.sendall(bytes([byte]))
                time.sleep(1)
        except OSError:
            pass

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    kept.append(listener)
    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


kept = []


def bad_sinks():
    return "".join(f"  - {{{sink}}}\n" for sink in (
        f"type: webhook, name: silent, url: 'http://127.0.0.1:{silent()}', timeout_ms: {TIMEOUT_S * 1000}",
        f"type: webhook, name: trickling, url: 'http://127.0.0.1:{trickling()}', timeout_ms: {TIMEOUT_S * 1000}",
        f"type: kubeflow, name: kubeflow, url: 'http://127.0.0.1:{silent()}', pipeline_id: p, pipeline_version_id: v, kinds: [collect-data], "
        f"timeout_ms: {TIMEOUT_S * 1000}",
        f"type: alertmanager, name: alerts, url: 'http://127.0.0.1:{silent()}', timeout_ms: {TIMEOUT_S * 1000}",
        f"type: zeromq, name: pipeline, endpoint: 'tcp://127.0.0.1:{silent()}', reply_timeout_ms: {TIMEOUT_S * 1000}",
        *([f"type: kafka, name: log, brokers: '127.0.0.1:{silent()}', topic: t"] if knows_kafka(vigil) else [])))


def measure(more_sinks):
    """(delays of commits, delays of deliveries) in seconds, and the states of the sinks."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-isolation-"))
    prompt = ThreadingHTTPServer(("127.0.0.1", 0), Prompt)
    prompt.at = {}
    threading.Thread(target=prompt.serve_forever, daemon=True).start()
    publisher = Publisher()
    (folder / "watch.yaml").write_text(f"""models: [{package.folder}]
subscribe: [{publisher.endpoint}]
journal: {folder}/j.db
reference: learn:3
windows: [{{window_ls: 2, hop_ls: 1}}]
minimum_events: 20
approval: {{}}
http_listen: 127.0.0.1:0
http_tokens_file: {write_tokens(folder / 'tokens')}
sinks:
{more_sinks}  - {{type: webhook, name: prompt, url: 'http://127.0.0.1:{prompt.server_port}'}}
""")
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([vigil, "watch", folder / "watch.yaml", "--json"], stdout=subprocess.PIPE, stderr=log,
                                   env=dict(os.environ, VIGIL_LOG="warn"))
    printed = {}  # lumisection -> when its line, which follows its commit, was read

    def read():
        for line in process.stdout:
            at = time.monotonic()
            if line.startswith(b'{"type":"lumisection"'):
                printed[json.loads(line)["ls"]] = at

    reader = threading.Thread(target=read)
    reader.start()
    publisher.wait()
    port = int(re.search(r"listening on http://127.0.0.1:(\d+)", (folder / "log").read_text())[1])
    rows, sent, proposed = [i % len(package.inputs) for i in range(40)], {}, {}

    def send(ls):
        sent[ls] = time.monotonic()
        publisher.send(pack(batch(package, rows, source="link0", seq=ls, ls=ls, first=(ls - 1) * ORBITS, last=ls * ORBITS - 1)))

    def propose(n):
        body = {"kind": "collect-data", "model": package.name, "stream": "scouting", "reason": "measured", "subject": f"s/{n}",
                "proposal": {"first": {"run": 1, "ls": 1}, "last": {"run": 1, "ls": n + 1}, "monitors": ["score"]}}
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        begun = time.monotonic()
        client.request("POST", "/v1/actions", json.dumps(body), {"Authorization": f"Bearer {TOKENS['expert']}", "Content-Type": "application/json"})
        answer = client.getresponse()
        document = json.loads(answer.read())
        check(answer.status == 201, "propose", answer.status, document)
        proposed[document["id"]] = begun

    for ls in range(1, LUMISECTIONS + 1):
        send(ls)
        if ls > 10 and ls % ((LUMISECTIONS - 10) // ACTIONS) == 0 and len(proposed) < ACTIONS:
            propose(ls)
        time.sleep(0.05)
    end = time.monotonic() + 20
    while time.monotonic() < end and not set(proposed) <= set(prompt.at):
        time.sleep(0.05)
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    client.request("GET", "/v1/sinks")
    states = {s["name"]: s for s in json.loads(client.getresponse().read())["sinks"]}
    behind = LUMISECTIONS - max(printed)  # a lumisection closes so many later
    check(set(proposed) <= set(prompt.at), "the prompt sink has all", len(proposed), len(set(proposed) & set(prompt.at)))
    commits = [printed[ls] - sent[ls + behind] for ls in range(1, LUMISECTIONS + 1 - behind)]
    deliveries = [prompt.at[i] - at for i, at in proposed.items()]
    process.terminate()
    ended = time.monotonic()
    process.wait(60)
    ended = time.monotonic() - ended
    reader.join()
    publisher.close()
    prompt.shutdown()
    return commits, deliveries, states, ended


def text(delays):
    return f"median {statistics.median(delays) * 1000:.1f} ms, worst {max(delays) * 1000:.1f} ms"


alone = measure("")
beside = measure(bad_sinks())
for name in ("silent", "trickling", "kubeflow", "alerts", "pipeline", "log"):
    check(beside[2][name]["pending"] >= ACTIONS - 1, name, "keeps what it could not send:", beside[2][name])
check(beside[2]["prompt"]["pending"] == 0, "the prompt sink is done:", beside[2]["prompt"])
for what, n in (("commit of a lumisection, from the batch that closes it", 0), ("delivery at the prompt sink, from the proposal", 1)):
    print(f"{what}: alone {text(alone[n])}; beside six sinks that wait {TIMEOUT_S} s {text(beside[n])}")
    check(max(beside[n]) < TIMEOUT_S / 10, what, "waits for receivers:", text(beside[n]))
print(f"end of the program: alone {alone[3]:.1f} s, beside {beside[3]:.1f} s")
