"""Completions work in the shells that are here; manual pages format without a warning; both are what the build leaves."""
import pathlib
import re
import shutil
import subprocess
import sys

from monitor import call
from stream import check

vigil = pathlib.Path(sys.argv[1]).resolve()
share = vigil.parent / "share"


def complete(*words):
    """What bash offers for the last of the words."""
    script = (f"source {share}/bash-completion/completions/vigil; COMP_WORDS=({' '.join(map(repr, words))}); COMP_CWORD={len(words) - 1}; "
              "_vigil 2>/dev/null; printf '%s\\n' \"${COMPREPLY[@]}\"")
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=vigil.parent).stdout.split()


names = call(vigil, "man", "--list")[1].splitlines()
check(len(names) > 30 and "actions list" in names and "report" in names, "commands:", names)
check(set(complete("vigil", "")) >= {name for name in names if " " not in name}, "commands are offered")
check(complete("vigil", "rep") == ["replay", "report"], complete("vigil", "rep"))
check("list" in complete("vigil", "actions", "") and complete("vigil", "actions", "sh") == ["show", "shelve"], "of a group")
check(complete("vigil", "report", "--gol") == ["--golden-json"], "flags", complete("vigil", "report", "--gol"))
check(complete("vigil", "report", "--accept", "") == ["medium"], "values", complete("vigil", "report", "--accept", ""))
check("share" in complete("vigil", "report", "sha"), "files", complete("vigil", "report", "sha"))
check(complete("vigil", "completion", "z") == ["zsh"], "values of a word", complete("vigil", "completion", "z"))
for shell, path, test in (("bash", "bash-completion/completions/vigil", ["bash", "-n"]), ("zsh", "zsh/site-functions/_vigil", ["zsh", "-n"]),
                          ("fish", "fish/vendor_completions.d/vigil.fish", ["fish", "--no-execute"])):
    code, out, err = call(vigil, "completion", shell)
    check(code == 0 and out == (share / path).read_text(), shell, "is what the build left")
    if shutil.which(test[0]):
        done = subprocess.run([*test, share / path], capture_output=True, text=True)
        check(done.returncode == 0 and done.stderr == "", shell, "reads it:", done.stderr)
check(call(vigil, "completion", "tcsh")[0] == 2 and call(vigil, "completion")[0] == 2, "other shells are refused")

pages = {"vigil": []} | {"vigil-" + name.replace(" ", "-"): name.split() for name in names}
for page, words in pages.items():
    code, out, err = call(vigil, "man", *words)
    check(code == 0 and out == (share / "man" / "man1" / f"{page}.1").read_text(), page, "is what the build left")
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-rLL=300n"], input=out, capture_output=True, text=True)
        check(done.returncode == 0 and done.stderr == "", page, "without a warning:", done.stderr)
        check("NAME" in re.sub(".\x08", "", done.stdout), page, done.stdout[:200])
code, out, err = call(vigil, "man", "reprt")
check(code == 2 and out == "" and "report" in err, "an unknown page:", err)
print(f"{len(pages)} pages")
