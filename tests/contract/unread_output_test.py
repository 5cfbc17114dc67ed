"""Standard output that nobody reads, or that is closed, holds up neither judging nor journal nor SIGTERM: what is left out
is said and counted, exit 3. A replay waits for its reader, but not beyond SIGTERM. Two signals at once are one."""
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from monitor import Watch, lumisection
from stream import Publisher, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-unread-"))
COUNT = 40
WINDOWS = ["--reference", "learn:4", "--window-ls", 2, "--hop-ls", 1]


def journaled(journal):
    if not journal.exists():
        return 0
    db = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        return db.execute("SELECT count(*) FROM lumisections").fetchone()[0]
    except sqlite3.OperationalError:
        return 0  # being made
    finally:
        db.close()


def until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, what, "within", seconds, "s")
        time.sleep(0.1)


def started(name, *arguments):
    """Its standard output is a pipe; returns the process and its read end."""
    log = open(folder / f"{name}.log", "wb")
    process = subprocess.Popen([vigil, *map(str, arguments), "--json"], stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL)
    return process, lambda: (folder / f"{name}.log").read_text()


def ended(process, log, expected, seconds=20):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        check(False, "SIGTERM did not end it within", seconds, "s:", log())
    check(process.returncode == expected, "exit", process.returncode, "expected", expected, log())


def watched(name, meanwhile):
    journal = folder / f"{name}.db"
    publisher = Publisher()
    process, log = started(name, "watch", "--model", package.folder, "--subscribe", publisher.endpoint, "--journal", journal, *WINDOWS)
    publisher.wait()
    for ls in range(1, COUNT + 1):
        publisher.send(pack(lumisection(package, ls, ls - 1)))
        if ls == 3:
            meanwhile(process)
    until(f"{name}: everything but the last lumisection is in the journal", lambda: journaled(journal) >= COUNT - 1)
    ended(process, log, 3)
    check(journaled(journal) == COUNT, name, "the journal holds all:", journaled(journal))
    said = re.search(r"standard output: (\d+) result lines left out", log())
    check(said and int(said[1]) > 0, name, "what nobody saw is counted:", log()[-800:])
    publisher.close()


watched("unread", lambda process: None)
watched("closed", lambda process: process.stdout.close())

# A recording to replay, and two signals at once, as `timeout` sends them: the last lumisection, the digest, exit 0.
publisher = Publisher()
running = Watch(vigil, "--model", package.folder, "--subscribe", publisher.endpoint, "--record", folder / "rec", *WINDOWS)
publisher.wait()
for ls in range(1, COUNT + 1):
    publisher.send(pack(lumisection(package, ls, ls - 1)))
running.wait_for_ls(COUNT - 1)
for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
    os.kill(running.process.pid, number)
    time.sleep(0.005)
running.process.wait(30)
check(running.process.returncode == 0, "two signals are one: exit", running.process.returncode, running.log())
lines = running.lines()
check(lines[-1]["type"] == "digest" and lines[-1]["lumisections"] == COUNT, "and nothing is lost:", lines[-1])
publisher.close()

replay = ["replay", folder / "rec", "--model", package.folder, *WINDOWS]
process, log = started("slow", *replay)
time.sleep(3)
check(process.poll() is None, "a replay waits for its reader:", process.returncode, log())
out = process.stdout.read()
check(process.wait(30) == 0, "and goes on when it reads:", log())
check(json.loads(out.splitlines()[-1])["sha256"] == lines[-1]["sha256"], "with every line")
process, log = started("stuck", *replay)
time.sleep(2)
ended(process, log, 3)
print("output that nobody reads")
