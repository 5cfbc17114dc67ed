"""What `vigil report` and `vigil status` refuse: exit 2 and one line that names it; a disk that fills: exit 3, no half
file. Strings of others come out as text."""
import os
import pathlib
import resource
import socket
import sqlite3
import subprocess
import sys
import tempfile

from journals import Replayed
from monitor import call
from stream import check

vigil = sys.argv[1]
data = Replayed(vigil, "score_bit_flip")
run, folder = data.runs[0], data.folder


def refuse(words, *arguments):
    code, out, err = call(vigil, *arguments)
    check(code == 2 and out == "", arguments, "exit 2, nothing on stdout:", code, out)
    check(len(err.splitlines()) == 1 and err.startswith("vigil: "), "one line:", err)
    for word in words:
        check(str(word) in err, word, "is named:", err)


(folder / "text.txt").write_text("no journal\n")
other = sqlite3.connect(folder / "other.db")
other.execute("create table t(x)")
other.commit()
other.close()
for command in (["report"], ["report", "--run", run], ["status"]):
    refuse(["none.db"], command[0], folder / "none.db", *command[1:])
    refuse(["text.txt"], command[0], folder / "text.txt", *command[1:])
    refuse(["other.db"], command[0], folder / "other.db", *command[1:])
    refuse([folder], command[0], folder, *command[1:])
refuse(["run 7", run], "report", data.journal, "--run", 7)
refuse(["run 7", run], "report", data.journal, "--quality", "--run", 7)
refuse(["--run", run], "report", data.journal)
refuse(["--run", run], "report", data.journal, "--elog")
refuse(["nobody", "vigil_demo"], "report", data.journal, "--run", run, "--model", "nobody")
refuse(["nowhere", "scouting"], "report", data.journal, "--run", run, "--stream", "nowhere")
refuse(["missing/out.html"], "report", data.journal, "--run", run, "-o", folder / "missing" / "out.html")
refuse([folder], "report", data.journal, "--run", run, "-o", folder)
refuse(["kind of document"], "report", data.journal, "--run", run, "--elog", "--quality")
refuse(["--accept"], "report", data.journal, "--run", run, "--accept", "medium")
refuse(["--accept"], "report", data.journal, "--golden-json", "--accept", "bad")
refuse(["--run"], "report", data.journal, "--run", "x")
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{free.getsockname()[1]}"
refuse([url, "no answer"], "status", url)
refuse(["ftp://host"], "status", "ftp://host")
refuse(["--watch"], "status", data.journal, "--watch", "--json")

# A limit on the size of files is a disk that fills, for everyone but root's own small ones; /dev/full for standard output.
target = folder / "report.html"
target.write_text("before")
done = subprocess.run([vigil, "report", data.journal, "--run", str(run), "-o", target], capture_output=True,
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)))
check(done.returncode == 3 and len(done.stderr.splitlines()) == 1 and b"report.html" in done.stderr, "full:", done)
check(target.read_text() == "before", "what was there is there")
check(not [p for p in folder.iterdir() if "report.html." in p.name], "no half file:", list(folder.iterdir()))
with open("/dev/full", "wb") as full:
    done = subprocess.run([vigil, "report", data.journal, "--run", str(run)], stdout=full, stderr=subprocess.PIPE)
check(done.returncode == 3, "standard output is full:", done)
check(call(vigil, "report", data.journal, "--run", run, "-o", "/dev/null")[0] == 0, "a device is written to")
check(os.path.exists("/dev/null") and not pathlib.Path("/dev/null").is_file(), "and stays one")
link = folder / "link.html"
link.symlink_to(target)
check(call(vigil, "report", data.journal, "--run", run, "-o", link)[0] == 0 and link.is_symlink(), "a link stays one")
check(target.read_text().startswith("<!DOCTYPE html>"), "and what it points to is the report")
print("refused")
