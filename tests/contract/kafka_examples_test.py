"""The first ten minutes of docs/scale_out.md, its commands as they stand there, on a real Kafka; and the files of conf/scale."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

from kafka import Kafka
from monitor import call
from stream import check

vigil, shared = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
root = pathlib.Path(__file__).resolve().parents[2]
kafka = Kafka(vigil, shared)
secret = kafka.folder / "secret"
secret.touch(mode=0o600)
secret.write_text("hunter2\n")
for file in sorted((root / "conf" / "scale").glob("*.yaml")):
    own = kafka.folder / file.name
    own.write_text(file.read_text().replace("../../", f"{root}/").replace("/run/secrets/kafka", str(secret)))
    code, out, err = call(vigil, "check", own, *(["--model", root / "demo" / "model"] if file.name == "bridge.yaml" else []))
    check(code == 0 and "settings of partials" in out and "hunter2" not in out, file, err)
try:
    text = (root / "docs" / "scale_out.md").read_text()
    block = re.search(r"## Ten minutes on a laptop.*?```sh\n(.*?)```", text, re.S)[1]
    commands = [line for line in block.splitlines() if line]
    check(len(commands) == 6 and commands[-1].startswith("vigil status"), commands)
    place = kafka.folder / "here"
    place.mkdir()
    (place / "build").mkdir()
    os.symlink(root / "demo", place / "demo")
    shutil.copytree(root / "conf", place / "conf")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def moved(text):
        return text.replace("127.0.0.1:9092", kafka.broker).replace("127.0.0.1:5555", f"127.0.0.1:{port}")

    for file in (place / "conf" / "scale").glob("*.yaml"):
        file.write_text(moved(file.read_text()))
    script = "\n".join(["set -e", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT", *commands[:-1]])
    script = moved(script).replace("50x", "200x")
    # The publisher waits for the bridge; afterwards all is judged.
    script += "\nfor i in $(seq 1 200); do vigil status build/scale.db 2>/dev/null | grep -q ' 0 frames behind$' && break; sleep 0.2; done\nvigil status build/scale.db\n"
    with open(place / "out", "wb") as out:
        done = subprocess.run(["bash", "-c", script], cwd=place, stdout=out, stderr=subprocess.STDOUT, timeout=200, stdin=subprocess.DEVNULL,
                              env={**os.environ, "PATH": f"{vigil.parent}:{os.environ['PATH']}"})
    text = (place / "out").read_text(errors="replace")
    check(done.returncode == 0, text[:3000], "...", text[-1000:])
    check("merges vigil: 4 partitions, 0 frames behind" in text and '"type":"lumisection"' in text, text[-3000:])
    print("the first ten minutes take", len(text.splitlines()), "lines")
finally:
    kafka.remove()
