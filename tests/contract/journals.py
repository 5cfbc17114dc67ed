"""Journals of real replays for tests that read them: a scenario of conf/scenarios simulated, replayed, and its lines."""
import json
import pathlib
import tempfile

from monitor import call
from stream import check

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Replayed:
    """`journal`: the file; `lines`: the result lines of all replays into it, in order."""

    def __init__(self, vigil, *scenarios, arguments=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-journal-"))
        self.journal, self.lines = self.folder / "j.db", []
        for scenario in scenarios:
            recording = self.folder / f"{scenario}.vrec"
            code, _, err = call(vigil, "simulate", ROOT / "conf" / "scenarios" / f"{scenario}.yaml", "--record", recording,
                                seconds=300, cwd=ROOT)
            check(code == 0, "simulate", scenario, err)
            code, out, err = call(vigil, "replay", recording, "--model", ROOT / "demo" / "model", "--journal", self.journal,
                                  "--json", *arguments, seconds=300)
            check(code == 0, "replay", scenario, err)
            self.lines += [json.loads(line) for line in out.splitlines()]
        self.runs = sorted({line["run"] for line in self.lines if line["type"] == "lumisection"})
