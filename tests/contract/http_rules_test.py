"""What the HTTP server answers: its rules (docs/http.md), the order of its checks, headers, odd and hostile requests."""
import gzip
import http.client
import json
import os
import pathlib
import sys
import tempfile

from server import SECURITY, TOKENS, Server, problem, statuses, token_line, until, write_tokens
from stream import check

vigil = sys.argv[1]
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-http-"))
tokens = write_tokens(folder / "tokens")
server = Server(vigil, f"http_tokens_file={tokens}", "http_names=[monitor.example]", "http_requests_per_s=100000")
ID = "01234567-89ab-5def-8123-456789abcdef"
ask, post = server.ask, server.post

# Health, caching, gzip, HEAD, keep-alive.
code, headers, body = ask("GET", "/healthz")
check((code, json.loads(body)) == (200, {"status": "ok"}), code, body)
check(headers["Cache-Control"] == "no-store" and headers["Content-Type"] == "application/json", headers)
for key, value in SECURITY.items():
    check(headers[key] == value, key, headers[key])
check("Set-Cookie" not in headers and "Access-Control-Allow-Origin" not in headers and "Server" not in headers, headers)
code, headers, body = ask("GET", "/readyz", headers={"Accept-Encoding": "br, gzip;q=0.5"})
check(code == 200 and headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in headers["Vary"], headers)
check(json.loads(gzip.decompress(body)) == {"status": "ready", "reasons": []}, body)
check("Content-Encoding" not in ask("GET", "/readyz", headers={"Accept-Encoding": "gzip;q=0"})[1], "gzip that is refused")
code, head, nothing = ask("HEAD", "/healthz")
check(code == 200 and nothing == b"" and head["Content-Length"] == str(len(b'{"status":"ok"}')), head)
client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
client.connect()
used = client.sock.getsockname()
for _ in range(5):
    ask("GET", "/healthz", connection=client)
check(client.sock is not None and client.sock.getsockname() == used, "a connection is used again")

# Errors of the path, in whatever encoding.
for path in ("/nothing", "/v1", "/v1/", "/v1/actions/", "//v1/actions", "/v1/nothing", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
             "/v1/actions/%2e%2e", "/v1/actions/..", "/v1/actions/%00", "/v1/actions/%252e%252e%252f", "/%c0%ae%c0%ae/", "/..%5c..%5c",
             "/assets/..%2f..%2fetc", f"/v1/actions/{ID}%00", f"/v1/actions/{ID}/", f"/v1/actions/{ID}/unshelve", "*"):
    problem("not-found", 404, ask("GET", path))
check(ask("GET", "/%68ealthz")[0] == 200, "an encoded letter is that letter")
for method, path, allowed in (("DELETE", "/v1/actions", "GET, HEAD, POST"), ("PUT", f"/v1/actions/{ID}", "GET, HEAD"),
                              ("POST", "/healthz", "GET, HEAD"), ("GET", f"/v1/actions/{ID}/approve", "POST"),
                              ("OPTIONS", "/v1/sinks", "GET, HEAD"), ("TRACE", "/readyz", "GET, HEAD"), ("X", "/readyz", "GET, HEAD")):
    answer = ask(method, path)
    problem("method-not-allowed", 405, answer)
    check(answer[1]["Allow"] == allowed, method, path, answer[1]["Allow"])

# Host.
for host, expected in (("127.0.0.1", 200), (f"127.0.0.1:{server.port}", 200), ("localhost", 200), ("LOCALHOST:8080", 200),
                       ("Monitor.Example:1", 200), ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("127.0.0.2", 421),
                       ("[::1]", 421), ("", 421), ("localhost:x", 421), ("monitor.example.", 421), ("a@localhost", 421)):
    check(ask("GET", "/healthz", headers={"Host": host})[0] == expected, "Host", host, "expected", expected)
problem("misdirected", 421, ask("GET", "/v1/nothing", headers={"Host": "evil.example"}))
check(statuses(server.raw(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")) == [421], "no Host")
check(statuses(server.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n")) == [400], "two")
check(statuses(server.raw(b"GET http://evil/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")) == [421], "absolute")
check(statuses(server.raw(b"GET http://localhost/healthz HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n")) == [200], "absolute")

# Parameters.
for query in ("limit=0", "limit=1001", "limit=x", "limit=", "limit=1&limit=1", "limit=1&colour=red", "open=yes", "state=odd", "kind=x",
              "after=x", "model=%ff", "model=%zz", "model=%00", "%00=1", "limit=+1", "limit=-1", "limit=1e2", "limit=99999999999999999999"):
    problem("bad-request", 400, ask("GET", "/v1/actions?" + query))
problem("bad-request", 400, ask("GET", "/healthz?x=1"))
problem("bad-request", 400, ask("GET", "/v1/audit?after=-1"))
check('limit: \\"0\\", expected 1..1000' in ask("GET", "/v1/actions?limit=0")[2].decode(), "the detail names parameter and range")

# Who may act, and the order: 404, 405, 401, 403, 415, 413, 400, 404.
big = b"x" * 65537
path = f"/v1/actions/{ID}/approve"
for wrong in (None, "Bearer", "Bearer ", "Basic " + TOKENS["expert"], "Bearer wrong", TOKENS["expert"], f"Bearer {TOKENS['expert']} x"):
    answer = ask("POST", path, big, {"Authorization": wrong} if wrong else {})
    problem("unauthorized", 401, answer)
    check(answer[1]["WWW-Authenticate"] == "Bearer", answer[1])
    check(TOKENS["expert"] not in answer[2].decode(), "no token is ever echoed")
problem("not-found", 404, post("/v1/nothing", {}))
problem("method-not-allowed", 405, post("/v1/sinks", {}))
roles = {"approve": ("expert",), "reject": ("expert",), "retry": ("expert",), "discard": ("expert",), "claim": ("pipeline",),
         "status": ("pipeline",), "ack": ("shifter", "expert"), "shelve": ("shifter", "expert")}
for verb, allowed in roles.items():
    for role in TOKENS:
        answer = ask("POST", f"/v1/actions/{ID}/{verb}", big, {"Authorization": "bearer " + TOKENS[role]})
        problem(*(("unsupported-media-type", 415) if role in allowed else ("forbidden", 403)), answer)
for verb in ("ack", "shelve", "unshelve"):
    problem("forbidden", 403, post(f"/v1/alarms/{verb}", {}, "pipeline"))
    problem("bad-request", 400, post(f"/v1/alarms/{verb}", {}, "expert"))
problem("forbidden", 403, post("/v1/actions", {}, "shifter"))
kind = {"Authorization": "Bearer " + TOKENS["expert"], "Content-Type": "application/json"}
for other in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/json, text/plain"):
    problem("unsupported-media-type", 415, ask("POST", path, b"{", {**kind, "Content-Type": other}))
problem("unsupported-media-type", 415, ask("POST", path, b"{}", {**kind, "Content-Encoding": "gzip"}))
problem("too-large", 413, ask("POST", path, big, kind))
problem("too-large", 413, ask("POST", path, iter([b"x" * 40000, b"x" * 40000]), kind))  # in chunks
right = {"sha256": "a" * 64}
for body in (b"", b"{", b"[]", b"1", b"null", b"\xff", b'{"sha256":"\xff"}', b"[" * 60000, b'{"a":' * 9000, b'{"sha256":NaN}',
             b'{"sha256":"%s","sha256":"%s"}' % (b"a" * 64, b"a" * 64), b'\xef\xbb\xbf[]', b'{"sha256":"%s"}x' % (b"a" * 64)):
    problem("bad-request", 400, ask("POST", path, body, kind))
for body in ({}, {"sha256": "a"}, {"sha256": "A" * 64}, {"sha256": 1}, {**right, "reason": 1}, {**right, "actor": "me"}):
    problem("bad-request", 400, post(path, body, "expert"))
problem("bad-request", 400, post(path + "?x=1", right, "expert"))
problem("not-found", 404, post("/v1/actions/not-an-id/approve", right, "expert"))
problem("bad-request", 400, post("/v1/actions/not-an-id/approve", {}, "expert"))
check(post(path, right, "expert")[0] in (404, 503), "all in order but the id")
check(ask("POST", path, json.dumps(right), {**kind, "Content-Type": "Application/JSON; charset=utf-8"})[0] in (404, 503), "a parameter")
check(ask("POST", path, iter([b'{"sha256":"', b"a" * 64 + b'"}']), kind)[0] in (404, 503), "in chunks")

# The tokens file is read anew; what is wrong with it lets nobody in.
late = "l" * 40
check(post(path, right, token=late)[0] == 401, "not known yet")
write_tokens(tokens, [token_line(late, "late", "shifter,expert")])
check(post(path, right, token=late)[0] in (404, 503) and post(path, right, "expert")[0] == 401, "the new file counts")
os.chmod(tokens, 0o664)
check(post(path, right, token=late)[0] == 401, "writable by its group")
os.chmod(tokens, 0o600)
check(post(path, right, token=late)[0] in (404, 503), "right again")
tokens.write_text("nonsense\n")
check(post(path, right, token=late)[0] == 401, "malformed")
tokens.unlink()
check(post(path, right, token=late)[0] == 401, "gone")
write_tokens(tokens)
check(post(path, right, "expert")[0] in (404, 503), "and back")

# Odd and hostile requests on the wire.
HOST = b"Host: localhost\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST
last = GET + b"Connection: close\r\n\r\n"
check(statuses(server.raw(GET + b"\r\n" + GET + b"\r\n" + b"\r\n" + last)) == [200, 200, 200], "pipelined")
check(statuses(server.raw(b"GET /healthz HTTP/1.0\r\n" + HOST + b"\r\n")) == [200], "HTTP/1.0 closes")
check(statuses(server.raw(b"GET /healthz HTTP/1.0\r\n" + HOST + b"Connection: keep-alive\r\n\r\n" + last)) == [200, 200], "or not")
check(statuses(server.raw(b"GET /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello" + last)) == [200, 200], "a body to GET")
for garbage in (b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
                b"GET / HTTP/1.1\r\nno colon\r\n\r\n", GET + b"Content-Length: x\r\n\r\n", GET + b"Content-Length: -1\r\n\r\n",
                GET + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
                GET + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                GET + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", GET + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
                GET + b" folded: x\r\nBad Name: x\r\n\r\n", b"GET /healthz  HTTP/1.1\r\n" + HOST + b"\r\n"):
    answer = server.raw(garbage)
    check(statuses(answer) == [400] and b"default-src 'none'" in answer, "garbage", garbage, answer[:300])
check(statuses(server.raw(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")) == [414], "path")
check(statuses(server.raw(b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\n" + HOST + b"\r\n")) == [414], "a path without end")
check(statuses(server.raw(GET + b"X: " + b"a" * 17000 + b"\r\nConnection: close\r\n\r\n")) == [431], "headers")
check(statuses(server.raw(GET + b"X: a\r\n" * 100000 + b"\r\n")) == [431], "headers without end")
check(statuses(server.raw(b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 16000 +
                          b"\r\nConnection: close\r\n\r\n")) == [404], "both just below")
ask_on = b"POST " + path.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nAuthorization: Bearer "
with server.connect() as s:
    s.sendall(ask_on + TOKENS["expert"].encode() + b"\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
    check(s.recv(1000).startswith(b"HTTP/1.1 100 Continue\r\n\r\n"), "100")
    s.sendall(b"{}")
    check(s.recv(1000).startswith(b"HTTP/1.1 400 "), "then the answer")
with server.connect() as s:  # a body of a gigabyte is refused before it is sent
    s.sendall(ask_on + TOKENS["expert"].encode() + b"\r\nExpect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n")
    check(s.recv(1000).startswith(b"HTTP/1.1 413 "), "413 unread")

check(server.watch.log().count("\n") == 1, "no log line for a client:", server.watch.log())
check(until(lambda: len(os.listdir(f"/proc/{server.watch.process.pid}/fd")) < 60), "connections are closed")
server.watch.stop()
print("ok")
