"""Rewrites the tables of docs/detection.md: document.py VIGIL DETECTION_BENCH [WEEKS]. Minutes; equal seeds, equal tables."""
import pathlib
import subprocess
import sys

vigil, bench = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
weeks = sys.argv[3:4] or ["20"]
here = pathlib.Path(__file__).resolve().parent
page = here.parents[1] / "docs" / "detection.md"


def output(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout.strip()


tables = {"scenarios": lambda: output(sys.executable, here / "scenario_delays.py", vigil),
          "delays": lambda: output(bench),
          "weeks": lambda: output(sys.executable, here / "weeks.py", vigil, *weeks)}
text = page.read_text()
for name, make in tables.items():
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, rest = text.split(begin)
    text = before + begin + make() + end + rest.split(end, 1)[1]
page.write_text(text)
