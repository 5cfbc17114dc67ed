"""docs/examples/publish.py and receive.py, as a newcomer runs them, with `vigil watch` between them."""
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

vigil, shared = sys.argv[1], pathlib.Path(sys.argv[2])
root = pathlib.Path(__file__).resolve().parents[2]
examples = root / "docs" / "examples"


def free_endpoint():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{s.getsockname()[1]}"


def run(package, damage):
    stream, actions = free_endpoint(), free_endpoint()
    script = examples / "publish.py"
    if damage:  # the same publisher, with firmware that computes another score from lumisection 16 on
        text = script.read_text().replace('"hw_outputs": column(hardware[rows])',
                                          '"hw_outputs": column(hardware[rows] + (1 if ls > 15 else 0))')
        script = pathlib.Path(tempfile.mkdtemp()) / "publish.py"
        script.write_text(text)
    receiver = subprocess.Popen([sys.executable, examples / "receive.py", actions], stdout=subprocess.PIPE)
    publisher = subprocess.Popen([sys.executable, script, stream, package])
    watch = subprocess.Popen([vigil, "watch", "--model", package, "--subscribe", stream, "--actions-to", actions, "--json",
                              "--reference", "learn:5", "--window-ls", "5"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert publisher.wait(120) == 0
    time.sleep(2)
    watch.send_signal(signal.SIGTERM)
    out, err = watch.communicate(timeout=60)
    receiver.terminate()
    received = receiver.communicate()[0].decode().splitlines()
    assert watch.returncode == 0, err.decode()
    return [json.loads(line) for line in out.splitlines()], received


packages = [root / "demo" / "model"]
if (shared / "data" / "models" / "axol1tl_v4").is_dir():
    packages += [shared / "data" / "models" / name for name in ("axol1tl_v4", "cicada_v2")]
else:
    print("skipped: axol1tl_v4 and cicada_v2 need", shared)
for package in packages:
    lines, received = run(package, damage=False)
    lumisections = [line for line in lines if line["type"] == "lumisection"]
    assert len(lumisections) == 30, (package, len(lumisections))
    assert all(l["covered_orbits"] == l["expected_orbits"] == 2**18 and l["events"] > 100 for l in lumisections), lumisections[0]
    assert all(o["compared"] == l["events"] and o["mismatches"] == 0 for l in lumisections for o in l["outputs"].values())
    windows = [line for line in lines if line["type"] == "window"]
    assert windows and {w["quality"] for w in windows[4:]} == {"good"}, [(w["quality"], w["reason"]) for w in windows]
    assert not received, received
    lines, received = run(package, damage=True)
    kinds = sorted(line["kind"] for line in lines if line["type"] == "action")
    assert kinds == ["notify", "revalidate"], kinds
    assert sorted(line.split()[1] for line in received) == kinds, received
    print(package.name, "good without damage,", ", ".join(kinds), "with")
