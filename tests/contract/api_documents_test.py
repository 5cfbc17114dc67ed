"""Every document of the server (docs/api.md) against what was sent and printed: histograms, bunch crossings and rates
counted again from the events, lines as they were printed, selectors, filters and their problems, caching."""
import gzip
import json
import math
import pathlib
import sys
import tempfile

import numpy as np
from api import Monitor, golden_batch, histogram, smallest_word
from monitor import of
from stream import Publisher, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
publisher = Publisher()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-api-"))
START_NS = 1_790_000_000_000_000_000
CONTEXT = {"fill": 9000, "menu": "L1Menu_v1", "prescale_column": 2, "beam_mode": "STABLE BEAMS", "pileup": 58.0, "filling_scheme": "25ns_2460b",
           "run_start_ns": START_NS, "selection": "zero_bias", "origin": "simulation"}
journal = folder / "vigil.db"
monitor = Monitor(vigil, "--model", package.folder, "--subscribe", publisher.endpoint, "--reference", "learn:3", "--journal", journal,
                  "--set", "windows=[{window_ls: 4, hop_ls: 2},{window_ls: 2, hop_ls: 2}]", "--set", "reference_events=1",
                  "--set", "minimum_events=100", "--set", "keep_histograms=4", "--set", "http_requests_per_s=100000")
api = monitor.api
check(api.get("/v1/status")["state"] == "unknown" and api.get("/v1/status")["streams"] == [], "nothing yet")
api.problem("not-found", 404, "/v1/bx")
publisher.wait()
sent = {}
LAST, WRONG = 15, 14
for ls in range(1, LAST + 1):
    context = {**CONTEXT, "menu": "L1Menu_v2"} if ls > 8 else CONTEXT
    for k, source in enumerate(("link0", "link10")):
        if ls == 6 and k == 0:
            continue  # a sequence number that never comes
        b, rows = golden_batch(package, ls, ls, source=source, wrong=3 if ls == WRONG and k == 0 else 0, context=context)
        sent[ls, source] = b, rows
        publisher.send(pack(b))
monitor.wait_for_ls(LAST - 1)
monitor.settle(1.0)
lines = monitor.lines()
newest = max(line["ls"] for line in of(lines, "lumisection"))

# What was printed is what is answered, byte for byte, newest first.
printed = [json.loads(line) for line in (monitor.folder / "out").read_bytes().splitlines()]
for path, kind in (("lumisections", "lumisection"), ("windows", "window"), ("verdicts", "verdict")):
    items, after = [], None
    while True:
        page = api.get("/v1/" + path, limit=7, **({"after": after} if after else {}))
        items += page["items"]
        after = page["next"]
        if after is None:
            break
    check(items == of(printed, kind)[::-1], path, "are the lines, newest first")
    check(api.get("/v1/" + path, limit=1000, order="asc")["items"] == of(printed, kind), path, "oldest first")
    check(api.get("/v1/" + path, model="nobody")["items"] == [], "an unknown name in a filter finds nothing")
newest_line = [line for line in (monitor.folder / "out").read_text().splitlines() if line.startswith('{"type":"window"')][-1]
body = api.ask("/v1/windows", limit=1)[2].decode()
check(body.startswith('{"items":[' + newest_line + '],"next":"'), "byte for byte", body[:300])
want = [v for v in of(printed, "verdict") if v["window"] == "4ls" and v["quality"] in ("bad", "medium") and v["monitor"].startswith("mismatch/")]
check(want and api.get("/v1/verdicts", window="4ls", quality="bad,medium", monitor="mismatch/*", limit=1000, order="asc")["items"] == want, "filters")
want = [v for v in of(printed, "verdict") if v["first_ls"] <= 7 and v["last_ls"] >= 6 and v["statistic"] == "ks"]
check(api.get("/v1/verdicts", statistic="ks", first_ls=6, last_ls=7, limit=1000, order="asc")["items"] == want, "a range of lumisections")

# The status.
status = api.until("the newest lumisection", "/v1/status", lambda s: s["streams"] and s["streams"][0]["ls"] == newest)
stream = status["streams"][0]
check(status["vigil"]["mode"] == "live" and len(status["vigil"]["boot"]) == 16 and status["banner"][0] == "SIMULATION", status["vigil"], status["banner"])
check(stream["context"] == {k: {**CONTEXT, "menu": "L1Menu_v2"}[k] for k in stream["context"]}, stream["context"])
check(stream["selection"] == "zero_bias" and stream["origin"] == "simulation" and stream["model_hash"] == package.hash, stream)
check([w["name"] for w in stream["windows"]] == ["4ls", "2ls"], "windows as configured", stream["windows"])
for window in stream["windows"]:
    line = [w for w in of(printed, "window") if w["name"] == window["name"]][-1]
    check(all(window[k] == line[k] for k in ("run", "first_ls", "last_ls", "events", "coverage", "quality", "reason")), window, line)
check(stream["reference"]["name"] == "learn:3" and stream["reference"]["ranges"] == [[1, 1, 3]], stream["reference"])
check(0 <= stream["age_s"] < 60 and stream["data_time"].startswith("2026-09-21T"), stream["age_s"], stream["data_time"])
lumisections = of(printed, "lumisection")
counts = {k: sum(s[k] for line in lumisections for s in line["sources"].values()) for k in ("batches", "missing", "duplicate", "late", "rejected", "dropped")}
check(all(stream["counts"][k] == v for k, v in counts.items()) and counts["missing"] == 1, stream["counts"], counts)
check(stream["counts"]["events"] == sum(line["events"] for line in lumisections), "events")
check(stream["counts"]["uncovered_orbits"] == sum(line["expected_orbits"] - line["covered_orbits"] for line in lumisections), "orbits")
worst = {}
for v in of(printed, "verdict"):
    worst[v["window"], v["monitor"], v["statistic"]] = v  # the newest
RANK = {"unknown": 0, "good": 1, "medium": 2, "bad": 3}
family_of = lambda m: "agreement" if m.startswith("mismatch/") else "inputs" if m.startswith(("input/", "multivariate/inputs")) else "rates" if m.startswith("seed/") else "score"
pairs = {}
for (window, m, s), v in worst.items():
    old = pairs.get((m, s), "unknown")
    pairs[m, s] = max(old, v["quality"], key=RANK.get)
check([f["name"] for f in stream["families"]] == ["agreement", "score", "inputs", "rates", "data"], stream["families"])
for family in stream["families"][:4]:
    own = [q for (m, s), q in pairs.items() if family_of(m) == family["name"]]
    check(family["monitors"] == len(own) and all(family[q] == own.count(q) for q in RANK), family, own)
    check(family["state"] == max(own, key=RANK.get), family)
    w = family["worst"]
    check(worst[w["window"], w["monitor"], w["statistic"]]["value"] == w["value"] and w["quality"] == family["state"], w)
data = stream["families"][4]
check(data["state"] == "good" and data["monitors"] == 1, data)
rank = ["good", "unknown", "medium", "bad"]
check(stream["state"] == max((f["state"] for f in stream["families"]), key=rank.index) == status["state"], stream["state"])
check(stream["state"] == "good" or (stream["reason"] and status["reason"].startswith(f"{package.name} scouting: ")), status["reason"])
for rate in stream["rates"]:
    line = lumisections[-1]
    passes = line["seeds"][rate["seed"]]["emulator"]
    check(math.isclose(rate["rate_hz"], passes / line["n_bx"] * 40078962, rel_tol=1e-8) and rate["low_hz"] <= rate["rate_hz"] <= rate["high_hz"], rate)
check(stream["rates"] and status["pipeline"]["journal"] == "ok" and status["pipeline"]["journal_bytes"] > 0, status["pipeline"])

# Models and runs.
(model,) = api.get("/v1/models")["models"]
check(model["name"] == package.name and model["hash"] == package.hash and model["streams"] == ["scouting"], model)
check(len(model["inputs"]) == package.inputs.shape[1] and [s["name"] for s in model["seeds"]] == [s[0] for s in package.seeds], model["seeds"])
check(set(model["monitors"]) >= {v["monitor"] for v in of(printed, "verdict")}, "all that is judged is named")
(run,) = api.get("/v1/runs")["runs"]
check((run["run"], run["first_ls"], run["last_ls"], run["lumisections"], run["fill"]) == (1, 1, newest, newest, 9000), run)
check(run["start"].startswith("2026-09-21T") and run["events"] == stream["counts"]["events"], run)
quality = {}
for w in of(printed, "window"):
    for ls in range(w["first_ls"], w["last_ls"] + 1):
        quality[ls] = max(quality.get(ls, "unknown"), w["quality"], key=RANK.get)
every = [quality.get(ls, "unknown") for ls in range(1, newest + 1)]
check(run["quality"] == {q: every.count(q) for q in ("good", "medium", "bad", "unknown")}, run["quality"], every)
check([q for a, b, q in run["ranges"] for _ in range(a, b + 1)] == every and all(a[2] != b[2] for a, b in zip(run["ranges"], run["ranges"][1:])), run["ranges"])
marks = {(m["ls"], m["kind"]): m for m in run["marks"]}
check(marks[1, "menu"]["from"] is None and marks[9, "menu"]["from"] == "L1Menu_v1" and marks[9, "menu"]["to"] == "L1Menu_v2", run["marks"])
check(marks[1, "fill"]["to"] == "9000" and (4, "reference") in marks, run["marks"])
check(api.get("/v1/runs", run=2)["runs"] == [] and api.get("/v1/runs", first_ls=newest + 1)["runs"] == [], "filters of runs")

# Trends.
for m, window in (("score", "4ls"), ("mismatch/score", "2ls"), ("seed/" + package.seeds[0][0], "sequential"),
                  ("input/" + model["inputs"][0]["name"], "4ls")):
    trend = api.get("/v1/trend", monitor=m, window=window)
    own = [v for v in of(printed, "verdict") if v["monitor"] == m and v["window"] == window and v["statistic"] == trend["statistic"]]
    check(own and trend["points"] == [{k: v[k] for k in ("first_ls", "last_ls", "quality", "value", "p_value", "limit", "reason")} for v in own], m, window)
    check(trend["marks"] == run["marks"] and trend["run"] == 1, trend["marks"])
    check(trend["gaps"] == [[line["ls"]] * 2 for line in lumisections if line["covered_orbits"] == 0] == [[6, 6]], trend["gaps"])
check(api.get("/v1/trend", monitor="seed/" + package.seeds[0][0])["unit"] == "Hz", "unit")

# Histograms, counted again.
outputs = {name: slice(sum(package.widths[:i]), sum(package.widths[:i + 1])) for i, name in enumerate(package.outputs)}
def rows_of(first, last):
    return np.concatenate([rows for (ls, _), (_, rows) in sent.items() if first <= ls <= last])
def check_histogram(monitor_name, words, window, document):
    first, last = document["first_ls"], document["last_ls"]
    w, r = histogram(words(rows_of(first, last))), histogram(words(rows_of(1, 3)))
    has_reference = document["reference"] is not None
    filled = sorted(set(w) | (set(r) if has_reference else set()))
    bins = list(range(filled[0], filled[-1] + 1))
    check(document["edges_raw"] == [smallest_word(b) for b in bins + [bins[-1] + 1]], monitor_name, document["edges_raw"][:5])
    check(document["window_counts"] == [w.get(b, 0) for b in bins], monitor_name, "window counts")
    check(document["window_events"] == sum(w.values()), "events")
    if has_reference:
        W, R = sum(w.values()), sum(r.values())
        check(document["reference_counts"] == [r.get(b, 0) for b in bins] and document["reference"] == {"name": "learn:3", "ranges": [[1, 1, 3]]}, monitor_name)
        for b, ratio, residual in zip(bins, document["ratio"], document["residual"]):
            x, y = w.get(b, 0), r.get(b, 0)
            check(ratio is None if y == 0 else math.isclose(ratio, (x / W) / (y / R), rel_tol=1e-12), b, ratio)
            check(residual is None if x + y == 0 else math.isclose(residual, (x * math.sqrt(R / W) - y * math.sqrt(W / R)) / math.sqrt(x + y), rel_tol=1e-9, abs_tol=1e-9), b, residual)
    width, integer = (int(x) for x in document["type"].partition("<")[2].rstrip(">").split(",")[:2])
    check(all(math.isclose(e, raw * 2.0 ** (integer - width) * document["lsb"], rel_tol=1e-12, abs_tol=1e-300) for e, raw in zip(document["edges"], document["edges_raw"])), "edges")
    return bins
for window in ("4ls", "2ls"):
    for name in package.outputs:
        for k in range(package.widths[package.outputs.index(name)]):
            m = name if package.widths[package.outputs.index(name)] == 1 else f"{name}[{k}]"
            document = api.get("/v1/histogram", monitor=m, window=window)
            check(document["last_ls"] == [w for w in of(printed, "window") if w["name"] == window][-1]["last_ls"], "the newest window")
            check_histogram(m, lambda rows: package.hardware[rows, outputs[name]][:, k], window, document)
            cut = [(s[0], s[3]) for s in package.seeds if s[1] == outputs[name].start + k]
            check([(t["seed"], t["raw"]) for t in document["thresholds"]] == cut, document["thresholds"])
for column in (0, package.inputs.shape[1] - 1):
    m = "input/" + model["inputs"][column]["name"]
    document = api.get("/v1/histogram", monitor=m)
    check(document["window_events"] == len(rows_of(document["first_ls"], document["last_ls"])) and sum(document["window_counts"]) == document["window_events"], m)
    check(document["type"] == model["inputs"][column]["type"], m)
root = api.get("/v1/histogram", monitor="score", format="root", part="ratio")
numbers = api.get("/v1/histogram", monitor="score")
check(root["_typename"] == "TH1D" and root["fName"] == "ratio" and root["fTitle"] == "score" and root["fYaxis"]["fTitle"] == "ratio", root["fName"])
check(root["fXaxis"]["fXbins"] == numbers["edges"] and root["fNcells"] == len(root["fArray"]) == len(numbers["edges"]) + 1, "cells")
check(root["fArray"][1:-1] == [x or 0 for x in numbers["ratio"]] and root["fArray"][0] == root["fArray"][-1] == 0, "contents")
scaled = api.get("/v1/histogram", monitor="score", format="root", part="reference")
check(all(math.isclose(a, b * numbers["window_events"] / numbers["reference_events"], rel_tol=1e-12) for a, b in zip(scaled["fArray"][1:-1], numbers["reference_counts"])), "scaled")
check(api.get("/v1/histogram", monitor="score", format="root")["fArray"][1:-1] == numbers["window_counts"], "window")

# By bunch crossing.
bx = api.get("/v1/bx")
own = [(b, rows) for (ls, _), (b, rows) in sent.items() if bx["first_ls"] <= ls <= bx["last_ls"]]
per_bx = np.zeros(3564, int)
passes = {s[0]: np.zeros(3564, int) for s in package.seeds}
for b, rows in own:
    np.add.at(per_bx, b["bx"].astype(int) - 1, 1)
    for name, column, _, threshold in package.seeds:
        np.add.at(passes[name], b["bx"][package.hardware[rows, column] >= threshold].astype(int) - 1, 1)
check(bx["events"] == per_bx.tolist() and {k: v.tolist() for k, v in passes.items()} == bx["passes"], "per bunch crossing")

# A mismatch: three events of LS 14 whose first output is one LSB above.
late = api.get("/v1/histogram", window="2ls", monitor="mismatch/" + package.outputs[0])
check(late["first_ls"] <= WRONG <= late["last_ls"], "the newest window holds the mismatch", late["last_ls"])
check(late["reference"] is None and late["reference_counts"] == late["ratio"] == late["residual"] == [], late)
check(late["edges_raw"] == [1, 2] == late["edges"] and late["window_counts"] == [3] and late["unit"] == "LSB", late["edges_raw"], late["window_counts"])
check(sum(api.get("/v1/bx", window="2ls")["mismatches"][package.outputs[0]]) == 3, "by bunch crossing")
api.problem("not-found", 404, "/v1/histogram", window="2ls", monitor="mismatch/" + package.outputs[0], format="root", part="ratio")

# Rates by threshold.
name, column, _, threshold = package.seeds[0]
for target in (None, 250_000.0, 3.5):
    curve = api.get("/v1/rate-curve", seed=name, **({"rate_hz": target} if target else {}))
    rows = rows_of(curve["first_ls"], curve["last_ls"])
    words = package.hardware[rows, column]
    n_bx = sum(b["n_bx"] for b, _ in own)
    rate = lambda t: int((words >= t).sum()) / n_bx * 40078962
    check(curve["n_bx"] == n_bx and curve["events"] == len(words) and len(curve["threshold"]) <= 512, curve["n_bx"], n_bx)
    check(all(math.isclose(r, rate(t), rel_tol=1e-12) for t, r in zip(curve["threshold"], curve["rate_hz"])), "each point exact")
    check(curve["threshold"] == sorted(set(curve["threshold"])) and {int(words.min()), int(words.max()), threshold} <= set(curve["threshold"]), "points")
    check(math.isclose(curve["current_rate_hz"], rate(threshold)) and curve["current_threshold"] == threshold, "current")
    goal = target or curve["target_rate_hz"]
    if goal is None:
        check(curve["nearest"] is curve["threshold_not_above"] is None, curve["nearest"])
        continue
    candidates = sorted(set(words.tolist()) | {t + 1 for t in words.tolist()})
    check(abs(rate(curve["nearest"]) - goal) <= min(abs(rate(t) - goal) for t in candidates) + 1e-6 and curve["nearest"] in curve["threshold"], curve["nearest"])
    t = curve["threshold_not_above"]
    check(rate(t) <= goal < rate(t - 1) or t <= words.min(), "the lowest whose rate is not above", t)

# Sources.
sources = api.get("/v1/sources")["sources"]
check([s["source"] for s in sources] == ["link0", "link10"] and all(s["in_set"] and s["state"] == "good" for s in sources), sources)
for s in sources:
    check(s["newest"] == lumisections[-1]["sources"][s["source"]], s["newest"])
    check(s["totals"]["batches"] == sum(line["sources"][s["source"]]["batches"] for line in lumisections), s["totals"])
    check(s["behind_orbits"] == 0 and s["run"] == 1 and s["ls"] == LAST and 0 <= s["age_s"] < 120, s)
check(api.get("/v1/sources", model="nobody")["sources"] == [], "a filter")

# Problems.
for path, extra in (("/v1/trend", {"monitor": "score"}), ("/v1/histogram", {"monitor": "score"}), ("/v1/bx", {}), ("/v1/rate-curve", {"seed": name})):
    for wrong in ({"model": "nobody"}, {"stream": "nowhere"}, {"window": "99ls"}, {"run": 77}):
        detail = api.problem("not-found", 404, path, **{**extra, **wrong})
        check(list(wrong)[0] in detail, path, wrong, detail)
    for wrong in ({"run": "x"}, {"run": -1}, {"colour": "red"}):
        api.problem("bad-request", 400, path, **{**extra, **wrong})
for path in ("/v1/histogram", "/v1/bx", "/v1/rate-curve"):
    extra = {"monitor": "score"} if "histogram" in path else {"seed": name} if "curve" in path else {}
    api.problem("not-found", 404, path, ls=16384, **extra)
    api.problem("bad-request", 400, path, ls=16385, **extra)
    api.problem("bad-request", 400, path, ls=0, **extra)
    api.problem("not-found", 404, path, window="sequential", **extra)
gone = [w for w in of(printed, "window") if w["name"] == "2ls"][0]["last_ls"]
api.problem("gone", 410, "/v1/bx", window="2ls", ls=gone)
api.problem("gone", 410, "/v1/histogram", window="2ls", ls=gone, monitor="score")
for monitor_name in ("nothing", "seed/" + name, "mismatch/nothing", "input/nothing", "multivariate/outputs", "mismatch/" + name):
    api.problem("not-found", 404, "/v1/histogram", monitor=monitor_name)
api.problem("not-found", 404, "/v1/trend", monitor="nothing")
api.problem("not-found", 404, "/v1/trend", monitor="score", statistic="nothing")
api.problem("not-found", 404, "/v1/rate-curve", seed="nothing")
for rate_hz in ("0", "-1", "nan", "inf", "x", ""):
    api.problem("bad-request", 400, "/v1/rate-curve", seed=name, rate_hz=rate_hz)
for path, missing in (("/v1/trend", "monitor"), ("/v1/histogram", "monitor"), ("/v1/rate-curve", "seed")):
    check(api.problem("bad-request", 400, path).startswith(missing + ": missing"), path)
check('first_ls: "x", expected 1..16384' in api.problem("bad-request", 400, "/v1/verdicts", first_ls="x"), "the detail of the contract")
api.problem("bad-request", 400, "/v1/verdicts", first_ls=5, last_ls=4)
for bad in ({"quality": "odd"}, {"order": "up"}, {"limit": 0}, {"limit": 1001}, {"after": "x"}, {"after": 0}):
    api.problem("bad-request", 400, "/v1/windows", **bad)
for path in ("/v1/status", "/v1/models", "/v1/openapi.json"):
    api.problem("bad-request", 400, path, x=1)
api.problem("bad-request", 400, "/v1/lumisections", window="4ls")
api.problem("bad-request", 400, "/v1/histogram", monitor="score", format="xml")
api.problem("bad-request", 400, "/v1/events", types="status,noise")

# Caching, HEAD, gzip.
for path, extra in (("/v1/runs", ""), ("/v1/histogram", "?monitor=score"), ("/v1/verdicts", "?limit=3"), ("/v1/openapi.json", "")):
    code, headers, body = api.ask(path + extra)
    check(headers["Cache-Control"] == "no-cache" and headers["ETag"], headers.items())
    check(api.ask(path + extra, headers={"If-None-Match": headers["ETag"]})[0] == 304, path, "is what it was")
    head = api.ask(path + extra, method="HEAD")
    check(head[0] == 200 and head[2] == b"" and head[1]["Content-Length"] == str(len(body)), path, "HEAD")
    check(gzip.decompress(api.ask(path + extra, headers={"Accept-Encoding": "gzip"})[2]) == body, path, "gzip")
check(api.ask("/v1/status")[1]["Cache-Control"] == "no-store" and api.ask("/v1/status")[1]["ETag"] is None, "the status is not kept")
for path in ("/v1/status", "/v1/runs", "/v1/bx"):
    code, headers, _ = api.ask(path, method="POST")
    check(code == 405 and headers["Allow"], path, code)

# The description names every path of the contract, and nothing that is not there.
paths = set(api.openapi["paths"])
check(paths >= {"/healthz", "/readyz", "/v1/status", "/v1/models", "/v1/runs", "/v1/lumisections", "/v1/windows", "/v1/verdicts", "/v1/trend", "/v1/histogram",
                "/v1/bx", "/v1/rate-curve", "/v1/sources", "/v1/events", "/v1/openapi.json", "/v1/actions", "/v1/actions/{id}", "/v1/alarms", "/v1/audit", "/v1/sinks"}, paths)
for path in ("/healthz", "/readyz", "/v1/actions", "/v1/alarms", "/v1/audit", "/v1/sinks", "/v1/openapi.json"):
    api.get(path)
for action in api.get("/v1/actions")["actions"]:
    api.get("/v1/actions/" + action["id"])
monitor.stop()
publisher.close()
print("ok")
