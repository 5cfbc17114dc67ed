"""A real Prometheus on 127.0.0.1 with a folder of its own, promtool, and samples of a text of metrics."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from stream import check

ROOT = pathlib.Path(__file__).resolve().parents[2]
FETCHED = ROOT / "build" / "peers" / "prometheus" / "usr" / "bin"  # by ./dev setup --prometheus


def program(name):
    """Its path; None where there is none."""
    return shutil.which(name, path=f"{FETCHED}:{os.environ.get('PATH', '')}")


def needed(*names):
    for name in names:
        if program(name) is None:
            print(f"skipped: no {name} (./dev setup --prometheus)")
            sys.exit(77)


def promtool(*arguments, text=None, folder=None):
    """(exit code, everything it said)."""
    done = subprocess.run([program("promtool"), *map(str, arguments)], input=text, capture_output=True, text=True, cwd=folder)
    return done.returncode, done.stdout + done.stderr


SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def samples(text):
    """{(name, frozenset of labels): value} of a text of format 0.0.4; fails on a line that is none and on a series told twice."""
    out = {}
    for line in text.split("\n"):
        if not line or line.startswith("# HELP ") or line.startswith("# TYPE "):
            continue
        match = SAMPLE.fullmatch(line)
        check(match, "no sample:", line)
        labels, at = [], 0
        while at < len(match[2] or ""):
            label = LABEL.match(match[2], at)
            check(label, "labels of", line)
            labels.append((label[1], re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], label[2])))
            at = label.end()
        key = (match[1], frozenset(labels))
        check(key not in out, "told twice:", line)
        out[key] = float(match[3])
    return out


def value(of, name, **labels):
    """The one sample with these labels, others or not; None where there is none."""
    wanted = {(k, str(v)) for k, v in labels.items()}
    found = [v for (n, have), v in of.items() if n == name and wanted <= have]
    check(len(found) < 2, len(found), "samples of", name, labels)
    return found[0] if found else None


def shortened(text, factor):
    """Rules with every duration a `factor` of what it was, in ms: what takes minutes takes seconds, by the same expressions."""
    units = {"s": 1000, "m": 60_000, "h": 3_600_000}
    short = lambda m: f"{m[1]}{max(1, round(int(m[2]) * units[m[3]] / factor))}ms"
    text = re.sub(r"(\[)(\d+)([smh])(?=\])", short, text)
    return re.sub(r"(for: )(\d+)([smh])\b", short, text)


class Prometheus:
    """`targets`: label instance -> 127.0.0.1:port."""

    def __init__(self, targets, *, interval="500ms", rules=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-prometheus-"))
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        if rules:
            (self.folder / "rules.yml").write_text(rules)
        jobs = [{"targets": [address], "labels": {"instance": name}} for name, address in targets.items()]
        (self.folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
            "rule_files": ["rules.yml"] if rules else [],
            "scrape_configs": [{"job_name": "vigil", "static_configs": jobs}]}))  # JSON is YAML
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [program("prometheus"), f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"], stdout=log, stderr=log)
        self.wait("Prometheus is ready", lambda: self.get("/-/ready") is not None)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def get(self, path, **parameters):
        """The answer, or None."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(parameters)}", timeout=20) as answer:
                return answer.read()
        except OSError:
            return None

    def query(self, expression):
        """[(labels, value)] now."""
        answer = self.get("/api/v1/query", query=expression)
        check(answer is not None, "query", expression)
        document = json.loads(answer)
        check(document["status"] == "success", expression, document)
        return [(r["metric"], float(r["value"][1])) for r in document["data"]["result"]]

    def wait(self, what, condition, seconds=60):
        end = time.monotonic() + seconds
        while not (found := condition()):
            check(self.process.poll() is None, "Prometheus ended:", self.log()[-2000:])
            check(time.monotonic() < end, what, "within", seconds, "s;", self.log()[-1000:])
            time.sleep(0.2)
        return found

    def targets(self):
        return json.loads(self.get("/api/v1/targets"))["data"]["activeTargets"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)
