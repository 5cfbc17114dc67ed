"""The webhook receiver of docs/examples/receivers as a newcomer runs it: signed events are printed once, others refused."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from stream import check

script = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples" / "receivers" / "webhook.py"
secret = os.urandom(32)
folder = tempfile.mkdtemp(prefix="vigil-receivers-")
key = os.path.join(folder, "secret")
pathlib.Path(key).write_text("whsec_" + base64.b64encode(secret).decode() + "\n")
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
receiver = subprocess.Popen([sys.executable, str(script), str(port), key], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def post(event, *, secrets=(secret,), stamp=None):
    body, stamp = json.dumps(event).encode(), str(int(time.time()) if stamp is None else stamp)
    content = f"{event['id']}.{stamp}.".encode() + body
    signatures = " ".join("v1," + base64.b64encode(hmac.new(s, content, hashlib.sha256).digest()).decode() for s in secrets)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, {
        "Content-Type": "application/cloudevents+json; charset=utf-8", "webhook-id": event["id"], "webhook-timestamp": stamp,
        "webhook-signature": signatures})
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


for _ in range(100):
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
        break
    except OSError:
        time.sleep(0.05)
try:
    check(post({"id": "a", "data": {"n": 1}}) == 204, "signed")
    check(post({"id": "a", "data": {"n": 1}}) == 204, "a repeat is answered like the first")
    check(post({"id": "b", "data": {"n": 2}}, secrets=(os.urandom(32), secret)) == 204, "one of two secrets")
    check(post({"id": "c", "data": {"n": 3}}, secrets=(os.urandom(32),)) == 401, "signed by another")
    check(post({"id": "d", "data": {"n": 4}}, stamp=int(time.time()) - 3600) == 204, "an old one is answered, and not taken")
finally:
    receiver.terminate()
    printed = [json.loads(line) for line in receiver.communicate(timeout=10)[0].splitlines()]
check(printed == [{"n": 1}, {"n": 2}], "each once", printed)
print("webhook receiver")
