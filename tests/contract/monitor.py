"""One running `vigil watch`, looked at from outside while it runs, and batches of whole lumisections of the demo events.
Its output goes to files, so that nothing here can hold it up."""
import json
import pathlib
import signal
import subprocess
import tempfile
import time
import zlib

import numpy as np
from stream import ORBITS, check

EVENTS = np.load(pathlib.Path(__file__).resolve().parents[2] / "demo" / "events" / "inputs.npy").astype("<i4")


def lumisection(package, ls, seq, n=400, *, run=1, source="link0", epoch=1, stream="scouting", pool=EVENTS, **extra):
    """A batch that covers all of lumisection `ls`, its events drawn from `pool`: the same for equal arguments."""
    rng = np.random.default_rng([run, ls, zlib.crc32(source.encode())])
    first, last = (ls - 1) * ORBITS, ls * ORBITS - 1
    out = {"v": 1, "source": source, "epoch": epoch, "seq": seq, "stream": stream, "model": package.name, "run": run,
           "ls": ls, "orbits": [first, last], "n_bx": n * 400 + 1, "n": n,
           "orbit": np.sort(rng.integers(first, last + 1, n)).astype("<u4"), "bx": rng.integers(1, 3565, n).astype("<u2"),
           "inputs": pool[rng.integers(0, len(pool), n)]}
    out.update(extra)
    return out


class Watch:
    def __init__(self, vigil, *arguments, command="watch", json_lines=True, **options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-watch-"))
        self.arguments = [vigil, command, *map(str, arguments)] + (["--json"] if json_lines else [])
        with open(self.folder / "out", "wb") as out, open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(self.arguments, stdout=out, stderr=log, stdin=subprocess.DEVNULL, **options)

    def lines(self, kind=None):
        """The result lines printed so far."""
        whole = (self.folder / "out").read_bytes().rpartition(b"\n")[0]
        lines = [json.loads(line) for line in whole.splitlines()]
        return [line for line in lines if kind in (None, line["type"])]

    def log(self):
        return (self.folder / "log").read_bytes().decode(errors="surrogateescape")

    def events(self):
        return sum(line["events"] for line in self.lines("lumisection"))

    def wait(self, what, condition, seconds=45):
        """Until condition() holds; fails naming `what`."""
        end = time.monotonic() + seconds
        while not (value := condition()):
            check(self.process.poll() is None, what, "- vigil ended with", self.process.returncode, self.log()[-2000:])
            check(time.monotonic() < end, what, "within", seconds, "s; log:", self.log()[-2000:])
            time.sleep(0.1)
        return value

    def wait_for_ls(self, ls, run=1, seconds=45):
        self.wait(f"run {run} LS {ls} closed",
                  lambda: any((line["run"], line["ls"]) == (run, ls) for line in self.lines("lumisection")), seconds)

    def settle(self, seconds=2.0):
        """Until nothing was printed for so long."""
        size = -1
        while size != (size := (self.folder / "out").stat().st_size + (self.folder / "log").stat().st_size):
            time.sleep(seconds)

    def stop(self, expected=(0,)):
        """SIGTERM; all lines of it. `expected`: exit codes."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            check(False, "vigil did not end within 40 s of SIGTERM:", self.log()[-2000:])
        check(self.process.returncode in expected, "exit", self.process.returncode, "expected", expected, self.log()[-2000:])
        return self.lines()


def call(vigil, *arguments, seconds=60, **options):
    """(exit code, stdout, stderr) of a command that ends by itself."""
    done = subprocess.run([vigil, *map(str, arguments)], capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL, **options)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def of(lines, kind):
    return [line for line in lines if line["type"] == kind]


def values(document, key):
    """Every value under `key`, however deep in a JSON document."""
    if isinstance(document, dict):
        return [v for k, v in document.items() if k == key] + [x for v in document.values() for x in values(v, key)]
    if isinstance(document, list):
        return [x for v in document for x in values(v, key)]
    return []


def totals(lines):
    """Counts of all sources of all lines and of what no line could take, added up."""
    out = {}
    places = [c for line in of(lines, "lumisection") for c in line["sources"].values()]
    for counts in places + [line["unplaced"] for line in of(lines, "digest")]:
        for key, value in counts.items():
            if isinstance(value, int) and key != "silent_since_ls":
                out[key] = out.get(key, 0) + value
    return out
