"""What a learned reference belongs to: it outlives menus and prescales, is taken up again where its conditions return,
is never thin, and never ends a fault."""
import sys
import tempfile

import numpy as np
from monitor import EVENTS, Watch, call, lumisection, of
from stream import Publisher, check, demo_package, pack

vigil = sys.argv[1]
package = demo_package()
WINDOWS = ["--reference", "learn:4", "--window-ls", 4, "--hop-ls", 2]


def watch_run(batches, *arguments):
    publisher = Publisher()
    watch = Watch(vigil, "--model", package.folder, "--subscribe", publisher.endpoint, *arguments)
    publisher.wait()
    for b in batches:
        publisher.send(pack(b))
    watch.wait_for_ls(batches[-1]["ls"] - 1)
    lines = watch.stop()
    publisher.close()
    return lines


def brief(windows):
    return [(w["first_ls"], w["last_ls"], w["quality"], w["reason"][:60]) for w in windows]


def windows(lines, first, last=10**6):
    return [w for w in of(lines, "window") if w["first_ls"] >= first and w["last_ls"] <= last]


# A prescale change at 12 and then every 18 lumisections, stationary data, defaults: verdicts all the same.
lines = watch_run([lumisection(package, ls, ls - 1, 800, context={
    "menu": "v5", "beam_mode": "STABLE BEAMS", "prescale_column": 0 if ls <= 11 else 1 + (ls - 12) // 18}) for ls in range(1, 92)])
judged = windows(lines, 21)
check(len(judged) >= 8 and all(w["quality"] == "good" for w in judged), "prescale changes keep the reference:", brief(of(lines, "window")))

# Another beam mode learns anew; the first one's reference is taken up when it returns.
mode = lambda ls: "STABLE BEAMS" if ls <= 16 or ls > 32 else "ADJUST"
lines = watch_run([lumisection(package, ls, ls - 1, 800, context={"beam_mode": mode(ls)}) for ls in range(1, 49)], *WINDOWS)
first_of_second = [w for w in windows(lines, 17, 22)]
check(first_of_second and first_of_second[0]["quality"] == "unknown", "another beam mode starts learning:", brief(first_of_second))
back = windows(lines, 33)
check(back and all(w["quality"] == "good" for w in back), "taken up at once:", brief(back))

# A fault is never learned: it outlives a menu change and another beam mode, and ends with the fault.
dead = EVENTS.copy()
dead[:, 27:57] = 0  # the jets are gone


def faulty(ls):
    context = {"menu": "v5" if ls <= 26 else "v6", "beam_mode": "ADJUST" if 35 <= ls <= 46 else "STABLE BEAMS"}
    return lumisection(package, ls, ls - 1, 800, pool=dead if 17 <= ls <= 54 else EVENTS, context=context)


for last, is_open in ((54, True), (76, False)):
    journal = tempfile.mkdtemp(prefix="vigil-references-") + "/j.db"
    lines = watch_run([faulty(ls) for ls in range(1, last + 1)], "--journal", journal, "--set", "cool_down_ls=0", *WINDOWS)
    actions = of(lines, "action")
    subjects = [(a["kind"], a["cause"], a["proposal"].get("seed", a["proposal"].get("monitor"))) for a in actions]
    check(actions and len(subjects) == len(set(subjects)) and all(a["first_ls"] <= 20 for a in actions), "one action each:", actions)
    bad = windows(lines, 19, 26) + windows(lines, 27, 34) + windows(lines, 49, 54)
    check(len(bad) >= 8 and all(w["quality"] == "bad" for w in bad), "bad as long as it lasts:", brief(of(lines, "window")))
    unjudged = windows(lines, 35, 46)
    check(unjudged and all(w["quality"] == "unknown" for w in unjudged), "nothing is learned of it:", brief(unjudged))
    listed = call(vigil, "actions", "list", "--journal", journal, "--json")[1].replace(" ", "")
    check(f'"open":{"true" if is_open else "false"}' in listed, "open" if is_open else "ended", listed)
over = windows(lines, 60)  # the first windows after it have bad ones among their last three
check(over and all(w["quality"] == "good" for w in over), "good when it is over:", brief(over))

# Two events a lumisection are no reference: it goes on learning until it has reference_events.
cosmic = np.zeros((50, 57), "<i4")
cosmic[:, 15] = np.arange(50) % 9 + 3
cosmic[:, 16] = np.arange(50) * 7 % 200 - 100
cosmic[:, 17] = np.arange(50) * 11 % 576
lines = watch_run([lumisection(package, ls, ls - 1, 2 if ls <= 25 else 1500, pool=cosmic if ls <= 25 else EVENTS, n_bx=1_200_000)
                   for ls in range(1, 66)])
check(not of(lines, "action"), "collisions are no drift from cosmics:", of(lines, "action"))
judged = windows(lines, 31)
# The fifty cosmics are among its 3000 events: some inputs are medium for it, nothing is bad.
check(judged and all(w["quality"] in ("good", "medium") for w in judged), "judged by a reference of collisions:", brief(of(lines, "window")))
thin = watch_run([lumisection(package, ls, ls - 1, 100) for ls in range(1, 31)], *WINDOWS, "--set", "reference_events=1000")
check(all(w["quality"] == "unknown" and "learning" in w["reason"] for w in windows(thin, 1, 9)), "learning until 1000 events:", brief(windows(thin, 1)))
check(windows(thin, 13) and all(w["quality"] == "good" for w in windows(thin, 13)), "then judged:", brief(windows(thin, 13)))
code, out, err = call(vigil, "check", "--model", package.folder, "--set", "reference_events=none")
check(code == 2 and "reference_events" in err and "whole number" in err, "strict", code, err)
print("references and their conditions")
