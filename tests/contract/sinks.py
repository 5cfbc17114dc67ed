"""A running watch whose stream opens actions when told to, with a list of sinks, for the tests of sinks."""
import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import time

from stream import ORBITS, Publisher, batch, check, demo_package, pack, start


def secret(folder, name, text, mode=0o600):
    path = pathlib.Path(folder) / name
    path.write_text(text + "\n")
    path.chmod(mode)
    return str(path)


def eventually(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not (value := condition()):
        check(time.monotonic() < end, "not within", seconds, "s:", what)
        time.sleep(0.05)
    return value


class Flow:
    """`sinks`: the text of the list. Each episode opens revalidate and notify actions, and ends after ten lumisections."""

    def __init__(self, vigil, sinks, extra="", folder=None):
        self.vigil, self.package = vigil, demo_package()
        self.folder = folder or tempfile.mkdtemp(prefix="vigil-sinks-")
        self.journal = os.path.join(self.folder, "journal.db")
        self.publisher = Publisher()
        self.configuration = os.path.join(self.folder, "watch.yaml")
        pathlib.Path(self.configuration).write_text(
            f"models: [{self.package.folder}]\nsubscribe: [{self.publisher.endpoint}]\njournal: {self.journal}\n"
            "reference: learn:3\nwindows: [{window_ls: 2, hop_ls: 1}]\nminimum_events: 20\ncool_down_ls: 0\n"
            "first_back_off_ms: 20\nlongest_back_off_ms: 200\n" + extra + "sinks:\n" + sinks)
        self.ls = 0
        self.open()

    def open(self):
        log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen([self.vigil, "watch", self.configuration], stdout=subprocess.DEVNULL, stderr=log)
        log.close()
        self.publisher.wait()

    def send(self, n, faulty=False):
        rows = [i % len(self.package.inputs) for i in range(40)]
        for _ in range(n):
            self.ls += 1
            b = batch(self.package, rows, source="link0", seq=self.ls, ls=self.ls, first=(self.ls - 1) * ORBITS,
                      last=self.ls * ORBITS - 1)
            if faulty:
                b["hw_outputs"][:5, sum(self.package.widths[:-1])] += 1
            self.publisher.send(pack(b))

    def episode(self):
        self.send(3 if self.ls else 5)
        self.send(2, faulty=True)
        self.send(3)
        return eventually(lambda: [a for a in self.actions() if a["open"]], "actions open")

    def end_episode(self):
        self.send(14)
        eventually(lambda: not any(a["open"] for a in self.actions()), "the episode ends")

    def actions(self):
        out = subprocess.run([self.vigil, "actions", "list", "--json", "--journal", self.journal], capture_output=True, text=True)
        check(out.returncode == 0, out.stderr)
        return [json.loads(line) for line in out.stdout.splitlines()]

    def entries(self, sink):
        db = sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True)
        try:
            return db.execute("SELECT a.id, o.status, o.reason, o.attempts FROM outbox o JOIN actions a ON a.seq = o.action "
                              "WHERE o.sink = ? ORDER BY o.action", [sink]).fetchall()
        finally:
            db.close()

    def settled(self, sink):
        return eventually(lambda: (e := self.entries(sink)) and all(row[1] != "pending" for row in e) and e,
                          f"all entries of {sink} end", 60)

    def log(self):
        return pathlib.Path(self.folder, "log").read_bytes().decode(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        check(self.process.wait(60) == 0, "clean end:", self.log()[-2000:])

    def told_nowhere(self, *secrets):
        """No secret in the log, the journal, or anything printed."""
        for path in pathlib.Path(self.folder).glob("journal.db*"):
            for text in secrets:
                check(text.encode() not in path.read_bytes(), "a secret in", path.name)
        printed = self.log() + subprocess.run([self.vigil, "check", self.configuration, "--json"], capture_output=True, text=True).stdout
        for text in secrets:
            check(text not in printed, "a secret in the log or in what check prints")
