"""A publisher whose cable is pulled, in a network namespace of its own: the link is cut and made anew, each within 60 s.
Skipped where namespaces cannot be made (needs root and ip)."""
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import stream

vigil = sys.argv[1]
package = stream.demo_package()
here, there = f"vh{time.time_ns() % 10**8}", f"vt{time.time_ns() % 10**8}"
PUBLISH = """
import sys, time
sys.path.insert(0, sys.argv[1])
import numpy as np, stream, zmq
package = stream.demo_package()
socket = zmq.Context().socket(zmq.XPUB)
socket.bind("tcp://10.231.7.1:5599")
seq = 0
for ls in range(1, 100000):
    first = (ls - 1) * stream.ORBITS
    b = stream.batch(package, range(5), source="link0", seq=seq, ls=ls, first=first, last=first + stream.ORBITS - 1)
    socket.send_multipart(stream.pack(b))
    seq += 1
    time.sleep(0.2)
"""


def ip(*arguments):
    return subprocess.run(["ip", *arguments], capture_output=True).returncode == 0


def set_up():
    return (ip("netns", "add", here) and ip("netns", "add", there)
            and ip("link", "add", "v0", "netns", here, "type", "veth", "peer", "name", "v1", "netns", there)
            and ip("-n", here, "addr", "add", "10.231.7.2/30", "dev", "v0") and ip("-n", here, "link", "set", "v0", "up")
            and ip("-n", there, "addr", "add", "10.231.7.1/30", "dev", "v1") and ip("-n", there, "link", "set", "v1", "up"))


def wait_for(log, word, count, seconds):
    begin = time.time()
    while time.time() < begin + seconds:
        if log.read_text().count(word) >= count:
            return time.time() - begin
        time.sleep(0.1)
    sys.exit(f"FAILED: not '{word}' {count} times within {seconds} s\n{log.read_text()}")


processes = []
try:
    try:
        possible = set_up()
    except OSError:
        possible = False
    if not possible:
        print("skipped: no network namespaces")
        sys.exit(77)
    log = pathlib.Path(tempfile.mkdtemp(prefix="vigil-vanished-")) / "log"
    with open(log, "wb") as err:
        watch = subprocess.Popen(["ip", "netns", "exec", here, vigil, "watch", "--model", package.folder, "--subscribe",
                                  "tcp://10.231.7.1:5599"], stdout=subprocess.DEVNULL, stderr=err)
    processes.append(watch)
    processes.append(subprocess.Popen(["ip", "netns", "exec", there, sys.executable, "-c", PUBLISH,
                                       str(pathlib.Path(__file__).resolve().parent)]))
    wait_for(log, "made", 1, 60)
    time.sleep(2)
    ip("-n", there, "link", "set", "v1", "down")
    cut = wait_for(log, "cut", 1, 60)
    time.sleep(15)  # attempts at nobody
    ip("-n", there, "link", "set", "v1", "up")
    made = wait_for(log, "made", 2, 60)
    time.sleep(1)
    watch.send_signal(signal.SIGTERM)
    stream.check(watch.wait(60) == 0, "watch", watch.returncode)
    stream.check("2 links made, 1 cut" in log.read_text(), log.read_text())
    print(f"cut after {cut:.0f} s, made anew after {made:.0f} s")
finally:
    for process in processes:
        process.kill()
        process.wait()
    for name in (here, there):
        ip("netns", "del", name)
