"""Where the server may listen and with what: one line and exit 2 for what is not as it should be (watch, check, replay)."""
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

from monitor import Watch, call
from server import MODEL, Server, token_line, write_tokens
from stream import check

vigil = sys.argv[1]
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-http-start-"))


def make_certificate(name):
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    os.chmod(key, 0o600)
    return certificate, key


def refused(text, *words, arguments=()):
    """`check` and `watch` with these keys: exit 2, one line that has all words."""
    file = folder / "c.yaml"
    file.write_text(f"models: [{MODEL}]\nsubscribe: [tcp://127.0.0.1:9]\n" + text)
    for command in ("check", "watch"):
        if arguments and command == "check":
            continue
        code, out, err = call(vigil, command, file, *arguments, env=dict(os.environ, VIGIL_LOG="off"))
        check(code == 2 and out == "" and len(err.splitlines()) == 1, command, text, code, out, err)
        for word in words:
            check(word in err, command, text, "expected", word, "got", err)
        check("secret" not in err, "nothing of a tokens file is quoted", err)


certificate, key = make_certificate("a")
_, other_key = make_certificate("b")
tokens = write_tokens(folder / "tokens")
tls = f"http_certificate_file: {certificate}\nhttp_key_file: {key}\n"

for address in ("nonsense", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:65536", ":80", "::1:80", "[127.0.0.1]:80", "[::1", "no-such-host.invalid:80"):
    refused(f'http_listen: "{address}"\n', "c.yaml:3", "http_listen", "HOST:PORT")
    refused("", "--http", "HOST:PORT", arguments=("--http", address))
for address in ("0.0.0.0:0", "[::]:0"):
    refused(f'http_listen: "{address}"\n', "c.yaml:3", "http_listen", "http_tokens_file")
    refused(f'http_listen: "{address}"\n' + tls, "http_listen", "http_tokens_file")
    refused(f'http_listen: "{address}"\nhttp_tokens_file: {tokens}\n', "http_listen", "http_certificate_file")
    refused("", "--http", "http_certificate_file", arguments=("--http", address))
refused(f"http_certificate_file: {certificate}\n", "c.yaml:3", "http_certificate_file", "http_key_file")
refused(f"http_key_file: {key}\n", "c.yaml:3", "http_key_file")
refused(f"http_certificate_file: {folder}/none\nhttp_key_file: {key}\n", "none", "certificate")
refused(f"http_certificate_file: {certificate}\nhttp_key_file: {folder}\n", "regular file", "key")
refused(f"http_certificate_file: {certificate}\nhttp_key_file: {other_key}\n", "c.yaml:4", "b.key", "another certificate")
refused(f"http_certificate_file: {key}\nhttp_key_file: {key}\n", "a.key", "certificate")
os.chmod(key, 0o604)
refused(tls, "a.key", "open to others")
os.chmod(key, 0o600)
encrypted = folder / "encrypted.key"
subprocess.run(["openssl", "ec", "-in", key, "-aes128", "-passout", "pass:x", "-out", encrypted], check=True, capture_output=True)
os.chmod(encrypted, 0o600)
refused(f"http_certificate_file: {certificate}\nhttp_key_file: {encrypted}\n", "encrypted.key", "passphrase")
refused("http_names: [a:1]\n", "c.yaml:3", "http_names")
refused("http_requests_per_s: 0\n", "c.yaml:3", "http_requests_per_s")
refused("http_streams: many\n", "c.yaml:3", "http_streams")

good = token_line("x", "ann", "shifter")
for number, line in enumerate(("secret ann expert", "sha256:secret ann expert", "sha256:" + "A" * 64 + " ann expert", "sha256:" + "a" * 63 + " ann expert",
                               "sha256:" + "a" * 64 + " ann", "sha256:" + "a" * 64 + " ann expert secret", "sha256:" + "a" * 64 + " ann secret",
                               "sha256:" + "a" * 64 + " ann expert,", "sha256:" + "a" * 64 + " " + "n" * 129 + " expert", good.strip())):
    bad = folder / f"bad{number}"
    bad.write_text("# tokens\n" + good + line + "\n")
    refused(f"http_tokens_file: {bad}\n", "c.yaml:3", "http_tokens_file", f"bad{number}:3")
for mode in (0o620, 0o602):
    os.chmod(tokens, mode)
    refused(f"http_tokens_file: {tokens}\n", "c.yaml:3", "http_tokens_file", "writable by group or others")
os.chmod(tokens, 0o600)
refused(f"http_tokens_file: {folder}/none\n", "c.yaml:3", "none", "a tokens file")

with socket.socket() as taken:
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    refused("", f"127.0.0.1:{taken.getsockname()[1]}", "in use", arguments=("--http", f"127.0.0.1:{taken.getsockname()[1]}"))

# What is right: any loopback address, the configuration's key, names, and `check` listens on nothing.
file = folder / "c.yaml"
file.write_text(f"models: [{MODEL}]\nsubscribe: [tcp://127.0.0.1:9]\nhttp_listen: localhost:0\nhttp_tokens_file: tokens\n")
code, out, err = call(vigil, "check", file)
check(code == 0 and "listening" not in err and "http_listen: localhost:0" in out, code, out, err)
watch = Watch(vigil, file, env=dict(os.environ, VIGIL_LOG="off"))
watch.wait("listening", lambda: re.search(r"listening on http://127\.0\.0\.1:\d+\n", watch.log()))
watch.stop()
quiet = Watch(vigil, "--model", MODEL, "--subscribe", "tcp://127.0.0.1:9")
quiet.wait("subscribed", lambda: "subscribing" in quiet.log())
quiet.stop()
check("listening" not in quiet.log(), "without --http nothing listens")

# A port can be had again at once; the server ends with the program even while clients hang on it.
first = Server(vigil)
held = first.connect()
held.sendall(b"GET /heal")
first.ask("GET", "/healthz")
first.watch.stop()
check(held.recv(100) == b"", "cut at the end")
again = Server(vigil, address=f"127.0.0.1:{first.port}")
check(again.ask("GET", "/healthz")[0] == 200, "again")
again.watch.stop()

# Replay serves while it runs.
recording = folder / "run.vrec"
scenario = folder / "s.yaml"
scenario.write_text("lumisections: 40\nevents_per_ls: 400\n")
subprocess.run([vigil, "simulate", scenario, "--record", recording], check=True, capture_output=True)
plain = call(vigil, "replay", recording, "--model", MODEL, "--json")
served = call(vigil, "replay", recording, "--model", MODEL, "--json", "--http", "127.0.0.1:0")
check(served[0] == 0 and served[1] == plain[1] and "listening on http://" in served[2], served[0], served[2])
replay = Watch(vigil, recording, "--model", MODEL, "--speed", "realtime", "--http", "127.0.0.1:0", command="replay")
found = replay.wait("listening", lambda: re.search(r"listening on http://127\.0\.0\.1:(\d+)", replay.log()))
with socket.create_connection(("127.0.0.1", int(found[1])), 10) as s:
    s.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
    check(s.recv(1000).startswith(b"HTTP/1.0 200 "), "ready")
replay.stop()
print("ok")
