"""vigil plan and vigil status PLAN, from outside: the text of a plan, its parts, what is refused."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from parts import canonical, part_bytes, part_path, put_part, run, sha256
from stream import check

vigil = sys.argv[1]
root = pathlib.Path(__file__).resolve().parents[2]
model = root / "demo" / "model"
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-plan-"))
refusals = 0


def simulate(name, text):
    (folder / "s.yaml").write_text(text)
    subprocess.run([vigil, "simulate", folder / "s.yaml", "--record", folder / name], check=True, capture_output=True)
    return folder / name


def plan(*arguments, expected=0, **options):
    code, out, err = run(vigil, "plan", *arguments, **options)
    check(code == expected, "plan", *arguments, "- exit", code, err)
    return out


def refuse(words, *arguments, command="plan", leaves=(), **options):
    """Exit 2, one line that has all `words`, nothing on stdout, no file of `leaves` and no other new one."""
    global refusals
    refusals += 1
    before = sorted(folder.rglob("*"))
    code, out, err = run(vigil, command, *arguments, env=dict(os.environ, VIGIL_LOG="off"), **options)
    check(code == 2 and out == "" and len(err.splitlines()) == 1 and all(word in err for word in words),
          command, *arguments, "- exit", code, "wanted", words, "found", out, err)
    check(sorted(folder.rglob("*")) == before, command, *arguments, "left something behind")


one = simulate("run 1.vrec", "seed: 1\nrun: 1\nlumisections: 12\nevents_per_ls: 600\nbatches_per_ls: 5\nsources: [link0, link1]\n")
two = simulate("run2.vrec", "seed: 2\nrun: 2\nlumisections: 7\nevents_per_ls: 900\nbatches_per_ls: 3\nsources: [link0]\n")
recordings = [one, two]

# A plan is canonical JSON; its parts are every byte behind the file headers, once, in order, and of even size.
records = [json.loads(line) for recording in recordings for line in run(vigil, "decode", recording, "--json")[1].splitlines()]
largest = max(record["bytes"] for record in records if "record" in record)
for n in (1, 2, 3, 7, 16, 40):
    file = folder / f"{n}.plan"
    shown = json.loads(plan(*recordings, "--model", model, "--parts", n, "-o", file, "--json"))
    text = file.read_text()
    document = json.loads(text)
    check(text == canonical(document), "a plan is canonical JSON")
    check(shown["sha256"] == sha256(text) and shown["parts"] == n and shown["plan"] == str(file), shown)
    check((document["format"], document["version"], len(document["parts"])) == ("vigil-plan", 1, n), "parts", n)
    check([r["path"] for r in document["recordings"]] == [str(r) for r in recordings], "paths")
    check([r["bytes"] for r in document["recordings"]] == [r.stat().st_size for r in recordings], "bytes")
    at = {0: 32, 1: 32}
    order = []
    for number, part in enumerate(document["parts"]):
        check(part["part"] == number and part["bytes"] == sum(end - first for _, first, end in part["ranges"]), part)
        for recording, first, end in part["ranges"]:
            check(first == at[recording] < end, "part", part, "begins where the one before ended:", at)
            at[recording] = end
            order.append(recording)
    check(order == sorted(order) and [at[0], at[1]] == [r["bytes"] for r in document["recordings"]], "covered to the end", at)
    mean = sum(part["bytes"] for part in document["parts"]) / n
    check(all(abs(part["bytes"] - mean) <= mean / 5 + largest for part in document["parts"]), "even sizes of", n)
    check(sum(part["events"] for part in document["parts"]) == shown["events"] > 0, "events")
    check(plan(*recordings, "--model", model, "--parts", n, "-o", file) != "", "again: nothing changes")
    check(file.read_text() == text, "equal bytes")
check(len({json.loads((folder / f"{n}.plan").read_text())["settings"] for n in (1, 7)}) == 1, "one settings")

# The same from elsewhere and by other names: paths are absolute, and so is what the configuration names.
(folder / "conf").mkdir()
(folder / "conf" / "m.yaml").write_text(f"models: [../m]\nlimits: ''\nwindows: [{{window_ls: 4, hop_ls: 2}}]\njobs: 3\njournal: j.db\n")
os.symlink(model, folder / "m")
plan("run 1.vrec", "-c", "conf/m.yaml", "--parts", 3, "-o", "a.plan", "--from-ls", 2, "--to-ls", 9, cwd=folder)
plan("../run 1.vrec", "-c", "m.yaml", "--parts", 3, "-o", "../b.plan", "--from-ls", 2, "--to-ls", 9, "--set", "jobs=7", cwd=folder / "conf")
check((folder / "a.plan").read_bytes() == (folder / "b.plan").read_bytes(), "a plan does not depend on where it is made")
configuration = json.loads((folder / "a.plan").read_text())["configuration"]
check((configuration["from_ls"], configuration["to_ls"]) == (2, 9), configuration)
check("window_ls: 4" in configuration["yaml"] and str(folder) in configuration["yaml"] and "j.db" not in configuration["yaml"],
      configuration)
(folder / "a.yaml").write_text(configuration["yaml"])
check(run(vigil, "check", folder / "a.yaml")[0] == 0, "the configuration of a plan is one")

# How far it is.
file = folder / "7.plan"
document = json.loads(file.read_text())
events = [part["events"] for part in document["parts"]]


def status():
    code, out, err = run(vigil, "status", file, "--json")
    check(code == 0 and len(out.splitlines()) == 1, "status", code, err)
    return json.loads(out)


check(status() == {"parts": 7, "done": [], "missing": list(range(7)), "bad": [], "events": sum(events), "events_done": 0}, status())
for number in (0, 2, 3):
    put_part(file, number)
check((status()["done"], status()["missing"]) == ([0, 2, 3], [1, 4, 5, 6]), status())
check(status()["events_done"] == events[0] + events[2] + events[3], status())
put_part(file, 1, part_bytes(file, 2))  # another part's
put_part(file, 4, part_bytes(file, 4)[:-9])
put_part(file, 5, part_bytes(folder / "3.plan", 1))
put_part(file, 6, b"nothing")
(part_path(file, 0).parent / "log").mkdir()
bad = {one["part"]: one["reason"] for one in status()["bad"]}
check(sorted(bad) == [1, 4, 5, 6] and status()["missing"] == [], bad)
check("part 2 of 7" in bad[1] and "torn" in bad[4] and "of plan" in bad[5] and "no part file" in bad[6], bad)
check(all(str(part_path(file, number)) in reason for number, reason in bad.items()), bad)
for changed, words in (({"settings": "0" * 64}, "of settings"), ({"version": 2}, "version 2"), ({"parts": 8}, "of 8")):
    put_part(file, 1, part_bytes(file, 1, **changed))
    check(words in status()["bad"][0]["reason"], words, status())
text = run(vigil, "status", file)[1]
check("3 of 7 parts" in text and "bad part 4" in text, text)
for number in range(7):
    put_part(file, number)
check((status()["done"], status()["events_done"]) == (list(range(7)), sum(events)), status())

# What is refused.
make = ("--model", model, "-o", folder / "new.plan")
refuse(["--parts", "0", "1 to"], one, *make, "--parts", 0)
refuse(["--parts", "9999", "1 to 121"], one, *make, "--parts", 9999)
refuse(["--parts"], one, *make, "--parts", -1)
refuse(["no --parts"], one, *make)
refuse(["no -o"], one, "--model", model, "--parts", 2)
refuse(["nowhere"], folder / "nowhere", *make, "--parts", 2)
refuse(["recording"], folder / "a.yaml", *make, "--parts", 2)
refuse(["models"], one, "-o", folder / "new.plan", "--parts", 2)
refuse(["none"], one, "--model", folder / "none", "-o", folder / "new.plan", "--parts", 2)
refuse(["missing"], one, "--model", model, "-o", folder / "none" / "new.plan", "--parts", 2)
refuse(["7.plan", "another"], one, "--model", model, "-o", file, "--parts", 2)
refuse([str(folder / "conf")], one, "--model", model, "-o", folder / "conf", "--parts", 2)
refuse(["5 to 4"], one, *make, "--parts", 2, "--from-ls", 5, "--to-ls", 4)
refuse(["good.json"], one, *make, "--parts", 2, "--reference", folder / "good.json")
refuse(["limits.yaml"], one, *make, "--parts", 2, "--limits", folder / "limits.yaml")
refuse(["unknown key"], one, *make, "--parts", 2, "--set", "colour=red")
for option in (("--option", "x"), ("--task-jobs", 2), ("--vigil", "/x")):
    refuse([option[0], "--slurm"], one, *make, "--parts", 2, *option)
for option in (("--image", "x"), ("--claim", "a:/b"), ("--max-parallel", 2)):
    refuse([option[0], "--kubernetes"], file, "--slurm", folder / "s", *option)
refuse(["--image"], file, "--kubernetes", folder / "k")
refuse(["one engine"], file, "--slurm", folder / "s", "--condor", folder / "c")
refuse(["neither"], file)
refuse(["several plans"], file, folder / "3.plan", "--slurm", folder / "s")
refuse(["beside a plan"], file, "--slurm", folder / "s", "--model", model)
refuse(["no plan"], one, "--slurm", folder / "s")
refuse(["missing"], file, "--slurm", folder / "none" / "s")
refuse(["is no folder"], file, "--slurm", folder / "a.yaml")
refuse(["holds 'm.yaml'"], file, "--slurm", folder / "conf")
refuse(["holds 'm.yaml'"], one, *make, "--parts", 2, "--condor", folder / "conf")
(folder / "back\\slash").write_bytes(file.read_bytes())
refuse(["backslash"], folder / "back\\slash", "--slurm", folder / "s")
refuse(["line break"], file, "--slurm", folder / "s", "--option", "a\nb")
refuse(["line break"], file, "--condor", folder / "s\nt")
refuse(["line break"], file, "--slurm", folder / "s", "--vigil", "/a\nb")
refuse(["--option"], file, "--kubernetes", folder / "k", "--image", "i", "--option", "no map")
refuse(["--option"], file, "--kubernetes", folder / "k", "--image", "i", "--option", "containers: []")
refuse(["--claim"], file, "--kubernetes", folder / "k", "--image", "i", "--claim", "data")
refuse(["--claim"], file, "--kubernetes", folder / "k", "--image", "i", "--claim", "Data:/x")
refuse(["--claim"], file, "--kubernetes", folder / "k", "--image", "i", "--claim", "data:x")
refuse(["--max-parallel"], file, "--kubernetes", folder / "k", "--image", "i", "--max-parallel", 0)
refuse(["--watch"], file, "--watch", command="status")
for name, text, words in (("torn", file.read_text()[:-5], "no plan"), ("two", '{"format":"vigil-plan","version":2}', "version 2"),
                          ("other", '{"a":1}', "no plan"), ("blank", file.read_text() + " ", "canonical")):
    (folder / name).write_text(text)
    refuse([name, words], folder / name, "--json", command="status")
    refuse([name, words], folder / name, "--slurm", folder / "s")
refuse(["none.plan"], folder / "none.plan", command="status")
print(f"plans of 6 sizes, {refusals} refusals, each one line")
