"""A monitor with a server to ask, as an outsider would: documents, problems, server-sent events, the server's own schemas."""
import http.client
import json
import re
import socket
import threading
import time
import urllib.parse

import numpy as np
from monitor import Watch
from stream import ORBITS, batch, check

try:
    import jsonschema
except ImportError:
    jsonschema = None


def golden_batch(package, ls, seq, n=600, *, run=1, source="link0", wrong=0, **extra):
    """A batch that covers lumisection `ls`, of golden events drawn from (run, ls, source); the hardware's first output is
    one LSB off in `wrong` of them. Returns the batch and the rows of the golden events."""
    rng = np.random.default_rng([run, ls, len(source)])
    rows = np.sort(rng.integers(0, len(package.inputs), n))
    b = batch(package, rows, source=source, seq=seq, ls=ls, first=(ls - 1) * ORBITS, last=ls * ORBITS - 1, run=run, **extra)
    b["n_bx"] = n * 300
    b["hw_outputs"][:wrong, 0] += 1
    return b, rows


class Api:
    """What answers at an address."""

    def __init__(self, port):
        self.port = port
        self.validators = {}

    def ask(self, path, method="GET", headers=None, timeout=30, **parameters):
        """(status, headers, body)"""
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        client.request(method, path + query, headers=headers or {})
        answer = client.getresponse()
        content = answer.read()
        client.close()
        return answer.status, answer.headers, content

    def get(self, path, **parameters):
        """The JSON document, checked against the server's own schema of it."""
        status, headers, body = self.ask(path, **parameters)
        check(status == 200, path, parameters, status, body[:500])
        document = json.loads(body)
        self.validate(path, document)
        return document

    def problem(self, name, status, path, **parameters):
        code, headers, body = self.ask(path, **parameters)
        check(code == status, path, parameters, "expected", status, name, "got", code, body[:500])
        check(headers["Content-Type"] == "application/problem+json", headers["Content-Type"])
        document = json.loads(body)
        check(document["type"] == f"urn:vigil:problem:{name}" and document["status"] == status, path, parameters, document)
        check(document["title"] and document["detail"] and "\n" not in document["detail"], document)
        return document["detail"]

    def validate(self, path, document):
        if jsonschema is None:
            return
        if not self.validators:
            self.openapi = json.loads(self.ask("/v1/openapi.json")[2])
            self.validators[""] = None
        pattern = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{id}", path)
        if pattern not in self.validators:
            check(pattern in self.openapi["paths"], pattern, "is in no path of openapi.json")
            content = self.openapi["paths"][pattern]["get"]["responses"]["200"]["content"]
            schema = content["application/json"]["schema"]
            resolver = jsonschema.RefResolver("", self.openapi)
            self.validators[pattern] = jsonschema.Draft202012Validator(schema, resolver=resolver)
        errors = list(self.validators[pattern].iter_errors(document))
        check(not errors, path, "does not fit its schema:", [(list(e.path), e.message[:200]) for e in errors[:3]])

    def until(self, what, path, condition, seconds=30, **parameters):
        end = time.monotonic() + seconds
        while True:
            document = self.get(path, **parameters)
            if condition(document):
                return document
            check(time.monotonic() < end, what, "within", seconds, "s:", str(document)[:1500])
            time.sleep(0.1)


class Monitor(Watch):
    """A program with --http; `api` asks it."""

    def __init__(self, vigil, *arguments, command="watch", **options):
        json_lines = command != "serve"
        super().__init__(vigil, *arguments, "--http", "127.0.0.1:0", command=command, json_lines=json_lines, **options)
        found = self.wait("listening", lambda: re.search(r"listening on http://127\.0\.0\.1:(\d+)", self.log()))
        self.api = Api(int(found[1]))


class Events:
    """A client of /v1/events, reading on a thread of its own. Each event: (type, id, data)."""

    def __init__(self, port, types=None, last_id=None, reads=True):
        self.events, self.raw, self.ended = [], b"", False
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        path = "/v1/events" + ("?types=" + types if types else "")
        header = f"Last-Event-ID: {last_id}\r\n" if last_id is not None else ""
        # HTTP/1.0: the body is not chunked, and ends with the connection.
        self.socket.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n{header}\r\n".encode())
        self.thread = threading.Thread(target=self.read, daemon=True)
        if reads:
            self.thread.start()

    def read(self):
        head = False
        try:
            while part := self.socket.recv(65536):
                self.raw += part
                if not head and b"\r\n\r\n" in self.raw:
                    self.head, _, self.raw = self.raw.partition(b"\r\n\r\n")
                    head = True
                while head and b"\n\n" in self.raw:
                    block, _, self.raw = self.raw.partition(b"\n\n")
                    self.take(block.decode())
        except OSError:
            pass
        self.ended = True

    def take(self, block):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        if "retry" in fields:
            self.retry = int(fields["retry"])
        else:
            self.events.append((fields["event"], fields.get("id"), json.loads(fields["data"])))

    def of(self, *types):
        return [e for e in list(self.events) if e[0] in types]

    def numbered(self):
        return [e for e in list(self.events) if e[1]]

    def until(self, what, condition, seconds=30):
        end = time.monotonic() + seconds
        while not condition(self):
            check(time.monotonic() < end, what, "within", seconds, "s; so far", [e[:2] for e in self.events][-40:])
            time.sleep(0.05)

    def close(self):
        self.socket.close()


def bin_of(word):
    """docs/summary.md, `binning`."""
    m = abs(int(word))
    b = m if m < 32 else 32 + 16 * (m.bit_length() - 6) + ((m >> (m.bit_length() - 5)) & 15)
    return -b if word < 0 else b


def smallest_word(b):
    """The smallest word of a bin."""
    magnitude = lambda k: k if k < 32 else (16 + (k - 32) % 16) << ((k - 32) // 16 + 1)
    return magnitude(b) if b >= 0 else -(magnitude(-b + 1) - 1)


def histogram(words):
    counts = {}
    for word in np.asarray(words).ravel().tolist():
        counts[bin_of(word)] = counts.get(bin_of(word), 0) + 1
    return counts
