"""The Kafka layer against a real broker: offsets, groups, transactions, a broker that is killed and comes back, and one
with TLS, passwords and rights. The tests themselves are C++ (tests/ingest/kafka); this starts what they need."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from stream import check

vigil, shared = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
script = shared / "test_servers" / "kafka.sh"
tests = vigil.parent / "tests" / "ingest_test"
missing = [t for t in ("java", "mvn", "ss", "openssl") if not shutil.which(t)] + [str(p) for p in (script, tests) if not p.exists()]
if not missing and "KafkaGroup." not in subprocess.run([tests, "--gtest_list_tests"], capture_output=True, text=True).stdout:
    missing = ["librdkafka in this build"]
if missing:
    print("skipped: no", ", ".join(missing))
    sys.exit(77)
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-kafka-client-"))
plain, secure = folder / "plain", folder / "secure"
jars = os.environ.get("VIGIL_KAFKA_JARS", "/tmp/vigil_kafka.jars")


def begin(*arguments):
    return subprocess.Popen([script, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process):
    out, err = process.communicate(timeout=300)
    if process.returncode:
        print("skipped: Kafka does not start here:", err[-300:])
        sys.exit(77)
    return out.strip().splitlines()[-1]


def grant(broker):
    settings = folder / "admin.properties"
    settings.touch(mode=0o600)
    password = (secure / "secrets" / "admin").read_text().strip()
    settings.write_text(f"""security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="{password}";
ssl.truststore.type=PEM
ssl.truststore.location={secure}/ca.pem
""")
    users = [word for user in ("worker", "merger", "nobody") for word in ("--allow-principal", f"User:{user}")]
    done = subprocess.run(["java", "-cp", f"{jars}/libs/*", "kafka.admin.AclCommand", "--bootstrap-server", broker, "--command-config", settings,
                           "--add", *users, "--operation", "Write", "--transactional-id", "granted-", "--resource-pattern-type", "prefixed"],
                          capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, done.stdout[-500:], done.stderr[-500:])


def run(pattern, **environment):
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("VIGIL_TEST_KAFKA")}, **environment}
    return subprocess.Popen([tests, f"--gtest_filter={pattern}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def passed(name, process):
    out, _ = process.communicate(timeout=300)
    check(process.returncode == 0 and "[  PASSED  ]" in out and "SKIPPED" not in out, name, out[-6000:])
    print(name + ":", next(line for line in out.splitlines() if "PASSED" in line))


running = []
try:
    started = begin("start", plain)
    started_secure = begin("start", secure, "--secure")
    broker, broker_secure = end(started), end(started_secure)
    running.append(run("Kafka*:-KafkaSecure.*:KafkaAway.*", VIGIL_TEST_KAFKA=broker))
    grant(broker_secure)
    running.append(run("KafkaSecure.*", VIGIL_TEST_KAFKA_SECURE=broker_secure, VIGIL_TEST_KAFKA_SECURE_DIR=str(secure)))
    passed("open", running[0])
    running.append(run("KafkaAway.*", VIGIL_TEST_KAFKA=broker, VIGIL_TEST_KAFKA_SCRIPT=str(script), VIGIL_TEST_KAFKA_DIR=str(plain)))
    passed("secure", running[1])
    passed("killed", running[2])
finally:
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()
    for one in (plain, secure):
        subprocess.run([script, "stop", one, "--kill"], capture_output=True)
    shutil.rmtree(folder)
