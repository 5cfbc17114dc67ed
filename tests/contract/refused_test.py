"""Nothing is refused in silence: what cannot be placed is in the log when it begins and in the journal within seconds,
with counts; and what is plainly a restart or a run of its own is used."""
import json
import re
import sys
import tempfile
import time

from monitor import Watch, call, lumisection, of, totals, values
from stream import Publisher, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
WINDOWS = ["--reference", "learn:4", "--window-ls", 4, "--hop-ls", 2]


def start(*arguments):
    publisher = Publisher()
    watch = Watch(vigil, "--model", package.folder, "--subscribe", publisher.endpoint, *WINDOWS, *arguments)
    publisher.wait()
    return publisher, watch


def lumisections_counted_again():
    """The crate counts lumisections from 1 again in the same run: everything is late, nothing closes, and it is seen."""
    journal = tempfile.mkdtemp(prefix="vigil-refused-") + "/j.db"
    publisher, watch = start("--journal", journal)
    for ls in range(1, 61):
        publisher.send(pack(lumisection(package, ls, ls - 1)))
    watch.wait_for_ls(59)
    before = len(watch.log())
    for ls in range(1, 51):
        publisher.send(pack(lumisection(package, ls, 59 + ls)))
    began = time.monotonic()
    new = watch.wait("a log line about late batches of link0",
                     lambda: [line for line in watch.log()[before:].splitlines() if "link0" in line and "late" in line], 10)
    check(re.search(r"run 1\b", new[0]) and re.search(r"LS 1\b", new[0]) and re.search(r"\b(59|60|61)\b", new[0]),
          "the line names what was found (run 1 LS 1) and what is expected (after LS 59):", new[0])
    # 5 s of wall clock, and the time of a busy machine on top.
    watch.wait("status --json counts 50 late batches of link0",
               lambda: 50 in values(json.loads(call(vigil, "status", journal, "--json")[1]), "late"), 20)
    check("late" in call(vigil, "status", journal)[1], "status tells people of it", call(vigil, "status", journal)[1])
    again = [line for line in watch.log()[before:].splitlines() if "link0" in line and "late" in line]
    check(len(again) <= 1 + (time.monotonic() - began) // 60 + 1, "at most once a minute", again)
    lines = watch.stop()
    check(totals(lines)["late"] == 50 and of(lines, "digest")[0]["events"] == 60 * 400, "counts", totals(lines))


def restart(what, second, restarts=1):
    """Two turns of a publisher; `second`(ls) is the batch of the second turn. All of it is used."""
    publisher, watch = start()
    for ls in range(1, 16):
        publisher.send(pack(lumisection(package, ls, ls - 1, epoch=5)))
    watch.wait_for_ls(14)
    batches = [second(ls) for ls in range(1, 16)]
    for b in batches:
        publisher.send(pack(b))
    watch.wait_for_ls(batches[-1]["ls"] - 1, run=batches[-1]["run"])
    lines = watch.stop()
    found = totals(lines)
    check(found["batches"] == 30 and found["duplicate"] == found["late"] == found["rejected"] == 0, what, found)
    check(found["restarts"] == restarts, what, "restarts", found["restarts"])
    check(of(lines, "digest")[0]["events"] == 30 * 400, what, of(lines, "digest"))
    publisher.close()


def repeated():
    """What is no restart stays what it was: the same batches again are duplicates, said while it happens."""
    publisher, watch = start()
    for ls in range(1, 11):
        publisher.send(pack(lumisection(package, ls, ls - 1)))
    watch.wait_for_ls(9)
    for ls in range(1, 11):
        publisher.send(pack(lumisection(package, ls, ls - 1)))
    watch.wait("a log line about duplicates of link0",
               lambda: [line for line in watch.log().splitlines() if "link0" in line and "duplicate" in line], 10)
    watch.settle()
    found = totals(watch.stop())
    check(found["duplicate"] == 10 and found["batches"] == 10 and found["restarts"] == 0, "repeated", found)
    publisher.close()


def single_batch_runs(what, sequence, all_used):
    """Six runs of one batch each. `sequence`(k): (epoch, seq) of run k + 1."""
    publisher, watch = start()
    for k in range(6):
        epoch, seq = sequence(k)
        publisher.send(pack(lumisection(package, 1, seq, 300, run=k + 1, epoch=epoch)))
        time.sleep(0.05)
    watch.settle()
    lines = watch.stop()
    runs = [line["run"] for line in of(lines, "lumisection") if line["events"] == 300]
    refused = [k + 1 for k in range(6) if k + 1 not in runs]
    check(not refused or not all_used, what, "runs used:", runs, watch.log())
    if refused:
        said = [line for line in watch.log().splitlines() if "clock jump" in line and f"run {refused[0]}" in line and "LS 1" in line]
        check(said, what, "the log names run and lumisection of what it refuses:", refused, watch.log())
    check(len(runs) + totals(lines).get("rejected", 0) == 6, what, "every batch is counted:", totals(lines))
    publisher.close()


lumisections_counted_again()
restart("constant epoch, later run", lambda ls: lumisection(package, ls, ls - 1, run=2, epoch=5))
restart("earlier epoch, later run", lambda ls: lumisection(package, ls, ls - 1, run=2, epoch=3))
restart("earlier epoch, later orbits", lambda ls: lumisection(package, 15 + ls, ls - 1, epoch=3))
restart("constant epoch, later orbits", lambda ls: lumisection(package, 15 + ls, ls - 1, epoch=5))
repeated()
single_batch_runs("one epoch", lambda k: (5, k), all_used=True)
single_batch_runs("an epoch a run", lambda k: (5 + k, 0), all_used=False)
print("refusals said, restarts used")
