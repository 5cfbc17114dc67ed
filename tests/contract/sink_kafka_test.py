"""A real Kafka: events keyed by model with their content type, one each though the broker is killed in between; an
unknown topic is for good."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from sinks import Flow, eventually
from stream import check

vigil, shared = sys.argv[1], pathlib.Path(sys.argv[2])
script = shared / "test_servers" / "kafka.sh"
missing = [t for t in ("java", "mvn", "kcat", "ss") if not shutil.which(t)] + ([] if script.exists() else [str(script)])
if missing:
    print("skipped: no", ", ".join(missing))
    sys.exit(77)
folder = tempfile.mkdtemp(prefix="vigil-kafka-")
kafka = os.path.join(folder, "k")


def run(*arguments, check_code=True):
    done = subprocess.run([str(script), *arguments], capture_output=True, text=True, timeout=300)
    if done.returncode and check_code:
        print("skipped: Kafka does not start here:", done.stderr[-300:])
        sys.exit(77)
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


broker = run("start", kafka)
jars = os.environ.get("VIGIL_KAFKA_JARS", "/tmp/vigil_kafka.jars")
try:
    # No topic tool among the jars: the admin client of a one-file Java program makes it.
    java = pathlib.Path(folder, "Make.java")
    java.write_text("""import java.util.*; import org.apache.kafka.clients.admin.*;
public class Make { public static void main(String[] a) throws Exception {
  try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) a[0]))) {
    admin.createTopics(List.of(new NewTopic(a[1], 3, (short) 1))).all().get(); } } }""")
    done = subprocess.run(["java", "-cp", f"{jars}/libs/*", str(java), broker, "vigil.actions"], capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, done.stderr[-500:])
    flow = Flow(vigil, f"  - {{type: kafka, brokers: '{broker}', topic: vigil.actions, when: proposed, timeout_ms: 3000}}\n"
                f"  - {{type: kafka, name: nowhere, brokers: '{broker}', topic: no.such.topic, when: proposed}}\n", folder=folder)
    flow.episode()
    check(all(e[1] == "delivered" for e in flow.settled("kafka")), flow.entries("kafka"))
    check(all(e[1] == "rejected" and "opic" in e[2] for e in flow.settled("nowhere")), flow.entries("nowhere"))
    run("stop", kafka, "--kill")
    flow.end_episode()
    flow.episode()
    eventually(lambda: any(e[1] == "pending" and e[3] > 0 for e in flow.entries("kafka")), "tried without a broker")
    run("again", kafka)
    check(all(e[1] == "delivered" for e in flow.settled("kafka")), flow.entries("kafka"))
    flow.stop()
    read = subprocess.run(["kcat", "-b", broker, "-t", "vigil.actions", "-C", "-e", "-q", "-o", "beginning", "-J"],
                          capture_output=True, text=True, timeout=60)
    messages = [json.loads(line) for line in read.stdout.splitlines()]
    events = [json.loads(m["payload"]) for m in messages]
    listed = [a["id"] for a in flow.actions()]
    check(sorted(e["id"] for e in events) == sorted(listed), "each once", len(events), len(listed))
    for message, event in zip(messages, events):
        check(message["key"] == event["data"]["model"], message["key"])
        check(message["headers"] == ["content-type", "application/cloudevents+json; charset=UTF-8"], message["headers"])
    print(f"{len(messages)} messages, each once, over a kill of the broker")
finally:
    run("clean", kafka, check_code=False)
