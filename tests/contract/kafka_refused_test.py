"""Bad input of the commands on Kafka: exit 2, one line that says what, where and what was expected, nothing printed, nothing
made; then random bytes in all three topics of a running bridge, worker and merger: nobody ends, it is counted, the lines of
the good frames are right, and those of `replay` of the same topics."""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import zmq
from kafka import JARS, Kafka, Program, json_lines, needs, same_lines, wait_until
from monitor import call, lumisection, totals
from stream import Publisher, check, demo_package, pack

vigil, shared = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
needs(vigil, shared, "kcat")
package = demo_package()
MODEL = ["--model", package.folder]
ZMQ, SECRET = "tcp://127.0.0.1:5", "hunter2-s3cret"
RULES = ["--reference", "learn:3", "--window-ls", 2, "--hop-ls", 1]
JAVA = """import java.util.*; import org.apache.kafka.clients.admin.*; import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.header.internals.RecordHeader; import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;
public class Tool { public static void main(String[] a) throws Exception {
  if (a[1].equals("make")) {
    List<NewTopic> topics = new ArrayList<>();
    for (int i = 2; i < a.length; i += 2) topics.add(new NewTopic(a[i], Integer.parseInt(a[i + 1]), (short) 1));
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) a[0]))) { admin.createTopics(topics).all().get(); }
    return;
  }
  // spoil BROKER spoil PREFIX PARTITIONS COUNT SETTINGS SESSION
  String[] names = {"vigil-topic", "vigil-parts", "vigil-strand", "vigil-session", "vigil-n", "vigil-begin", "vigil-lost", "vigil-header",
    "vigil-odd", "vigil-partial", "vigil-settings", "vigil-settings-text", "vigil-worker", "vigil-line", "other", ""};
  String[] values = {"1", "0", "-1", "99999999999999999999999", "18446744073709551615", "1e3", " 1", "rejected", "{}", "{\\"ls\\":-1}", "[[[[", ""};
  Random random = new Random(7);
  Map<String, Object> settings = Map.of("bootstrap.servers", a[0], "key.serializer", ByteArraySerializer.class, "value.serializer", ByteArraySerializer.class);
  try (Producer<byte[], byte[]> producer = new KafkaProducer<>(settings)) {
    for (int i = 0; i < Integer.parseInt(a[4]); ++i) for (String topic : new String[] {"frames", "partials", "results"}) {
      byte[] value = new byte[random.nextInt(random.nextInt(4) == 0 ? 20000 : 200)], key = new byte[random.nextInt(12)];
      random.nextBytes(value); random.nextBytes(key);
      List<Header> headers = new ArrayList<>();
      for (int h = random.nextInt(5); h > 0; --h) {
        byte[] raw = new byte[random.nextInt(40)]; random.nextBytes(raw);
        String name = names[random.nextInt(names.length)];
        headers.add(new RecordHeader(name, random.nextInt(3) == 0 ? raw : values[random.nextInt(values.length)].getBytes()));
      }
      if (topic.equals("partials") && i % 3 == 0) {
        headers.clear();
        headers.add(new RecordHeader("vigil-partial", "1".getBytes()));
        headers.add(new RecordHeader("vigil-settings", a[5].getBytes()));
        if (value.length > 8 && i % 2 == 0) { value[0] = 0x28; value[1] = (byte) 0xb5; value[2] = 0x2f; value[3] = (byte) 0xfd; }  // as zstd begins
      }
      int partition = topic.equals("frames") ? random.nextInt(Integer.parseInt(a[3])) : 0;
      if (topic.equals("frames") && i % 10 == 0) {  // a number that was there, behind the frame that has it
        partition = i % 3;
        headers.clear();
        headers.add(new RecordHeader("vigil-strand", "b".getBytes()));
        headers.add(new RecordHeader("vigil-session", a[6].getBytes()));
        headers.add(new RecordHeader("vigil-n", Integer.toString(i % 3).getBytes()));
      }
      producer.send(new ProducerRecord<>(a[2] + "." + topic, partition, key, random.nextInt(8) == 0 ? null : value, headers)).get();
    }
  } } }"""


def refused(arguments, *words, hidden=(), seconds=60, lines=1):
    code, out, err = call(vigil, *arguments, seconds=seconds, cwd=empty)
    said = err.strip().splitlines()
    check(code == 2 and not out and (len(said) == 1 or lines is None and said), "exit 2 and one line of", *arguments, ":", code, out, err)
    for word in words:
        check(word.lower() in said[-1].lower(), *arguments, "names", word, ":", err)
    check(not any(h in err for h in hidden), *arguments, "hides", hidden, ":", err)


def users(kafka_endpoints, *more):
    """The command lines that read or write Kafka there."""
    one = [x for endpoint in kafka_endpoints for x in ("--subscribe", endpoint)]
    yield ["worker", *MODEL, *one, *more]
    yield ["watch", *MODEL, *one, *more]
    yield ["watch", *MODEL, *one, "--from-partials", "--journal", "j.db", *more]
    yield ["record", *one, "-o", "rec", *more]
    if len(kafka_endpoints) == 1:
        yield ["bridge", "--subscribe", ZMQ, "--to", *kafka_endpoints, *more]
        yield ["worker", *MODEL, "--subscribe", ZMQ, "--to", *kafka_endpoints, *more]
        yield ["replay", *kafka_endpoints, *MODEL, *more]


def without_broker():
    """(arguments, words, secrets) of everything that is refused before anybody is asked."""
    far = "kafka://kafka.example:9092/p"
    here = "kafka://127.0.0.1:1/p"
    bad = ["kafka://", "kafka:///p", "kafka://h/p", "kafka://h:0/p", "kafka://h:65536/p", "kafka://h:9x/p", "kafka://h:9092", "kafka://h:9092/",
           "kafka://,h:9092/p", "kafka://h:9092,/p", "kafka://h:1,g/p", "kafka://h h:1/p", "kafka://user@h:1/p", "kafka://:1/p", "kafka://h:+1/p"]
    bad += [f"kafka://h:9092/{prefix}" for prefix in ("a.b", "a b", "a/b", "p?x=1", "ü", "p" * 101, "p\n", "..")]
    for endpoint in bad:
        for line in users([endpoint]):
            yield line, ["expected"]
    for line in users([here, "kafka://127.0.0.1:2/p"]):
        yield line, ["--subscribe", "2 endpoints", "one"]
    for line in users([here, ZMQ]):
        yield line, ["--subscribe", "ZeroMQ", "Kafka"]
    for name in ("a b", "x" * 65, "a/b", "ü", "a\nb"):
        for command in (["bridge", "--subscribe", ZMQ, "--to", here], ["worker", *MODEL, "--subscribe", here]):
            yield [*command, "--name", name], ["name", "1 to 64"]
    for key, words in {"start=middle": ["start", "earliest"], "partial_ms=10": ["partial_ms", "50"], "partial_ms=60001": ["60000"],
                       "bridge_buffer_mb=0": ["bridge_buffer_mb"], "drain_s=-1": ["drain_s"], "close_on_stop=perhaps": ["close_on_stop"],
                       "kafka.create_partitions=-1": ["create_partitions"], "kafka.replication=0": ["replication"],
                       "kafka.brokers=[h]": ["brokers", "HOST:PORT"], "kafka.prefix=a.b": ["prefix"], "kafka.topics=3": ["topics", "expected"],
                       "kafka.properties=7": ["properties"]}.items():
        for line in users([here], "--set", key):
            yield line, words
    law = ["group.id=x", "transactional.id=x", "enable.idempotence=false", "acks=1", "request.required.acks=1", "isolation.level=read_uncommitted",
           "enable.auto.commit=true", "auto.commit.enable=true", "auto.offset.reset=latest", "bootstrap.servers=h:1", "metadata.broker.list=h:1",
           "message.timeout.ms=10", "retries=0", "transaction.timeout.ms=1", "enable.auto.offset.store=true", "plugin.library.paths=/tmp/x.so",
           "sasl.kerberos.kinit.cmd=true", "group.instance.id=a"]
    for setting in [*law, "no.such=1", f"no.such_file={outside / 'good'}", "session.timeout.ms=soon", "ssl.ca.location=/nowhere/ca.pem",
                    "enable.ssl.certificate.verification=false", "enable.ssl.certificate.verification=0", "ssl.endpoint.identification.algorithm=none"]:
        name = setting.split("=")[0].removesuffix("_file")
        for line in users([here], "--set", "kafka.properties." + setting, "--set", "kafka.properties.security.protocol=ssl"):
            yield line, ["expected" if setting in law else "kafka.properties", "ca" if "location" in name else name]
    for name in ("sasl.password", "ssl.key.password", "ssl.key.pem", "ssl.keystore.password", "sasl.oauthbearer.client.secret"):
        for n, setting in enumerate((f"kafka.properties.{name}={SECRET}", f"kafka.properties={{{name}: {SECRET}}}",
                                     f"kafka={{properties: {{{name}: {SECRET}}}}}")):
            yield list(users([here], "--set", setting))[n], [name, "in clear", "_file"]
        yield ["worker", *MODEL, "--subscribe", here, "-c", clear(name)], [name, "in clear", "_file", clear(name)]
        yield ["check", clear(name)], [name, "in clear"]
    yield ["worker", *MODEL, "--subscribe", here, "--set", f"kafka.properties.sasl.password={{{SECRET}"], ["sasl.password", "YAML"]
    for what, file in {"no such file": "/nowhere/secret", "regular": str(outside), "open to others": str(outside / "open"), "empty": str(outside / "none")}.items():
        for line in users([here], "--set", f"kafka.properties.sasl.password_file={file}"):
            yield line, [what, file, "expected"]
    sasl = [x for s in ("security.protocol=sasl_plaintext", "sasl.mechanism=PLAIN", "sasl.username=u", f"sasl.password_file={outside / 'good'}")
            for x in ("--set", "kafka.properties." + s)]
    for line in users([far], *sasl):
        yield line, ["kafka.example:9092", "sasl_plaintext", "sasl_ssl"]
    yield from ((line, ["expected", *words]) for line, words in {
        ("bridge", "--subscribe", ZMQ): ["--to", "kafka://"], ("bridge", "--subscribe", ZMQ, "--to", ZMQ): ["--to", "kafka://"],
        ("bridge", "--to", here): ["--subscribe"], ("bridge", "--to", here, "--subscribe", here): ["--subscribe", "ZeroMQ"],
        ("worker", "--subscribe", here): ["--model"], ("worker", *MODEL, "--subscribe", ZMQ): ["--to", "kafka://"],
        ("worker", *MODEL, "--subscribe", ZMQ, "--to", ZMQ): ["--to"], ("worker", *MODEL): ["--subscribe"],
        ("worker", *MODEL, "--subscribe", here, "--to", here): ["--to"], ("watch", "--subscribe", here): ["model"],
        ("watch", *MODEL, "--subscribe", ZMQ, "--from-partials", "--journal", "j.db"): ["--from-partials", "kafka://"],
        ("watch", *MODEL, "--subscribe", here, "--from-partials"): ["--from-partials", "journal"],
        ("watch", "--subscribe", here, "--from-partials", "--journal", "j.db"): ["model"],
        ("watch", "--model", "/nowhere", "--subscribe", here): ["/nowhere"],
        ("watch", *MODEL, "--subscribe", here, "--from-partials", "--journal", "j.db", "--record", "rec"): ["record", "--from-partials"],
        ("watch", *MODEL, "--subscribe", here, "--from-partials", "--journal", "j.db", "--set", "datasets=ds"): ["datasets"],
        ("watch", *MODEL, "--subscribe", ZMQ, "--close-on-stop"): ["--close-on-stop", "Kafka"], ("replay", here): ["model"],
        ("replay", here, here, *MODEL): ["Kafka"], ("replay", here, str(package.folder), *MODEL): ["Kafka"],
        ("replay", here, "--from-ls", "3", *MODEL): ["--from-ls"], ("replay", here, "--to-ls", "3", *MODEL): ["--to-ls"],
        ("replay", here, "--speed", "realtime", *MODEL): ["--speed"], ("replay", here, "--hold", *MODEL): ["--hold"]}.items())


def clear(name):
    file = outside / f"{name}.yaml"
    file.write_text(f"kafka:\n  brokers: [127.0.0.1:1]\n  prefix: p\n  properties: {{{name}: {SECRET}}}\n")
    return str(file)


def java(*arguments):
    done = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS}/libs/*", outside / "Tool.java", kafka.broker, *map(str, arguments)],
                          capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, done.stderr[-1500:])


def topics():
    done = subprocess.run(["kcat", "-b", kafka.broker, "-L", "-J"], capture_output=True, timeout=30)
    return {t["topic"]: len(t["partitions"]) for t in json.loads(done.stdout)["topics"] if not t["topic"].startswith("__")}


def with_broker():
    """What only a broker knows: topics that are not there, or have more than one partition; journals of others."""
    java("make", "two.frames", 3, "two.partials", 2, "two.results", 1, "res.frames", 1, "res.partials", 1, "res.results", 2, "half.frames", 2)
    before = topics()
    recording, alone = kafka.folder / "rec", outside / "alone.db"
    code, out, err = call(vigil, "replay", recording, *MODEL, *RULES, "--journal", alone)
    check(code == 0, err)
    content = alone.read_bytes()

    def merger(prefix, journal="j.db"):
        return ["watch", *MODEL, "--subscribe", kafka.endpoint(prefix), "--from-partials", "--journal", journal]

    none = kafka.endpoint("none")
    cases = [(merger("two"), ["'two.partials'", "2 partitions", "expected 1"]), (merger("res"), ["'res.results'", "2 partitions", "expected 1"]),
             (["worker", *MODEL, "--subscribe", kafka.endpoint("two")], ["'two.partials'", "2 partitions", "expected 1"]),
             (["worker", *MODEL, "--subscribe", ZMQ, "--to", kafka.endpoint("two")], ["'two.partials'", "2 partitions"]),
             (merger("half"), ["'half.partials'", "not there", "create_partitions"]), (merger("none"), ["'none.", "not there"]),
             (["worker", *MODEL, "--subscribe", kafka.endpoint("half")], ["'half.partials'", "not there"]),
             (["bridge", "--subscribe", ZMQ, "--to", none], ["'none.frames'", "not there", kafka.broker]),
             (["record", "--subscribe", none, "-o", "rec"], ["'none.frames'", "not there"]),
             (["watch", *MODEL, "--subscribe", none, "--journal", "j.db"], ["'none.frames'", "not there"]),
             (["replay", none, *MODEL, "--journal", "j.db"], ["'none.frames'", "not there"]),
             (merger("good", alone), [str(alone), "not on Kafka", "good"]),
             (["watch", *MODEL, "--subscribe", kafka.endpoint("good"), "--journal", alone], [str(alone), "not on Kafka"])]
    list(pool.map(lambda case: refused(case[0], *case[1]), cases))
    check(topics() == before, "topics made:", topics(), before)
    check(alone.read_bytes() == content, "the journal of another was changed")
    return len(cases)


def good_lines(lines):
    """Without the counts of what is nobody's."""
    return [json.dumps({k: v for k, v in line.items() if k not in ("sources", "unplaced", "sha256", "digest")}) for line in lines if line["type"] != "digest"]


def spoilt():
    """A stream, in the middle of it random bytes everywhere."""
    where, made = kafka.endpoint("good"), ["--set", "kafka.create_partitions=3", "--set", "partial_ms=200"]
    publisher = Publisher()
    publisher.socket.setsockopt(zmq.XPUB_VERBOSE, 1)
    recorder = Program(vigil, "record", "--subscribe", publisher.endpoint, "-o", kafka.folder / "rec")
    publisher.wait()
    bridge = Program(vigil, "bridge", "--subscribe", publisher.endpoint, "--to", where, "--name", "b", *made)
    publisher.wait()
    worker = Program(vigil, "worker", *MODEL, "--subscribe", where, "--name", "w", *made)
    merger = Program(vigil, "watch", *MODEL, *RULES, "--subscribe", where, "--from-partials", "--journal", outside / "m.db", "--close-on-stop", *made)
    watch = Program(vigil, "watch", *MODEL, *RULES, "--subscribe", where, *made)

    def send(lumisections):
        for ls in lumisections:
            for source in "ac":
                publisher.send(pack(lumisection(package, ls, ls - 1, 100, source=source)))

    send(range(1, 9))
    merger.now.wait("lumisections", lambda: len(merger.now.lines("lumisection")) >= 6, 60)
    session = re.search(r"session (\d+)", bridge.now.log())[1]
    java("spoil", "good", 3, 300, json.loads(call(vigil, "status", outside / "m.db", "--json")[1])["scale"]["settings"], session)
    send(range(9, 17))
    time.sleep(1)
    publisher.close()
    recorder.stop()
    bridge.stop()
    wait_until("all is judged", lambda: sum(p["end"] - p["judged"] for p in json.loads(
        call(vigil, "status", outside / "m.db", "--json")[1])["scale"]["partitions"]) == 0, 40)
    scale = json.loads(call(vigil, "status", outside / "m.db", "--json")[1])["scale"]
    lines, done, watched = merger.stop(), worker.stop()[-1], watch.stop()
    check(scale["spoilt_partials"] >= 100 and done["rejected"] > 50, "counted:", scale, done)
    check("is passed over" in worker.now.log() and "is passed over" in merger.now.log(), "said:", worker.now.log()[-1000:], merger.now.log()[-1000:])
    check(all(len(p.now.log().splitlines()) < 2000 for p in (worker, merger, watch)), "not said too often")
    single = json_lines(call(vigil, "replay", kafka.folder / "rec", *MODEL, *RULES, "--json")[1])
    check(single[-1]["events"] == lines[-1]["events"] == 3200, single[-1], lines[-1])
    same_lines("lines of the good frames", good_lines(lines), good_lines(single))
    topic = call(vigil, "replay", where, *MODEL, *RULES, "--json", seconds=120)[1].splitlines()
    found = [totals(some).get("rejected", 0) for some in (lines, watched, json_lines("\n".join(topic)))]
    check(found[0] == found[1] == found[2] > 50, "rejected, by merger, watch and replay:", found)
    same_lines("watch beside the merger", good_lines(watched), good_lines(single))
    same_lines("replay of the topics", good_lines(json_lines("\n".join(topic))), good_lines(single))
    return f"{found[0]} rejected, {scale['spoilt_partials']} partials passed over"


def nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.monotonic()
    refused(["replay", f"kafka://127.0.0.1:{port}/p", *MODEL, "--journal", "j.db"], f"127.0.0.1:{port}", "20 s", lines=None)
    check(15 < time.monotonic() - began < 30, "20 s of waiting:", time.monotonic() - began)


pool = ThreadPoolExecutor(4)
kafka = Kafka(vigil, shared)
empty, outside = kafka.folder / "empty", kafka.folder / "outside"
try:
    empty.mkdir()
    outside.mkdir()
    (outside / "Tool.java").write_text(JAVA)
    for file, mode, text in (("good", 0o600, SECRET), ("open", 0o644, SECRET), ("none", 0o600, "")):
        (outside / file).write_text(text)
        (outside / file).chmod(mode)
    waits = pool.submit(nobody_listens)
    found = spoilt()
    cases = list(without_broker())
    list(pool.map(lambda case: refused(case[0], *case[1], hidden=[SECRET]), cases))
    asked = with_broker()
    waits.result()
    check(not os.listdir(empty), "files made:", os.listdir(empty))
    print(f"{len(cases)} refused before Kafka is asked, {asked} after; random bytes: {found}")
finally:
    pool.shutdown(cancel_futures=True)
    kafka.remove()
