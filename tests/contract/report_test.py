"""`vigil report --run N`: one file of HTML that holds what docs/report.md says, without script and request, the same bytes
each time; `--elog` as text. The numbers are those of the result lines."""
import html.parser
import re
import subprocess
import sys

from journals import Replayed
from monitor import call, of
from stream import check

vigil = sys.argv[1]
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(html.parser.HTMLParser):
    """Every element with its attributes and what is around it; tags must nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], {}
        self.feed(text)
        check(not self.open, "closed:", self.open)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), list(self.open)))
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), list(self.open)))

    def handle_endtag(self, tag):
        check(self.open and self.open[-1][0] == tag, "nesting:", tag, self.open)
        self.open.pop()

    def handle_data(self, text):
        for tag, attributes in self.open:
            if tag == "section" and "id" in attributes:
                self.texts[attributes["id"]] = self.texts.get(attributes["id"], "") + text
            if tag == "section" and attributes.get("class") == "stream":
                self.texts["stream"] = self.texts.get("stream", "") + text

    def all(self, tag):
        return [attributes for name, attributes, _ in self.elements if name == tag]


for scenario in ("score_bit_flip", "demo"):
    data = Replayed(vigil, scenario)
    run = data.runs[0]
    target = data.folder / "report.html"
    code, out, err = call(vigil, "report", data.journal, "--run", run, "-o", target)
    check(code == 0 and out == "" and err == "", "report:", code, err)
    text = target.read_text(encoding="utf-8")
    check(len(target.read_bytes()) <= 10 * 1024 * 1024, "at most 10 MiB")
    check(call(vigil, "report", data.journal, "--run", run, "-o", "-")[1] == text, "the same bytes, on standard output")
    check(not re.search(r"<script|javascript:|\son\w+=|<link|<img|<iframe|@import|url\(|src=|href=", text, re.I), "no script, no request")
    check("size:A4" in text, "printable on A4")
    page = Page(text)
    ids = [s["id"] for s in page.all("section") if "id" in s]
    check(ids == ["summary", "quality", "actions", "losses", "configuration", "provenance"], "sections:", ids)
    streams = [s for s in page.all("section") if s.get("class") == "stream"]
    check([(s["data-model"], s["data-stream"]) for s in streams] == [("vigil_demo", "scouting")], "streams:", streams)
    svgs = [around for name, attributes, around in page.elements if name == "svg" and attributes.get("role") == "img"]
    check(len(svgs) >= 8 and len(svgs) == len([1 for name, _, around in page.elements if name == "title" and around[-1][0] == "svg"]),
          "each drawing has a title", len(svgs))
    check(all("aria-hidden" in a or a.get("role") == "img" for a in page.all("svg")), "others are decoration")
    lumisections = of(data.lines, "lumisection")
    for what in (run, sum(line["events"] for line in lumisections), lumisections[0]["model_hash"], "9000" if scenario == "score_bit_flip" else "9001",
                 "SIMULATION", "BAD"):
        check(str(what) in page.texts["summary"], what, "in the summary")
    quality = call(vigil, "report", data.journal, "--quality")[1]
    check(page.texts["quality"].count("ks") == sum(line.count(" ks\"") for line in quality.splitlines()), "causes in the table")
    for seed in lumisections[0]["seeds"]:
        check(f"Trend of seed/{seed}" in page.texts["stream"], "trend of", seed)
    check("Trend of score" in page.texts["stream"], "trend of the output")
    worst = {v["monitor"] for v in of(data.lines, "verdict") if v["quality"] in ("medium", "bad") and v["window"] != "sequential"}
    for monitor in worst:
        if monitor.startswith("multivariate/"):
            check(monitor in page.texts["stream"] and "no distribution of its own" in page.texts["stream"], monitor, "is named")
            continue
        drawn = "score" if monitor.startswith("seed/") else monitor
        drawn += ": hardware - emulator" if monitor.startswith("mismatch/") else ": window over reference"
        check(drawn in page.texts["stream"], drawn, "is drawn")
    mismatches = sum(line["outputs"]["score"]["mismatches"] for line in lumisections)
    above = sum(line["outputs"]["score"]["hardware_above"] for line in lumisections)
    check(str(mismatches) in page.texts["stream"] and str(above) in page.texts["stream"], "agreement:", mismatches, above)
    actions = of(data.lines, "action")
    check(actions and all(a["id"] in page.texts["actions"] and a["reason"][:100] in page.texts["actions"] for a in actions), "actions")
    check("link" in page.texts["losses"] and "learn:20" in page.texts["configuration"], "losses and configuration")
    check(lumisections[0]["model_hash"] in page.texts["provenance"] and "learn:20, run" in page.texts["provenance"], "provenance")

    code, elog, err = call(vigil, "report", data.journal, "--run", run, "--elog")
    lines = elog.splitlines()
    check(code == 0 and lines[0] == f"vigil: BAD vigil_demo scouting run {run} LS 1-{lumisections[-1]['ls']}", "elog:", lines[0])
    for monitor in worst:
        check(any(line.startswith(monitor + " ") and "value" in line and "limit" in line for line in lines[1:]), monitor, elog)
    keys = [line.split(":")[0] for line in lines[-5:]]
    check(keys == ["model", "context", "reference", "losses", "actions"], "tail:", keys)
    check(lumisections[0]["model_hash"] in lines[-5] and all(a["id"] in lines[-1] for a in actions), "tail:", lines[-5:])

# What a person wrote is text, in every document. The audit of an action takes any reason.
hostile = "</td><script>alert(1)</script>\x1b[31m\n\"'&"
code, _, err = call(vigil, "actions", "reject", actions[0]["id"], "--journal", data.journal, "--reason", hostile, "--actor", "ann")
check(code == 0, "reject:", err)
text = subprocess.run([vigil, "report", data.journal, "--run", str(run)], capture_output=True).stdout.decode()
Page(text)
check("<script" not in text and "\x1b" not in text, "no markup, no control sequence")
check("&lt;script&gt;alert(1)&lt;/script&gt;\ufffd[31m\ufffd&quot;&#39;&amp;" in text and ">ann<" in text, "but said, with who")
check("rejected" in Page(text).texts["actions"], "what became of it")
print("reported")
