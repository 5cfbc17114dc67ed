"""Secrets stand nowhere but in their files and on their way to their server: every sink that has one fails in every way,
at servers that send back all they were sent, while everything that vigil writes, prints, answers and sends is searched."""
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from server import TOKENS, write_tokens
from sinks import Flow, eventually, secret
from stream import check, knows_kafka

vigil = sys.argv[1]
SECRETS = {"bearer": "bearer+s3cret/4711==", "whsec": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "trigger": "trig&ger s3%cret/+\"0815",
           "api": "api-s3cret-1138", "sasl": "sasl s3cret \"1701\""}
OWN = {kind: [SECRETS[name] for name in names] for kind, names in
       {"webhook": ["bearer", "whsec"], "gitlab": ["trigger", "api"], "kubeflow": ["bearer"], "argo": ["bearer"], "mlflow": ["bearer"],
        "alertmanager": ["bearer"]}.items()}
got, lock = [], threading.Lock()


class Echo(BaseHTTPRequestHandler):
    """Paths begin with /HOW/TYPE. Reason, headers and body repeat what was sent and the secrets of that sink besides."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        with lock:
            got.append((self.command, self.path, dict(self.headers), body))
        _, how, kind, rest = (self.path + "/").split("/", 3)
        if self.command == "GET" and not how.startswith("all-"):
            return self.look_up(rest)
        how, says = how.removeprefix("all-"), OWN[kind]
        everything = " ".join([*says, *self.headers.values(), body, *map(urllib.parse.quote, says), *map(urllib.parse.quote_plus, says)])
        if how == "close":
            self.close_connection = True
            return self.connection.close()
        if how == "cut":  # a secret that begins before the 200 characters that are kept of an answer
            return self.say(400, "x" * 185 + says[0])
        if how == "plain":
            return self.say(400, everything)
        # The keys that sinks read, with a secret in each.
        document = json.dumps({"message": everything, "error": says[0], "error_code": says[0], "run_id": says[0], "id": says[0],
                               "web_url": "http://h/" + says[0], "metadata": {"name": says[0]}, "state": says[0], "status": says[0]})
        if how == "torn":
            self.say(200, document, extra=100)
            self.close_connection = True
            return None
        return self.say(int(how), document)

    def look_up(self, rest):
        if "model-versions/search" in rest:
            tag = {"key": "vigil.model_hash", "value": flow.package.hash}
            return self.say(200, json.dumps({"model_versions": [{"name": flow.package.name, "version": "1", "tags": [tag]}]}))
        if rest.startswith("apis/v2beta1/runs/"):
            return self.say(404, "{}")
        return self.say(200, "[]" if "pipelines" in rest else "{}")

    def say(self, status, text, extra=0):
        raw = text.encode()
        own = OWN[self.path.split("/")[2]][0]
        self.send_response(status, own.replace('"', ""))
        self.send_header("Content-Type", "application/json")
        self.send_header("Location", "http://127.0.0.1/" + urllib.parse.quote(own))
        self.send_header("Retry-After", own)
        self.send_header("Content-Length", str(len(raw) + extra))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = handle_request


class Servers(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, *_):
        pass


server = Servers(("127.0.0.1", 0), Echo)
threading.Thread(target=server.serve_forever, daemon=True).start()
folder = pathlib.Path(os.path.realpath(subprocess.run(["mktemp", "-d"], capture_output=True, text=True).stdout.strip()))
hidden = folder / "secrets"
hidden.mkdir()
files = {name: secret(hidden, name, text) for name, text in SECRETS.items()}
TYPES = {"webhook": f"token_file: {files['bearer']}, secret_files: [{files['whsec']}], status: true",
         "kubeflow": f"token_file: {files['bearer']}, pipeline_id: p, pipeline_version_id: v",
         "gitlab": f"token_file: {files['trigger']}, api_token_file: {files['api']}, project: l1t/retrain, ref: main, throttle_s: 1",
         "argo": f"token_file: {files['bearer']}, namespace: l1t, template: t",
         "mlflow": f"token_file: {files['bearer']}", "alertmanager": f"token_file: {files['bearer']}, when: approved, resend_s: 1"}
WAYS = ["200", "201", "302", "400", "401", "404", "409", "410", "429", "500", "501", "503", "torn", "close", "cut", "plain"]
WAYS += ["all-" + way for way in ("200", "400", "401", "500", "torn", "close", "plain")]
lines, names = [], []
for kind, keys in TYPES.items():
    for way in WAYS:
        names.append(f"{kind}-{way}")
        lines.append(f"  - {{type: {kind}, name: {names[-1]}, url: 'http://127.0.0.1:{server.server_port}/{way}/{kind}', timeout_ms: 2000,"
                     f" kinds: [revalidate, notify], {keys}}}\n")
    names += [f"{kind}-refused", f"{kind}-tls"]
    lines.append(f"  - {{type: {kind}, name: {kind}-refused, url: 'http://127.0.0.1:9', kinds: [revalidate, notify], {keys}}}\n")
    lines.append(f"  - {{type: {kind}, name: {kind}-tls, url: 'https://127.0.0.1:{server.server_port}/200/{kind}', kinds: [revalidate, notify], {keys}}}\n")
if knows_kafka(vigil):
    names.append("kafka")
    lines.append("  - {type: kafka, brokers: '127.0.0.1:9', topic: t, kinds: [revalidate, notify], properties: {security.protocol: SASL_PLAINTEXT,"
                 f" sasl.mechanism: PLAIN, sasl.username: u, sasl.password_file: {files['sasl']}, socket.timeout.ms: 1000}}}}\n")
tokens = write_tokens(folder / "tokens")
os.environ["VIGIL_LOG"] = "trace"
flow = Flow(vigil, "".join(lines), f"approval: {{}}\nsettle_s: 1\nbreaker_failures: 1000000\nhttp_listen: 127.0.0.1:0\nhttp_tokens_file: {tokens}\n",
            folder=str(folder))
seen = {}  # where -> bytes


def command(*arguments):
    done = subprocess.run([vigil, *map(str, arguments)], capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    seen["vigil " + " ".join(map(str, arguments))] = done.stdout + done.stderr
    return done


def ask(method, path, body=None, token=None):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    client.request(method, path, None if body is None else json.dumps(body), headers)
    answer = client.getresponse()
    seen[f"{method} {path} {token is not None}"] = str(answer.headers).encode() + (content := answer.read())
    return answer.status, content


try:
    actions = [a["id"] for a in flow.episode()]
    port = int(eventually(lambda: re.search(r"listening on http://127.0.0.1:(\d+)", flow.log()), "listening")[1])

    def tried():
        waiting = [name for name in names if not all(entry[3] >= 1 or entry[1] != "pending" for entry in flow.entries(name)[:1])]
        still[:] = waiting
        return not waiting or (time.sleep(0.5), False)[1]

    still = []
    try:
        eventually(tried, "every sink has tried", 120)
    except SystemExit:
        print("not yet tried:", still[:10], {name: flow.entries(name)[:1] for name in still[:3]}, flow.log()[-1500:])
        raise
    time.sleep(3)  # looked downstream, polled, sent again
    for pid in [flow.process.pid]:
        for name in ("cmdline", "environ"):
            seen[f"/proc/{name}"] = pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    seen["ps"] = subprocess.run(["ps", "-ww", "-o", "args", "-p", str(flow.process.pid)], capture_output=True).stdout
    for path in ["/healthz", "/readyz", "/v1/sinks", "/v1/audit?limit=1000", "/v1/alarms", "/v1/actions", "/v1/status", "/v1/models", "/metrics",
                 *[f"/v1/actions/{i}" for i in actions]]:
        ask("GET", path)
    for token in (*TOKENS.values(), "s3cret-that-nobody-has", SECRETS["bearer"]):
        ask("POST", f"/v1/actions/{actions[0]}/ack", {"reason": "seen"}, token)
        ask("POST", f"/v1/actions/{actions[0]}/approve", {"sha256": "0" * 64}, token)
        ask("POST", f"/v1/actions/{actions[0]}/claim", {"run": "r1", token: 1}, token)
    status, sinks = ask("GET", "/v1/sinks")
    for arguments in (["actions", "list"], ["actions", "list", "--dead"], ["actions", "audit"], ["alarms", "list"],
                      *[["actions", "show", i] for i in actions]):
        for form in ([], ["--json"]):
            check(command(*arguments, "--journal", flow.journal, *form).returncode == 0, arguments)
    command("status", flow.journal)
    for form in ([], ["--json"]):
        check(command("check", flow.configuration, *form).returncode == 0, "check", form)
    entries = {name: flow.entries(name) for name in names}
finally:
    flow.process.terminate()
    flow.process.wait(60)
for path in folder.rglob("*"):
    if path.is_file() and hidden not in path.parents:
        seen[str(path.relative_to(folder))] = path.read_bytes()

# All classes came, and each says so in words.
outcomes = {name: (rows[0][1], rows[0][2]) for name, rows in entries.items()}
check({outcome for outcome, _ in outcomes.values()} >= {"delivered", "rejected", "pending"}, outcomes)
for name in names:
    status, reason = outcomes[name]
    check(status == "delivered" or reason, name, "says nothing", outcomes[name])
redacted = [name for name, (_, reason) in outcomes.items() if "***" in reason]
check({name.split("-")[0] for name in redacted} >= set(TYPES), "answers were shown, without their secrets:", redacted)

# What was sent: a secret where it belongs, and nowhere else.
check(all(any(path.split("/")[3:4] for _, path, _, _ in got if path.startswith(f"/{way}/")) for way in WAYS), "every way was met")
for method, path, headers, body in got:
    for name, text in SECRETS.items():
        forms = {text, urllib.parse.quote(text, safe=""), urllib.parse.quote_plus(text), json.dumps(text)[1:-1]}
        check(not any(form in path for form in forms), name, "in a URL:", method, path)
        if name != "trigger":
            check(not any(form in body for form in forms), name, "in a body:", method, path, body)
        allowed = {"bearer": "Authorization", "api": "PRIVATE-TOKEN"}.get(name)
        check(not any(text in value for key, value in headers.items() if key != allowed), name, "in a header:", path, headers)

searched = 0
for where, content in seen.items():
    searched += len(content)
    for name, text in {**SECRETS, **TOKENS, "unknown token": "s3cret-that-nobody-has"}.items():
        for form in {text, text[:12], urllib.parse.quote(text, safe=""), urllib.parse.quote(text, safe="").lower(),
                     urllib.parse.quote_plus(text), json.dumps(text)[1:-1]}:
            at = content.find(form.encode())
            check(at < 0, name, "in", where, content[max(0, at - 100):at + 60])
print(f"{len(names)} sinks, {len(got)} requests, {len(redacted)} answers shown without their secrets; searched {len(seen)} texts, {searched} bytes")
