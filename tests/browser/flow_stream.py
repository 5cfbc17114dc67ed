"""A `vigil watch` with its page, fed as told: flow_test.mjs writes commands to stdin, a line each, and reads a JSON line
when each is done. usage: flow_stream.py VIGIL
good N · drift N · fault N: N lumisections as the reference, with all transverse momenta scaled, or with hardware words
that differ · stop · start: vigil alone, on the same port with the same journal · end"""
import json
import os
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "contract"))
from monitor import EVENTS, Watch, lumisection  # noqa: E402
from server import TOKENS, write_tokens  # noqa: E402
from stream import Publisher, demo_package, pack  # noqa: E402

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-flow-"))
publisher = Publisher()
write_tokens(folder / "tokens")
(folder / "watch.yaml").write_text(f"""models: [{package.folder}]
subscribe: [{publisher.endpoint}]
journal: j.db
reference: learn:8
windows: [{{window_ls: 4, hop_ls: 2}}]
minimum_events: 500
cool_down_ls: 0
http_tokens_file: tokens
approval: {{}}
sinks:
  - {{type: file, name: ledger, path: actions.jsonl, when: approved}}
alarms:
  - {{node: "*", contact: "trigger on call", guidance: "compare the inputs with the reference"}}
""")
drifted = EVENTS.copy()
drifted[:, 0::3] = drifted[:, 0::3] * 3 // 2
ls, port, watch = 0, 0, None


def start():
    global watch, port
    watch = Watch(vigil, folder / "watch.yaml", "--http", f"127.0.0.1:{port}", env=dict(os.environ, VIGIL_LOG="warn"))
    found = watch.wait("listening", lambda: re.search(r"listening on http://127.0.0.1:(\d+)", watch.log()))
    port = int(found[1])
    # The subscription of a second start is no news to the socket: it says so of the first alone.
    if publisher.socket.poll(30000 if ls == 0 else 3000):
        publisher.socket.recv()


def feed(kind, n):
    global ls
    for _ in range(n):
        ls += 1
        batch = lumisection(package, ls, ls - 1, 1500, pool=drifted if kind == "drift" else EVENTS, selection="zero_bias",
                            context={"fill": 9000, "beam_mode": "STABLE BEAMS", "menu": "L1Menu_flow", "prescale_column": 2})
        if kind == "fault":
            batch["hw_outputs"] = package.hardware[[i % len(package.hardware) for i in range(batch["n"])]]
        publisher.send(pack(batch))
    watch.wait_for_ls(ls - 1)


def say(**what):
    print(json.dumps(what), flush=True)


start()
say(port=port, tokens=TOKENS, model=package.name, folder=str(folder))
for line in sys.stdin:
    command, *arguments = line.split()
    if command in ("good", "drift", "fault"):
        feed(command, int(arguments[0]))
    elif command == "stop":
        watch.stop()
    elif command == "start":
        start()
    elif command == "end":
        break
    say(done=command, ls=ls)
if watch.process.poll() is None:
    watch.stop()
