"""`vigil serve`: a journal that is being written, and one that is finished, give the documents of the watch that writes it;
nothing can be written through it; what is no journal is refused in one line."""
import os
import pathlib
import shutil
import signal
import sys
import tempfile

from api import Events, Monitor, golden_batch
from monitor import call
from server import TOKENS, write_tokens
from stream import Publisher, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-serve-"))
journal = folder / "vigil.db"
publisher = Publisher()
watch = Monitor(vigil, "--model", package.folder, "--subscribe", publisher.endpoint, "--reference", "learn:3", "--journal", journal,
                "--set", "windows=[{window_ls: 3, hop_ls: 1},{window_ls: 2, hop_ls: 1}]", "--set", "reference_events=1", "--set", "minimum_events=100",
                "--set", "http_requests_per_s=100000")
publisher.wait()
for ls in range(1, 11):
    publisher.send(pack(golden_batch(package, ls, ls, wrong=5 if ls > 8 else 0, context={"fill": 7, "run_start_ns": 1_790_000_000_000_000_000})[0]))
watch.wait_for_ls(9)
serve = Monitor(vigil, journal, command="serve", env=dict(os.environ, VIGIL_LOG="off"))
name = package.seeds[0][0]
ASKED = [("/v1/models", {}), ("/v1/runs", {}), ("/v1/lumisections", {}), ("/v1/windows", {"limit": 5}), ("/v1/verdicts", {"monitor": "mismatch/*"}),
         ("/v1/trend", {"monitor": "score"}), ("/v1/trend", {"monitor": "score", "window": "sequential"}), ("/v1/histogram", {"monitor": "score"}),
         ("/v1/histogram", {"monitor": "score", "format": "root", "part": "ratio"}), ("/v1/bx", {}), ("/v1/rate-curve", {"seed": name}),
         ("/v1/actions", {}), ("/v1/alarms", {}), ("/v1/audit", {})]


def documents(api):
    return {(path, str(extra)): api.get(path, **extra) for path, extra in ASKED}


watch.settle(1.0)
before = documents(watch.api)
check(documents(serve.api) == before, "beside the watch", [k for k, v in documents(serve.api).items() if v != before[k]])
check(before["/v1/trend", str({"monitor": "score"})]["window"] == "3ls", "the first configured window")

# What is committed is seen within 2 s, by who asks and by who listens.
listener = Events(serve.api.port)
listener.until("a status", lambda e: e.of("status"), 3)
publisher.send(pack(golden_batch(package, 11, 11, context={"fill": 7})[0]))
publisher.send(pack(golden_batch(package, 12, 12, context={"fill": 7})[0]))
watch.wait_for_ls(11)
serve.api.until("LS 11", "/v1/status", lambda s: s["streams"][0]["ls"] == 11, 2)
listener.until("LS 11 as an event", lambda e: any(d["ls"] == 11 for _, _, d in e.of("lumisection")), 2)
status = serve.api.get("/v1/status")
check(status["vigil"]["mode"] == "journal" and "JOURNAL" in status["banner"] and status["pipeline"]["journal"] == "ok", status["vigil"])
mine = watch.api.get("/v1/status")["streams"][0]
for key in ("state", "reason", "families", "windows", "rates", "counts", "budget", "context", "reference", "data_time", "open_actions"):
    check(status["streams"][0][key] == mine[key], key, status["streams"][0][key], mine[key])

# Nobody writes, with whatever token.
tokens = write_tokens(folder / "tokens")
with_tokens = Monitor(vigil, journal, "--set", f"http_tokens_file={tokens}", command="serve")
for server in (serve, with_tokens):
    for path, body in (("/v1/alarms/ack", {"node": "x"}), ("/v1/actions", {"kind": "retrain"}), (f"/v1/actions/{'0' * 8}-0000-5000-8000-000000000000/approve", {})):
        code, headers, answer = server.api.ask(path, method="POST", headers={"Content-Type": "application/json", "Authorization": "Bearer " + TOKENS["expert"]})
        check(code == 401, path, code, answer)
with_tokens.stop()

# Finished: the same, from a folder in which nothing can be written and by no writer.
watch.stop()
after = documents(serve.api)
for signum in (signal.SIGINT, signal.SIGTERM):
    copy = folder / f"copy-{signum}"
    copy.mkdir()
    for file in folder.glob("vigil.db*"):
        shutil.copy(file, copy)
    os.chmod(copy / "vigil.db", 0o444)
    before_bytes = (copy / "vigil.db").read_bytes()
    finished = Monitor(vigil, copy / "vigil.db", command="serve")
    check(documents(finished.api) == after, "from a copy", [k for k, v in documents(finished.api).items() if v != after[k]])
    state = finished.api.get("/v1/status")
    check(state["streams"][0]["state"] != "stale", "a journal is never stale")
    finished.process.send_signal(signum)
    check(finished.process.wait(20) == 0, "exit 0 of", signum)
    check((copy / "vigil.db").read_bytes() == before_bytes, "not a byte was written")
serve.stop()

# What is no journal, and no address.
(folder / "text").write_text("no journal")
for arguments, named in (((folder / "nothing.db",), "nothing.db"), ((folder / "text",), "text"), ((folder,), str(folder)),
                         ((journal, "--http", "nonsense"), "nonsense"), ((journal, "--http", "0.0.0.0:0"), "0.0.0.0"), ((), "JOURNAL")):
    code, out, err = call(vigil, "serve", *arguments)
    check(code == 2 and out == "" and named in err and err.count("\n") == 1, arguments, code, err)
publisher.close()
print("ok")
