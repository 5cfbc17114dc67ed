"""Server-sent events: numbered, each once and in the order of the output, resumed after any of them, reset where that
cannot be, types, the status within 2 s of a change and at most twice a second, ticks, a client that reads nothing; and
none of it changes a byte of the results."""
import http.client
import json
import pathlib
import sys
import tempfile
import time

from api import Events, Monitor, golden_batch
from monitor import call, of
from server import TOKENS, write_tokens
from stream import Publisher, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-events-"))
publisher = Publisher()
arguments = ["--model", package.folder, "--reference", "learn:3", "--set", "windows=[{window_ls: 2, hop_ls: 1}]", "--set", "reference_events=1",
             "--set", "minimum_events=100", "--set", "http_requests_per_s=100000"]
tokens = folder / "tokens"
write_tokens(tokens)
monitor = Monitor(vigil, *arguments, "--subscribe", publisher.endpoint, "--journal", folder / "vigil.db", "--record", folder / "recording",
                  "--set", f"http_tokens_file={tokens}")
api, port = monitor.api, monitor.api.port
boot = api.get("/v1/status")["vigil"]["boot"]
early = Events(port)
windows_only = Events(port, types="window")
silent = Events(port, reads=False)
early.until("the first status at once", lambda e: e.of("status"), 3)
check(early.head.startswith(b"HTTP/1.0 200") and b"text/event-stream" in early.head and b"no-store" in early.head, early.head)
check(early.retry == 2000, "retry")
publisher.wait()


def send(first, last, **extra):
    for ls in range(first, last + 1):
        publisher.send(pack(golden_batch(package, ls, ls, **extra)[0]))


send(1, 8)
send(9, 12, wrong=20)  # a mismatch: an action and an alarm
monitor.wait_for_ls(11)
early.until("LS 11", lambda e: any(d["ls"] == 11 for _, _, d in e.of("lumisection")), 5)
early.until("an action and an alarm", lambda e: e.of("action") and e.of("alarm"), 5)


def post(path, role, body):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    client.request("POST", path, json.dumps(body), {"Content-Type": "application/json", "Authorization": "Bearer " + TOKENS[role]})
    answer = client.getresponse()
    check(answer.status == 200, path, answer.status, answer.read())


action = [a for a in api.get("/v1/actions")["actions"] if a["state"] in ("proposed", "approved")][0]
post(f"/v1/actions/{action['id']}/reject", "expert", {"reason": "a test"})
early.until("what the expert did", lambda e: any(d["to"] == "rejected" for _, _, d in e.of("action-status")), 2)
monitor.settle(1.0)
early.until("the status of LS 11", lambda e: any(d["streams"] and d["streams"][0]["ls"] == 11 for _, _, d in e.of("status")), 3)


def lines(kinds):
    return [line for line in monitor.lines() if line["type"] in kinds]


def check_numbers(events, first=1):
    numbers = [int(i.rpartition("-")[2]) for _, i, _ in events]
    check(numbers == list(range(first, first + len(numbers))), "numbered without gap from", first, numbers)
    check(all(i.rpartition("-")[0] == boot for _, i, _ in events), "by boot")


check_numbers(early.numbered())
for kind in ("lumisection", "window", "action"):
    check([d for _, _, d in early.of(kind)] == lines({kind}), kind, "the lines, each once, in order")
order = [(t, d["last_ls"] if t == "window" else d["ls"]) for t, _, d in early.of("lumisection", "window")]
for i, (kind, ls) in enumerate(order):
    check(kind != "window" or ("lumisection", ls) in order[:i], "a window comes after its last lumisection", order)
check([t for t, _, _ in windows_only.events if t != "window"] == [] and [d for _, _, d in windows_only.events] == lines({"window"}), "types")
(leaf,) = [a for a in api.get("/v1/alarms")["alarms"] if a["monitor"] == "mismatch/" + package.outputs[0]]
check([d for _, _, d in early.of("alarm") if d["node"] == leaf["node"]][-1] == leaf, "an alarm is its leaf")
(change,) = [d for _, _, d in early.of("action-status") if d["to"] == "rejected"]
check(change["action"] == action["id"] and change["to"] == "rejected" and change["reason"] == "a test", change)
check({"type", "action", "kind", "n", "from", "to", "at", "actor", "reason", "run", "url", "audit"} <= set(change), change)
rows = {row["hash"]: row for row in api.get("/v1/audit", limit=1000)["rows"]}
for _, _, d in early.of("action-status"):
    check(rows[d["audit"]]["verb"] == d["to"] and rows[d["audit"]]["action_id"] == d["action"], d)

# Resuming: after any number what came after it, once, in order; wherever that cannot be, reset.
every = early.numbered()
for after in (0, 1, len(every) // 2, len(every) - 1, len(every)):
    resumed = Events(port, last_id=f"{boot}-{after}")
    resumed.until("what came after", lambda e: len(e.numbered()) >= len(every) - after and e.of("status"), 5)
    check(resumed.numbered()[:len(every) - after] == every[after:], "after", after)
    check(not resumed.of("reset") and resumed.events.index(resumed.of("status")[0]) >= len(every) - after, "first what was missed")
    resumed.close()
for last_id in (f"{boot}-99999", "0000000000000000-3", "nonsense", "", f"{boot}-", f"{boot}--1", f"{boot}-1x"):
    reset = Events(port, last_id=last_id, types="window")
    reset.until("a reset", lambda e: e.of("reset"), 5)
    check(reset.events[0] == ("reset", None, {}), last_id, reset.events[:2])
    reset.close()
filtered = Events(port, last_id=f"{boot}-0", types="action,window")
filtered.until("the filtered ones", lambda e: len(e.events) >= len([x for x in every if x[0] in ("action", "window")]), 5)
check(filtered.numbered() == [x for x in every if x[0] in ("action", "window")], "types with resuming")

# The status: within 2 s of a change (a person's, too), at most twice a second; ticks.
post("/v1/alarms/ack", "shifter", {"node": leaf["node"]})
began = time.monotonic()
early.until("the acknowledgement", lambda e: e.events and any(d["alarms"]["acknowledged"] >= 1 for _, _, d in e.of("status")), 2)
early.until("the leaf that changed", lambda e: [d for _, _, d in e.of("alarm") if d["node"] == leaf["node"]][-1]["acknowledged"], 2)
early.until("a tick", lambda e: e.of("tick"), 8)
send(13, 400)
monitor.wait_for_ls(399, seconds=120)
early.until("LS 399", lambda e: any(d["ls"] == 399 for _, _, d in e.of("lumisection")), 5)
took = time.monotonic() - began
check(len(early.of("status")) <= 2 * took + 3, "at most twice a second", len(early.of("status")), took)
check_numbers(early.numbered())

# Who reads nothing is cut, and comes back.
monitor.settle(1.0)
check(len(early.of("lumisection")) == len(lines({"lumisection"})), "nothing is lost on the way")
silent.thread.start()
silent.until("what it had not read", lambda e: e.numbered(), 10)
time.sleep(2)
last = silent.numbered()[-1][1]
if silent.ended or len(silent.numbered()) < len(early.numbered()):
    back = Events(port, last_id=last)
    back.until("the rest", lambda e: len(e.numbered()) + len(silent.numbered()) >= len(early.numbered()), 20)
    check(silent.numbered() + back.numbered() == early.numbered(), "each once over both connections")

# HEAD; more streams than may be; a client that goes away.
code, headers, body = api.ask("/v1/events", method="HEAD")
check(code == 200 and body == b"" and headers["Content-Type"] == "text/event-stream", code)
check(api.ask("/v1/events", method="POST")[0] == 405, "POST")

# With fifty clients and without any the same bytes.
crowd = [Events(port) for _ in range(50)]
send(401, 404)
monitor.wait_for_ls(403)
for client in crowd:
    client.until("LS 403", lambda e: any(d["ls"] == 403 for _, _, d in e.of("lumisection")), 5)
lines_of_watch = monitor.stop()
digest = lines_of_watch[-1]
code, out, err = call(vigil, "replay", folder / "recording", *arguments, "--json", seconds=120)
check(code == 0, err[-500:])
check(json.loads(out.splitlines()[-1]) == digest, "replay without a server has the digest of the watch with fifty clients")
again = Monitor(vigil, folder / "recording", *arguments, "--hold", command="replay")
follower = Events(again.api.port, last_id=again.api.get("/v1/status")["vigil"]["boot"] + "-0")
again.wait("its end", lambda: of(again.lines(), "digest"), 120)
check(of(again.lines(), "digest")[0] == digest, "and with a server")
again.api.until("the end is told", "/v1/status", lambda s: s["ended"] and s["vigil"]["mode"] == "replay" and s["banner"] == ["REPLAY"], 5)
follower.until("all of the replay", lambda e: [d for _, _, d in e.of("lumisection")] == of(again.lines(), "lumisection"), 10)
again.stop()
publisher.close()
print("ok")
