"""Fills of conf/scenarios/conditions simulated, references built of them, and what replays of them say."""
import json
import pathlib
import re
import tempfile

from monitor import call, of
from stream import check

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "demo" / "model"
CONDITIONS = ROOT / "conf" / "scenarios" / "conditions"
SHAPES = ("input/", "score")


class Fills:
    def __init__(self, vigil):
        self.vigil = vigil
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-fills-"))

    def run(self, *arguments):
        code, out, err = call(self.vigil, *arguments, seconds=300)
        check(code == 0, *arguments, "exit", code, err)
        return out

    def simulate(self, name, recording=None, **keys):
        """The scenario of this name, with other values for top-level keys of one line (None: without it)."""
        text = (CONDITIONS / f"{name}.yaml").read_text()
        for key, value in keys.items():
            line = "" if value is None else f"{key}: {value}\n"
            text, n = re.subn(rf"^{key}: .*\n", line, text, flags=re.M)
            if n == 0:
                text += line
        return self.simulate_text(recording or name, text)

    def simulate_text(self, recording, text):
        scenario, path = self.folder / f"{recording}.yaml", self.folder / f"{recording}.vrec"
        scenario.write_text(text)
        self.run("simulate", scenario, "--record", path)
        return path

    def reference(self, name, *arguments):
        path = self.folder / f"{name}.json"
        self.run("reference", "build", *arguments, "--model", MODEL, "-o", path)
        return path

    def replay(self, recording, *arguments):
        """The result lines."""
        out = self.run("replay", recording, "--model", MODEL, "--json", *arguments)
        return [json.loads(line) for line in out.splitlines()]

    def refused(self, words, *arguments, writes=None):
        """Exit 2, one line on stderr that has all `words`, nothing on stdout, no file `writes`."""
        code, out, err = call(self.vigil, *arguments, env={"VIGIL_LOG": "off", "PATH": "/usr/bin:/bin"})
        check(code == 2 and out == "" and len(err.splitlines()) == 1, arguments, "exit 2, one line:", code, out[:200], err)
        for word in words:
            check(word in err, arguments, repr(word), "is named:", err)
        if writes:
            check(not writes.exists() and not list(writes.parent.glob(writes.name + ".*")), arguments, "wrote", writes)


def verdicts(lines, *prefixes, quality=None, sequential=None):
    """Those of monitors that begin with one of `prefixes` (none: all)."""
    return [v for v in of(lines, "verdict") if v["monitor"].startswith(prefixes or "") and quality in (None, v["quality"])
            and sequential in (None, v["window"] == "sequential")]


def brief(lines):
    """The verdicts that are not good, and actions, short enough for a message."""
    return [(v["quality"], v["window"], v["monitor"], v["statistic"], v["first_ls"], v["last_ls"], v["reason"][:60])
            for v in of(lines, "verdict") if v["quality"] in ("medium", "bad")][:12] + \
           [(a["kind"], a["cause"], a["subject"], a["reason"][:80]) for a in of(lines, "action")]
