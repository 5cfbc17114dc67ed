"""Publishers that restart without saying so, runs of one batch, lumisections that begin again, a source that dies: what the
data clock makes of them, live (docs/wire_format.md, The data clock; docs/results.md, Scope)."""
import sys
import threading

from stream import ORBITS, Publisher, batch, check, demo_package, pack, start, stop

vigil = sys.argv[1]
package = demo_package()


def whole(ls, seq, *, source="link0", run=1, epoch=1):
    first = (ls - 1) * ORBITS
    return batch(package, [0, 1, 2], source=source, seq=seq, ls=ls, first=first, last=first + ORBITS - 1, run=run,
                 epoch=epoch)


def watched(batches):
    publisher = Publisher()
    watch = start(vigil, "watch", "--model", package.folder, "--subscribe", publisher.endpoint, "--json")
    publisher.wait()
    for b in batches:
        publisher.send(pack(b))
    publisher.close()
    result, log = stop(watch)
    return {(line["run"], line["ls"]): line for line in result if line["type"] == "lumisection"}, result[-1], log


def total(lines, key, source="link0"):
    return sum(line["sources"].get(source, {}).get(key, 0) for line in lines.values())


# A constant epoch: the publisher restarts for run 2, its numbers begin at 0 again.
lines, digest, log = watched([whole(ls, ls - 1, run=run, epoch=0) for run in (1, 2) for ls in range(1, 21)])
check(sorted(lines) == [(run, ls) for run in (1, 2) for ls in range(1, 21)], "lines", sorted(lines))
check(total(lines, "batches") == 40 and total(lines, "restarts") == 1, lines[2, 1]["sources"])
check(total(lines, "duplicate") + total(lines, "late") + total(lines, "missing") == 0, lines[2, 20]["sources"])

# The publisher's clock was set back within the run.
lines, digest, log = watched([whole(ls, ls - 1, epoch=900) for ls in range(1, 9)] +
                             [whole(ls, ls - 9, epoch=300) for ls in range(9, 17)])
check(total(lines, "batches") == 16 and lines[1, 9]["sources"]["link0"]["restarts"] == 1, lines[1, 9]["sources"])

# Six runs of one batch.
lines, digest, log = watched([whole(1, 0, run=run, epoch=1000 * run) for run in range(1, 7)])
check(sorted(lines) == [(run, 1) for run in range(1, 7)], "lines", sorted(lines), log)
check(all(line["events"] == 3 for line in lines.values()) and total(lines, "restarts") == 5, "events")

# Lumisections begin at 1 again in the same run: refused, and said while it goes on, with what was found and expected.
publisher = Publisher()
watch = start(vigil, "watch", "--model", package.folder, "--subscribe", publisher.endpoint, "--json")
publisher.wait()
said, found = [], threading.Event()


def read():
    for line in watch.stderr:
        said.append(line.decode())
        if "run 1 LS 1, expected LS 20 or later" in said[-1] and "link0" in said[-1] and "late" in said[-1]:
            found.set()


threading.Thread(target=read, daemon=True).start()
for seq, ls in enumerate([*range(1, 21), *range(1, 11)]):
    publisher.send(pack(whole(ls, seq)))
check(found.wait(30), "nothing said of what is refused:", said)
publisher.close()
watch.terminate()
out = watch.stdout.read()
check(watch.wait(60) == 0 and out.count(b'"late":10') == 1, "late", out[-600:])

# One of three sources dies: it stays in every line, and is no part of the coverage.
lines, digest, log = watched([whole(ls, ls - 1, source=source) for ls in range(1, 41) for source in "abc"
                              if source != "c" or ls <= 20])
for ls in range(1, 41):
    entry = lines[1, ls]["sources"]["c"]
    check(entry.get("silent_since_ls") == (20 if ls > 30 else None), ls, entry)
    check(lines[1, ls]["covered_orbits"] == (0 if 20 < ls <= 30 else ORBITS), ls, "covered")
print("restarts, short runs and silence as the data clock has them")
