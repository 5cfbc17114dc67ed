"""How soon each fault of conf/scenarios is acted upon, as a Markdown table: scenario_delays.py VIGIL."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

vigil = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(__file__).resolve().parents[2]
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-delays-"))

print("| scenario | what happens | action | subject | onset | acted upon at LS | lumisections later |")
print("| --- | --- | --- | --- | ---: | ---: | ---: |")
for scenario in sorted((root / "conf" / "scenarios").glob("*.yaml")):
    recording, truth = folder / "fault.vrec", folder / "truth.jsonl"
    subprocess.run([vigil, "simulate", scenario, "--record", recording, "--truth", truth], check=True, capture_output=True)
    out = subprocess.run([vigil, "replay", recording, "--model", root / "demo" / "model", "--json"], check=True,
                         capture_output=True, text=True).stdout
    lines = [json.loads(line) for line in out.splitlines()]
    closed = 0
    what = scenario.read_text().splitlines()[0].lstrip("# ").split(" Must lead to")[0].rstrip(".")
    onset = re.search(r"from_ls: (\d+)", scenario.read_text())
    rows = 0
    for line in lines:  # an action is proposed at the lumisection whose line came last before it
        closed = line["ls"] if line["type"] == "lumisection" else closed
        if line["type"] != "action":
            continue
        begin = int(onset[1]) if onset else None
        print(f"| {scenario.stem} | {what} | {line['kind']} ({line['cause']}) | {line['subject'] or '-'} | {begin} | {closed} | {closed - begin} |")
        rows += 1
    if rows == 0:
        print(f"| {scenario.stem} | {what} | none | - | - | - | - |")
