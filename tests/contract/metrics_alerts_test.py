"""Every alert fires on its fault and on no other: a real Prometheus scrapes one vigil a fault, each with real faulty data. The rules
are those of conf/prometheus with every duration (ranges and `for`) divided by 30, so that minutes are seconds; nothing else is
changed. As they stand they are tested with promtool on the samples of vigil_rules_test.yml. The one fault not made here is that
of an emulator library (tests/app/emulator_failure_test.cpp and pipeline_counters_test.cpp count it; promtool plays it)."""
import contextlib
import json
import pathlib
import re
import sqlite3
import sys
import threading
import time

import prometheus
from prometheus import Prometheus, promtool
from stream import ORBITS, check
from watched import Watched, mismatching

vigil = sys.argv[1]
prometheus.needed("prometheus", "promtool")
CONF = pathlib.Path(__file__).resolve().parents[2] / "conf" / "prometheus"
RULES = (CONF / "vigil_rules.yml").read_text()

# What stands there holds, and every alert has a section on what to do.
for arguments in (["check", "rules", "vigil_rules.yml"], ["check", "config", "prometheus.yml"], ["test", "rules", "vigil_rules_test.yml"]):
    code, said = promtool(*arguments, folder=CONF)
    check(code == 0, *arguments, said)
page = (CONF.parents[1] / "docs" / "alerts.md").read_text()
alerts = re.findall(r"- alert: (\w+)", RULES)
check(len(alerts) == len(set(alerts)) == 12, alerts)
for alert in alerts:
    body = RULES.split(f"- alert: {alert}\n")[1].split("- alert:")[0]
    check(re.search(r"severity: (page|warn)\b", body), alert, "has no severity")
    for key in ("summary", "description", "runbook"):
        check(re.search(rf"^ +{key}: \S", body, re.M), alert, "has no", key)
    check(f"runbook: docs/alerts.md#{alert.lower()}" in body and f"\n## {alert}\n" in page, alert, "has no section")

FACTOR = 30
SECONDS = 75  # of faulty data: longer than the longest `for`, 30 s, with the windows and scrapes before it


def old(w):
    """Data an hour old when they arrive."""
    return {"context": {"run_start_ns": time.time_ns() - 3600 * 10**9 - int((w.ls + 1) * 23.3e9)}}


def hold_journal(w):
    """Another program's transaction, longer than a writer waits."""
    with contextlib.closing(sqlite3.connect(w.journal, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        time.sleep(15)
        db.execute("ROLLBACK")


def flood(w):
    w.send(3, batches=400)


# name -> (alerts, settings, what a turn of faulty data is). What nobody receives is told of a mismatch, which has its own alert.
WEBHOOK = "sinks: [{type: webhook, name: hook, url: 'http://127.0.0.1:9/', when: proposed}]\nfirst_back_off_ms: 100\nlongest_back_off_ms: 500\n"
FAULTS = {
    "healthy": (set(), "", lambda w: w.send()),
    "down": ({"VigilDown"}, "", None),
    "stale": ({"VigilStale"}, "stale_after_s: 25\n", lambda w: None),
    "drift": ({"VigilBad"}, "", lambda w: w.send(pool=w.high)),
    "mismatch": ({"VigilMismatch"}, "", lambda w: w.send(change=mismatching)),
    "few events": ({"VigilUnknown"}, "", lambda w: w.send(n=1)),
    "wrong model": ({"VigilWrongModel"}, "", lambda w: w.send(change=lambda b: b.update(model_hash="0" * 64))),
    "missing": ({"VigilDataLoss"}, "", lambda w: w.send(skip=lambda source, seq: seq % 8 == 0)),
    "dropping": ({"VigilDropping"}, "queue_frames: 40\n", flood),
    "lagging": ({"VigilLagging"}, "", lambda w: w.send(**old(w))),
    "journal": ({"VigilJournal"}, "", lambda w: None),
    "no receiver": ({"VigilUndelivered", "VigilMismatch"}, WEBHOOK, lambda w: w.send(change=mismatching)),
}
run = {name: Watched(vigil, settings, batches=4, n=20) for name, (_, settings, _) in FAULTS.items()}
server = Prometheus({name: w.address for name, w in run.items()}, interval="2s", rules=prometheus.shortened(RULES, FACTOR))
server.wait("every vigil is scraped", lambda: all(t["health"] == "up" for t in server.targets()))
for w in run.values():
    w.send(7)  # learned, and judged good
for name, w in run.items():
    w.closed(5)
time.sleep(3)
early = server.query('ALERTS{alertstate="firing"}')
check(not early, "before any fault", early)

run["down"].watch.process.kill()
holder = threading.Thread(target=hold_journal, args=(run["journal"],))
holder.start()
begun = time.monotonic()
end = begun + SECONDS
while time.monotonic() < end:
    for name, (_, _, turn) in FAULTS.items():
        if turn and time.monotonic() < end:
            turn(run[name])
    time.sleep(0.5)
holder.join()

fired = {name: set() for name in FAULTS}
# Without instance: VigilDown of a Prometheus that has scraped nobody yet, as this one at its start.
for labels, _ in server.query(f'count by (alertname, instance) (count_over_time(ALERTS{{alertstate="firing",instance!=""}}[{int(time.monotonic() - begun)}s]))'):
    fired[labels["instance"]].add(labels["alertname"])
for name, (expected, _, _) in FAULTS.items():
    check(fired[name] == expected, name, "expected", expected, "fired", fired[name], run[name].watch.log()[-1500:])
lost = server.query("vigil:batches_lost:ratio5m{instance='missing'}")
check(len(lost) == 1 and abs(lost[0][1] - 1 / 8) < 0.03, "every eighth batch is missing:", lost)
server.stop()
for name, w in run.items():
    w.stop(expected=(-9,) if name == "down" else (0,))
print("ok", {name: sorted(alerts) for name, alerts in fired.items()})
