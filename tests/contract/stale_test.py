"""A stream that has stopped is stale, never good: status shows the age of what it says, and rates; the cut link is in the
log while it is cut."""
import json
import re
import sys
import tempfile
import time

from monitor import Watch, call, lumisection
from stream import Publisher, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
journal = tempfile.mkdtemp(prefix="vigil-stale-") + "/j.db"
publisher = Publisher()
watch = Watch(vigil, "--model", package.folder, "--subscribe", publisher.endpoint, "--journal", journal, "--reference", "learn:6",
              "--window-ls", 4, "--hop-ls", 2)
publisher.wait()
for ls in range(1, 31):
    publisher.send(pack(lumisection(package, ls, ls - 1, 1500)))
watch.wait_for_ls(29)


def status():
    code, text, err = call(vigil, "status", journal)
    check(code == 0, "status:", err)
    code, document, err = call(vigil, "status", journal, "--json")
    check(code == 0, "status --json:", err)
    return text, json.loads(document)


def numbers(document, word, path=""):
    """Every number whose path of keys has `word` in it."""
    if isinstance(document, dict):
        return [x for k, v in document.items() for x in numbers(v, word, f"{path}/{k}")]
    if isinstance(document, list):
        return [x for v in document for x in numbers(v, word, path)]
    return [document] if isinstance(document, (int, float)) and not isinstance(document, bool) and re.search(word, path) else []


# Within 5 s, and the time of a busy machine: good, with ages and rates.
text, document = watch.wait("status says good with ages and rates", lambda: (lambda s: s if (
    "good" in s[0] and "Hz" in s[0] and numbers(s[1], "age|since|lag")) else None)(status()), 20)
check("stale" not in text.lower(), "not stale while it runs:", text)
check(any(x > 0 for x in numbers(document, "rate|hz")), "rates in the document:", document)
publisher.close()
closed = time.monotonic()
watch.wait("the log says that the link is cut", lambda: re.search(r"\bcut\b|disconnected|lost", watch.log()), 15)
stopped, _ = watch.wait("status says stale", lambda: (lambda s: s if "stale" in s[0].lower() else None)(status()),
                        160)
row = next(line for line in stopped.splitlines() if package.name in line)
check("good" not in row, "a stream that has stopped is never good:", stopped)
check(stopped != text, "and its age has grown")
print(f"stale after {time.monotonic() - closed:.0f} s")
watch.stop()
# After the end too: the journal alone says that nothing came since.
ended, _ = status()
check("good" not in next(line for line in ended.splitlines() if package.name in line), "after the end:", ended)
print("stale is said")
