"""A watch that answers over HTTP, and a stream of golden events that it judges: whole lumisections, faults when asked."""
import os
import pathlib
import re
import tempfile
import urllib.request

import numpy as np
from monitor import Watch
from stream import ORBITS, Publisher, batch, check, demo_package, pack

SETTINGS = """reference: learn:3
windows: [{window_ls: 2, hop_ls: 1}]
minimum_events: 20
reference_events: 200
cool_down_ls: 0
http_requests_per_s: 1000
"""


class Watched:
    """Each lumisection comes from every source in `batches` batches of `n` events each. `settings`: further lines of the
    configuration, in which FOLDER stands for a folder of its own."""

    def __init__(self, vigil, settings="", *, sources=("link0",), batches=2, n=60, stream="scouting"):
        self.package, self.publisher = demo_package(), Publisher()
        self.sources, self.batches, self.n, self.stream = sources, batches, n, stream
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-watched-"))
        self.journal = self.folder / "journal.db"
        configuration = self.folder / "watch.yaml"
        configuration.write_text(f"models: [{self.package.folder}]\nsubscribe: [{self.publisher.endpoint}]\n"
                                 f"journal: {self.journal}\n" + SETTINGS + settings.replace("FOLDER", str(self.folder)))
        self.command = [vigil, configuration, "--http"]
        self.open("127.0.0.1:0")
        self.publisher.wait()
        self.ls, self.seq, self.rng = 0, {s: 0 for s in sources}, np.random.default_rng(7)
        order = np.argsort(self.package.hardware[:, 0])
        self.pool, self.high = order, order[-len(order) // 4:]

    def open(self, address):
        self.watch = Watch(*self.command, address, env=dict(os.environ, VIGIL_LOG="warn"))
        found = self.watch.wait("listening", lambda: re.search(r"listening on (http://(\S+))", self.watch.log()))
        self.url, self.address = found[1], found[2]

    def restart(self):
        """On the same journal and address; nobody waits for it to subscribe."""
        self.watch.stop()
        self.open(self.address)

    def send(self, lumisections=1, *, change=None, pool=None, skip=lambda source, seq: False, n=None, batches=None, **extra):
        """`change`: of a batch, in place, before it is packed. `skip`: what is numbered and never sent."""
        for _ in range(lumisections):
            self.ls += 1
            pieces = batches or self.batches
            step = ORBITS // pieces
            for i in range(pieces):
                first = (self.ls - 1) * ORBITS + i * step
                for source in self.sources:
                    self.seq[source] += 1
                    if skip(source, self.seq[source]):
                        continue
                    rows = self.rng.choice(self.pool if pool is None else pool, n or self.n)
                    b = batch(self.package, rows, source=source, seq=self.seq[source], ls=self.ls, first=first, last=first + step - 1,
                              stream=self.stream, **extra)
                    if change:
                        change(b)
                    self.publisher.send(pack(b))

    def raw(self, parts):
        self.publisher.send(parts)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            check(answer.status == 200, path, answer.status)
            return answer.read().decode()

    def closed(self, ls):
        """Waits until lumisection `ls` has closed and its line is printed."""
        self.watch.wait(f"LS {ls} closed", lambda: any(line["ls"] >= ls for line in self.watch.lines("lumisection")))

    def stop(self, expected=(0,)):
        lines = self.watch.stop(expected)
        self.publisher.close()
        return lines


def mismatching(b):
    b["hw_outputs"][:10, 0] += 1
