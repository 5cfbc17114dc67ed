"""docs/conditions.md: its commands draw its plots, which show what the page says of them; its reasons are the program's."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

from stream import check

vigil = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(__file__).resolve().parents[2]
page = (root / "docs" / "conditions.md").read_text()
SVG = "{http://www.w3.org/2000/svg}"
MEDIUM, BAD, GOOD = "#8a4b00", "#b3001b", "#47604f"
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-page-"))
(folder / "bin").mkdir()
(folder / "bin" / "vigil").symlink_to(vigil)


def drawn(path):
    text = path.read_text(encoding="utf-8")
    check(len(text) < 60_000, path, len(text))
    tree = xml.fromstring(text)  # well-formed, or this throws
    check(tree.tag == SVG + "svg", tree.tag)
    return tree


def colours(tree):
    """Of the marks, from left to right."""
    marks = [e.get("fill") for e in tree if e.get("fill") in (MEDIUM, BAD, GOOD) and e.tag in (SVG + "circle", SVG + "rect", SVG + "path")]
    return [{MEDIUM: "medium", BAD: "bad", GOOD: "good"}[m] for m in marks]


blocks = re.findall(r"<!-- plots -->\n```sh\n(.*?)```\n<!-- end of plots -->", page, re.S)
check(len(blocks) >= 1, "the page has the commands of its plots")
named = set(re.findall(r"!\[[^\]]*\]\((\w+\.svg)\)", page))
written = {a or b for a, b in re.findall(r"-o docs/(\w+\.svg)|--svg docs/(\w+\.svg)", "\n".join(blocks))}
check(named == written, "each plot has its command:", named, written)
for block in blocks:
    script = block.replace("/tmp/", f"{folder}/").replace("docs/", f"{folder}/")
    done = subprocess.run(["sh", "-ec", script], cwd=root, capture_output=True, text=True, timeout=300,
                          env=dict(os.environ, PATH=f"{folder}/bin:{os.environ['PATH']}"))
    check(done.returncode == 0, "the page's commands:", done.stderr[-1000:])
for name in named:
    committed, again = drawn(root / "docs" / name), drawn(folder / name)
    check(committed.find(f"{SVG}title").text == again.find(f"{SVG}title").text, name, "shows what it shows in docs")

undivided, strata = (drawn(folder / f"decay_{name}.svg") for name in ("undivided", "strata"))
for tree in (undivided, strata):
    check(tree.find(f"{SVG}title").text == "input/et_miss.pt, chi2, window 10ls, run 400101", tree.find(f"{SVG}title").text)
    check({"limit", "chi2", "lumisection"} <= {e.text for e in tree.iter(SVG + "text")}, "limit and axes")
check(colours(strata) == ["good"] * 11, "in strata good throughout:", colours(strata))
marks = colours(undivided)
check(len(marks) == 11 and marks[0] != "good" and marks[-1] != "good" and marks[4] == "good" and "bad" in marks, "off at both ends:", marks)

curve = drawn(folder / "decay_rate_curve.svg")
check("L1_VIGIL_Demo_Tight" in curve.find(f"{SVG}title").text, curve.find(f"{SVG}title").text)
check({"target 100 Hz"} <= {e.text for e in curve.iter(SVG + "text")}, {e.text for e in curve.iter(SVG + "text")})
# What the page says of its compatible set, at both ends of the fill.
found = re.findall(r"`--(to|from)-ls (\d+)`\D*?(\d+) to (\d+)", page)
check(len(found) == 2, found)
for end, ls, low, high in found:
    out = subprocess.run([vigil, "rate-curve", folder / "fill.vrec", f"--{end}-ls", ls, "--model", root / "demo" / "model", "--seed",
                          "L1_VIGIL_Demo_Tight", "--json"], capture_output=True, check=True).stdout
    check(json.loads(out)["thresholds_compatible"] == [int(low), int(high)], end, out[:400])

# The reasons in its table are words of the program.
table = page.split("## What is unknown, and why")[1].split("##")[0]
sources = "\n".join(p.read_text() for p in (root / "monitors").rglob("*.cpp"))
words = 0
for cell in re.findall(r"^\| (`.*?) \|", table, re.M):
    for reason in re.findall(r"`([^`]+)`", cell):
        if reason == "rate_vs_pileup":
            continue
        for piece in re.split(r"\b(?:ADJUST|menu v6|\d+)\b", reason):
            piece = piece.strip(" ()")
            if len(piece) > 3 and piece != "to":
                check(piece in sources, repr(piece), "is no reason of the program")
                words += 1
check(words >= 8, words)
print(len(named), "plots drawn again,", words, "reasons found")
