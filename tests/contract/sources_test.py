"""Who should be there and is not stays visible: silent sources, expected sources that never came, optional ones."""
import re
import sys
import tempfile

from monitor import Watch, call, lumisection, of
from stream import Publisher, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()


def watch_run(*settings, until, sources, journal=None):
    """`sources`: name -> lumisections it sends. Returns the lines."""
    publisher = Publisher()
    arguments = ["--journal", journal] if journal else []
    for setting in settings:
        arguments += ["--set", setting]
    watch = Watch(vigil, "--model", package.folder, "--subscribe", publisher.endpoint, "--reference", "learn:4",
                  "--window-ls", 4, "--hop-ls", 2, *arguments)
    publisher.wait()
    seqs = dict.fromkeys(sources, 0)
    for ls in range(1, until + 1):
        for name, present in sources.items():
            if ls in present:
                publisher.send(pack(lumisection(package, ls, seqs[name], 250, source=name)))
                seqs[name] += 1
    watch.wait_for_ls(until - 1)
    lines = watch.stop()
    publisher.close()
    return lines, watch.log()


def windows(lines, first, last):
    return [line for line in of(lines, "window") if line["first_ls"] >= first and line["last_ls"] <= last]


def notifications(lines, source):
    return [line for line in of(lines, "action") if (line["kind"], line["cause"]) == ("notify", "data")
            and line["proposal"]["source"] == source]


# c dies after lumisection 20 and comes back at 45.
journal = tempfile.mkdtemp(prefix="vigil-sources-") + "/j.db"
lines, log = watch_run(until=64, journal=journal, sources={
    "a": range(1, 65), "b": range(1, 65), "c": [*range(1, 21), *range(45, 65)]})
by_ls = {line["ls"]: line for line in of(lines, "lumisection")}
check(by_ls[20]["covered_orbits"] == 2**18, "covered while all three send")
check(by_ls[25]["covered_orbits"] == 0, "uncovered while c is expected", by_ls[25])
for ls in range(32, 44):
    c = by_ls[ls]["sources"].get("c", {})
    check(c.get("silent_since_ls") in (20, 21) and c["batches"] == 0, "c stays in the line of LS", ls, by_ls[ls]["sources"])
    check("silent_since_ls" not in by_ls[ls]["sources"]["a"], "a is not silent")
for line in windows(lines, 32, 43):
    check(line["quality"] == "medium", "no window without c is better than medium:", line)
    check(re.search(r"\bc\b.*silent since", line["reason"]), "and its reason says why:", line)
check(windows(lines, 32, 43), "windows closed meanwhile")
check(len(notifications(lines, "c")) == 1, "one notify about c:", of(lines, "action"))
action = notifications(lines, "c")[0]
check(action["proposal"]["since"] in ({"run": 1, "ls": 20}, {"run": 1, "ls": 21}), "since", action)
check(not notifications(lines, "a") and not notifications(lines, "b"), "nothing about the others")
check("silent_since_ls" not in by_ls[50]["sources"]["c"], "c is back")
good = windows(lines, 50, 63)
check(good and all(line["quality"] == "good" for line in good), "good again with c", [(w["first_ls"], w["quality"], w["reason"]) for w in good])
listed = call(vigil, "actions", "list", "--journal", journal, "--json")[1]
check(action["id"] in listed and '"open":false' in next(line for line in listed.splitlines() if action["id"] in line).replace(" ", ""),
      "the episode of c ended", listed)

# A source that is expected and never came; a name pattern that one that is there fulfils.
lines, log = watch_run("expected_sources=[never, 'a*']", until=30, sources={"a": range(1, 31)})
by_ls = {line["ls"]: line for line in of(lines, "lumisection")}
check(by_ls[3]["covered_orbits"] == 0, "an expected source counts from the first lumisection", by_ls[3])
check(all("silent_since_ls" in by_ls[ls]["sources"].get("never", {}) for ls in range(15, 29)), "and is silent", by_ls[28])
check("a*" not in by_ls[28]["sources"] and "silent_since_ls" not in by_ls[28]["sources"]["a"], "a pattern is no name", by_ls[28])
check(len(notifications(lines, "never")) == 1, "one notify about it", of(lines, "action"))
check(not any(line["quality"] == "good" for line in windows(lines, 13, 29)), "no window is good without it")

# An optional source comes and goes as it likes.
lines, log = watch_run("optional_sources=['cal*']", until=40, sources={"a": range(1, 41), "calibration": range(1, 11)})
check(not of(lines, "action"), "an optional source is never silent", of(lines, "action"))
late = windows(lines, 25, 39)
check(late and all(line["quality"] == "good" for line in late), "nor in the way of good", [w["reason"] for w in late])
check(not any("silent_since_ls" in source for line in of(lines, "lumisection") for source in line["sources"].values()), "no silent_since_ls")

# The new keys are strict like the others.
for value, words in (("expected_sources={a: 1}", ["expected_sources", "list"]), ("optional_sources=[[x]]", ["optional_sources"])):
    code, out, err = call(vigil, "check", "--model", package.folder, "--set", value)
    check(code == 2 and len(err.splitlines()) == 1 and all(word in err for word in words), value, code, err)
print("silent, expected and optional sources")
