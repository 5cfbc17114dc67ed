"""A real Prometheus Alertmanager: an alert while its episode goes on, the same over a kill, resolved after its end."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from sinks import Flow, eventually
from stream import check

vigil = sys.argv[1]
program = shutil.which("prometheus-alertmanager")
if not program:
    print("skipped: no prometheus-alertmanager")
    sys.exit(77)
folder = tempfile.mkdtemp(prefix="vigil-alertmanager-")
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
url = f"http://127.0.0.1:{port}"
with open(os.path.join(folder, "am.yml"), "w") as file:
    file.write("route: {receiver: none, group_by: [alertname, model], group_wait: 1s, group_interval: 5s}\nreceivers: [{name: none}]\n")
manager = subprocess.Popen([program, f"--config.file={folder}/am.yml", f"--storage.path={folder}/data",
                            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def get(path):
    try:
        with urllib.request.urlopen(url + path, timeout=5) as answer:
            return answer.read()
    except OSError:
        return None


def alerts():
    return {a["annotations"]["action_id"]: a for a in json.loads(get("/api/v2/alerts") or "[]")}


try:
    eventually(lambda: get("/-/ready"), "Alertmanager answers")
    listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True).stdout
    mine = [line.split()[3] for line in listening.splitlines() if f"pid={manager.pid}," in line]
    check(mine and all(a.startswith("127.0.0.1:") for a in mine), "listens on loopback only:", mine)
    flow = Flow(vigil, f"  - {{type: alertmanager, url: '{url}', labels: {{team: l1t}}, resend_s: 2}}\n", folder=folder)
    opened = flow.episode()
    first = eventually(lambda: (a := alerts()) and len(a) == len([x for x in flow.actions() if x["open"]]) and a, "alerts")
    for action in opened:
        alert = first[action["id"]]
        labels = {"alertname": "vigil_" + action["kind"].replace("-", "_"), "model": action["model"], "stream": action["stream"],
                  "cause": action["cause"], "severity": "critical" if action["kind"] == "revalidate" else "warning", "team": "l1t"}
        if action["subject"]:
            labels["subject"] = action["subject"]
        check(alert["labels"] == labels, alert["labels"], labels)
        check(alert["annotations"]["summary"] == action["reason"] and alert["annotations"]["run"] == "1", alert)
    starts = {i: a["startsAt"] for i, a in first.items()}
    flow.kill()
    flow.open()
    time.sleep(7)  # longer than 3 * resend_s: alerts that nobody told again would be gone
    later = alerts()
    check({i: a["startsAt"] for i, a in later.items()} == starts, "the same alerts, with the same beginning", later, starts)
    check(all(a["status"]["state"] == "active" for a in later.values()), "active")
    flow.end_episode()
    eventually(lambda: not alerts(), "resolved at the end of the episode")
    flow.stop()
    check(all(e[1] == "delivered" for e in flow.entries("alertmanager")), flow.entries("alertmanager"))
    print(f"{len(first)} alerts raised, kept over a kill, resolved")
finally:
    manager.kill()
    manager.wait()
