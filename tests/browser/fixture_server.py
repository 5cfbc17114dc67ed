"""The page's server in states that are hard to bring about with vigil: answers of the shape of docs/http.md from made-up
numbers, with the page's own files as they stand in the tree. Flows are tested against vigil itself (flow_test.mjs).

usage: fixture_server.py SCENARIO PAGE_FOLDER NODE_MODULES   prints `listening on http://127.0.0.1:PORT`
"""
import gzip
import http.server
import json
import math
import mimetypes
import pathlib
import random
import sys
import threading
import time
import urllib.parse
from datetime import datetime, timezone

from fixture_data import HOSTILE, Scene

SECURITY = ("default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
            "font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
VIEWS = {"/", "/model", "/monitor", "/actions", "/inputs", "/runs"}


class Asker(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    scene = None
    page = None
    modules = None

    def log_message(self, *_):
        pass

    def give(self, status, kind, body, cache="no-cache"):
        packed = "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip.compress(body, mtime=0) if packed else body
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Content-Security-Policy", SECURITY),
                            ("X-Content-Type-Options", "nosniff"), ("Cache-Control", cache)):
            self.send_header(name, value)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status, name, detail):
        body = {"type": f"urn:vigil:problem:{name}", "title": name, "status": status, "detail": detail}
        self.give(status, "application/problem+json", json.dumps(body).encode())

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.problem(401, "unauthorized", "no tokens file: nobody may act")

    def do_GET(self):
        path, _, query = self.path.partition("?")
        asked = {name: values[0] for name, values in urllib.parse.parse_qs(query, keep_blank_values=True).items()}
        if path in VIEWS:
            return self.give(200, "text/html; charset=utf-8", self.document())
        if path.startswith("/assets/"):
            return self.asset(path.split("/", 3)[3])
        if path == "/v1/events":
            return self.events()
        if path == "/v1/elog":
            return self.give(200, "text/plain; charset=utf-8", self.scene.elog(asked).encode())
        answer = self.scene.answer(path, asked)
        if answer is None:
            return self.problem(404, "not-found", f"{path}: nothing there, expected a path of docs/http.md")
        return self.give(200, "application/json", json.dumps(answer).encode())

    def document(self):
        text = (self.page / "index.html").read_text()
        return text.replace("@ASSETS@", "/assets/fixture").replace("@PLOTS@", "true" if self.modules else "false").encode()

    def asset(self, name):
        for line in (self.page / "assets.list").read_text().splitlines():
            if line.startswith("#") or not line.strip():
                continue
            target, source = line.split()
            if target != name:
                continue
            file = (self.modules if source.startswith("node_modules/") else self.page) / source.removeprefix("node_modules/")
            return self.give(200, mimetypes.guess_type(target)[0] if not target.endswith(".mjs") else "text/javascript", file.read_bytes())
        return self.problem(404, "not-found", f"no asset {name}")

    def events(self):
        self.send_response(200)
        for name, value in (("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        try:
            self.wfile.write(b"retry: 2000\n\n")
            while True:
                self.wfile.write(f"event: status\ndata: {json.dumps(self.scene.status())}\n\n".encode())
                self.wfile.flush()
                time.sleep(5)
        except OSError:
            pass


def main():
    scenario, page, modules = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    Asker.scene, Asker.page, Asker.modules = Scene(scenario), page, modules if modules.exists() else None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[4]) if len(sys.argv) > 4 else 0), Asker)
    server.daemon_threads = True
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
