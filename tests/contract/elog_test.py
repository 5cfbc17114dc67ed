"""`/v1/elog`: at most 4 KiB of text/plain about one window, with what was not good in it and a link to the same on the page;
selectors that choose nothing are refused."""
import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from journals import Replayed
from monitor import of
from stream import check

vigil = sys.argv[1]
data = Replayed(vigil, "score_bit_flip")
log = data.folder / "serve.txt"
with open(log, "wb") as file:
    serve = subprocess.Popen([vigil, "serve", data.journal, "--http", "127.0.0.1:0"], stdout=file, stderr=file, stdin=subprocess.DEVNULL)
deadline = time.monotonic() + 30
while not (found := re.search(r"listening on (http://\S+)", log.read_text())) and time.monotonic() < deadline:
    time.sleep(0.1)
check(found, "it listens:", log.read_text())
url = found[1]


def elog(**parameters):
    try:
        with urllib.request.urlopen(f"{url}/v1/elog?{urllib.parse.urlencode(parameters)}", timeout=30) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


run = data.runs[0]
for window in of(data.lines, "window"):
    status, kind, text = elog(run=run, ls=window["last_ls"], window=window["name"])
    check(status == 200 and kind.startswith("text/plain"), "text:", status, kind, text)
    check(len(text.encode()) <= 4096, "at most 4 KiB")
    lines = text.splitlines()
    check(lines[0] == f"vigil: {window['quality'].upper()} vigil_demo scouting run {run} LS {window['first_ls']}-{window['last_ls']}", lines[0])
    bad = [v for v in of(data.lines, "verdict") if v["quality"] in ("medium", "bad") and v["window"] == window["name"]
           and v["last_ls"] == window["last_ls"]]
    for v in bad:
        check(any(line.startswith(f"{v['monitor']} {v['statistic']}: {v['quality']}, ") and v["reason"] in line for line in lines[1:]), v, text)
    unknown = any(v["quality"] == "unknown" for v in of(data.lines, "verdict") if v["window"] == window["name"] and
                  v["last_ls"] == window["last_ls"])
    if window["quality"] == "good" and not unknown:
        check("all monitors good" in lines[1], "nothing was wrong:", text)
    check([line.split(":")[0] for line in lines[-6:-1]] == ["model", "context", "reference", "losses", "actions"], "tail:", text)
    link = urllib.parse.urlsplit(lines[-1])
    asked = dict(urllib.parse.parse_qsl(link.query))
    check(f"{link.scheme}://{link.netloc}" == url and asked["run"] == str(run) and asked["ls"] == str(window["last_ls"]), "link:", lines[-1])
status, _, text = elog(monitor="score")
check(status == 200 and text.splitlines()[1].startswith("score ks: good"), "of one monitor, also where it is good:", text)
check("/monitor?" in text.splitlines()[-1] and "monitor=score" in text.splitlines()[-1], "its link:", text)
for wrong, words in (({"monitor": "nothing"}, "nothing"), ({"run": 7}, "run"), ({"ls": 1}, "ls"), ({"window": "x"}, "window"), ({"model": "x"}, "model")):
    status, kind, text = elog(**wrong)
    check(status == 404 and kind == "application/problem+json" and words in json.loads(text)["detail"], wrong, status, text)
check(elog(nothing=1)[0] == 400 and elog(ls="x")[0] == 400, "malformed")
serve.send_signal(signal.SIGTERM)
check(serve.wait(15) == 0, "ends")
print("pasted")
