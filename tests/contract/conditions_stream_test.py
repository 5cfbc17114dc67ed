"""Conditions as a stream states them: seeds that a prescale column switches off, beam modes that are not judged, menus
without a reference, pile-up that is stated once, by one source only, or never."""
import json
import sys

import numpy as np
from fills import SHAPES, Fills, brief, verdicts
from monitor import EVENTS, Watch, of
from stream import ORBITS, Publisher, batch, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
fills = Fills(vigil)
KILLED, LIVE = (name for name, _, _, _ in package.seeds)
WINDOWS = ["--window-ls", 4, "--hop-ls", 2]


def watch_run(batches, *arguments):
    publisher = Publisher()
    watch = Watch(vigil, "--model", package.folder, "--subscribe", publisher.endpoint, *WINDOWS, *arguments)
    publisher.wait()
    for b in batches:
        publisher.send(pack(b))
    watch.wait_for_ls(batches[-1]["ls"] - 1, run=batches[-1]["run"])
    lines = watch.stop()
    publisher.close()
    return lines


def lumisection(ls, *, source="link0", parts=1, n=600, seed=7, context=None, hardware="outputs", run=1, inputs=None):
    """The batches of one source in a lumisection; `context`: of each part, or of the first alone where it is a list."""
    out = []
    for part in range(parts):
        rng = np.random.default_rng([seed, ls, part, *source.encode()])
        rows = rng.integers(0, len(package.inputs), n // parts)
        first = (ls - 1) * ORBITS + part * ORBITS // parts
        b = batch(package, rows, source=source, seq=(ls - 1) * parts + part, ls=ls, run=run, first=first,
                  last=first + ORBITS // parts - 1, hardware=hardware)
        if inputs is not None:
            b["inputs"] = inputs[rng.integers(0, len(inputs), n // parts)]
        stated = context if isinstance(context, dict) else (context or [None] * parts)[part]
        if stated is not None:
            b["context"] = stated
        out.append(b)
    return out


# Prescale column 0 kills a seed: its bit stays 0 there while the emulator passes. That is no mismatch.
def killed(ls):
    column = 0 if 21 <= ls <= 40 else 1
    (b,) = lumisection(ls, hardware="bits", context={"menu": "v5", "prescale_column": column, "beam_mode": "STABLE BEAMS"})
    if column == 0:
        b["hw_bits"] &= ~np.uint16(1 << package.seeds[0][2])
    return b


stream = [killed(ls) for ls in range(1, 62)]
FLAGS = ["--reference", "learn:4"]
lines = watch_run(stream, *FLAGS)
check({a["kind"] for a in of(lines, "action")} >= {"revalidate"}, "unless that is said, it is a mismatch:", brief(lines))
lines = watch_run(stream, *FLAGS, "--set", f'prescales={{"0": {{{KILLED}: 0}}}}')
check(not of(lines, "action") and not verdicts(lines, quality="bad"), "a seed that is off is no fault:", brief(lines))
for line in of(lines, "lumisection"):
    is_off = 21 <= line["ls"] <= 40
    of_killed, of_live = line["seeds"][KILLED], line["seeds"][LIVE]
    check(of_killed["compared"] == (0 if is_off else line["events"]) and of_live["compared"] == line["events"], line["ls"], line["seeds"])
    check(of_killed["emulator"] > 0 and of_killed["hardware_only"] == of_killed["emulator_only"] == 0, line["ls"], of_killed)
    check(is_off == (of_killed["hardware"] == 0), line["ls"], of_killed)
off = [v for v in of(lines, "verdict") if 21 <= v["first_ls"] and v["last_ls"] <= 40]
for monitor in ("seed/", "mismatch/"):
    of_killed = [v for v in off if v["monitor"] == monitor + KILLED]
    check(len(of_killed) > 8 and {(v["quality"], v["value"], v["reason"]) for v in of_killed} ==
          {("unknown", None, "off in prescale column 0")}, monitor, of_killed[:1])
    of_live = [v for v in off if v["monitor"] == monitor + LIVE and v["window"] != "sequential"]
    check(len(of_live) > 6 and {v["quality"] for v in of_live} == {"good"}, "others are judged:", monitor, of_live[:1])
again = [v for v in of(lines, "verdict") if v["first_ls"] >= 41 and v["window"] != "sequential" and v["monitor"].endswith(KILLED)]
check(len(again) >= 2 * 7 and {v["quality"] for v in again} == {"good"}, "judged when it is on again:", again[:1])

# Another beam mode: counted, not judged, nothing learned of it, whatever it is like.
dead = EVENTS.copy()
dead[:, 27:57] = 0


def adjusted(ls):
    is_adjust = ls <= 10 or 25 <= ls <= 40
    (b,) = lumisection(ls, context={"beam_mode": "ADJUST" if is_adjust else "STABLE BEAMS"}, hardware="none",
                       inputs=dead if is_adjust and ls > 10 else EVENTS)
    return b


stream = [adjusted(ls) for ls in range(1, 60)]
check(of(watch_run(stream, *FLAGS, "--set", "judge_beam_modes=[]"), "action"), "where all are judged it is a fault")
lines = watch_run(stream, *FLAGS)
check(not of(lines, "action") and not verdicts(lines, quality="bad"), "no fault:", brief(lines))
check([line["events"] for line in of(lines, "lumisection")] == [600] * 59, "counted")
adjust = [v for v in of(lines, "verdict") if v["last_ls"] <= 10 or (v["first_ls"] >= 25 and v["last_ls"] <= 40)]
check(len(adjust) > 100 and {(v["quality"], v["reason"]) for v in adjust} == {("unknown", "beam mode ADJUST is not judged")},
      "unknown:", {(v["quality"], v["reason"]) for v in adjust})
learning = [w for w in of(lines, "window") if 11 <= w["first_ls"] and w["last_ls"] <= 14]
check(learning and all("learning" in w["reason"] for w in learning), "learns from the first that is judged on:", learning)
judged = [w for w in of(lines, "window") if 15 <= w["first_ls"] and w["last_ls"] <= 24 or w["first_ls"] >= 41]
check(len(judged) >= 11 and {w["quality"] for w in judged} == {"good"}, "and is compared with that:",
      [w for w in judged if w["quality"] != "good"][:2])

# Pile-up falls from 59 to 41 within 30 lumisections. A reference in strata of another run of the same.
pileup = lambda ls: 59.0 - 0.6 * (ls - 1)
context = lambda ls, **more: {"menu": "v5", "beam_mode": "STABLE BEAMS", "pileup": pileup(ls), **more}
SOURCES = ("link0", "link1")


def fill(stated, sources=SOURCES, last=32, **more):
    """`stated(source, ls)`: the contexts of its two batches."""
    return [b for ls in range(1, last) for source in sources
            for b in lumisection(ls, source=source, parts=2, context=stated(source, ls), **more)]


recorded = fills.folder / "good"
watch_run(fill(lambda source, ls: context(ls), seed=2, run=7), "--record", recorded)
by_menu = fills.reference("by_menu", recorded, "--by", "menu,beam_mode")
document = json.loads(by_menu.read_text())
check([r["key"] for r in document["references"]] == [{"menu": "v5", "beam_mode": "STABLE BEAMS"}], "one of each combination")
check(document["references"][0]["ranges"] == [[7, 1, 31]], document["references"][0]["ranges"])

everywhere = watch_run(fill(lambda source, ls: [context(ls)] * 2), "--reference", by_menu)
told = [line for line in everywhere if line["type"] in ("window", "verdict", "action", "lumisection")]
check(not of(told, "action") and not verdicts(told, quality="bad"), "a good fill:", brief(told))
windows = [v for v in verdicts(told, *SHAPES, "seed/", sequential=False)]
check({"chi2", "ks", "rate", "rate_vs_pileup"} <= {v["statistic"] for v in windows} and
      {v["quality"] for v in windows} == {"good"}, "judged:", {(v["quality"], v["reason"]) for v in windows if v["quality"] != "good"})
same = lambda lines: [line for line in lines if line["type"] in ("window", "verdict", "action", "lumisection")] == told
check(same(watch_run(fill(lambda source, ls: [context(ls), None]), "--reference", by_menu)), "with the first batch of a source")
check(same(watch_run(fill(lambda source, ls: [context(ls), None] if source == "link0" else None), "--reference", by_menu)), "by one source")

# Stated once, it holds for the whole run.
constant = lambda ls: context(ls, pileup=50.0)
every = watch_run(fill(lambda source, ls: [constant(ls)] * 2), "--reference", by_menu)
once = watch_run(fill(lambda source, ls: [constant(ls), None] if ls == 1 and source == "link1" else None), "--reference", by_menu)
select = lambda lines: [line for line in lines if line["type"] in ("window", "verdict", "action", "lumisection")]
check(select(every) == select(once) and {v["quality"] for v in verdicts(once, "score", sequential=False)} == {"good"}, "stated once")

# Never stated: shapes and rates claim nothing, and say why; mismatches are judged.
never = watch_run(fill(lambda source, ls: [{"menu": "v5", "beam_mode": "STABLE BEAMS"}] * 2), "--reference", by_menu)
check(not of(never, "action"), "no action:", brief(never))
windows = verdicts(never, *SHAPES, "seed/", sequential=False)
check(len(windows) > 500 and {v["quality"] for v in windows} == {"unknown"}, "unknown")
reasons = {v["reason"] for v in windows}
check(any(r.startswith("no pile-up sent, the reference has (4") and r.endswith("to 60)") for r in reasons), reasons)
check({v["reason"] for v in windows if v["statistic"] == "rate_vs_pileup"} == {"no pile-up sent"}, reasons)
check({v["quality"] for v in verdicts(never, "mismatch/", sequential=False)} == {"good"}, "mismatches are judged")

# A menu, or a beam mode that is judged, without a reference.
menus = lambda source, ls: [dict(context(ls), menu="v5" if ls <= 12 else "v6")] * 2
lines = watch_run(fill(menus), "--reference", by_menu)
before, after = ([v for v in verdicts(lines, *SHAPES, "seed/", sequential=False) if is_after == (v["first_ls"] > 12)] for is_after in (False, True))
check({v["quality"] for v in before} == {"good"} and {(v["quality"], v["reason"]) for v in after} ==
      {("unknown", "no reference for menu v6")}, {(v["quality"], v["reason"]) for v in before + after})
modes = watch_run(fill(lambda source, ls: [dict(context(ls), beam_mode="SQUEEZE")] * 2, last=12), "--reference", by_menu,
                  "--set", "judge_beam_modes=[STABLE BEAMS, SQUEEZE]")
reasons = {v["reason"] for v in verdicts(modes, *SHAPES, "seed/", sequential=False)}
check(reasons == {"no reference for beam mode SQUEEZE"}, reasons)
check(not of(lines, "action") and not of(modes, "action"), "no action")
print("conditions of the stream:", len(told), "lines the same however pile-up is stated")
