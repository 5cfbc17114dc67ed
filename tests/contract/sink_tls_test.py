"""TLS of HTTP sinks is always verified: against ca_file alone where there is one, name included; nothing leaves, and no
attempt is committed, before the server has shown who it is. Redirects are not followed, proxies not used."""
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sinks import Flow, eventually
from stream import check

vigil = sys.argv[1]
folder = tempfile.mkdtemp(prefix="vigil-tls-")
got = []


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)


def certificate(name, alternative):
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    with open(os.path.join(folder, "ext"), "w") as file:
        file.write(f"subjectAltName={alternative}\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-out", f"{name}.pem", "-extfile", "ext")


openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem")
certificate("here", "IP:127.0.0.1")
certificate("elsewhere", "DNS:elsewhere.example.org")


def serve(name):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            got.append((name, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(302 if name == "moved" else 200)
            if name == "moved":
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/trap")
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None
    if name != "moved":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


here, elsewhere, moved = serve("here"), serve("elsewhere"), serve("moved")
os.environ.update({"https_proxy": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"})
flow = Flow(vigil, "".join(
    f"  - {{type: webhook, name: {name}, url: '{url}', when: proposed, timeout_ms: 2000{more}}}\n" for name, url, more in (
        ("trusted", f"https://127.0.0.1:{here}", f", ca_file: {folder}/ca.pem"),
        ("untrusted", f"https://127.0.0.1:{here}", ""),
        ("other", f"https://127.0.0.1:{elsewhere}", f", ca_file: {folder}/ca.pem"),
        ("moved", f"http://127.0.0.1:{moved}/x", ""))), folder=folder)
flow.episode()
check(all(e[1] == "delivered" for e in flow.settled("trusted")), flow.entries("trusted"))
check(all(e[1] == "rejected" and "HTTP 302" in e[2] for e in flow.settled("moved")), flow.entries("moved"))
for name in ("untrusted", "other"):
    eventually(lambda: flow.entries(name)[0][3] > 1, name + " is tried again")
    check(all(e[1] == "pending" for e in flow.entries(name)), flow.entries(name))
    check(any(word in flow.entries(name)[0][2].lower() for word in ("certificate", "ssl", "subject")), flow.entries(name))
check({name for name, _ in got} == {"here", "moved"}, "nothing went to a server that is not who it should be")
check(len([1 for name, _ in got if name == "here"]) == len(flow.entries("trusted")), "each once")
check(len([1 for name, _ in got if name == "moved"]) == len(flow.entries("moved")), "a redirect is not followed")
flow.stop()
print(f"{len(got)} requests; none to a server that could not be verified")
