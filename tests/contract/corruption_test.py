"""A damaged byte in run, epoch, ls, seq or source of one frame loses that frame and nothing else."""
import sys

import msgpack
from stream import ORBITS, Publisher, batch, check, demo_package, pack, start, stop

vigil = sys.argv[1]
package = demo_package()
LUMISECTIONS, PARTS = 12, 8
KEYS = ["run", "epoch", "ls", "seq", "source"]


def damaged(body, key, byte, bit):
    """Flips one bit of the value of `key`; `byte` counts from its first byte after the type."""
    at = body.index(msgpack.packb(key)) + len(msgpack.packb(key))
    raw = bytearray(body)
    raw[at + byte] ^= 1 << bit
    return bytes(raw)


def run(key, byte, bit):
    publisher = Publisher()
    watch = start(vigil, "watch", "--model", package.folder, "--subscribe", publisher.endpoint, "--json", "--window-ls",
                  3, "--hop-ls", 3, "--reference", "learn:3", "--set", "minimum_events=10")
    publisher.wait()
    for ls in range(1, LUMISECTIONS + 1):
        for part in range(PARTS):
            for source in ("linkA", "linkB"):
                first = (ls - 1) * ORBITS + part * ORBITS // PARTS
                b = batch(package, range(part, part + 12), source=source, seq=1000 + (ls - 1) * PARTS + part, ls=ls,
                          first=first, last=first + ORBITS // PARTS - 1, run=380000, epoch=1_700_000_000_000_000_000)
                topic, body = pack(b)
                if (ls, part, source) == (5, 3, "linkA") and key:
                    body = damaged(body, key, byte, bit)
                publisher.send([topic, body])
    publisher.close()
    return stop(watch)[0]


clean = run(None, 0, 0)
lumisections = [line for line in clean if line["type"] == "lumisection"]
check(len(lumisections) == LUMISECTIONS and all(line["events"] == 12 * PARTS * 2 for line in lumisections), "clean stream")
cases = [("run", 1, 0), ("run", 4, 6), ("epoch", 1, 3), ("epoch", 8, 0), ("epoch", 6, 7), ("ls", 0, 1), ("ls", 0, 6),
         ("seq", 1, 7), ("seq", 2, 0), ("seq", 2, 7), ("source", 1, 1), ("source", 5, 0), ("source", 0, 1)]
for key, byte, bit in cases:
    lines = run(key, byte, bit)
    what = (key, byte, bit)
    hurt = [line for line in lines if line["type"] == "lumisection"]
    check([(l["run"], l["ls"]) for l in hurt] == [(l["run"], l["ls"]) for l in lumisections], what, "other lumisections")
    lost = 0
    for good, bad in zip(lumisections, hurt):
        lost += good["events"] - bad["events"]
        if bad["ls"] not in (5, 6):
            check(good["events"] == bad["events"] and good["covered_orbits"] == bad["covered_orbits"], what, bad)
            check(all(c["restarts"] == 0 and c["missing"] == 0 for c in bad["sources"].values()), what, bad)
        check(bad["covered_orbits"] >= good["covered_orbits"] * (PARTS - 1) // PARTS, what, "coverage", bad["ls"])
    check(lost == 12, what, "events lost", lost)
    accounted = sum(c["missing"] + c["rejected"] + c["duplicate"] + c["late"] for l in hurt for c in l["sources"].values())
    accounted += sum(lines[-1]["unplaced"].values())
    check(accounted >= 1, what, "the lost frame is counted nowhere")
    windows = [(w["first_ls"], w["last_ls"], w["quality"]) for w in lines if w["type"] == "window"]
    check(windows == [(w["first_ls"], w["last_ls"], w["quality"]) for w in clean if w["type"] == "window"], what, "windows", windows)
print(f"{len(cases)} damaged bytes, one frame lost each time")
