"""What people who look cost the pipeline: the time of `vigil replay --http`, and of `vigil watch --http` behind `vigil publish --speed
max`, alone and with a crowd at the door, in pairs whose order alternates. The crowd: 50 clients of /v1/events, 200 connections that
dribble, and 50 requests a second that are malformed, too large, of a wrong Host, or plain (/v1/status, /metrics). It runs on the same
processors, with the lowest priority; its own need cannot be told from vigil's in a wall time, so vigil's processor time is compared too.

python3 bench/http_load.py build/release/vigil [--pairs 7] [--lumisections 120] [--events 20000] [--json]
"""
import argparse
import json
import os
import pathlib
import re
import resource
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
BAD = [b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"\x16\x03\x01\x02\x00garbage\r\n\r\n", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
       GET + b"X: " + b"b" * 20000 + b"\r\n\r\n", b"POST /v1/actions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{",
       b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"]


class Crowd:
    """In one thread: opens what is to be open, keeps it so, and reads whatever comes."""

    def __init__(self, port, streams=50, dribbling=200, requests_per_s=50):
        self.port, self.ended = port, threading.Event()
        self.counts = {"stream_bytes": 0, "requests": 0, "reopened": 0}
        self.asked, self.healthz = [], []
        self.parts = [threading.Thread(target=self.crowd, args=(streams, dribbling, requests_per_s), daemon=True),
                      threading.Thread(target=self.health, daemon=True)]
        for part in self.parts:
            part.start()

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port), 5)
        s.setblocking(False)
        return s

    def crowd(self, streams, dribbling, requests_per_s):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)  # of this thread
        look = selectors.DefaultSelector()

        def open_one(kind):
            try:
                s = self.connect()
                if kind == "stream":
                    s.send(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                elif kind == "dribble":
                    s.send(GET + b"X: ")
                else:
                    s.send(BAD[self.counts["requests"] % len(BAD)])
                    self.counts["requests"] += 1
                look.register(s, selectors.EVENT_READ, kind)
            except OSError:
                pass

        for _ in range(streams):
            open_one("stream")
        for _ in range(dribbling):
            open_one("dribble")
        next_request = next_drip = time.monotonic()
        while not self.ended.is_set():
            now = time.monotonic()
            if now >= next_request:
                next_request = now + 1 / requests_per_s
                open_one("request")
            if now >= next_drip:
                next_drip = now + 1
                for key in list(look.get_map().values()):
                    if key.data == "dribble":
                        try:
                            key.fileobj.send(b"a")
                        except OSError:
                            pass
            for key, _ in look.select(0.02):
                try:
                    got = key.fileobj.recv(65536)
                except OSError:
                    got = b""
                if key.data == "stream":
                    self.counts["stream_bytes"] += len(got)
                if not got:
                    look.unregister(key.fileobj)
                    key.fileobj.close()
                    if key.data != "request":
                        self.counts["reopened"] += 1
                        open_one(key.data)
        for key in list(look.get_map().values()):
            key.fileobj.close()

    def health(self):
        while not self.ended.wait(0.2):
            began = time.monotonic()
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as s:
                    s.settimeout(5)
                    s.sendall(GET + b"Connection: close\r\n\r\n")
                    answer = b""
                    while part := s.recv(4096):
                        answer += part
                if b" 200 " in answer[:20]:
                    self.asked.append((began, time.monotonic() - began))
            except OSError:
                if not self.ended.is_set():
                    self.asked.append((began, float("inf")))

    def end(self, ended_at=None):
        """`ended_at`: when the server ended by itself; what was asked in its last second is no answer's fault."""
        self.ended.set()
        for part in self.parts:
            part.join(10)
        self.healthz = [took for began, took in self.asked if ended_at is None or began < ended_at - 1]


class Vigil:
    """A vigil that answers, with its journal in a folder of its own."""

    def __init__(self, vigil, *arguments):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-load-"))
        self.out = self.folder / "out"
        with open(self.folder / "log", "w") as log, open(self.out, "w") as out:
            self.process = subprocess.Popen(
                [vigil, *map(str, arguments), "--model", str(ROOT / "demo" / "model"), "--json", "--journal", f"{self.folder}/journal.db", "--http",
                 "127.0.0.1:0", "--set", "http_requests_per_s=1000"], stdout=out, stderr=log, env=dict(os.environ, VIGIL_LOG="off"))
        found = None
        while not found and self.process.poll() is None:
            found = re.search(r"listening on http://\S+?:(\d+)", (self.folder / "log").read_text())
            time.sleep(0.005)
        self.port = int(found[1])

    def lumisections(self):
        return self.out.read_bytes().count(b'"type":"lumisection"')

    def end(self):
        """(processor s, peak MiB, digest) once it has ended."""
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if self.process.returncode != 0:
            sys.exit(f"vigil ended with {self.process.returncode}: {(self.folder / 'log').read_text()}")
        digest = json.loads(self.out.read_text().splitlines()[-1])
        shutil.rmtree(self.folder)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, digest


def replay(vigil, recording, lumisections, crowd):
    """(wall s, processor s, peak MiB, digest, crowd)."""
    began = time.monotonic()
    one = Vigil(vigil, "replay", recording)
    people = Crowd(one.port) if crowd else None
    cpu, mib, digest = one.end()
    wall = time.monotonic() - began
    if people:
        people.end(time.monotonic())
    return wall, cpu, mib, digest, people


def watch(vigil, recording, lumisections, crowd):
    """The same of a watch: from the begin of the publisher to the last lumisection that closes while it runs."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        endpoint = f"tcp://127.0.0.1:{s.getsockname()[1]}"
    one = Vigil(vigil, "watch", "--subscribe", endpoint)
    people = Crowd(one.port) if crowd else None
    if people:
        time.sleep(1)  # all are there
    began = time.monotonic()
    publisher = subprocess.Popen([vigil, "publish", recording, "--endpoint", endpoint, "--speed", "max"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
    while one.lumisections() < lumisections - 2 and time.monotonic() < began + 300:
        time.sleep(0.01)
    wall = time.monotonic() - began
    publisher.wait(60)
    one.process.terminate()
    cpu, mib, digest = one.end()
    if people:
        people.end(time.monotonic() - 1)
    return wall, cpu, mib, digest, people


def compare(run, options, recording):
    """Pairs of runs, alone and with the crowd, and what they say."""
    pairs, healthz, streamed, digests = [], [], 0, set()
    for i in range(options.pairs):
        found = {}
        for crowd in ((False, True) if i % 2 == 0 else (True, False)):
            wall, cpu, mib, digest, people = run(options.vigil, recording, options.lumisections, crowd)
            found[crowd] = (wall, cpu, mib)
            digests.add(digest["sha256"])
            if people:
                healthz += people.healthz
                streamed += people.counts["stream_bytes"]
        pairs.append({"alone_s": found[False][0], "crowd_s": found[True][0], "wall_ratio": found[True][0] / found[False][0],
                      "cpu_ratio": found[True][1] / found[False][1], "alone_mib": found[False][2], "crowd_mib": found[True][2]})
        if not options.json:
            print(run.__name__, "pair", i + 1, {k: round(v, 3) for k, v in pairs[-1].items()}, flush=True)
    out = {"pairs": len(pairs), "events": digest["events"], "same_digest": len(digests) == 1, "stream_bytes": streamed,
           "healthz_asked": len(healthz), "healthz_worst_s": max(healthz, default=None), "peak_mib": max(p["crowd_mib"] for p in pairs),
           "peak_alone_mib": max(p["alone_mib"] for p in pairs), "alone_s": statistics.median(p["alone_s"] for p in pairs)}
    for key in ("wall_ratio", "cpu_ratio"):
        values = sorted(p[key] for p in pairs)
        out[key] = {"median": statistics.median(values), "least": values[0], "most": values[-1]}
    return out


def simulated(vigil, folder, lumisections, events):
    scenario = pathlib.Path(folder, "scenario.yaml")
    scenario.write_text(f"seed: 1\nlumisections: {lumisections}\nsources: [a, b]\nbatches_per_ls: 8\nevents_per_ls: {events}\n")
    recording = pathlib.Path(folder, "load.vrec")
    subprocess.run([vigil, "simulate", scenario, "--record", recording], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return recording


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("vigil")
    arguments.add_argument("--pairs", type=int, default=7)
    arguments.add_argument("--lumisections", type=int, default=120)
    arguments.add_argument("--events", type=int, default=20000)
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with tempfile.TemporaryDirectory(prefix="vigil-load-") as folder:
        recording = simulated(options.vigil, folder, options.lumisections, options.events)
        out = {run.__name__: compare(run, options, recording) for run in (replay, watch)}
    print(json.dumps(out) if options.json else json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
