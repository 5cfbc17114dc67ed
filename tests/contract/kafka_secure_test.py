"""A Kafka with TLS, passwords and rights: with exactly the least rights of docs/scale_out.md a bridge, a worker and a merger
give the lines of one process; each right that is missing, a wrong password, another authority and a peer that knows no TLS
end a command at its start, with one line that names what is missing; no secret is written anywhere."""
import json
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import zmq
from hostile_stream import messages
from kafka import JARS, Kafka, Program, json_lines, needs, same_lines
from monitor import call
from stream import Publisher, check, demo_package

vigil, shared = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
needs(vigil, shared)
package = demo_package()
MODEL = ["--model", package.folder]
RULES = [*MODEL, "--reference", "learn:5", "--window-ls", 4, "--hop-ls", 2, "--set", "reference_events=300"]
ZMQ = "tcp://127.0.0.1:5"
PATIENCE = 25
# Resource, pattern, name behind the prefix, operation: the least rights, nothing more.
RIGHTS = {"bridge": [("TOPIC", "LITERAL", ".frames", "WRITE"), ("TOPIC", "LITERAL", ".frames", "DESCRIBE")],
          "worker": [("TOPIC", "LITERAL", ".frames", "READ"), ("TOPIC", "LITERAL", ".partials", "WRITE"),
                     ("GROUP", "PREFIXED", ".work.", "READ"), ("TRANSACTIONAL_ID", "PREFIXED", ".work.", "WRITE")],
          "merger": [("TOPIC", "LITERAL", ".frames", "READ"), ("TOPIC", "LITERAL", ".partials", "READ"), ("TOPIC", "LITERAL", ".results", "WRITE"),
                     ("GROUP", "LITERAL", ".merge", "READ"), ("TRANSACTIONAL_ID", "LITERAL", ".merge", "WRITE")],
          "nobody": [("TOPIC", "LITERAL", ".frames", "READ"), ("GROUP", "LITERAL", ".watch", "READ")]}
NAMED = {"TOPIC": "topic", "GROUP": "group", "TRANSACTIONAL_ID": "transactional id"}
JAVA = """import java.nio.file.*; import java.util.*; import org.apache.kafka.clients.admin.*; import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.resource.*;
public class Rights { public static void main(String[] a) throws Exception {
  Properties settings = new Properties();
  settings.load(Files.newBufferedReader(Path.of(a[0])));
  List<NewTopic> topics = new ArrayList<>();
  List<AclBinding> rights = new ArrayList<>();
  for (String line : Files.readAllLines(Path.of(a[1]))) {
    String[] w = line.split(" ");
    if (w.length == 2) topics.add(new NewTopic(w[0], Integer.parseInt(w[1]), (short) 1));
    else rights.add(new AclBinding(new ResourcePattern(ResourceType.valueOf(w[1]), w[3], PatternType.valueOf(w[2])),
      new AccessControlEntry("User:" + w[0], "*", AclOperation.valueOf(w[4]), AclPermissionType.ALLOW)));
  }
  try (Admin admin = Admin.create(settings)) { admin.createTopics(topics).all().get(); admin.createAcls(rights).all().get(); }
  Thread.sleep(300);  // in force a little after the answer
} }"""
seen, lock = [], threading.Lock()  # everything that was written anywhere: (where, bytes)


def keep(where, content):
    with lock:
        seen.append((where, content if isinstance(content, bytes) else content.encode()))


def configuration(user, *, name=None, password=None, authority=None):
    """A file with what `user` needs to be let in; secret and authority are named relative to it."""
    file = folder / f"{name or user}.yaml"
    if not file.exists():
        file.write_text(f"""kafka:
  properties:
    security.protocol: sasl_ssl
    sasl.mechanism: SCRAM-SHA-512
    sasl.username: {user}
    sasl.password_file: {password or f'broker/secrets/{user}'}
    ssl.ca.location: {authority or 'broker/ca.pem'}
""")
    return ["-c", file]


def command(kind, prefix, broker=None):
    """What a user of that kind runs on that prefix."""
    where = f"kafka://{broker or kafka.broker}/{prefix}"
    journal = folder / f"{kind}-{prefix}-{len(seen)}.db"
    return {"bridge": ["bridge", "--subscribe", ZMQ, "--to", where], "worker": ["worker", *MODEL, "--subscribe", where],
            "beside": ["worker", *MODEL, "--subscribe", ZMQ, "--to", where],
            "merger": ["watch", *MODEL, "--subscribe", where, "--from-partials", "--journal", journal],
            "replay": ["replay", where, *MODEL], "record": ["record", "--subscribe", where, "-o", folder / f"rec-{prefix}"],
            "watch": ["watch", *MODEL, "--subscribe", where]}[kind]


def refused(arguments, *patterns):
    """It ends by itself, at once, with one line in which every pattern is found."""
    began = time.monotonic()
    try:
        code, out, err = call(vigil, *arguments, seconds=PATIENCE)
    except subprocess.TimeoutExpired as e:
        return [f"{' '.join(map(str, arguments))} does not end within {PATIENCE} s: {e.stderr}"]
    keep(arguments, out + err)
    # A busy broker that takes its time may be waited for, and that is said.
    said = [line for line in err.strip().splitlines() if not line.endswith(" does not answer")]
    wrong = code != 2 or out or len(said) != 1 or any(not re.search(p, said[-1]) for p in patterns)
    if not wrong:
        return []
    return [f"{' '.join(map(str, arguments))}\n  after {time.monotonic() - began:.1f} s exit {code}, expected {patterns}: {out}{err}"]


def prepare(cases):
    """Topics and rights of all prefixes, in one go."""
    lines = [f"full{topic} {n}" for topic, n in ((".frames", 2), (".partials", 1), (".results", 1))]
    lines += [f"{user} {kind} {pattern} full{name} {operation}" for user in RIGHTS for kind, pattern, name, operation in RIGHTS[user]]
    for prefix, user, _, missing, described in cases:
        lines += [f"{prefix}{topic} 1" for topic in (".frames", ".partials", ".results")]
        for right in RIGHTS[user]:
            kind, pattern, name, operation = right
            if right != missing and (described or right[:3] != missing[:3]):
                lines.append(f"{user} {kind} {pattern} {prefix}{name} {operation}")
        if described:
            lines.append(f"{user} TOPIC LITERAL {prefix}{missing[2]} DESCRIBE")
    (folder / "Rights.java").write_text(JAVA)
    (folder / "lines").write_text("\n".join(lines) + "\n")
    settings = folder / "admin.properties"
    settings.touch(mode=0o600)
    settings.write_text(f"""bootstrap.servers={kafka.broker}
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="{secrets['admin']}";
ssl.truststore.type=PEM
ssl.truststore.location={kafka.data}/ca.pem
""")
    done = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS}/libs/*", folder / "Rights.java", settings, folder / "lines"],
                          capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, done.stderr[-1500:])


def missing_rights():
    """(prefix, user, command, right, whether it may still Describe): every right of every command, one at a time."""
    cases = []
    for user, kinds in {"bridge": ["bridge"], "worker": ["worker", "beside"], "merger": ["merger"], "nobody": ["replay", "record", "watch"]}.items():
        for kind in kinds:
            for right in RIGHTS[user]:
                if right[3] == "DESCRIBE" or right[2] == ".watch" or (kind == "beside" and right[3] == "READ"):
                    continue  # Write gives it; not needed without a journal; read nothing
                for described in ([True, False] if right[0] == "TOPIC" and kind not in ("beside", "record", "watch") else [False]):
                    cases.append((f"m{len(cases)}", user, kind, right, described))
    return cases


def without_right(case):
    prefix, user, kind, right, described = case
    # Who may see nothing of a topic is told that first.
    operation = right[3].capitalize() if described or right[0] != "TOPIC" else f"(Describe|{right[3].capitalize()})"
    return refused([*command(kind, prefix), *configuration(user)], f"{NAMED[right[0]]} '{prefix}{re.escape(right[2])}",
                   rf"\b{operation}\b.* is not allowed for user '{user}'", f"Kafka at {kafka.broker}", "expected")


def strangers():
    """Commands that are not let in: (arguments, patterns)."""
    (folder / "wrong").write_text("wr0ng-Passw0rd\n")
    (folder / "wrong").chmod(0o600)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=another", "-keyout", folder / "other.key",
                    "-out", folder / "other.pem"], capture_output=True, check=True)
    controller = re.search(r"CONTROLLER://(127.0.0.1:\d+)", (kafka.data / "server.properties").read_text())[1]
    for user, kind in (("bridge", "bridge"), ("worker", "worker"), ("worker", "beside"), ("merger", "merger"), ("nobody", "replay")):
        yield ([*command(kind, "full"), *configuration(user, name=f"{kind}-wrong", password="wrong")],
               f"Kafka at {kafka.broker}", "[Aa]uthentication failed", "expected credentials")
        yield ([*command(kind, "full"), *configuration(user, name=f"{kind}-other", authority="other.pem")],
               f"Kafka at {kafka.broker}", "certificate verif", "ssl.ca.location")
    yield [*command("worker", "full", controller), *configuration("worker")], f"Kafka at {controller}", "SSL|TLS", "expected TLS"
    yield [*command("merger", "full", chatter), *configuration("merger")], f"Kafka at {chatter}", "SSL|TLS", "expected TLS"
    yield [*command("bridge", "full", chatter), *configuration("bridge")], f"Kafka at {chatter}", "SSL|TLS"
    # The certificate names 127.0.0.1 and localhost.
    for user, kind in (("bridge", "bridge"), ("worker", "worker"), ("merger", "merger"), ("nobody", "replay")):
        yield [*command(kind, "full", elsewhere), *configuration(user)], f"Kafka at {elsewhere}", "certificate verif|[Hh]ostname", "expected TLS"


def accepted(address, treat):
    """A server in the background: HOST:PORT; treat(connection) answers each."""
    server = socket.create_server((address, 0))

    def serve():
        while True:
            peer, _ = server.accept()
            threading.Thread(target=treat, args=(peer,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return f"{address}:{server.getsockname()[1]}"


def answer_in_text(peer):
    try:
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        peer.recv(4096)
    except OSError:
        pass
    peer.close()


def forward(peer):
    """The broker under an address that its certificate does not name."""
    broker = socket.create_connection(kafka.broker.split(":"))

    def copy(source, to):
        try:
            while data := source.recv(65536):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    threading.Thread(target=copy, args=(broker, peer), daemon=True).start()
    copy(peer, broker)


def stream():
    """Bridge, worker and merger with the least rights, against one process."""
    where = kafka.endpoint("full")
    sent = list(messages(package, 5, lumisections=8, events=60))
    publisher = Publisher()
    publisher.socket.setsockopt(zmq.XPUB_VERBOSE, 1)
    recorder = Program(vigil, "record", "--subscribe", publisher.endpoint, "-o", folder / "rec")
    publisher.wait()
    bridge = Program(vigil, "bridge", "--subscribe", publisher.endpoint, "--to", where, "--name", "b", *configuration("bridge"))
    publisher.wait()
    worker = Program(vigil, "worker", *MODEL, "--subscribe", where, "--set", "partial_ms=200", *configuration("worker"))
    merger = Program(vigil, "watch", *RULES, "--subscribe", where, "--from-partials", "--journal", folder / "full.db", "--close-on-stop",
                     *configuration("merger"))
    watch = Program(vigil, "watch", *RULES, "--subscribe", where, "--journal", folder / "watch.db", "--close-on-stop", *configuration("nobody"))
    for parts in sent:
        publisher.send(parts)
    merger.now.wait("lumisections", lambda: len(merger.now.lines("lumisection")) >= 8, 60)
    time.sleep(1)
    publisher.close()
    recorder.stop()
    total = bridge.stop()[-1]
    check(total["delivered"] == total["received"] == len(sent), total, len(sent))
    lines, done, watched = merger.stop(), worker.stop()[-1], watch.stop()
    check(done["partials"] > 0, done)
    for program in (bridge, worker, merger, watch):
        keep(program.command, program.log().encode(errors="surrogateescape"))
        keep(program.command, (program.now.folder / "out").read_bytes())
        check("not allowed" not in program.log(), program.command, program.log()[-2000:])
    code, single, err = call(vigil, "replay", folder / "rec", *RULES, "--json", seconds=120)
    check(code == 0, err)
    single = [json.dumps(line) for line in json_lines(single)]
    same_lines("the merger with the least rights", [json.dumps(line) for line in lines], single)
    same_lines("watch", [json.dumps(line) for line in watched], single)
    code, out, err = call(vigil, "replay", where, *RULES, *configuration("nobody"), "--json", seconds=120)
    keep("replay", out + err)
    same_lines("replay", [json.dumps(line) for line in json_lines(out)], single)
    for user in RIGHTS:
        code, out, err = call(vigil, "check", configuration(user)[1], *MODEL)
        check(code == 0 and "settings of partials" in out, "check:", code, err)
        keep("check", out + err)
    code, out, err = call(vigil, "status", folder / "full.db", "--json")
    keep("status", out + err)
    return len(lines)


kafka = Kafka(vigil, shared, "--secure")
folder = kafka.folder
pool = ThreadPoolExecutor(6)
try:
    chatter, elsewhere = accepted("127.0.0.1", answer_in_text), accepted("127.0.0.2", forward)
    secrets = {file.name: file.read_text().strip() for file in (kafka.data / "secrets").iterdir()}
    check(set(secrets) == {"admin", "bridge", "worker", "merger", "nobody"} and all(secrets.values()), sorted(secrets))
    for user in RIGHTS:
        configuration(user)
    cases = missing_rights()
    prepare(cases)
    lines = stream()
    others = list(strangers())
    failed = [pool.submit(without_right, case) for case in cases] + [pool.submit(refused, *other) for other in others]
    failed = [problem for future in failed for problem in future.result()]
    check(not failed, f"{len(failed)} of {len(cases) + len(others)}:", *("\n" + problem for problem in failed))
    journals = sorted(folder.glob("*.db*"))
    check(journals and all(j.name.startswith(("full.db", "watch.db")) for j in journals), "journals made:", journals)
    check(not list(folder.glob("rec-*")), "recordings made")
    for file in journals:
        keep(file, file.read_bytes())
    for name, secret in {**secrets, "wrong": "wr0ng-Passw0rd"}.items():
        check(all(secret.encode() not in content for _, content in seen), "the secret of", name, "in",
              [where for where, content in seen if secret.encode() in content])
    print(f"{lines} lines with the least rights; {len(cases)} rights taken away, {len(others)} not let in; {len(seen)} outputs without a secret")
finally:
    pool.shutdown(cancel_futures=True)
    kafka.remove()
