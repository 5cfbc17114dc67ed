"""TLS: 1.2 and newer, the certificate checked by a client, nothing in clear; beyond loopback with tokens."""
import http.client
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile

from server import TOKENS, Server, rest, until, write_tokens
from stream import check

vigil = sys.argv[1]
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-http-tls-"))
certificate, key = folder / "a.crt", folder / "a.key"
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
os.chmod(key, 0o600)
tokens = write_tokens(folder / "tokens")
server = Server(vigil, f"http_certificate_file={certificate}", f"http_key_file={key}", f"http_tokens_file={tokens}",
                address="0.0.0.0:0", scheme="https")


def trusting(**changes):
    context = ssl.create_default_context(cafile=certificate)
    for name, value in changes.items():
        setattr(context, name, value)
    return context


def ask(method, path, context, body=None, headers=None, host="127.0.0.1"):
    client = http.client.HTTPSConnection(host, server.port, timeout=20, context=context)
    client.request(method, path, body, headers or {})
    answer = client.getresponse()
    return answer.status, answer.read(), client.sock.version() if client.sock else None


for name, low, high in (("TLSv1.2", ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2), ("TLSv1.3", ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3)):
    code, body, version = ask("GET", "/healthz", trusting(minimum_version=low, maximum_version=high))
    check((code, body, version) == (200, b'{"status":"ok"}', name), code, body, version)
check(ask("GET", "/healthz", trusting(), host="localhost")[0] == 200, "localhost")
old = trusting()
old.set_ciphers("DEFAULT:@SECLEVEL=0")
old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
try:
    ask("GET", "/healthz", old)
    check(False, "TLS 1.1 was taken")
except ssl.SSLError as e:
    check("PROTOCOL_VERSION" in str(e).upper() or "alert" in str(e) or "UNSUPPORTED_PROTOCOL" in str(e).upper(), e)
try:
    ask("GET", "/healthz", ssl.create_default_context())
    check(False, "an unknown certificate was trusted")
except ssl.SSLCertVerificationError:
    pass

kind = {"Content-Type": "application/json", "Authorization": "Bearer " + TOKENS["expert"]}
where = "/v1/actions/01234567-89ab-5def-8123-456789abcdef/approve"
check(ask("POST", where, trusting(), b"{}", {"Content-Type": "application/json"})[0] == 401, "without token")
check(ask("POST", where, trusting(), b"{}", kind)[0] == 400, "with token")
check(ask("POST", where, trusting(), b"x" * 70000, kind)[0] == 413, "too large")
check(ask("GET", "/healthz", trusting(), headers={"Host": "evil"})[0] == 421, "host")

check(b"HTTP" not in server.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), "plain HTTP is not answered")
server.raw(b"\x16\x03\x01\xff\xff" + b"\x00" * 3000)
hanging = [server.connect() for _ in range(100)]  # that never shake hands
check(ask("GET", "/healthz", trusting())[0] == 200, "beside them")
for s in hanging:
    s.settimeout(15)
    check(rest(s) == b"", "a handshake that does not come is cut")
check(until(lambda: len(os.listdir(f"/proc/{server.watch.process.pid}/fd")) < 60), "connections are closed")
check(server.watch.log().count("\n") == 1, server.watch.log())
server.watch.stop()
print("ok")
