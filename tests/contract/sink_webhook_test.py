"""The webhook sink beside a running watch: the event as it stands, signed so that any Standard Webhooks receiver can
check it, sent again with the same id and body, stopped by 410, and no secret anywhere."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sinks import Flow, eventually, secret
from stream import check

# The library of those who wrote the specification, and CloudEvents' own, where ./dev setup --receivers was run.
PEER = pathlib.Path(__file__).resolve().parents[2] / "build" / "peers" / "receivers" / "bin" / "python"
VERIFY = """
import json, sys
from cloudevents.http import from_http
from standardwebhooks import Webhook
for line in sys.stdin:
    headers, body, keys = json.loads(line)
    for key in keys:
        Webhook("whsec_" + key).verify(body, headers)
    event = from_http(headers, body)
    assert event["id"] == headers["webhook-id"] and event.data["id"] == event["id"], event
print("verified")
"""
vigil = sys.argv[1]
KEYS = [base64.b64encode(os.urandom(n)).decode() for n in (24, 64)]
TOKEN = "wh-s3cret-" + os.urandom(6).hex()
requests, script = [], []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        requests.append(({k.lower(): v for k, v in self.headers.items()}, body, time.time()))
        what = script.pop(0) if script else 204
        if what == "reset":
            self.connection.close()
            return
        text = f"you sent {self.headers['Authorization']} {self.headers['webhook-signature']}".encode() if what >= 400 else b""
        self.send_response(what)
        if what == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
folder = tempfile.mkdtemp(prefix="vigil-webhook-")
files = [secret(folder, f"key{i}", "whsec_" + key) for i, key in enumerate(KEYS)]
token = secret(folder, "token", TOKEN)
script[:] = [500, "reset", 429, 200]
flow = Flow(vigil, f"  - {{type: webhook, url: 'http://127.0.0.1:{server.server_port}/hook', token_file: {token}, "
            f"secret_files: [{', '.join(files)}], when: proposed, breaker_failures: 100}}\n", folder=folder)
flow.episode()
entries = flow.settled("webhook")
check(all(e[1] == "delivered" for e in entries), entries)

for headers, body, at in requests:
    event = json.loads(body)
    check(headers["content-type"] == "application/cloudevents+json; charset=utf-8", headers["content-type"])
    check(headers["webhook-id"] == event["id"], "webhook-id")
    check(abs(int(headers["webhook-timestamp"]) - at) < 5, "webhook-timestamp")
    check(headers["authorization"] == "Bearer " + TOKEN, "token")
    signed = f"{event['id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = " ".join("v1," + base64.b64encode(hmac.new(base64.b64decode(k), signed, hashlib.sha256).digest()).decode() for k in KEYS)
    check(headers["webhook-signature"] == wanted, "signatures, in order, one space between")
if PEER.exists():
    done = subprocess.run([PEER, "-c", VERIFY], input="\n".join(json.dumps([h, b.decode(), KEYS]) for h, b, _ in requests),
                          capture_output=True, text=True)
    check(done.stdout.strip() == "verified", done.stderr[-1000:])
tries = [r for r in requests if r[0]["webhook-id"] == requests[0][0]["webhook-id"]]
check(len(tries) == 4 and len({r[1] for r in tries}) == 1, "the same body at every try", len(tries))
check(tries[3][2] - tries[2][2] >= 0.99, "Retry-After is a lower bound")
check(json.loads(requests[0][1])["data"]["id"] == entries[0][0], "oldest first")

# 410: refused, and nothing more until a restart; what is pending stays so.
flow.end_episode()
before = len(requests)
script[:] = [410]
flow.episode()
eventually(lambda: any(e[1] == "rejected" for e in flow.entries("webhook")), "410 is a refusal")
time.sleep(1)
check(len(requests) == before + 1, "stopped")
check("***" in [e[2] for e in flow.entries("webhook") if e[1] == "rejected"][0], "an echoed secret is hidden")
check(any(e[1] == "pending" for e in flow.entries("webhook")), "the rest is pending")
flow.stop()
flow.open()
check(all(e[1] != "pending" for e in flow.settled("webhook")), "after a restart it goes on")
flow.stop()
flow.told_nowhere(TOKEN, *KEYS)
print(f"{len(requests)} requests, {len(flow.entries('webhook'))} entries", "verified by peers" if PEER.exists() else "(no peers: ./dev setup --receivers)")
