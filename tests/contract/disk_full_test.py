"""Disks that fill or cannot be written: the journal's ends the monitor with its journal whole, the recording's does not
end it, and each is named for what it is. Needs root (small tmpfs)."""
import atexit
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

from monitor import Watch, call, lumisection, of
from stream import Publisher, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
WINDOWS = ["--reference", "learn:4", "--window-ls", 4, "--hop-ls", 1]


def disk(size):
    folder = tempfile.mkdtemp(prefix="vigil-disk-")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if done.returncode != 0:
        print("skipped: small disks need the right to mount a tmpfs")
        sys.exit(77)
    atexit.register(subprocess.run, ["umount", "-l", folder])
    return pathlib.Path(folder)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def send(publisher, first, last, pause=0.0):
    for ls in range(first, last + 1):
        publisher.send(pack(lumisection(package, ls, ls - 1)))
        time.sleep(pause)


def watch(publisher, *arguments):
    running = Watch(vigil, "--model", package.folder, "--subscribe", publisher.endpoint, *WINDOWS, *arguments)
    publisher.wait()
    return running


if os.geteuid() != 0:
    print("skipped: small disks need root")
    sys.exit(77)

# The journal's disk fills: exit 3, nothing printed that is not in the journal, readable while full, resumed with room.
small = disk("1500k")
journal = small / "j.db"
publisher = Publisher()
running = watch(publisher, "--journal", journal)
send(publisher, 1, 300, 0.005)
try:
    running.process.wait(40)
except subprocess.TimeoutExpired:
    check(False, "a full journal disk ends it")
check(running.process.returncode == 3, "exit 3, not", running.process.returncode)
check(re.search(r"j\.db.*\bfull\b", running.log()), "the last word says full:", running.log()[-500:])
db = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "the journal is whole")
kept = {row[0] for row in db.execute("SELECT ls FROM lumisections")}
db.close()
printed = {line["ls"] for line in running.lines("lumisection")}
check(printed and printed <= kept, "nothing is printed that is not kept:", max(printed, default=0), max(kept, default=0))
for arguments in (["status", journal], ["actions", "list", "--journal", journal]):
    code, out, err = call(vigil, *arguments)
    check(code == 0, "on the full disk:", arguments, code, err)
remount(small, "size=50m")
running = watch(publisher, "--journal", journal)
send(publisher, 301, 320)
running.wait_for_ls(319)
lines = of(running.stop(), "lumisection")
check(lines[0]["ls"] <= max(kept) + 1, "goes on where the journal ends:", lines[0]["ls"], max(kept))
publisher.close()

# The recording's disk fills: monitoring goes on, it is said and counted, and recording is tried again.
full = disk("1m")
publisher = Publisher()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-disk-full-"))
running = watch(publisher, "--journal", folder / "j.db", "--record", full / "rec")
send(publisher, 1, 60)
running.wait_for_ls(59)
check("rec" in running.log() and re.search(r"full|No space left", running.log()), "it is said:", running.log()[-800:])
remount(full, "size=50m")
send(publisher, 61, 90, 0.05)
running.wait_for_ls(89)
lines = running.stop(expected=(0, 3))  # 3: it did not record everything
check(len(of(lines, "lumisection")) == 90 and of(lines, "digest")[0]["events"] == 90 * 400, "every lumisection is judged")
check(re.search(r"\b[1-9]\d* (frame|message|batch|lumisection|byte)", "\n".join(
    line for line in running.log().splitlines() if "record" in line)), "and what is left out is counted:", running.log()[-800:])
code, out, err = call(vigil, "replay", full / "rec", "--model", package.folder, "--json")
recorded = {line_ls for line_ls in map(int, re.findall(r'"lumisection".*?"ls":(\d+)', out))}
check(code == 0 and 85 in recorded, "recording goes on with room:", code, err, sorted(recorded)[-5:])
publisher.close()

# Full and read-only before the start.
packed = disk("100k")
(packed / "fill").write_bytes(b"x" * 95_000)
code, out, err = call(vigil, "watch", "--model", package.folder, "--subscribe", "tcp://127.0.0.1:9", "--journal", packed / "j.db")
check(code in (2, 3) and re.search(r"\bfull\b|No space left", err), "full before the start:", code, err)
remount(small, "ro")
for arguments in (["--journal", journal], ["--record", small / "rec"], ["--journal", small / "new.db"]):
    code, out, err = call(vigil, "watch", "--model", package.folder, "--subscribe", "tcp://127.0.0.1:9", *arguments)
    check(code == 2 and re.search(r"read-only", err, re.I), "read-only:", arguments, code, err)
for arguments in (["status", journal], ["actions", "list", "--journal", journal]):
    code, out, err = call(vigil, *arguments)
    check(code == 0, "read on a read-only disk:", arguments, code, err)
print("full and read-only disks")
