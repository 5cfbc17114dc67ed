"""A running `vigil watch --http` to ask, by http.client and by raw sockets."""
import hashlib
import http.client
import json
import os
import pathlib
import re
import socket
import time

from monitor import Watch
from stream import check

MODEL = pathlib.Path(__file__).resolve().parents[2] / "demo" / "model"
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
                               "connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin"}
TOKENS = {"shifter": "s" * 40, "expert": "e" * 40, "pipeline": "p" * 40}


def token_line(token, actor, roles):
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()} {actor} {roles}\n"


def write_tokens(path, lines=None):
    path.write_text("# who may act\n\n" + "".join(lines or [token_line(t, role + "-ann", role) for role, t in TOKENS.items()]))
    os.chmod(path, 0o644)
    return path


class Server:
    def __init__(self, vigil, *settings, address="127.0.0.1:0", scheme="http"):
        extra = [x for setting in settings for x in ("--set", setting)]
        self.watch = Watch(vigil, "--model", MODEL, "--subscribe", "tcp://127.0.0.1:9", "--http", address, *extra,
                           env=dict(os.environ, VIGIL_LOG="off"))
        found = self.watch.wait("listening", lambda: re.search(rf"listening on {scheme}://(\S+):(\d+)", self.watch.log()))
        self.host, self.port = found[1], int(found[2])

    def connect(self, timeout=45):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def ask(self, method, path, body=None, headers=None, timeout=30, connection=None):
        """(status, headers, body) by a client of the standard library."""
        client = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        if isinstance(body, dict):
            body = json.dumps(body)
            headers = {"Content-Type": "application/json", **(headers or {})}
        client.request(method, path, body=body, headers=headers or {})
        answer = client.getresponse()
        content = answer.read()
        if connection is None:
            client.close()
        return answer.status, answer.headers, content

    def post(self, path, body, role=None, token=None, **options):
        token = token or TOKENS.get(role)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.ask("POST", path, body, headers, **options)

    def raw(self, sent, seconds=45):
        """All that comes back for `sent` until the server closes."""
        with self.connect(seconds) as s:
            s.sendall(sent)
            return rest(s)


def rest(s):
    out = b""
    try:
        while part := s.recv(65536):
            out += part
    except ConnectionResetError:
        pass
    return out


def statuses(raw):
    """Status codes of the answers in what came back."""
    return [int(code) for code in re.findall(rb"(?:^|\n|\})HTTP/1\.[01] (\d{3}) ", raw)]


def problem(name, status, answer):
    """Checks that (status, headers, body) is this problem."""
    code, headers, body = answer
    check(code == status, "expected", status, name, "got", code, body)
    check(headers["Content-Type"] == "application/problem+json", headers["Content-Type"])
    document = json.loads(body)
    check(document["type"] == f"urn:vigil:problem:{name}", "expected", name, "got", document)
    check(document["status"] == status and document["title"] and document["detail"] and "\n" not in document["detail"], document)
    for key, value in SECURITY.items():
        check(headers[key] == value, key, headers[key])
    return document


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
