"""Frames on a real Kafka without workers: watch, record and replay read them, also those of producers that number nothing;
a watch with a journal that is killed or stopped goes on where it was; what is no frame is rejected like any."""
import json
import sys
import time

import zmq
from hostile_stream import messages
from kafka import Kafka, Program, json_lines, same_lines, wait_until
from monitor import call, lumisection
from stream import Publisher, check, demo_package, pack

vigil, shared = sys.argv[1:3]
package = demo_package()
FLAGS = ["--model", package.folder, "--reference", "learn:5", "--window-ls", 4, "--hop-ls", 2, "--set", "reference_events=300"]
MADE = ["--set", "kafka.create_partitions=3"]
kafka = Kafka(vigil, shared)
where = kafka.endpoint("f")
sent = list(messages(package, 3, lumisections=12, events=80))
try:
    publisher = Publisher()
    publisher.socket.setsockopt(zmq.XPUB_VERBOSE, 1)
    recorder = Program(vigil, "record", "--subscribe", publisher.endpoint, "-o", kafka.folder / "rec")
    publisher.wait()
    bridge = Program(vigil, "bridge", "--subscribe", publisher.endpoint, "--to", where, "--name", "b", *MADE)
    publisher.wait()
    watch = Program(vigil, "watch", *FLAGS, "--subscribe", where, "--journal", kafka.folder / "w.db", *MADE)
    plain = Program(vigil, "watch", *FLAGS, "--subscribe", where, *MADE)
    taken = Program(vigil, "record", "--subscribe", where, "-o", kafka.folder / "again", *MADE)
    for n, parts in enumerate(sent):
        publisher.send(parts)
        if n in (len(sent) // 4, len(sent) // 2):
            time.sleep(1)
            watch.kill() if n < len(sent) // 3 else watch.stop()
            watch.start()
        time.sleep(0.02)
    time.sleep(1)
    publisher.close()
    recorder.stop()
    total = bridge.stop()[-1]
    check(total["delivered"] == len(sent), total)
    code, single, err = call(vigil, "replay", kafka.folder / "rec", *FLAGS, "--json", seconds=120)
    check(code == 0, err)
    single = [json.dumps(line) for line in json_lines(single)]
    wait_until("all is judged", lambda: json.loads(call(vigil, "status", kafka.folder / "w.db", "--json")[1])["streams"][0]["ls"] >= 10, 30)
    watch.stop()
    check(not [line for line in watch.now.lines() if line["type"] == "digest"], "a digest after a stop")
    watch.arguments += ("--close-on-stop",)
    watch.start()
    time.sleep(2)
    printed = [json.dumps(line) for line in watch.stop()]
    check(printed[-1] == single[-1], "digest of a watch that was killed and stopped:", printed[-1], single[-1])
    # In order, none twice; a kill may have come between a commit and its print.
    rest = iter(single)
    for life in watch.lives:
        for line in life.lines():
            check(any(json.dumps(line) == expected for expected in rest), "out of order, or twice:", line)
    same_lines("watch without a journal", [json.dumps(line) for line in plain.stop()], single)
    document = taken.stop()[-1]
    check(document["frames"] == len(sent), document)
    code, recorded, err = call(vigil, "replay", kafka.folder / "again", *FLAGS, "--json", seconds=120)
    same_lines("recorded from Kafka", [json.dumps(line) for line in json_lines(recorded)], single)
    code, replayed, err = call(vigil, "replay", where, *FLAGS, "--json", seconds=120)
    same_lines("replayed from Kafka", [json.dumps(line) for line in json_lines(replayed)], single)

    # Producers that number nothing: each source in one partition, with and without the topic; rubbish among it.
    other = kafka.endpoint("plain")
    code, out, err = call(vigil, "replay", other, *FLAGS, "--json", *MADE)
    check(code == 0 and json_lines(out)[-1]["events"] == 0, code, out, err)
    expected = kafka.folder / "plain"
    source = Publisher()
    recorder = Program(vigil, "record", "--subscribe", source.endpoint, "-o", expected)
    source.wait()
    for ls in range(1, 9):
        for partition, name in enumerate("ab"):
            topic, body = pack(lumisection(package, ls, ls - 1, 100, source=name))
            source.send([topic, body])
            headers = ["-H", "vigil-topic=" + topic.decode()] if name == "a" else []
            kafka.write("plain.frames", partition, body, "-k", name, *headers)
    for body in (b"", b"no batch", b"\x81\xa1v\x01"):
        source.send([b"scouting/" + package.name.encode(), body])
    for body in (b"no batch", b"\x81\xa1v\x01"):
        kafka.write("plain.frames", 2, body, "-H", "vigil-topic=scouting/" + package.name)
    time.sleep(1)
    source.close()
    recorder.stop()
    single = json_lines(call(vigil, "replay", expected, *FLAGS, "--json")[1])
    replayed = json_lines(call(vigil, "replay", other, *FLAGS, "--json")[1])
    check(single[-1]["events"] == replayed[-1]["events"] == 1600, single[-1], replayed[-1])
    lines = [[{k: v for k, v in line.items() if k != "sources"} for line in some if line["type"] == "lumisection"] for some in (single, replayed)]
    check(lines[0] == lines[1], "lumisections:", lines)
    print(f"{len(sent)} messages: watch, record and replay agree; {len(lines[0])} lumisections of producers that number nothing")
finally:
    kafka.remove()
