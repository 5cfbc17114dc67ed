"""Every query of the Grafana dashboard and every recorded rule, asked of a real Prometheus that scrapes a watch with a sink: each
returns data. Rules with durations divided by 20; what Grafana fills in is filled in."""
import json
import pathlib
import sys
import time

import prometheus
from prometheus import Prometheus
from stream import check
from watched import Watched, mismatching

vigil = sys.argv[1]
prometheus.needed("prometheus")
CONF = pathlib.Path(__file__).resolve().parents[2] / "conf"
dashboard = json.loads((CONF / "grafana" / "vigil.json").read_text())
check(dashboard["uid"] == "vigil", dashboard["uid"])
variables = {v["name"]: v for v in dashboard["templating"]["list"]}
check(set(variables) == {"datasource", "model", "stream"}, set(variables))


def queries(node):
    """Every expression below `node`, panels inside rows included."""
    if isinstance(node, dict):
        if isinstance(node.get("expr"), str):
            check(node["datasource"]["uid"] == "${datasource}", node)
            yield node["expr"]
        for child in node.values():
            yield from queries(child)
    elif isinstance(node, list):
        for child in node:
            yield from queries(child)


def filled(expression):
    for name, text in (("$__rate_interval", "20s"), ("$__interval", "5s"), ("$model", ".*"), ("$stream", ".*")):
        expression = expression.replace(name, text)
    check("$" not in expression, "a variable that nobody fills in:", expression)
    return expression


w = Watched(vigil, "sinks: [{type: file, name: notes, path: FOLDER/notes.jsonl}]\n")
rules = (CONF / "prometheus" / "vigil_rules.yml").read_text()
server = Prometheus({"one": w.address}, interval="1s", rules=prometheus.shortened(rules, 20))
begun = time.time_ns()
for ls in range(24):  # two good ones a second, then a fault, so that there are actions and deliveries
    w.send(1, change=mismatching if ls > 16 else None, context={"run_start_ns": begun - 30 * 10**9})
    time.sleep(0.5)
w.closed(w.ls - 3)
every = sorted(set(queries(dashboard["panels"])))
check(len(every) > 40, len(every), "queries")
records = [line.split("record: ")[1] for line in rules.splitlines() if "record: " in line]
check({"vigil:seed_rate:deviation", "vigil:mismatches:ratio5m", "vigil:batches_lost:ratio5m", "vigil:staleness:seconds"} <= set(records), records)
empty = []


def all_have_data():
    empty[:] = [e for e in every + records if not server.query(filled(e))]
    return not empty


end = time.monotonic() + 40
while not all_have_data() and time.monotonic() < end:
    w.send(1)
    time.sleep(0.5)
check(not empty, "queries without data:", *empty)
for name in ("model", "stream"):
    check(variables[name]["definition"].startswith("label_values(vigil_state"), variables[name])
bad = server.query('vigil_state{family="agreement",state="bad"} == 1')
check(len(bad) == 1 and bad[0][0]["instance"] == "one", bad)
server.stop()
w.stop()
print("ok", len(every), "queries")
