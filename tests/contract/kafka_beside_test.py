"""Three publishers that keep step, through three bridges and one worker, and through three workers beside the sources: the
bytes of one process that subscribes to all three. A worker beside its source that is killed leaves missing batches, and
its next life goes on."""
import json
import sys
import time

import zmq
from kafka import Kafka, Program, json_lines, same_lines
from monitor import call, lumisection
from stream import Publisher, check, demo_package, pack

vigil, shared = sys.argv[1:3]
package = demo_package()
FLAGS = ["--model", package.folder, "--reference", "learn:3", "--window-ls", 3, "--hop-ls", 3, "--set", "close_after_ls=4", "--set",
         "reference_events=300"]
MADE = ["--set", "kafka.create_partitions=2", "--set", "partial_ms=200"]
SOURCES = ["a", "b", "c"]
kafka = Kafka(vigil, shared)


def merger(prefix):
    return Program(vigil, "watch", *FLAGS, "--subscribe", kafka.endpoint(prefix), "--from-partials", "--journal", kafka.folder / f"{prefix}.db",
                   "--close-on-stop", *MADE)


try:
    publishers = {name: Publisher() for name in SOURCES}
    for publisher in publishers.values():
        publisher.socket.setsockopt(zmq.XPUB_VERBOSE, 1)
    everywhere = [word for p in publishers.values() for word in ("--subscribe", p.endpoint)]
    recorder = Program(vigil, "record", *everywhere, "-o", kafka.folder / "rec")
    for publisher in publishers.values():
        publisher.wait()
    bridges, beside = {}, {}
    mergers = {prefix: merger(prefix) for prefix in ("bridged", "beside")}
    for name, publisher in publishers.items():
        bridges[name] = Program(vigil, "bridge", "--subscribe", publisher.endpoint, "--to", kafka.endpoint("bridged"), "--name", f"bridge-{name}", *MADE)
        publisher.wait()
        beside[name] = Program(vigil, "worker", "--model", package.folder, "--subscribe", publisher.endpoint, "--to", kafka.endpoint("beside"),
                               "--name", f"worker-{name}", *MADE)
        publisher.wait()
    worker = Program(vigil, "worker", "--model", package.folder, "--subscribe", kafka.endpoint("bridged"), *MADE)
    sent = 0
    for ls in range(1, 13):
        for name, publisher in publishers.items():
            batch = pack(lumisection(package, ls, ls - 1, 150, source=name))
            publisher.send(batch)
            sent += 1
            if name == "b" and ls % 3 == 0:
                publisher.send(batch)  # a doubled link
                sent += 1
        time.sleep(1)
    for publisher in publishers.values():
        publisher.close()
    recorder.stop()
    totals = [bridge.stop()[-1] for bridge in bridges.values()]
    check(sum(t["received"] for t in totals) == sent == sum(t["delivered"] for t in totals), totals)
    ends = [w.stop()[-1] for w in beside.values()]
    check(sum(t["frames"] for t in ends) == sent, ends)
    code, single, err = call(vigil, "replay", kafka.folder / "rec", *FLAGS, "--json", seconds=120)
    check(code == 0, err)
    single = [json.dumps(line) for line in json_lines(single)]
    for prefix, one in mergers.items():
        same_lines(prefix, [json.dumps(line) for line in one.stop()], single)
    worker.stop()

    # Killed, what it had not committed is missing; no frame of its next life is mixed up with it.
    publisher = Publisher()
    life = Program(vigil, "worker", "--model", package.folder, "--subscribe", publisher.endpoint, "--to", kafka.endpoint("killed"), "--name", "k", *MADE)
    publisher.wait()
    one = merger("killed")
    for ls in range(1, 7):
        publisher.send(pack(lumisection(package, ls, ls - 1, 100, source="a")))
        time.sleep(0.3)
    one.now.wait("something was judged", lambda: one.now.lines("lumisection"), 40)
    life.kill()
    publisher.send(pack(lumisection(package, 7, 6, 100, source="a")))  # nobody takes it
    time.sleep(0.5)
    life.start()
    publisher.wait()
    for ls in range(8, 13):
        publisher.send(pack(lumisection(package, ls, ls - 1, 100, source="a")))
    time.sleep(1)
    publisher.close()
    life.stop()
    lines = one.stop()
    seen = {line["ls"]: line["sources"]["a"] for line in lines if line["type"] == "lumisection"}
    check(max(seen) == 12 and sum(s["duplicate"] + s["late"] for s in seen.values()) == 0, seen)
    check(sum(s["missing"] for s in seen.values()) >= 1 and sum(s["batches"] + s["missing"] for s in seen.values()) == 12, seen)
    print(f"{sent} messages three ways, {len(single)} lines; a killed worker's missing batches are counted")
finally:
    kafka.remove()
