"""A publisher for whole-program tests, written from docs/wire_format.md alone. Binds 127.0.0.1 only."""
import hashlib
import json
import pathlib
import re
import signal
import struct
import subprocess
import sys
import time

import msgpack
import numpy as np
import zmq

ORBITS = 2**18


class Package:
    """Golden events of a model package, as they travel: inputs as on the wire, outputs as raw words."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        text = (self.folder / "model.yaml").read_text()
        self.name = re.search(r"^name: *\"?([\w.-]+)", text, re.M)[1]
        self.outputs = re.findall(r"name: *(\w+)", text.split("outputs:")[1].split("seeds:")[0])
        self.inputs = np.load(self.folder / "golden_inputs.npy").astype("<i4")
        if "wire: integer" in text:
            width, integer = map(int, re.search(r"fixed<(\d+), *(\d+)", text).groups())
            keep = (self.inputs % (1 << (width - integer)) == 0).all(axis=1)  # codes exist for these rows only
            self.inputs = self.inputs >> (width - integer)
        else:
            keep = np.ones(len(self.inputs), bool)
        files = ["golden_outputs.npy"] if len(self.outputs) == 1 else [f"golden_{o}.npy" for o in self.outputs]
        arrays = [np.load(self.folder / f).reshape(len(self.inputs), -1).astype("<i8") for f in files]
        self.widths = [a.shape[1] for a in arrays]
        self.hardware = np.concatenate(arrays, axis=1)[keep]
        self.inputs = self.inputs[keep]
        self.seeds = []
        if "seeds:" in text:
            for entry in re.findall(r"\{([^}]*)\}", text.split("seeds:")[1]):
                fields = dict(re.findall(r"(\w+): *\"?([\w.]+)", entry))
                column = sum(self.widths[: self.outputs.index(fields["output"])]) + int(fields.get("word", 0))
                self.seeds.append((fields["name"], column, int(fields["bit"]), int(fields["threshold"])))
        self.hash = self._hash()

    def _hash(self):
        digest = hashlib.sha256()
        files = [p for p in self.folder.rglob("*") if p.is_file()]
        for path in sorted(files, key=lambda p: p.relative_to(self.folder).as_posix().encode()):
            content = path.read_bytes()
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0" + struct.pack("<Q", len(content)) + content)
        return digest.hexdigest()

    def bits(self, rows):
        bits = np.zeros(len(rows), "<u2")
        for _, column, bit, threshold in self.seeds:
            bits |= ((self.hardware[rows, column] >= threshold) << bit).astype("<u2")
        return bits


def column(array):
    return {"t": array.dtype.str, "s": list(array.shape), "d": array.tobytes()}


def batch(package, rows, *, source, seq, ls, first, last, epoch=1, run=1, stream="scouting", hardware="outputs", **extra):
    """One batch map; `rows` index the golden events. `first`, `last`: orbits. Returns the dict, columns as arrays."""
    rows = np.asarray(rows, int)
    orbit = (first + np.arange(len(rows)) * ((last - first) // max(1, len(rows)))).astype("<u4")
    out = {"v": 1, "source": source, "epoch": epoch, "seq": seq, "stream": stream, "model": package.name, "run": run,
           "ls": ls, "orbits": [int(first), int(last)], "n_bx": (last - first + 1) * 40, "n": len(rows),
           "orbit": orbit, "bx": (1 + rows * 13 % 3564).astype("<u2"), "inputs": package.inputs[rows]}
    if hardware == "outputs":
        out["hw_outputs"] = package.hardware[rows].copy()
    if hardware == "bits":
        out["hw_bits"] = package.bits(rows)
    out.update(extra)
    return out


def pack(b):
    return [f"{b['stream']}/{b['model']}".encode(),
            msgpack.packb({k: column(v) if isinstance(v, np.ndarray) else v for k, v in b.items()})]


class Publisher:
    def __init__(self):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.XPUB)
        self.socket.setsockopt(zmq.XPUB_NODROP, 1)
        self.socket.setsockopt(zmq.SNDHWM, 100000)
        self.endpoint = f"tcp://127.0.0.1:{self.socket.bind_to_random_port('tcp://127.0.0.1')}"

    def wait(self):
        if not self.socket.poll(30000):
            raise SystemExit("no subscriber within 30 s")
        self.socket.recv()
        while self.socket.poll(200):
            self.socket.recv()

    def send(self, parts):
        self.socket.send_multipart(parts)

    def close(self):
        self.context.destroy(linger=20000)


def start(vigil, *arguments):
    return subprocess.Popen([vigil, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def stop(process, wait=1.5):
    """SIGTERM once what was sent has had time to arrive; returns (lines, stderr)."""
    time.sleep(wait)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    if process.returncode != 0:
        sys.exit(f"vigil ended with {process.returncode}: {err.decode()}")
    return [json.loads(line) for line in out.splitlines()], err.decode()


def demo_package():
    return Package(pathlib.Path(__file__).resolve().parents[2] / "demo" / "model")


def knows_kafka(vigil):
    """Whether it was built with librdkafka."""
    return " bridge " in subprocess.run([vigil, "--help"], capture_output=True, text=True).stdout


def check(condition, *what):
    if not condition:
        sys.exit("FAILED: " + " ".join(map(str, what)).encode(errors="backslashreplace").decode())
