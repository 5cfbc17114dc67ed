"""Mergers on a real Kafka: one that is stopped cuts nothing and another goes on; of two the older ends, also when it slept
through it; no worker for ten lumisections makes nothing late; what has other settings or is spoilt is passed over and
said; a stop that closes waits for workers, and gives up with their partitions named."""
import json
import re
import signal
import sys
import time
import urllib.request

import zmq
from hostile_stream import messages
from kafka import Kafka, Program, json_lines, same_lines, wait_until
from monitor import call
from stream import Publisher, check, demo_package

vigil, shared = sys.argv[1:3]
package = demo_package()
RULES = ["--reference", "learn:5", "--window-ls", 4, "--hop-ls", 2, "--set", "reference_events=300"]
FLAGS = ["--model", package.folder, *RULES]
MADE = ["--set", "kafka.create_partitions=3", "--set", "partial_ms=200"]
kafka = Kafka(vigil, shared)
PREFIX = "m"
where = kafka.endpoint(PREFIX)
sent = list(messages(package, 7, lumisections=12, events=80))


def merger(journal, *more):
    return Program(vigil, "watch", *FLAGS, "--subscribe", where, "--from-partials", "--journal", kafka.folder / journal, *MADE, *more)


def worker(name="w", *more):
    return Program(vigil, "worker", "--model", package.folder, "--subscribe", where, "--name", name, *MADE, *more)


def status(journal):
    code, out, err = call(vigil, "status", kafka.folder / journal, "--json")
    check(code == 0, "status:", err)
    return json.loads(out)


def behind(journal):
    return sum(p["end"] - p["judged"] for p in status(journal)["scale"]["partitions"])


try:
    publisher = Publisher()
    publisher.socket.setsockopt(zmq.XPUB_VERBOSE, 1)
    recorder = Program(vigil, "record", "--subscribe", publisher.endpoint, "-o", kafka.folder / "rec")
    publisher.wait()
    bridge = Program(vigil, "bridge", "--subscribe", publisher.endpoint, "--to", where, "--name", "b", "--http", "127.0.0.1:0", *MADE)
    publisher.wait()
    first = worker("w", "--http", "127.0.0.1:0")
    one = merger("a.db")
    third = len(sent) // 3
    for parts in sent[:third]:
        publisher.send(parts)
    one.now.wait("lumisections closed", lambda: len(one.now.lines("lumisection")) >= 3)

    for program, name in ((first, "vigil_emulated_events_total"), (bridge, "vigil_frames_received_total")):
        url = re.search(r"listening on (http://\S+)", program.log())[1]
        text = urllib.request.urlopen(url + "/metrics", timeout=10).read().decode()
        counts = [float(line.split()[-1]) for line in text.splitlines() if line.startswith(name)]
        check(counts and sum(counts) > 0, name, "of", url, text[:500])

    # A stop is no end of data: no digest, nothing cut.
    lines = one.stop()
    check(not [line for line in lines if line["type"] == "digest"], "a digest after a stop")
    first.kill()  # and now nobody works for many lumisections
    for parts in sent[third:2 * third]:
        publisher.send(parts)
    one.start()
    wait_until("somebody is waited for", lambda: (status("a.db").get("scale") or {}).get("waiting_for"), 30)
    scale = status("a.db")["scale"]
    check("partition " in scale["waiting_for"] and "frames" in scale["waiting_for"], scale)
    check({p["partition"] for p in scale["partitions"]} == {0, 1, 2}, scale)
    check(scale["prefix"] == PREFIX and len(scale["settings"]) == 64 and scale["strands"][0]["name"] == "b", scale)
    code, screen, err = call(vigil, "status", kafka.folder / "a.db")
    check("merges m: 3 partitions" in screen and "waits for partition" in screen, screen)
    # Other settings are another group; spoilt messages are nobody's.
    other = worker("stranger", "--set", "multivariate={statistics: [], every_orbits: 16}")
    kafka.write(f"{PREFIX}.partials", 0, b"rubbish", "-k", 0, "-H", "vigil-partial=1", "-H", f"vigil-settings={scale['settings']}")
    kafka.write(f"{PREFIX}.frames", 1, b"rubbish", "-H", "vigil-strand=b", "-H", "vigil-session=x", "-H", "vigil-n=3")
    wait_until("other settings are counted", lambda: status("a.db")["scale"]["other_settings"] > 0, 30)
    one.now.wait("said", lambda: "worker stranger has other settings" in one.now.log() and "'every_orbits'" in one.now.log(), 20)
    check("is passed over" in one.now.log() and status("a.db")["scale"]["spoilt_partials"] == 1, status("a.db")["scale"])
    other.stop()
    first.start()

    # Of two mergers the older ends, here one that sleeps meanwhile.
    one.now.wait("it goes on", lambda: behind("a.db") == 0, 40)
    one.now.settle(1.5)
    one.now.process.send_signal(signal.SIGSTOP)
    two = merger("b.db", "--close-on-stop")
    two.now.wait("the newer one judges", lambda: len(two.now.lines("lumisection")) >= 6, 60)
    before = (one.now.folder / "out").stat().st_size
    for parts in sent[2 * third:]:
        publisher.send(parts)
    one.now.process.send_signal(signal.SIGCONT)
    wait_until("the older one ends", lambda: one.now.process.poll() is not None, 15)
    check(one.now.process.returncode == 3 and "fenced by a newer merger" in one.now.log(), one.now.process.returncode, one.now.log()[-1500:])
    check((one.now.folder / "out").stat().st_size == before, "it printed after it was fenced")

    # The end: everything that is there is judged; the newer merger's lines are those of one process.
    time.sleep(1)
    publisher.close()
    recorder.stop()
    total = bridge.stop()[-1]
    check(total["received"] == len(sent) == total["delivered"], "the bridge:", total, len(sent))
    lines = two.stop()
    done = first.stop()[-1]
    check(done["type"] == "worker" and done["partials"] > 0 and done["bytes_out"] > 0, done)
    code, single, err = call(vigil, "replay", kafka.folder / "rec", *FLAGS, "--json", seconds=120)
    check(code == 0, "replay:", err[-1000:])
    same_lines("the newer merger", [json.dumps(line) for line in lines], [json.dumps(line) for line in json_lines(single)])

    # Without workers a stop that closes gives up, closes nothing and names what it waited for.
    three = merger("c.db", "--close-on-stop", "--set", "drain_s=2")
    three.now.wait("it has begun", lambda: "merging the partials" in three.now.log(), 30)
    kafka.write(f"{PREFIX}.frames", 2, b"no batch", "-k", "late")
    time.sleep(1)
    three.stop(expected=(3,))
    check("partition 2 1 frames" in three.now.log() and not [x for x in three.now.lines() if x["type"] == "digest"], three.now.log()[-800:])

    # A journal of another prefix, and one that is locked, are refused before anything is made.
    code, out, err = call(vigil, "watch", *FLAGS, "--subscribe", kafka.endpoint("other"), "--from-partials", "--journal",
                          kafka.folder / "b.db", *MADE)
    check(code == 2 and out == "" and "a journal of prefix m" in err.splitlines()[-1], code, out, err)
    print(f"{len(sent)} messages, {len(lines)} lines; fenced, waited for, passed over, given up: as it should be")
finally:
    kafka.remove()
