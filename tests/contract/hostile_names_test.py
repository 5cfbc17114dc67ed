"""Names of strangers with control characters, invalid UTF-8, marks of the writing direction, 4096 bytes: no raw byte of
them in any line for people, of watch, replay, status, decode and the log."""
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import msgpack
import numpy as np

import stream

vigil = sys.argv[1]
package = stream.demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-names-"))
NAMES = ["link\x1b[2J\x07", "a\r\nLS 1 run 1 good", "\u202elink", "\u2028\u2066", "\x00\x7f\x9b31m", "x" * 4096, "\u009b\ufeff", "ö-link"]


def pack(b):
    return msgpack.packb({k: stream.column(v) if isinstance(v, np.ndarray) else v for k, v in b.items()})


def send_all(publisher):
    for ls in range(1, 7):
        first = (ls - 1) * stream.ORBITS
        for number, name in enumerate(NAMES):
            b = stream.batch(package, range(20), source=name, seq=ls - 1, ls=ls, first=first, last=first + stream.ORBITS - 1,
                             stream=("scouting", "s\x1b]0;x\x07\u202e")[number % 2], selection=f"path\x1b[5m{number % 2}")
            b["context"] = {"menu": name, "beam_mode": name, "filling_scheme": name, "origin": name}
            b["model_hash"] = (package.hash, name)[number == 3]
            topic = f"{b['stream']}/{b['model']}".encode()
            publisher.send([topic, pack(b)])
            publisher.send([topic + b"\x1b\xff", pack(b)])
            publisher.send([topic, pack({**b, "run": name})])
            publisher.send([topic, pack({**b, name: deep, "v": 1})])
        publisher.send([b"\xff\xfe\x1b[31m" * 2000, b"\xc1" * 10])


deep = {"a": {"b": {"c": {"d": 1}}}}
# C0 and C1 controls, DEL, line and paragraph separators, marks and overrides of the writing direction, the byte order mark.
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def check_readable(what, raw):
    text = raw.decode()  # valid UTF-8, or this fails
    found = RAW.search(text)
    stream.check(found is None, what, found and repr(text[max(0, found.start() - 100):found.end() + 40]))
    longest = max(map(len, text.splitlines()), default=0)
    stream.check(longest < 4000, what, f"a line of {longest} characters")
    stream.check(len(text) > 0, what, "says nothing")
    return text


publisher = stream.Publisher()
journal, recorded = folder / "j.db", folder / "recorded"
common = ["--model", package.folder, "--reference", "learn:2", "--window-ls", 2, "--hop-ls", 1]
process = stream.start(vigil, "watch", *common, "--subscribe", publisher.endpoint, "--journal", journal, "--record", recorded)
publisher.wait()
send_all(publisher)
time.sleep(2)
process.send_signal(signal.SIGTERM)
out, err = process.communicate(timeout=60)
publisher.close()
stream.check(process.returncode == 0, "watch", process.returncode, err)
stream.check("LS " in check_readable("watch", out), "no lumisection")
log = check_readable("log", err)
stream.check("rejected" in log and "\\x1b" in log, log)


def run(what, *arguments, expect=0):
    done = subprocess.run([vigil, *map(str, arguments)], capture_output=True, timeout=120)
    stream.check(done.returncode == expect, what, done.returncode, done.stderr)
    if done.stderr:
        check_readable(what + " log", done.stderr)
    return check_readable(what, done.stdout or done.stderr)


run("replay", "replay", recorded, *common)
run("status", "status", journal)
run("actions", "actions", "list", "--journal", journal)
stream.check("\\u202e" in run("decode", "decode", recorded, "--model", package.folder), "decode shows names escaped")
run("decode without model", "decode", recorded)
run("reference", "reference", "build", recorded, "--model", package.folder, "-o", folder / "r.json", expect=2)
print("readable")
