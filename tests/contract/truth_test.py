"""One stream with known truth: every count of every lumisection line must equal what was done to the stream."""
import collections
import sys

import numpy as np
from stream import ORBITS, Publisher, batch, check, demo_package, pack, start, stop

vigil = sys.argv[1]
package = demo_package()
LAST, PARTS, PER = 12, 4, 5
COUNTS = ["batches", "covered_orbits", "missing", "duplicate", "late", "rejected", "dropped", "restarts"]
truth = collections.defaultdict(lambda: collections.Counter())   # (stream, ls, source) -> counts
lines = collections.defaultdict(lambda: collections.Counter())   # (stream, ls) -> events, n_bx, ...
covered = collections.defaultdict(lambda: collections.defaultdict(set))  # (stream, ls) -> source -> parts

publisher = Publisher()
watch = start(vigil, "watch", "--model", package.folder, "--subscribe", publisher.endpoint, "--json", "--window-ls", 4,
              "--hop-ls", 2, "--reference", "learn:3")
publisher.wait()
rng = np.random.default_rng(7)
seqs, epochs = collections.Counter(), collections.defaultdict(lambda: 1)
output = package.outputs[-1]
out_column = sum(package.widths[:-1])


def count_events(b, rows, foreign):
    key = (b["stream"], b["ls"])
    lines[key]["events"] += len(rows)
    lines[key]["n_bx"] += b["n_bx"]
    if foreign:
        lines[key]["wrong_model_events"] += len(rows)
        return
    has_outputs = "hw_outputs" in b
    hardware, emulator = b.get("hw_outputs"), package.hardware[rows]
    first_word = 0
    for name, width in zip(package.outputs, package.widths):
        words = slice(first_word, first_word + width)
        first_word += width
        if not has_outputs:
            continue
        differ = hardware[:, words] != emulator[:, words]
        lines[key][name, "compared"] += len(rows)
        for row in np.flatnonzero(differ.any(axis=1)):
            word = words.start + np.flatnonzero(differ[row])[0]
            lines[key][name, "mismatches"] += 1
            above = hardware[row, word] > emulator[row, word]
            lines[key][name, "hardware_above" if above else "hardware_below"] += 1
    for seed, word, bit, threshold in package.seeds:
        emulated = emulator[:, word] >= threshold
        lines[key][seed, "emulator"] += int(emulated.sum())
        if "hw_bits" in b:
            fired = (b["hw_bits"] >> bit) & 1 == 1
        elif has_outputs:
            fired = hardware[:, word] >= threshold
        else:
            continue
        lines[key][seed, "compared"] += len(rows)
        lines[key][seed, "hardware"] += int(fired.sum())
        lines[key][seed, "hardware_only"] += int((fired & ~emulated).sum())
        lines[key][seed, "emulator_only"] += int((~fired & emulated).sum())


def make(stream, source, ls, part, n=PER, **extra):
    first = (ls - 1) * ORBITS + part * ORBITS // PARTS
    rows = rng.integers(0, len(package.inputs), n)
    key = (stream, source)
    b = batch(package, rows, source=source, seq=seqs[key], ls=ls, first=first, last=first + ORBITS // PARTS - 1,
              epoch=epochs[key], stream=stream, hardware="bits" if stream == "express" else "outputs", **extra)
    seqs[key] += 1
    return b, rows


def accept(b, rows, foreign=False):
    key = (b["stream"], b["ls"], b["source"])
    truth[key]["batches"] += 1
    truth[key]["covered_orbits"] += ORBITS // PARTS
    covered[key[:2]][b["source"]].add(b["orbits"][0])
    count_events(b, rows, foreign)
    publisher.send(pack(b))


withheld = None
for ls in range(1, LAST + 1):
    for part in range(PARTS):
        for source in ("a", "b", "c"):
            where = (source, ls, part)
            if source == "c" and (ls > 9 or (ls == 9 and part > 1)):
                continue  # tail loss: nothing more from c
            if where == ("b", 7, 0):  # restart
                seqs["scouting", "b"], epochs["scouting", "b"] = 0, 1000
                truth["scouting", 7, "b"]["restarts"] += 1
            b, rows = make("scouting", source, ls, part, n=0 if (source == "c" and part == 3) else PER)
            if where == ("a", 3, 2):
                truth["scouting", 3, "a"]["missing"] += 1
                continue
            if where in (("b", 5, 3), ("b", 6, 0)):
                truth["scouting", 5, "b"]["missing"] += 1
                continue
            if where == ("a", 6, 1):  # held back: missing when 6 closes, late when it comes
                withheld = b
                truth["scouting", 6, "a"]["missing"] += 1
                continue
            if where == ("b", 11, 0):
                b["bx"][2] = 3565
                truth["scouting", 11, "b"]["rejected"] += 1
                publisher.send(pack(b))
                continue
            foreign = where == ("a", 10, 2)
            if foreign:
                b["model_hash"] = "0" * 64
            if where == ("a", 2, 1):
                b["hw_outputs"][1, out_column] += 1
                b["hw_outputs"][3, out_column] -= 2
            accept(b, rows, foreign)
            if where == ("a", 4, 1):
                truth["scouting", 4, "a"]["duplicate"] += 1
                publisher.send(pack(b))
            if where == ("c", 8, 3):
                # a and b are at the end of 8: 6 has closed, 7 has too, so the next line to close is 8's
                truth["scouting", 8, "a"]["late"] += 1
                publisher.send(pack(withheld))
            if where == ("b", 4, 2):
                truth["scouting", 4, ""]["rejected"] += 2
                publisher.send([f"scouting/{package.name}".encode(), b"\xc1 not msgpack"])
                publisher.send([b"scouting/nobody", pack(dict(b, model="nobody"))[1]])
        if (ls, part) == (7, 2):  # a restart that only the data clock can tell: the epoch is the same
            seqs["express", "x"] = 0
            truth["express", 7, "x"]["restarts"] += 1
        b, rows = make("express", "x", ls, part)
        if (ls, part) == (5, 0) and package.seeds:
            b["hw_bits"][0] ^= 1 << package.seeds[0][2]
        accept(b, rows)
publisher.close()
result, errors = stop(watch)

seen = set()
for line in result:
    if line["type"] != "lumisection":
        continue
    stream, ls = line["stream"], line["ls"]
    seen.add((stream, ls))
    expected = lines[stream, ls]
    for key in ("events", "n_bx", "wrong_model_events"):
        check(line[key] == expected[key], stream, ls, key, line[key], "expected", expected[key])
    check(line["expected_orbits"] == ORBITS and line["model_hash"] == package.hash, stream, ls, "hash or orbits")
    sources = ["x"] if stream == "express" else ["a", "b", "c"]
    common = set.intersection(*(covered[stream, ls][s] for s in sources))
    check(line["covered_orbits"] == len(common) * ORBITS // PARTS, stream, ls, "covered", line["covered_orbits"])
    for source in set(line["sources"]) | {s for (st, l, s) in truth if (st, l) == (stream, ls)}:
        got = line["sources"].get(source, {})
        for key in COUNTS:
            check(got.get(key, 0) == truth[stream, ls, source][key], stream, ls, repr(source), key, got.get(key),
                  "expected", truth[stream, ls, source][key])
        check("silent_since_ls" not in got, stream, ls, source, "is not silent")
    for name in package.outputs:
        for key in ("compared", "mismatches", "hardware_above", "hardware_below"):
            check(line["outputs"][name][key] == expected[name, key], stream, ls, name, key)
    for seed, *_ in package.seeds:
        for key in ("compared", "hardware", "emulator", "hardware_only", "emulator_only"):
            check(line["seeds"][seed][key] == expected[seed, key], stream, ls, seed, key, line["seeds"][seed][key],
                  "expected", expected[seed, key])
check(seen == {(s, ls) for s in ("scouting", "express") for ls in range(1, LAST + 1)}, "lines", sorted(seen))
digest = result[-1]
check(digest["type"] == "digest" and digest["events"] == sum(c["events"] for c in lines.values()), "digest", digest)
check(sum(c[output, "mismatches"] for c in lines.values()) == 2, "the test itself injects two mismatches")
print(f"{len(seen)} lumisections equal the truth")
