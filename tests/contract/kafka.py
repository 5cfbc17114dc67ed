"""A real Kafka for the tests of many machines, and the programs on it. Skips (exit 77), saying why, where it cannot run."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from monitor import Watch, call
from stream import check, knows_kafka

JARS = os.environ.get("VIGIL_KAFKA_JARS", "/tmp/vigil_kafka.jars")


def needs(vigil, shared, *more):
    script = pathlib.Path(shared) / "test_servers" / "kafka.sh"
    missing = [t for t in ("java", "mvn", "ss", "openssl", *more) if not shutil.which(t)]
    if not script.exists():
        missing.append(str(script))
    if not knows_kafka(vigil):
        missing.append("librdkafka in this build")
    if missing:
        print("skipped: no", ", ".join(missing))
        sys.exit(77)
    return script


class Kafka:
    def __init__(self, vigil, shared, *arguments):
        self.script = needs(vigil, shared, "kcat")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-kafka-"))
        self.data = self.folder / "broker"
        done = subprocess.run([self.script, "start", self.data, *arguments], capture_output=True, text=True, timeout=300)
        if done.returncode:
            print("skipped: Kafka does not start here:", done.stderr[-300:])
            sys.exit(77)
        self.broker = done.stdout.strip().splitlines()[-1]

    def endpoint(self, prefix):
        return f"kafka://{self.broker}/{prefix}"

    def kill(self):
        subprocess.run([self.script, "stop", self.data, "--kill"], capture_output=True, timeout=60)

    def again(self):
        done = subprocess.run([self.script, "again", self.data], capture_output=True, text=True, timeout=120)
        check(done.returncode == 0, "the broker comes back:", done.stderr[-500:])

    def read(self, topic, form="%s\\n"):
        """What a reader of committed messages sees, from the first to the last."""
        done = subprocess.run(["kcat", "-b", self.broker, "-C", "-t", topic, "-o", "beginning", "-e", "-q",
                               "-X", "isolation.level=read_committed", "-f", form], capture_output=True, timeout=60)
        check(done.returncode == 0, "kcat:", done.stderr[-300:])
        return done.stdout

    def write(self, topic, partition, body, *arguments):
        """One message with this value."""
        file = self.folder / "body"
        file.write_bytes(body)
        done = subprocess.run(["kcat", "-b", self.broker, "-P", "-t", topic, "-p", str(partition), *map(str, arguments), file],
                              capture_output=True, timeout=30)
        check(done.returncode == 0, "kcat:", done.stderr[-300:])

    def results(self, prefix):
        """(vigil-line, key, line) of every result."""
        out = []
        for line in self.read(f"{prefix}.results", "%h\\t%k\\t%s\\n").decode().splitlines():
            headers, key, text = line.split("\t", 2)
            out.append((int(dict(h.split("=", 1) for h in headers.split(","))["vigil-line"]), key, text))
        return out

    def remove(self):
        subprocess.run([self.script, "stop", self.data, "--kill"], capture_output=True, timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)


class Program:
    """A bridge, worker or merger that can be killed and started again."""

    def __init__(self, vigil, command, *arguments):
        self.vigil, self.command, self.arguments = vigil, command, arguments
        self.lives = []
        self.start()

    def start(self):
        self.lives.append(Watch(self.vigil, *self.arguments, command=self.command))

    @property
    def now(self):
        return self.lives[-1]

    def kill(self):
        self.now.process.send_signal(signal.SIGKILL)
        self.now.process.wait(30)

    def stop(self, expected=(0,), seconds=90):
        self.now.process.send_signal(signal.SIGTERM)
        try:
            self.now.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.now.process.kill()
            check(False, self.command, "did not end within", seconds, "s:", self.now.log()[-3000:])
        check(self.now.process.returncode in expected, self.command, "ended with", self.now.process.returncode,
              "expected", expected, self.now.log()[-3000:])
        return json_lines((self.now.folder / "out").read_bytes())

    def log(self):
        return "\n".join(life.log() for life in self.lives)


def same_lines(what, ours, theirs):
    for n, (a, b) in enumerate(zip(ours, theirs), 1):
        check(a == b, what, "line", n, ":", a[:700], "and not", b[:700])
    check(len(ours) == len(theirs), what, len(ours), "lines and not", len(theirs),
          (ours + theirs)[min(len(ours), len(theirs)):][0][:300])


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def wait_until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not (value := condition()):
        check(time.monotonic() < end, what, "within", seconds, "s")
        time.sleep(0.1)
    return value
