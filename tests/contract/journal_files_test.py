"""The journal as a file: what is refused leaves no trace, one writer by whatever path, and other settings go on with what
still fits and say in one line what they dropped."""
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from monitor import Watch, call, lumisection, of
from stream import Package, Publisher, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-journal-files-"))
shutil.copytree(package.folder.parent / "model_v2", folder / "second")
(folder / "second" / "model.yaml").write_text((folder / "second" / "model.yaml").read_text().replace(f"name: {package.name}", "name: second_demo"))
second = Package(folder / "second")


def tree(where):
    return {str(p.relative_to(where)): p.read_bytes() if p.is_file() else None for p in sorted(where.rglob("*"))}


def refused(words, *arguments):
    code, out, err = call(vigil, "watch", "--subscribe", "tcp://127.0.0.1:9", *arguments, seconds=20)
    lines = [line for line in err.splitlines() if line.startswith("vigil: ")]
    check(code == 2 and len(lines) == 1 and all(w in lines[0] for w in words), arguments, "exit", code, "wanted", words, err)


# What is no journal is refused and left as it was, with nothing beside it; so a model package keeps its hash.
litter = folder / "litter"
shutil.copytree(package.folder, litter / "package")
(litter / "text.db").write_text("not a journal, and long enough to be looked at as a file of SQLite " * 20)
(litter / "empty.txt").write_text("")
with sqlite3.connect(litter / "other.db") as db:
    db.execute("CREATE TABLE mine (x)")
db.close()
shutil.copy(litter / "other.db", litter / "hidden")
os.symlink(litter / "other.db", litter / "link.db")
before = tree(litter)
for name in ("package/network.json", "package/golden_inputs.npy", "text.db", "other.db", "hidden", "link.db", "package"):
    refused([name.rpartition("/")[2]], "--model", package.folder, "--journal", litter / name)
    check(tree(litter) == before, name, "changed:", sorted(set(tree(litter)) ^ set(before)))
refused(["nowhere"], "--model", package.folder, "--journal", litter / "nowhere" / "j.db")
check(call(vigil, "model", "inspect", litter / "package")[0] == 0 and package.hash in call(vigil, "model", "inspect", litter / "package")[1], "hash")

journal = folder / "j.db"
publisher = Publisher()
sent = 0


def watch(*arguments, models=(package,)):
    global sent
    running = Watch(vigil, *[x for m in models for x in ("--model", m.folder)], "--subscribe", publisher.endpoint, "--journal", journal,
                    *arguments)
    publisher.wait()
    return running


def feed(running, until, model=package):
    global sent
    while sent < until:
        sent += 1
        publisher.send(pack(lumisection(model, sent, sent - 1, 300)))
    if model is package:
        running.wait_for_ls(until - 1)


# One writer, by whatever path or link.
BASE = ["--reference", "learn:8", "--window-ls", 4, "--hop-ls", 2]
first = watch(*BASE)
feed(first, 20)
os.symlink(journal, folder / "symbolic.db")
os.link(journal, folder / "hard.db")
for name in ("j.db", "symbolic.db", "hard.db"):
    refused([name], "--model", package.folder, "--journal", folder / name)
first.stop()
os.remove(folder / "hard.db")


# Other settings: each goes on, with sequences, references and actions, and says in one line what it dropped.
def goes_on(what, arguments, said, known=True):
    """known: windows are judged at once, by the reference learned in the first turn."""
    began = sent
    running = watch(*arguments)
    feed(running, began + 12)
    lines = running.stop()
    fresh = of(lines, "lumisection")
    # After the end of the last turn the rest of its last lumisection is late; nothing is counted twice or missing.
    check(sum(line["events"] for line in fresh) == 12 * 300 and all(line["sources"]["link0"]["missing"] == 0 for line in fresh if line["ls"] > began),
          what, "sequences go on:", [(line["ls"], line["events"], line["sources"]) for line in fresh])
    dropped = [line for line in running.log().splitlines() if any(word in line for word in said)]
    check(len(dropped) == (1 if said else 0), what, "one line says what was dropped:", running.log())
    judged = [w for w in of(lines, "window") if w["closed_by"] == "full"]
    check(judged and (judged[0]["quality"] == "good") == known, what, "windows:", [(w["first_ls"], w["quality"], w["reason"]) for w in judged])


goes_on("the same settings", BASE, [])
goes_on("another window", ["--reference", "learn:8", "--window-ls", 6, "--hop-ls", 3], ["window"])
goes_on("another hop", ["--reference", "learn:8", "--window-ls", 6, "--hop-ls", 2], ["window"])

# Another model alone: its predecessor's state is kept, and taken up when it returns.
other = watch(*BASE, models=(second,))
began = sent
feed(other, began + 3, model=second)
other.wait("lumisections of the other model", lambda: other.lines("lumisection"))
other.stop()
both = watch(*BASE, models=(package, second))
began = sent
feed(both, began + 6)
both.stop()
goes_on("back to the first", BASE, [])
publisher.close()
print("journals as files")
