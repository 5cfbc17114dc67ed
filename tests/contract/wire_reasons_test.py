"""Mistakes of publishers: old msgpack spec, keys as bytes, floats for integers, other byte orders, nil for what is not
known, one part for two. Each is used, or refused with a reason that names key or column, found and expected."""
import datetime
import pathlib
import subprocess
import sys
import tempfile

import msgpack
import numpy as np

import stream

vigil = sys.argv[1]
package = stream.demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-wire-"))


def good(ls=1, seq=0, **extra):
    first = (ls - 1) * stream.ORBITS
    b = stream.batch(package, range(10), source="link0", seq=seq, ls=ls, first=first, last=first + stream.ORBITS - 1, **extra)
    return {k: stream.column(v) if isinstance(v, np.ndarray) else v for k, v in b.items()}


def as_type(t):
    b = good()
    words = np.frombuffer(b["inputs"]["d"], "<i4").reshape(b["inputs"]["s"])
    return {**b, "inputs": stream.column(words.astype(t))}


def with_column(**keys):
    b = good()
    return {**b, "bx": {**b["bx"], **keys}}


deep = {"a": {"b": {"c": {"d": 1}}}}
timestamp = {"run_start_ns": datetime.datetime(2025, 10, 9, tzinfo=datetime.timezone.utc)}
twice = msgpack.packb(good())
twice = bytes([twice[0] + 1]) + twice[1:] + msgpack.packb("seq") + msgpack.packb(0)
wide = good()["inputs"]
MISTAKES = {
    "old spec": (good(), dict(use_bin_type=False), ["orbit", "d is string", "expected binary"]),
    "keys as bytes": ({k.encode(): v for k, v in good().items()}, {}, ["v: missing", "keys are no strings"]),
    "inputs float32": (as_type("<f4"), {}, ["inputs: '<f4'", "expected <i1, <i2 or <i4"]),
    "inputs uint16": (as_type("<u2"), {}, ["inputs: '<u2'", "expected <i1, <i2 or <i4"]),
    "inputs int64": (as_type("<i8"), {}, ["inputs: '<i8'", "expected <i1, <i2 or <i4"]),
    "inputs big-endian": (as_type(">i4"), {}, ["inputs: '>i4', expected <i1, <i2 or <i4"]),
    "hw_outputs with a word too many": (good(hw_outputs=stream.column(np.zeros((10, 2), "<i4"))), {}, ["hw_outputs", "[10,2]", "[10,1]"]),
    "hw_bits signed": (good(hw_bits=stream.column(np.zeros(10, "<i4"))), {}, ["hw_bits: '<i4'", "<u4"]),
    "epoch float64": ({**good(), "epoch": 1.76e18}, {}, ["epoch: float64, expected an unsigned integer"]),
    "run as text": ({**good(), "run": "1"}, {}, ["run: string '1', expected an unsigned integer"]),
    "bx from 0": (good(bx=stream.column(np.zeros(10, "<u2"))), {}, ["bx, row 0: 0", "1..3564"]),
    "ls from 0": ({**good(), "ls": 0}, {}, ["ls: 0, expected 1"]),
    "a fourth key": (with_column(name="x"), {}, ["bx: unknown key 'name'"]),
    "bytes as list": (with_column(d=list(good()["bx"]["d"])), {}, ["bx: d is array of 20", "expected binary"]),
    "transposed": ({**good(), "inputs": {**wide, "s": wide["s"][::-1]}}, {}, ["inputs: shape [57,10], expected shape [10,57]"]),
    "raw words for codes": ({**good(), "inputs": stream.column(np.full((10, 57), 1 << 24, "<i4"))}, {},
                            ["inputs, row 0, column", "16777216", "fixed<"]),
    "timestamp": ({**good(), "context": timestamp}, dict(datetime=True), ["context.run_start_ns: timestamp extension"]),
    "menu a number": ({**good(), "context": {"menu": 5}}, {}, ["context.menu: 5, expected a string"]),
    "a struct as array": (list(good().values()), {}, ["array of 14", "expected a map"]),
    "model in capitals": ({**good(), "model": "VIGIL_DEMO"}, {}, ["model: 'VIGIL_DEMO'", "loaded package"]),
    "nested": ({**good(), "provenance": deep}, {}, ["limits: provenance: nested", "4 levels"]),
    "n_bx of 2^61": ({**good(), "n_bx": 1 << 61}, {}, ["n_bx: 2305843009213693952", str(stream.ORBITS * 3564)]),
    "no n_bx": ({k: v for k, v in good().items() if k != "n_bx"}, {}, ["n_bx: missing"]),
    "key twice": (twice, {}, ["seq: there twice"]),
}


def decode(path, *arguments):
    done = subprocess.run([vigil, "decode", path, *arguments], capture_output=True, timeout=60)
    stream.check(done.returncode == 0, "decode", path, done.stderr)
    return done.stdout.decode()


for name, (body, options, words) in MISTAKES.items():
    (folder / "body").write_bytes(body if isinstance(body, bytes) else msgpack.packb(body, **options))
    text = decode(folder / "body", "--model", package.folder)
    stream.check(all(word in text for word in words), f"{name}: wanted {words}, decode says\n{text}")
(folder / "body").write_bytes(msgpack.packb(good()))
stream.check("decodes ok" in decode(folder / "body", "--model", package.folder), "a good body")
stream.check("without a model" in decode(folder / "body"), "a good body without a model")
(folder / "body").write_bytes(msgpack.packb(MISTAKES["inputs big-endian"][0]))
stream.check("inputs: '>i4'" in decode(folder / "body"), "a column's type needs no model")


def watched(send, *, events, rejected):
    """What `watch` logs of what `send` publishes between good batches; wants the counts."""
    publisher = stream.Publisher()
    process = stream.start(vigil, "watch", "--model", package.folder, "--subscribe", publisher.endpoint, "--json", "--record",
                           folder / "recorded")
    publisher.wait()
    send(publisher)
    lines, log = stream.stop(process)
    publisher.close()
    used = sum(line["events"] for line in lines if line["type"] == "lumisection")
    lost = lines[-1]["unplaced"]["rejected"]
    lost += sum(s["rejected"] for line in lines if line["type"] == "lumisection" for s in line["sources"].values())
    stream.check((used, lost) == (events, rejected), f"used {used}, rejected {lost}; wanted {events}, {rejected}\n{log}")
    return lines, log


# nil for each optional key, and for members of the context, is as if it were absent.
nils = [{k: None} for k in ("selection", "model_hash", "hw_outputs", "hw_bits", "context")]
nils += [{"context": {k: None}} for k in ("fill", "menu", "prescale_column", "beam_mode", "pileup", "filling_scheme",
                                          "run_start_ns", "origin")]
lines, log = watched(lambda p: [p.send([b"scouting/vigil_demo", msgpack.packb({**good(i + 1, i, hardware="none"), **nil})])
                                for i, nil in enumerate(nils)], events=10 * len(nils), rejected=0)
stream.check("unknown key" not in log and "reject" not in log, log)

# An annotation without a usable value is left out and counted, and its events are used.
pileups = [float("nan"), float("inf"), -1.0, 1001.0, 60.0]
lines, log = watched(lambda p: [p.send([b"scouting/vigil_demo", msgpack.packb({**good(i + 1, i), "context": {"pileup": v}})])
                                for i, v in enumerate(pileups)], events=50, rejected=0)
counts = [line["sources"]["link0"].get("ignored_annotations") for line in lines if line["type"] == "lumisection"]
stream.check(counts == [1, 1, 1, 1, None], "ignored_annotations", counts)

# One part (as ZMQ_CONFLATE leaves it), three parts, topics without a stream: how many parts, and nothing raw.
esc = b"\x1b[31m\r\n\xff" * 3000


def bad_parts(p):
    for ls in range(1, 4):
        topic, body = b"scouting/vigil_demo", msgpack.packb(good(ls, ls - 1))
        p.send([topic + body + esc])
        p.send([topic, b"", body])
        p.send([b"vigil_demo" + esc, body])
        p.send([topic, body])


lines, log = watched(bad_parts, events=30, rejected=9)
stream.check("1 part, expected 2" in log and "topic" in log and len(log) < 4000, log)
stream.check(not any(c < " " and c != "\n" or c == "�" for c in log), repr(log))

# A folder of recordings decodes as its files do.
text = decode(folder / "recorded", "--model", package.folder)
stream.check("1 part, expected 2" in text and "3 parts, expected 2" in text and "decodes ok" in text, text[-2000:])
stream.check(not any(c < " " and c != "\n" for c in text), "raw bytes in decode")
print(f"{len(MISTAKES)} mistakes named")
