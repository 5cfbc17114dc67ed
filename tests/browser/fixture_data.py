"""What the fixture server answers, by scenario: good, bad, medium, unknown, stale, learning, empty, six, hostile, journal."""
import math
import random
import time
from datetime import datetime, timezone

HOSTILE = ("<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>\u202egnp.\u0007\u001b[31m" + "jet[0].pt/" * 500)[:4096]
HASH = "5f1d" * 16
ACTION = "6ba7b811-9dad-51d1-80b4-00c04fd430c8"
SCENARIOS = ("good", "bad", "medium", "unknown", "stale", "learning", "empty", "six", "hostile", "journal")


def now(offset=0.0):
    return datetime.fromtimestamp(time.time() + offset, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def family(name, monitors, worst=None, **counts):
    full = {"good": 0, "medium": 0, "bad": 0, "unknown": 0, "shelved": 0, **counts}
    full["good"] = monitors - sum(full.values())
    state = next((s for s in ("bad", "medium", "good", "unknown") if full[s]), "shelved" if full["shelved"] else "unknown")
    return {"name": name, "state": state, "monitors": monitors, **full, "worst": worst}


class Scene:
    """One running monitor as the page sees it."""

    def __init__(self, scenario):
        if scenario not in SCENARIOS:
            raise SystemExit(f"fixture_server: '{scenario}', expected one of {', '.join(SCENARIOS)}")
        self.scenario = scenario
        self.started = time.time() - 4000
        self.ls = 41
        names = [] if scenario == "empty" else [("axol1tl", "scouting", scenario)]
        if scenario == "six":
            names = [("axol1tl", "scouting", "good"), ("axol1tl", "express", "medium"), ("cicada", "scouting", "good"),
                     ("topo_hh", "scouting", "bad"), ("tau_nn", "scouting", "unknown"), ("jet_tagger_v2", "zero_bias", "learning")]
        if scenario == "hostile":
            names = [(HOSTILE, HOSTILE, "bad"), ("axol1tl", "scouting", "good")]
        self.streams = [self.stream(*name) for name in names]

    # ---- documents

    def stream(self, model, stream, state):
        hostile = HOSTILE if model == HOSTILE else None
        loss = {"monitor": hostile or "loss", "statistic": "ks", "window": "10ls", "quality": "bad", "value": 0.214, "limit": 0.1,
                "reason": hostile or "ks 0.214 over 0.1"}
        match = {"monitor": "mismatch/score", "statistic": "rate", "window": "sequential", "quality": "bad", "value": 31.2, "limit": 13.8,
                 "reason": "17 of 20011 events differ since LS 33"}
        counts = {"good": ({}, {}), "bad": ({"bad": 1, "worst": loss}, {"unknown": 2, "medium": 1}), "medium": ({"medium": 1, "worst": {**loss, "quality": "medium", "value": 0.071, "limit": 0.05, "reason": "ks 0.071 over 0.05"}}, {}),
                  "unknown": ({"unknown": 9}, {"unknown": 57}), "stale": ({}, {}), "learning": ({"unknown": 9}, {"unknown": 57}), "journal": ({"bad": 1, "worst": loss}, {})}[state]
        families = [family("agreement", 5, **({"bad": 1, "worst": match} if state == "bad" and model == "topo_hh" else {})),
                    family("score", 9, **counts[0]), family("inputs", 57, **counts[1]), family("rates", 2), family("data", 1)]
        reason = {"good": "", "bad": f"loss ks 0.214 over 0.1", "medium": f"loss ks 0.071 over 0.05",
                  "unknown": f"window 10ls has 312 events, 1000 are needed", "stale": f"no lumisection closed for 312 s",
                  "learning": f"reference learn:20 has 12 of 20 lumisections", "journal": f"loss ks 0.214 over 0.1"}[state]
        shown = {"learning": "unknown", "journal": "bad"}.get(state, state)
        learned = 12 if state == "learning" else 20
        return {"model": model, "stream": stream, "version": "v4", "model_hash": HASH, "firmware": "0x2f01", "selection": "zero_bias", "origin": "detector",
                "state": shown, "reason": reason, "run": 398601, "ls": self.ls, "age_s": 312.0 if state == "stale" else 3.2, "data_time": now(-35), "lag_s": 35.1,
                "context": {"fill": 9000, "menu": hostile or "L1Menu_Collisions2025_v1_3_0", "prescale_column": 2, "beam_mode": "STABLE BEAMS", "pileup": 58.0, "filling_scheme": "25ns_2460b_2448_2089_2227_144bpi"},
                "reference": {"name": "learn:20", "learned": learned, "wanted": 20, "events": 40012, "ranges": [[398601, 1, learned]]},
                "windows": [] if state == "learning" else [{"name": "10ls", "run": 398601, "first_ls": 31, "last_ls": 40, "events": 20011, "coverage": 1.0, "quality": shown if shown != "stale" else "good", "reason": reason}],
                "families": families,
                "rates": [{"seed": "L1_AXO_Nominal", "rate_hz": 1012.3, "low_hz": 950.1, "high_hz": 1077.4, "target_rate_hz": 1000.0},
                          {"seed": "L1_AXO_VTight", "rate_hz": 61.2, "low_hz": 46.0, "high_hz": 79.8, "target_rate_hz": 60.0}],
                "counts": {"events": 82044, "batches": 2624, "missing": 2, "duplicate": 0, "late": 0, "rejected": 0, "dropped": 0, "uncovered_orbits": 0, "wrong_model_events": 0},
                "budget": {"judged_ls": 12, "pages": 1, "warnings": 0, "expected_pages": 0.001, "expected_warnings": 0.01}, "open_actions": 1 if shown == "bad" else 0}

    def status(self):
        order = ["bad", "stale", "medium", "unknown", "good"]
        worst = min(self.streams, key=lambda s: order.index(s["state"]), default=None)
        journal = self.scenario == "journal"
        return {"vigil": {"version": "1.2.0", "boot": "18a3f0c2b7d4e1f0", "started": now(-4000), "mode": "journal" if journal else "live"}, "time": now(),
                "state": worst["state"] if worst else "unknown", "reason": f"{worst['model']} {worst['stream']}: {worst['reason']}" if worst and worst['reason'] else '' if worst else "no stream has sent anything yet",
                "banner": {"journal": ["JOURNAL"], "hostile": ["SIMULATION"]}.get(self.scenario, []), "streams": self.streams,
                "alarms": {"raised": 1, "acknowledged": 0, "shelved": 0}, "actions": {"open": 1, "proposed": 1, "pending": 0},
                "pipeline": {"events_per_s": 1200000.0, "queue_frames": 3, "queue_capacity": 4096, "dropped": 0, "journal": "ok", "journal_bytes": 40960123}}

    def answer(self, path, asked):
        if path == "/v1/status":
            return self.status()
        if path == "/v1/actions/" + ACTION:
            return self.action(True)
        make = getattr(self, "give_" + path.removeprefix("/v1/").replace("-", "_"), None) if path.startswith("/v1/") else None
        return make(asked) if make else None

    def of(self, asked):
        first = self.streams[0] if self.streams else None
        return next((s for s in self.streams if s["model"] == asked.get("model", s["model"]) and s["stream"] == asked.get("stream", s["stream"])), first)

    def monitors(self, stream):
        odd = [HOSTILE] if stream["model"] == HOSTILE else []
        return odd + ["loss"] + [f"latent[{i}]" for i in range(8)] + [f"input/jet[{i}].{v}" for i in range(10) for v in ("pt", "eta", "phi")] + \
            [f"input/muon[{i}].{v}" for i in range(8) for v in ("pt", "eta", "phi")] + ["input/met.pt", "input/met.phi"] + \
            ["seed/L1_AXO_Nominal", "seed/L1_AXO_VTight", "mismatch/loss", "mismatch/latent", "mismatch/L1_AXO_Nominal", "mismatch/L1_AXO_VTight"]

    def give_models(self, _):
        seen = {s["model"]: s for s in self.streams}
        return {"models": [{"name": m, "version": "v4", "hash": HASH, "format": "hls4ml", "firmware": "0x2f01", "description": "anomaly detection", "streams": [s["stream"]],
                            "inputs": [{"name": "jet[0].pt", "type": "ap_ufixed<14,12>", "lsb": 0.5, "unit": "GeV"}], "outputs": [{"name": "loss", "type": "ap_ufixed<18,14>", "words": 1}],
                            "seeds": [{"name": "L1_AXO_Nominal", "output": "loss", "word": 0, "bit": 3, "threshold": 3120, "target_rate_hz": 1000.0}],
                            "monitors": self.monitors(s), "warnings": []} for m, s in seen.items()]}

    def give_runs(self, asked):
        out = []
        for s in self.streams:
            quality = {"good": 30, "medium": 0, "bad": 0, "unknown": 11}
            ranges = [[1, 10, "unknown"], [11, 40, "good"], [41, 41, "unknown"]]
            if s["state"] == "bad":
                quality, ranges = {"good": 20, "medium": 4, "bad": 6, "unknown": 11}, [[1, 10, "unknown"], [11, 30, "good"], [31, 34, "medium"], [35, 40, "bad"], [41, 41, "unknown"]]
            marks = [{"ls": 1, "kind": "fill", "from": None, "to": "9000"}, {"ls": 28, "kind": "prescale_column", "from": "1", "to": "2"}]
            out.append({"run": 398601, "model": s["model"], "stream": s["stream"], "first_ls": 1, "last_ls": 41, "fill": 9000, "start": now(-4000), "events": 82044, "lumisections": 41, "quality": quality, "ranges": ranges, "actions": s["open_actions"], "marks": marks})
            if "run" not in asked:
                out.append({**out[-1], "run": 398598, "fill": 8999, "last_ls": 900, "quality": {"good": 880, "medium": 0, "bad": 0, "unknown": 20}, "ranges": [[1, 20, "unknown"], [21, 900, "good"]], "actions": 0, "marks": []})
        return {"runs": out}

    def value(self, stream, monitor, last):
        random.seed(hash((monitor, last)) & 0xffff)
        base = 0.02 + 0.01 * random.random()
        if stream["state"] == "bad" and monitor in ("loss", HOSTILE) and last > 30:
            return 0.214, "bad", f"ks 0.214 over 0.1" if monitor == "loss" else HOSTILE
        if stream["state"] == "medium" and monitor == "loss" and last > 30:
            return 0.071, "medium", "ks 0.071 over 0.05"
        if stream["state"] in ("unknown",) or (stream["state"] == "bad" and monitor.startswith("input/met")):
            return None, "unknown", "312 events, 1000 are needed"
        return round(base, 4), "good", ""

    def statistic(self, monitor):
        return "rate" if monitor.startswith(("seed/", "mismatch/")) else "chi2" if monitor.startswith("input/") else "ks"

    def give_verdicts(self, asked):
        stream = self.of(asked)
        items = []
        if asked.get("window", "10ls") != "10ls":
            return {"items": [], "next": None}
        wanted = asked.get("monitor")
        for last in ([] if not stream or not stream["windows"] else (40, 30, 20)):
            for monitor in (m for m in self.monitors(stream) if wanted in (None, m)):
                value, quality, reason = self.value(stream, monitor, last)
                items.append({"type": "verdict", "model": stream["model"], "stream": stream["stream"], "window": "10ls", "run": 398601, "first_ls": last - 9, "last_ls": last, "monitor": monitor,
                              "statistic": self.statistic(monitor), "quality": quality, "value": value, "p_value": None if value is None else 0.31 if quality == "good" else 3e-11, "limit": 0.1, "reason": reason})
        return {"items": items, "next": None}

    def give_windows(self, asked):
        stream = self.of(asked)
        return {"items": [{"type": "window", "name": "10ls", "run": 398601, "first_ls": last - 9, "last_ls": last, "events": 20011, "n_bx": 1, "coverage": 1.0, "closed_by": "full", "quality": "good", "reason": "", "model": stream["model"], "stream": stream["stream"]} for last in ([int(asked["ls"])] if "ls" in asked else [int(asked["last_ls"])] if "last_ls" in asked else [40, 30, 20])], "next": None}

    def give_lumisections(self, asked):
        stream = self.of(asked)
        sources = {f"link{i}": {"batches": 64, "covered_orbits": 262144, "missing": 0, "duplicate": 0, "late": 0, "rejected": 0, "dropped": 0, "restarts": 0} for i in range(4)}
        return {"items": [{"type": "lumisection", "model": stream["model"], "stream": stream["stream"], "model_hash": HASH, "run": 398601, "ls": ls, "events": 2001, "n_bx": 9346000, "expected_orbits": 262144, "covered_orbits": 262144,
                           "outputs": {"loss": {"compared": 2001, "mismatches": 3 if stream["state"] == "bad" else 0, "hardware_above": 2 if stream["state"] == "bad" else 0, "hardware_below": 1 if stream["state"] == "bad" else 0}, "latent": {"compared": 2001, "mismatches": 0, "hardware_above": 0, "hardware_below": 0}},
                           "seeds": {"L1_AXO_Nominal": {"compared": 2001, "hardware": 31, "emulator": 31, "hardware_only": 0, "emulator_only": 0}}, "sources": sources, "wrong_model_events": 0} for ls in range(self.ls, self.ls - min(int(asked.get("limit", 100)), 41), -1)], "next": None}

    def give_trend(self, asked):
        stream, monitor = self.of(asked), asked.get("monitor", "loss")
        points = [] if not stream["windows"] else [dict(zip(("first_ls", "last_ls", "value", "quality", "reason"), (last - 9, last, *self.value(stream, monitor, last))), p_value=0.2, limit=0.1) for last in range(20, 41)]
        return {"model": stream["model"], "stream": stream["stream"], "monitor": monitor, "statistic": self.statistic(monitor), "window": "10ls", "run": 398601, "unit": "", "points": points, "marks": [{"ls": 28, "kind": "prescale_column", "from": "1", "to": "2"}], "gaps": [[13, 15]]}

    def give_histogram(self, asked):
        stream, monitor = self.of(asked), asked.get("monitor", "loss")
        edges = list(range(0, 33)) + [int(32 * 2 ** (k / 4)) for k in range(1, 30)]
        n = len(edges) - 1
        shape = [(edges[i + 1] - edges[i]) * math.exp(-edges[i] / 400) * 9 for i in range(n)]
        reference = [] if monitor.startswith("mismatch/") else [int(2 * c + 2) for c in shape]
        window = [int(c * (1.6 if stream["state"] == "bad" and edges[i] > 500 else 1) + 3 * math.sin(i)) if c > 3 else int(c) for i, c in enumerate(shape)]
        total, whole = sum(window), sum(reference)
        ratio = [w / total / (r / whole) if r else None for w, r in zip(window, reference)]
        residual = [(w * math.sqrt(whole / total) - r * math.sqrt(total / whole)) / math.sqrt(w + r) if w + r else None for w, r in zip(window, reference)]
        return {"model": stream["model"], "stream": stream["stream"], "monitor": monitor, "window": "10ls", "run": 398601, "first_ls": 31, "last_ls": 40, "type": "ap_ufixed<14,12>", "unit": "GeV", "lsb": 0.25, "edges_raw": edges,
                "edges": [e / 4 for e in edges], "window_counts": window, "reference_counts": reference, "ratio": ratio, "residual": residual, "window_events": total, "reference_events": whole,
                "reference": {"name": "learn:20", "ranges": [[398601, 1, 20]]} if reference else None, "thresholds": [{"seed": "L1_AXO_Nominal", "raw": 900, "value": 225.0}] if monitor == "loss" else []}

    def give_bx(self, asked):
        stream = self.of(asked)
        events = [8 if (i % 300) < 220 and i < 3400 else 0 for i in range(3564)]
        return {"model": stream["model"], "stream": stream["stream"], "window": "10ls", "run": 398601, "first_ls": 31, "last_ls": 40, "events": events, "passes": {"L1_AXO_Nominal": [1 if e and i % 40 == 0 else 0 for i, e in enumerate(events)]}, "mismatches": {"loss": [1 if e and stream["state"] == "bad" and i % 200 == 0 else 0 for i, e in enumerate(events)]},
                "kept": [{"ls": 33 + i, "orbit": 8650752 + 411 * i, "bx": 200 * i + 1, "differ": ["loss", "L1_AXO_Nominal"], "hardware": [3121 + i, 7, 12], "emulator": [3113 + i, 7, 12]} for i in range(4)] if stream["state"] == "bad" else []}

    def give_rate_curve(self, asked):
        stream = self.of(asked)
        thresholds = list(range(0, 6000, 20))
        rates = [4e7 * math.exp(-t / 300) * (1 - t / 7000) + 10 for t in thresholds]
        nearest = 3100
        return {"model": stream["model"], "stream": stream["stream"], "window": "10ls", "run": 398601, "first_ls": 31, "last_ls": 40, "seed": asked.get("seed"), "output": "loss", "value": [t / 16 for t in thresholds], "current_threshold": 3120, "current_rate_hz": 1012.3, "n_bx": 93460000, "events": 20011,
                "target_rate_hz": 1000.0, "nearest": nearest, "threshold_not_above": 3120, "thresholds_compatible": [3080, 3140], "tie": None, "threshold": thresholds, "rate_hz": rates, "low_hz": [r * 0.95 for r in rates], "high_hz": [r * 1.05 for r in rates]}

    def give_sources(self, _):
        zero = {"missing": 0, "duplicate": 0, "late": 0, "rejected": 0, "dropped": 0, "restarts": 0, "batches": 64, "covered_orbits": 262144}
        return {"sources": [{"model": s["model"], "stream": s["stream"], "source": HOSTILE if s["model"] == HOSTILE else f"link{i}", "state": "good" if i or s["state"] != "bad" else "medium", "in_set": True, "age_s": 1.2, "behind_orbits": 40 * i, "run": 398601, "ls": 41,
                             "newest": zero, "totals": {**zero, "batches": 2624, "missing": 0 if i else 2, "rejected": 0 if i else 3}, "rejected_by": {} if i else {"crc": 3}} for s in self.streams for i in range(4)]}

    def give_alarms(self, _):
        s = self.of({})
        if not s or s["state"] != "bad":
            return {"alarms": [], "groups": []}
        node = f"{s['model']}/{s['stream']}/loss"
        base = {"model": s["model"], "stream": s["stream"], "known": True, "run": 398601, "shelved_until": None, "essential": True, "contact": "ml-trigger on call, 16 5555"}
        return {"alarms": [{**base, "node": node, "monitor": "loss", "severity": "major", "latched": "major", "acknowledged": False, "ls": 35, "guidance": "Compare the score with the input monitors. If no input moved, call the expert on call."},
                           {**base, "node": node + "2", "monitor": "input/met.pt", "severity": "ok", "latched": "minor", "acknowledged": True, "ls": 31, "guidance": "", "contact": ""}],
                "groups": [{"node": f"{s['model']}/{s['stream']}", "severity": "major", "raised": 2, "unacknowledged": 1, "shelved": 0, "spoken": [node]}]}

    def action(self, whole):
        s = self.of({})
        out = {"type": "action", "id": ACTION, "kind": "retrain", "model": s["model"], "stream": s["stream"], "cause": "conditions", "run": 398601, "first_ls": 31, "last_ls": 40, "reason": s["reason"], "subject": "", "model_hash": HASH,
               "proposal": {"first": {"run": 398601, "ls": 31}, "last": {"run": 398601, "ls": 40}, "monitors": ["loss"]}, "evidence": [{"monitor": "loss", "statistic": "ks", "value": 0.214, "limit": 0.1, "reason": "ks 0.214 over 0.1"}],
               "delivery": "pending", "open": True, "state": "proposed", "n": 0, "needed": "one", "approvals": [], "claim": None, "supersedes": None, "superseded_by": None, "request_sha256": "ab" * 32, "expires": now(80000)}
        if whole:
            out.update(requests=[{"sink": "kubeflow", "method": "POST", "url": "https://kfp.example/apis/v2beta1/runs", "content_type": "application/json", "body": "{\"run_id\":\"" + ACTION + "\",\"display_name\":\"vigil retrain " + s["model"][:300] + "\"}"}],
                       sinks=[{"sink": "kubeflow", "status": "pending", "attempts": 0, "reason": "", "run": None, "url": None}], dataset=None, history=[{"seq": 1, "at": now(-100), "actor": "vigil", "verb": "proposed", "reason": ""}])
        return out

    def give_actions(self, _):
        s = self.of({})
        return {"actions": [self.action(False)] if s and s["state"] == "bad" else [], "next": None}

    def elog(self, _):
        s = self.of({})
        return f"vigil: {s['state'].upper()} {s['model'][:200]} {s['stream'][:200]} run 398601 LS 31-40\nloss ks 0.214 over 0.1\n"
