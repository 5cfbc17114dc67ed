"""A journal is read by any user who may read the file: while it is written, after a clean end, after a kill, and on a
read-only disk. Needs root (another user, a mount)."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from monitor import Watch, lumisection
from stream import Publisher, check, demo_package, pack

vigil = sys.argv[1]
if os.geteuid() != 0 or not shutil.which("setpriv"):
    print("skipped: readers of other users need root and setpriv")
    sys.exit(77)
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-readers-"))
folder.chmod(0o755)
journal = folder / "j.db"
# The other user may not be able to reach the build folder.
program = folder / "vigil"
shutil.copy(vigil, program)
program.chmod(0o755)


def as_nobody(*arguments):
    done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program, *map(str, arguments)],
                          capture_output=True, timeout=30, cwd="/")
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def look(when):
    before = sorted(os.listdir(folder))
    code, out, err = as_nobody("status", journal)
    check(code == 0 and package.name in out, when, "status:", code, err)
    code, out, err = as_nobody("actions", "list", "--journal", journal)
    check(code == 0 and "no actions" in out, when, "actions list:", code, err)
    code, out, err = as_nobody("actions", "ack", "x", "--journal", journal, "--actor", "me", "--reason", "seen")
    check(code == 2 and len(err.splitlines()) == 1, when, "a reader writes nothing:", code, err)
    check(sorted(os.listdir(folder)) == before, when, "and leaves nothing:", sorted(os.listdir(folder)), before)


publisher = Publisher()
sent = 0


def watch():
    global sent
    running = Watch(vigil, "--model", package.folder, "--subscribe", publisher.endpoint, "--journal", journal)
    publisher.wait()
    for ls in range(sent + 1, sent + 11):
        publisher.send(pack(lumisection(package, ls, ls - 1, 300)))
    sent += 10
    running.wait_for_ls(sent - 1)
    return running


running = watch()
look("while it is written")
running.stop()
look("after a clean end")
running = watch()
running.process.kill()
running.process.wait()
look("after a kill")

disk = folder / "disk"
disk.mkdir()
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], capture_output=True).returncode == 0:
    try:
        for name in os.listdir(folder):
            if name.startswith("j.db"):
                shutil.copy(folder / name, disk / name)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        for arguments in (["status", disk / "j.db"], ["actions", "list", "--journal", disk / "j.db"]):
            for run in (as_nobody, lambda *a: (lambda d: (d.returncode, d.stdout.decode(), d.stderr.decode()))(
                    subprocess.run([program, *a], capture_output=True, timeout=30))):
                code, out, err = run(*arguments)
                check(code == 0, "on a read-only disk:", arguments, code, err)
    finally:
        subprocess.run(["umount", "-l", disk])
else:
    print("skipped: no mount for the read-only disk")
print("readers of other users")
