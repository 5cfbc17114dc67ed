"""`vigil report --svg`: a monitor's verdicts by lumisection as an SVG file that stands alone, of the numbers of the
result lines; what is not there is refused by name."""
import re
import sys
import xml.etree.ElementTree as xml

from journals import ROOT, Replayed
from monitor import call, of
from stream import check

vigil = sys.argv[1]
SVG = "{http://www.w3.org/2000/svg}"
data = Replayed(vigil, "demo")
run = data.runs[0]
lines = [line for line in data.lines if line.get("run") == run]


def draw(*arguments):
    target = data.folder / "x.svg"
    code, out, err = call(vigil, "report", data.journal, "--run", run, "-o", target, *arguments)
    check(code == 0 and out == "" and err == "", arguments, code, err)
    text = target.read_text(encoding="utf-8")
    root = xml.fromstring(text)  # well-formed, or this throws
    check(root.tag == SVG + "svg" and root.get("width") == "720" and root.get("viewBox") == "0 0 720 186", root.attrib)
    check(root.find(f"{SVG}rect").get("fill") == "#ffffff" and "font" in root.find(f"{SVG}style").text, "stands alone")
    check(len(text) < 60_000 and not re.search(r"<script|href|url\(", text), "small, and asks for nothing")
    check(call(vigil, "report", data.journal, "--run", run, *arguments)[1] == text, "the same bytes, on standard output")
    return root, text


def marks(root):
    """How many shapes of medium and of bad are drawn."""
    return [sum(1 for e in root.iter() if colour in (e.get("fill"), e.get("stroke")) and e.tag != SVG + "text" and
                not e.get("stroke-dasharray")) for colour in ("#8a4b00", "#b3001b")]


def told(monitor, statistic, window):
    return [v for v in of(lines, "verdict") if (v["monitor"], v["statistic"], v["window"]) == (monitor, statistic, window)]


for monitor, statistic, window in (("score", "ks", "10ls"), ("input/jet[0].pt", "chi2", "10ls"), ("mismatch/score", "rate", "10ls")):
    root, text = draw("--svg", monitor)
    check(root.find(f"{SVG}title").text == f"{monitor}, {statistic}, window {window}, run {run}", root.find(f"{SVG}title").text)
    drawn = told(monitor, statistic, window)
    bad = [v for v in drawn if v["quality"] == "bad"]
    check((marks(root)[1] >= len(bad) > 0) if monitor != "mismatch/score" else marks(root)[1] == 0, monitor, marks(root), len(bad))
    words = [e.text for e in root.iter(SVG + "text")]
    check({"lumisection", statistic} <= set(words), words)
    check(("limit" in words) == any(v["limit"] is not None for v in drawn if v["value"] is not None), words)
    check(text == draw("--svg", monitor, "--statistic", statistic, "--window", window)[1], "what is left out is the first")
sequential, text = draw("--svg", "score", "--window", "sequential")
check("e_multinomial" in text and text != draw("--svg", "score")[1], "rules that judge every lumisection")


def refuse(words, *arguments):
    target = data.folder / "none.svg"
    code, out, err = call(vigil, "report", data.journal, "-o", target, *arguments)
    check(code == 2 and out == "" and len(err.splitlines()) == 1 and not target.exists(), arguments, code, out, err)
    check(all(str(word) in err for word in words), arguments, words, err)


refuse(["scroe", "score", "and", "more"], "--run", run, "--svg", "scroe")
refuse(["'*'"], "--run", run, "--svg", "*")
refuse(["by nonsense", "ks of window 10ls"], "--run", run, "--svg", "score", "--statistic", "nonsense")
refuse(["of window 7ls", "ks of window 10ls"], "--run", run, "--svg", "score", "--window", "7ls")
refuse(["--run", run], "--svg", "score")
refuse(["kind of document"], "--run", run, "--svg", "score", "--elog")
refuse(["--statistic", "--svg"], "--run", run, "--statistic", "ks")
refuse(["--window", "--svg"], "--run", run, "--window", "10ls")

# Of two streams one has to be chosen; the other one's verdicts are not drawn.
alone = draw("--svg", "score")[1]
scenario = data.folder / "express.yaml"
scenario.write_text(f"run: {run}\nseed: 5\nstream: express\nlumisections: 40\nevents_per_ls: 1000\nbatches_per_ls: 2\n")
for arguments in (["simulate", scenario, "--record", data.folder / "express.vrec"],
                  ["replay", data.folder / "express.vrec", "--model", ROOT / "demo" / "model", "--journal", data.journal]):
    code, _, err = call(vigil, *arguments)
    check(code == 0, arguments, err)
refuse(["2 streams", "--stream", "express", "scouting"], "--run", run, "--svg", "score")
check(draw("--svg", "score", "--stream", "scouting")[1] == alone, "the same of the first stream")
check(draw("--svg", "score", "--stream", "express")[1] != alone, "another of the second")
print("drawn")
