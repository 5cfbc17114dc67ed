"""`vigil bridge` and a real Kafka: every frame byte for byte under a number without gaps, marks before them, over a broker
that is killed, a bridge that is killed, partitions that are added, a buffer that is full and a size that is refused."""
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

from sinks import eventually
from stream import ORBITS, Publisher, batch, check, demo_package, pack

vigil, shared = sys.argv[1], pathlib.Path(sys.argv[2])
script = shared / "test_servers" / "kafka.sh"
missing = [t for t in ("java", "mvn", "kcat", "ss") if not shutil.which(t)] + ([] if script.exists() else [str(script)])
if not missing and "bridge" not in subprocess.run([vigil, "--help"], capture_output=True, text=True).stdout:
    missing = ["librdkafka in this build"]
if missing:
    print("skipped: no", ", ".join(missing))
    sys.exit(77)
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-bridge-"))
kafka = folder / "k"
package = demo_package()
publisher = Publisher()
JAVA = """import java.util.*; import org.apache.kafka.clients.admin.*;
public class Topics { public static void main(String[] a) throws Exception {
  try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) a[0]))) {
    if (a[1].equals("make")) admin.createTopics(List.of(new NewTopic(a[2], Integer.parseInt(a[3]), (short) 1))).all().get();
    else admin.createPartitions(Map.of(a[2], NewPartitions.increaseTo(Integer.parseInt(a[3])))).all().get(); } } }"""


def run_script(*arguments):
    done = subprocess.run([script, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    if done.returncode:
        print("skipped: Kafka does not start here:", done.stderr[-300:])
        sys.exit(77)
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def topics(verb, topic, partitions):
    jars = os.environ.get("VIGIL_KAFKA_JARS", "/tmp/vigil_kafka.jars")
    (folder / "Topics.java").write_text(JAVA)
    done = subprocess.run(["java", "-cp", f"{jars}/libs/*", folder / "Topics.java", broker, verb, topic, str(partitions)],
                          capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, done.stderr[-500:])


class Bridge:
    def __init__(self, prefix, *arguments):
        self.log_path = tempfile.mkstemp(dir=folder)[1]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([vigil, "bridge", "--subscribe", publisher.endpoint, "--to", f"kafka://{broker}/{prefix}",
                                             "--name", "b1", "--json", *arguments], stdout=subprocess.PIPE, stderr=log)
        publisher.wait()

    def log(self):
        return pathlib.Path(self.log_path).read_text()

    def says(self, words, seconds=30):
        eventually(lambda: words in self.log() or self.process.poll() is not None and check(False, self.log()), words, seconds)

    def stop(self, expected=0):
        time.sleep(0.5)  # what was sent has arrived
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=60)
        check(self.process.returncode == expected, self.process.returncode, self.log()[-2000:])
        line = json.loads(out)
        check(out.count(b"\n") == 1 and list(line) == ["type", "name", "session", "received", "delivered", "dropped", "rejected", "bytes"], out)
        check(line["received"] == line["delivered"] + line["dropped"] + line["rejected"], line)
        return line


def read(prefix):
    """Messages by partition: (headers, value or None, key), in order."""
    out = subprocess.run(["kcat", "-b", broker, "-C", "-t", f"{prefix}.frames", "-e", "-q", "-o", "beginning", "-f", r"%p %o %k %h\n%R%s"],
                         capture_output=True, timeout=60).stdout
    found, at = {}, 0
    while at < len(out):
        end = out.index(b"\n", at)
        head, at = out[at:end].decode(), end + 1
        (size,), at = struct.unpack(">i", out[at:at + 4]), at + 4
        value = None if size < 0 else out[at:at + size]
        at += max(0, size)
        partition, offset, key, headers = head.split(" ", 3)
        pairs = dict(part.split("=", 1) for part in headers.replace(",vigil-", "\nvigil-").split("\n"))
        found.setdefault(int(partition), []).append((int(offset), pairs, value, key))
    return {p: [m[1:] for m in sorted(messages, key=lambda m: m[0])] for p, messages in found.items()}


def session(messages, number):
    """Of one session: its frames by n, after its mark, growing in each partition, each n once."""
    frames = {}
    for partition, log in messages.items():
        mine = [m for m in log if m[0]["vigil-session"] == str(number)]
        ns = [int(m[0]["vigil-n"]) for m in mine if "vigil-begin" not in m[0]]
        check(ns == sorted(ns), "numbers grow in partition", partition, ns)
        marks = [i for i, m in enumerate(mine) if "vigil-begin" in m[0]]
        check(marks in ([0], []), "one mark, first", partition, marks)
        for m in mine:
            check(m[0]["vigil-strand"] == "b1", m[0])
            if "vigil-begin" in m[0]:
                check(m[0] == {"vigil-strand": "b1", "vigil-session": str(number), "vigil-begin": "1"} and m[1] is None, m)
                continue
            check(int(m[0]["vigil-n"]) not in frames, "twice", m[0])
            frames[int(m[0]["vigil-n"])] = m
    check(sorted(frames) == list(range(len(frames))), "without gaps", sorted(frames))
    return frames


def frame(seq, rows=3, **extra):
    return pack(batch(package, range(rows), source="link0", seq=seq, ls=1 + seq // 1000, first=seq // 1000 * ORBITS + seq % 1000 * 100,
                      last=seq // 1000 * ORBITS + seq % 1000 * 100 + 99, **extra))


def check_same(frames, sent):
    """Frames of a session against what was sent, in order, where they carry their value."""
    check(len(frames) == len(sent), len(frames), len(sent))
    for n, parts in enumerate(sent):
        headers, value, _ = frames[n]
        if "vigil-lost" in headers:
            check(value is None, n, headers)
            continue
        check(headers["vigil-topic"].encode() == parts[0] and value == (parts[1] if len(parts) > 1 else b""), n, headers)
        check(headers.get("vigil-parts") == (None if len(parts) == 2 else str(len(parts))), n, headers)


def refused(*arguments):
    done = subprocess.run([vigil, "bridge", *arguments], capture_output=True, text=True, timeout=30)
    check(done.returncode == 2 and not done.stdout and len(done.stderr.strip().splitlines()) == 1, arguments, done)
    return done.stderr


def send(sent, parts):
    sent.append(parts)
    publisher.send(parts)


def bad_input():
    zmq, to = ("--subscribe", "tcp://127.0.0.1:1"), ("--to", "kafka://127.0.0.1:1/p")
    check("--subscribe" in refused(*to), "no endpoint")
    check("--to" in refused(*zmq), "no Kafka")
    for nonsense in ("tcp://127.0.0.1:1", "kafka://127.0.0.1/p", "kafka://127.0.0.1:1", "kafka://127.0.0.1:1/a b", "kafka://127.0.0.1:1/" + "p" * 101):
        refused(*zmq, "--to", nonsense)
    refused("--subscribe", "kafka://127.0.0.1:1/p", *to)
    refused(*zmq, "--subscribe", "kafka://127.0.0.1:1/p", *to)
    for name in ("a b", "x" * 65):
        refused(*zmq, *to, "--name", name)
    for key in ("acks=1", "enable.idempotence=false", "no.such=1"):
        refused(*zmq, *to, "--set", "kafka.properties." + key)


def whole_life():
    sent = []
    bridge = Bridge("vigil", "--set", "kafka.create_partitions=3")
    for seq in range(200):
        send(sent, frame(seq))
    for parts in ([b"scouting/alone"], [b"a/b", b"body", b"more"], [b"scouting/x", b"no msgpack"], frame(199), frame(202)):
        send(sent, parts)
    bridge.says("session")
    eventually(lambda: sum(map(len, read("vigil").values())) > 50, "frames in Kafka")
    run_script("stop", kafka, "--kill")
    for seq in range(203, 400):
        send(sent, frame(seq))
    run_script("again", kafka)
    for seq in range(400, 450):
        send(sent, frame(seq))
    line = bridge.stop()
    check(line["received"] == line["delivered"] == len(sent), line, len(sent))
    check(line["bytes"] == sum(len(p) for parts in sent for p in parts[:2]), line)
    messages = read("vigil")
    check(sorted(messages) == [0, 1, 2] and all("vigil-begin" in log[0][0] for log in messages.values()), "a mark first, everywhere")
    frames = session(messages, line["session"])
    check_same(frames, sent)
    odd = [n for n in sorted(frames) if "vigil-odd" in frames[n][0]]
    # the first of the source; three that are no batches; one again; one behind a gap; the one after it
    check(odd == [0, 200, 201, 202, 203, 204], odd)
    check(frames[7][2] == "link0" and frames[201][2] == "", "key", frames[7][2])
    print(len(sent), "frames over a broker that was killed, each once")


def killed_bridge():
    sent = []
    bridge = Bridge("vigil")
    for seq in range(50):
        publisher.send(frame(seq))
    eventually(lambda: len({m[0]["vigil-session"] for log in read("vigil").values() for m in log if m[1] is not None}) == 2, "frames of it")
    bridge.process.kill()
    bridge.process.communicate()
    topics("add", "vigil.frames", 5)
    bridge = Bridge("vigil")
    for seq in range(100):
        send(sent, frame(seq))
    line = bridge.stop()
    messages = read("vigil")
    sessions = sorted({int(m[0]["vigil-session"]) for log in messages.values() for m in log})
    check(len(sessions) == 3 and sessions[-1] == line["session"], sessions)
    check(sorted(messages) == [0, 1, 2, 3, 4], sorted(messages))
    for log in messages.values():
        check([int(m[0]["vigil-session"]) for m in log if "vigil-begin" in m[0]] in (sessions, sessions[-1:]), "marks in order")
    check_same(session(messages, sessions[-1]), sent)
    print("a killed bridge: a new session, marked in", len(messages), "partitions")


def partitions_added():
    sent = []
    bridge = Bridge("vigil")
    bridge.says("session")
    for seq in range(20):
        send(sent, frame(seq))
    topics("add", "vigil.frames", 6)

    def uses_it():
        send(sent, frame(len(sent)))
        return 5 in read("vigil")

    eventually(uses_it, "the partition that was added is used")
    line = bridge.stop()
    messages = read("vigil")
    check(all("vigil-begin" not in m[0] for m in messages[5]), "no mark there")
    check_same(session(messages, line["session"]), sent)


def full_buffer():
    run_script("stop", kafka, "--kill")
    sent = []
    bridge = Bridge("vigil", "--set", "bridge_buffer_mb=1", "--set", "drain_s=20")
    for seq in range(40):
        send(sent, [b"scouting/large", bytes([seq]) * 100_000])
    bridge.says("is full")
    run_script("again", kafka)
    bridge.says("session")
    line = bridge.stop()
    frames = session(read("vigil"), line["session"])
    check_same(frames, sent)
    lost = [n for n in sorted(frames) if "vigil-lost" in frames[n][0]]
    check(len(lost) == line["dropped"] and 25 < len(lost) < 40, line, len(lost))
    check(min(lost) == line["delivered"] and all(frames[n][0]["vigil-lost"] == "dropped" for n in lost), "the newest", lost)
    print("Kafka away at start, and a full buffer:", line["delivered"], "kept,", line["dropped"], "dropped")


def sizes():
    topics("make", "small.frames", 2)  # takes 1 MiB
    sent = []
    bridge = Bridge("small")
    bridge.says("session")
    for seq in range(30):
        body = bytes(3_000_000) if seq in (4, 5, 20) else bytes(65 << 20) if seq == 10 else b"x" * 1000
        send(sent, [b"scouting/x", body])
    large = batch(package, range(3), source="link7", seq=5, ls=1, first=0, last=99, filler=bytes(2_000_000))
    send(sent, pack(large))
    line = bridge.stop()
    check((line["received"], line["dropped"], line["rejected"]) == (31, 4, 1), line)
    frames = session(read("small"), line["session"])
    check_same(frames, sent)
    check({n: m[0]["vigil-lost"] for n, m in frames.items() if "vigil-lost" in m[0]} ==
          {4: "dropped", 5: "dropped", 10: "rejected", 20: "dropped", 30: "dropped"}, "lost")
    header = json.loads(frames[30][0]["vigil-header"])
    check(header == {"source": "link7", "epoch": 1, "seq": 5, "run": 1, "ls": 1, "orbits": [0, 99]}, header)
    print("sizes that are refused keep their number and say what they were")


def not_delivered():
    run_script("stop", kafka, "--kill")
    bridge = Bridge("vigil", "--set", "drain_s=1")
    for seq in range(7):
        publisher.send(frame(seq))
    bridge.says("kafka")
    line = bridge.stop(expected=3)
    check((line["received"], line["delivered"]) == (7, 0) and "7 frames were not delivered" in bridge.log(), line, bridge.log()[-500:])
    bridge = Bridge("vigil")
    check(bridge.stop()["received"] == 0, "nothing to deliver")
    print("a stop without Kafka says what it leaves")


bad_input()
broker = run_script("start", kafka)
try:
    for part in (whole_life, killed_bridge, partitions_added, sizes, full_buffer, not_delivered):
        began = time.monotonic()
        part()
        print(f"{part.__name__}: {time.monotonic() - began:.1f} s")
finally:
    subprocess.run([script, "clean", kafka, "--kill"], capture_output=True)
    shutil.rmtree(folder)
