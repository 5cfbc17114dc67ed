"""What publishers in the field send: nil for what is not known, old encodings, wrong types and shapes, torn multipart
messages, bytes of any kind in names. What is right is used; what is wrong is refused with its place, what was found and
what is expected, by watch and by decode; and nothing of it reaches a terminal raw."""
import datetime
import pathlib
import re
import sys
import tempfile
import unicodedata

import msgpack
import numpy as np
import zmq
from monitor import Watch, call, lumisection, of, totals
from stream import Publisher, check, column, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-wire-"))
PER = 20  # events a batch


def start(*arguments):
    publisher = Publisher()
    watch = Watch(vigil, "--model", package.folder, "--subscribe", publisher.endpoint, *arguments)
    publisher.wait()
    return publisher, watch


def readable(text, what):
    for character in text:
        check(character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"),
              what, "holds", repr(character), "in", repr(text[max(0, text.index(character) - 60):][:160]))


# nil for any optional key is the key's absence.
absent = {"model_hash": {"model_hash": None}, "selection": {"selection": None}, "hw_outputs": {"hw_outputs": None},
          "hw_bits": {"hw_bits": None}, "context": {"context": None},
          **{f"context.{key}": {"context": {"fill": 9000, key: None}} for key in
             ("menu", "prescale_column", "beam_mode", "pileup", "filling_scheme", "run_start_ns", "origin")},
          "context.fill": {"context": {"fill": None}}}
publisher, watch = start()
for ls in range(1, 5):
    for name, extra in absent.items():
        publisher.send(pack(lumisection(package, ls, ls - 1, PER, source=name, **extra)))
watch.wait_for_ls(3)
lines = watch.stop()
rejected = {s: c["rejected"] for line in of(lines, "lumisection") for s, c in line["sources"].items() if c["rejected"]}
check(not rejected and of(lines, "digest")[0]["events"] == 4 * PER * len(absent), "nil is absent:", rejected, watch.log())
publisher.close()

# An annotation never decides over the data.
publisher, watch = start()
nonsense = [float("nan"), float("inf"), -1.0, 1e9]
for ls in range(1, 5):
    publisher.send(pack(lumisection(package, ls, ls - 1, PER, context={"pileup": nonsense[ls - 1]})))
watch.wait_for_ls(3)
found = totals(watch.stop())
check(found["batches"] == 4 and found["rejected"] == 0 and found.get("ignored_annotations") == 4, "pileup is ignored, and counted:", found)
publisher.close()


# Mistakes: what is sent instead of a right batch, and the words its refusal must hold. None: it is used.
def encoded(b, **options):
    return msgpack.packb({k: column(v) if isinstance(v, np.ndarray) else v for k, v in b.items()}, **options)


def other_inputs(kind):
    return lambda b: encoded({**b, "inputs": b["inputs"].astype(kind)})


def other_column(key, value):
    return lambda b: encoded({**b, key: {**column(b[key]), **value(b)}})


def key_twice(b):
    body = encoded(b)
    check(body[0] == 0xDE or body[0] < 0x90, "a map")
    if body[0] == 0xDE:
        return body[:2] + bytes([body[2] + 1]) + body[3:] + msgpack.packb("seq") + msgpack.packb(b["seq"])
    longer = body[0] - 0x80 + 1
    head = bytes([0x80 + longer]) if longer < 16 else b"\xde" + longer.to_bytes(2, "big")
    return head + body[1:] + msgpack.packb("seq") + msgpack.packb(b["seq"])


def big_endian(b):
    swapped = b["inputs"].astype(">i4")
    return encoded({**b, "inputs": {"t": ">i4", "s": list(swapped.shape), "d": swapped.tobytes()}})


MISTAKES = {
    "keys as bin": (lambda b: msgpack.packb({k.encode(): column(v) if isinstance(v, np.ndarray) else v for k, v in b.items()}), ["key"]),
    "float32": (other_inputs("<f4"), ["inputs", "<f4", "<i4"]),
    "uint16": (other_inputs("<u2"), ["inputs", "<u2", "<i4"]),
    "int64": (other_inputs("<i8"), ["inputs", "<i8", "<i4"]),
    "big-endian": (big_endian, ["inputs", ">i4", "<i4"]),
    "a word short": (lambda b: encoded({**b, "hw_outputs": np.zeros((PER, 2), "<i4")}), ["hw_outputs", "2", "1"]),
    "signed bits": (lambda b: encoded({**b, "hw_bits": np.zeros(PER, "<i4")}), ["hw_bits", "<i4", "u"]),
    "float epoch": (lambda b: encoded({**b, "epoch": float(b["epoch"])}), ["epoch", "float", "unsigned"]),
    "float n_bx": (lambda b: encoded({**b, "n_bx": float(b["n_bx"])}), ["n_bx", "float", "unsigned"]),
    "run as text": (lambda b: encoded({**b, "run": str(b["run"])}), ["run", "str", "unsigned"]),
    "run too large": (lambda b: encoded({**b, "run": 2**32}), ["run", "4294967296"]),
    "bx from 0": (lambda b: encoded({**b, "bx": np.zeros(PER, "<u2")}), ["bx", "0", "3564"]),
    "ls from 0": (lambda b: encoded({**b, "ls": b["ls"] - 1}), ["ls", "orbit"]),
    "a fourth key": (other_column("inputs", lambda b: {"name": "x"}), ["inputs", "name"]),
    "transposed": (other_column("inputs", lambda b: {"s": [57, PER]}), ["inputs", "57"]),
    "bytes missing": (other_column("inputs", lambda b: {"d": b["inputs"].tobytes()[:-4]}), ["inputs", str(PER * 57 * 4)]),
    "beyond its type": (lambda b: encoded({**b, "inputs": b["inputs"] * 0 + (1 << 24)}), ["inputs", str(1 << 24)]),
    "timestamp": (lambda b: encoded({**b, "context": {"run_start_ns": datetime.datetime(2025, 10, 9, tzinfo=datetime.timezone.utc)}},
                                    datetime=True), ["run_start_ns", "unsigned"]),
    "key twice": (key_twice, ["seq", "twice"]),
    "list of bytes": (other_column("bx", lambda b: {"d": list(b["bx"].tobytes())}), ["bx", "bin"]),
    "array": (lambda b: msgpack.packb([column(v) if isinstance(v, np.ndarray) else v for v in b.values()]), ["array", "map"]),
    "no inputs": (lambda b: encoded({k: v for k, v in b.items() if k != "inputs"}), ["inputs"]),
    "no seq": (lambda b: encoded({k: v for k, v in b.items() if k != "seq"}), ["seq"]),
    "nil for a mandatory key": (lambda b: encoded({**b, "n_bx": None}), ["n_bx", "nil"]),
    "n_bx of 2^61": (lambda b: encoded({**b, "n_bx": 2**61}), ["n_bx", str(2**61), str(2**18 * 3564)]),
    "five levels deep": (lambda b: encoded({**b, "meta": {"a": {"b": {"c": {"d": 1}}}}}), ["nest"]),
    "bytes after it": (lambda b: encoded(b) + b"\x00", ["after"]),
    "version 2": (lambda b: encoded({**b, "v": 2}), ["v", "2", "1"]),
    "torn": (lambda b: encoded(b)[:-7], ["msgpack"]),
    "unknown keys": (lambda b: encoded({**b, "meta": msgpack.ExtType(5, b"abc"), "more": {"a": {"b": {}}}}), None),
}
NAMELESS = {"keys as bin", "array", "torn", "five levels deep"}  # the source cannot be read, or need not be
for name, (make, words) in MISTAKES.items():
    body = folder / "body"
    body.write_bytes(make(lumisection(package, 3, 2, PER, source=name)))
    code, out, err = call(vigil, "decode", "--model", package.folder, body)
    said = out + err
    readable(said, f"decode of '{name}'")
    if words is None:
        check(code == 0 and "expected" not in said, "decode uses", name, said[-400:])
    else:
        refusal = [line for line in said.splitlines() if all(word in line for word in words)]
        check(refusal, f"decode of '{name}' names {words}:", said[-600:])

publisher, watch = start()
for ls in range(1, 5):
    publisher.send(pack(lumisection(package, ls, ls - 1, PER, source="right")))
    for name, (make, words) in MISTAKES.items():
        publisher.send([f"scouting/{package.name}".encode(), make(lumisection(package, ls, ls - 1, PER, source=name))])
watch.wait_for_ls(3)
lines = watch.stop()
for name, (make, words) in MISTAKES.items():
    if words is None:
        used = sum(line["sources"].get(name, {}).get("batches", 0) for line in of(lines, "lumisection"))
        check(used == 4, name, "is used:", used)
        continue
    said = [line for line in watch.log().splitlines() if all(word in line for word in words) and (name in line or name in NAMELESS)]
    check(said, f"the log of '{name}' names {words}:", [line for line in watch.log().splitlines() if name in line] or watch.log()[-3000:])
wrong = sum(words is not None for _, words in MISTAKES.values())
found = totals(lines)
check(found["rejected"] == 4 * wrong and found["batches"] == 4 * (1 + len(MISTAKES) - wrong), "counted:", found)
readable(watch.log(), "log")
publisher.close()


# Topics.
def topic(parts_of, words):
    publisher, watch = start()
    for ls in range(1, 4):
        for parts in parts_of(pack(lumisection(package, ls, ls - 1, PER))):
            publisher.send(parts)
    watch.wait(f"the log names {words}", lambda: any(all(word in line for word in words) for line in watch.log().splitlines()), 20)
    lines = watch.stop()
    check(totals(lines)["rejected"] > 0 and not watch.events(), words, totals(lines))
    readable(watch.log(), "log")
    check(len(watch.log()) < 4000, "a log of", len(watch.log()), "characters for three messages")
    publisher.close()


topic(lambda p: [[b"vigil_demo", p[1]]], ["topic", "vigil_demo", "scouting/vigil_demo"])
topic(lambda p: [[b"scouting/VIGIL_DEMO", p[1].replace(b"\xaavigil_demo", b"\xaaVIGIL_DEMO")]], ["unknown model", "VIGIL_DEMO"])
# Multipart messages that are torn or joined, one of them large and full of escape sequences.
topic(lambda p: [[p[0] + p[1]]], ["1 part", "2"])
topic(lambda p: [[p[0] + b"\x1b[31m\x07\x9b\xff" * (1 << 20)]], ["1 part", "2"])
topic(lambda p: [[p[0]], [p[1]]], ["1 part", "2"])
topic(lambda p: [[p[0], b"", p[1]]], ["3 parts", "2"])

# ZMQ_CONFLATE, "only the newest", keeps one part of a multipart message.
context = zmq.Context()
socket = context.socket(zmq.PUB)
socket.setsockopt(zmq.CONFLATE, 1)
port = socket.bind_to_random_port("tcp://127.0.0.1")
watch = Watch(vigil, "--model", package.folder, "--subscribe", f"tcp://127.0.0.1:{port}")
said = lambda: socket.send_multipart(pack(lumisection(package, 1, 0, PER))) or re.search("1 part.*2", watch.log())
watch.wait("the log names 1 part", said, 20)
watch.stop()
readable(watch.log(), "log")
context.destroy(linger=0)

# Names from the wire in every text for people.
ODD = ["\x1b[31mred\x1b[0m", "two\nlines\r", "\u202eback", "bell\x07\x9b", "x" * 200]
journal = folder / "j.db"
publisher, watch = start("--journal", journal, "--record", folder / "rec")
for ls in range(1, 5):
    for name in ODD:
        publisher.send(pack(lumisection(package, ls, ls - 1, PER, source=name, stream="s" + name[:20].replace("/", ""))))
        # Refused too: the log quotes the name.
        publisher.send(pack(lumisection(package, ls, ls - 1, PER, source=name, stream="s" + name[:20].replace("/", ""))))
        publisher.send([b"scouting/" + name.encode(), encoded(lumisection(package, ls, ls + 9, PER, source=name, model=name))])
watch.settle()
watch.stop()
readable(watch.log(), "log")
for arguments in (["status", journal], ["actions", "list", "--journal", journal], ["replay", folder / "rec", "--model", package.folder],
                  ["decode", folder / "rec"], ["decode", "--model", package.folder, folder / "rec"]):
    code, out, err = call(vigil, *arguments)
    check(code == 0, arguments, code, err[-500:])
    readable(out, f"stdout of {arguments[0]}")
    readable(err, f"stderr of {arguments[0]}")
print(f"{len(MISTAKES)} mistakes, {len(absent)} absent keys, odd names")
