"""vigil calibrate: limits from good recordings, used by replay in place of the default sizes, and refused elsewhere."""
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

vigil = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(__file__).resolve().parents[2]
model = root / "demo" / "model"
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-calibrate-"))


def run(*arguments, code=0):
    done = subprocess.run([vigil, *map(str, arguments)], capture_output=True, text=True, cwd=folder)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done


def refused(words, *arguments):
    done = run(*arguments, code=2)
    assert done.stdout == "" and done.stderr.count("\n") == 1 and words in done.stderr, (words, done.stderr)
    assert not (folder / "x.json").exists() and not (folder / "x.json.new").exists()


def simulate(name, seed, more=""):
    (folder / f"{name}.yaml").write_text(f"seed: {seed}\nrun: {seed}\nlumisections: 120\nsources: [link0]\n"
                                         f"batches_per_ls: 2\nevents_per_ls: 2000\n{more}")
    run("simulate", f"{name}.yaml", "--record", f"{name}.vrec")


simulate("reference", 1)
simulate("good", 2)
simulate("good2", 3)
simulate("moved", 4, "faults:\n  - {type: scale_shift, columns: 'jet[0].pt', factor: 1.01, from_ls: 61}\n")
run("reference", "build", "reference.vrec", "--model", model, "-o", "ref.json")
calibrated = ("calibrate", "good.vrec", "good2.vrec", "--model", model, "--reference", "ref.json")
text = run(*calibrated, "-o", "limits.json", "--json").stdout
limits = json.loads(text)
assert limits == json.loads((folder / "limits.json").read_text())
assert (limits["format"], limits["version"], limits["model"], limits["stream"]) == ("vigil-limits", 1, "vigil_demo", "scouting")
assert limits["reference_sha256"] == hashlib.sha256((folder / "ref.json").read_bytes()).hexdigest()
assert limits["ranges"] == [[2, 1, 120], [3, 1, 120]] and limits["budget"] == {"page": 1.0, "warn": 10.0}
defaults = {"ks": 0.1, "chi2": 0.1, "rate": 0.5, "e_multinomial": 0.1, "e_poisson": 0.5, "hotelling": 0.2, "pca": 0.2, "mewma": 0.2}
windows = {entry["window"] for entry in limits["limits"]}
assert windows == {"10ls", "sequential"}
for entry in limits["limits"]:
    if entry["monitor"] == "score":
        default = 0.1
    most = defaults[entry["statistic"]]
    assert entry["bad"] == min(max(2 * entry["largest"], most / 20), most) and entry["medium"] == entry["bad"] / 2, entry
    # All inputs together want five sampled events a column, which one lumisection of this stream has not.
    assert entry["windows"] > 0 or entry["statistic"] == "mewma", entry
    assert len(entry["pages_per_week"]) == 3 and set(entry["time_to_detect_ls"]) == {"medium", "bad"}
    low, mid, high = entry["pages_per_week"]
    assert low <= mid <= high and high > 0
    for time in entry["time_to_detect_ls"].values():
        assert time is None or time >= 1
assert any(entry["time_to_detect_ls"]["bad"] for entry in limits["limits"])
print(len(limits["limits"]), "limits; calibrated again:", run(*calibrated, "-o", "again.json", "--jobs", 1).returncode)
assert (folder / "again.json").read_bytes() == (folder / "limits.json").read_bytes()
assert "input/jet[0].pt" in run(*calibrated, "-o", "limits.json").stdout

# A change below the default size is bad by limits that good runs earned, and rules override them.
replay = ("replay", "moved.vrec", "--model", model, "--reference", "ref.json", "--json")


def worst(*more):
    lines = [json.loads(line) for line in run(*replay, *more).stdout.splitlines()]
    order = ["unknown", "good", "medium", "bad"]
    return max((v["quality"] for v in lines if v["type"] == "verdict" and v["monitor"] == "input/jet[0].pt"), key=order.index)


found = {"default": worst(), "calibrated": worst("--limits", "limits.json"),
         "overridden": worst("--limits", "limits.json", "--set", "rules=[{monitor: 'input/*', medium: 0.3, bad: 0.4}]")}
print(found)
assert found["default"] != "bad" and found["calibrated"] == "bad" and found["overridden"] == "good", found
assert worst("--set", "limits=limits.json") == "bad"

# Refused.
(folder / "nothing.vrec").write_bytes(b"")
refused("vrec", "calibrate", "absent.vrec", "--model", model, "--reference", "ref.json", "-o", "x.json")
refused("vrec", "calibrate", "nothing.vrec", "--model", model, "--reference", "ref.json", "-o", "x.json")
refused("learned", "calibrate", "good.vrec", "--model", model, "-o", "x.json")
refused("no window was judged", *calibrated, "--to-ls", 3, "--set", "minimum_events=1000000000", "--set", "sequential=false", "-o", "x.json")
refused("cannot be written", *calibrated, "-o", "absent/x.json")
refused("learned", "replay", "good.vrec", "--model", model, "--limits", "limits.json")
run("reference", "build", "good.vrec", "--model", model, "-o", "other.json")
refused("SHA-256", "replay", "good.vrec", "--model", model, "--reference", "other.json", "--limits", "limits.json")
refused("limits", "replay", "good.vrec", "--model", model, "--reference", "ref.json", "--limits", "absent.json")
for name, change, words in (("not_json", None, "not JSON"), ("format", {"format": "x"}, "format"),
                            ("version", {"version": 2}, "version"), ("model", {"model": "other"}, "model other"),
                            ("hash", {"model_hash": "0" * 64}, "hash"),
                            ("rule", {"limits": [dict(limits["limits"][0], monitor="input/none")]}, "input/none"),
                            ("window", {"limits": [dict(limits["limits"][0], window="20ls")]}, "20ls"),
                            ("size", {"limits": [dict(limits["limits"][0], bad=-1)]}, "bad"),
                            ("twice", {"limits": limits["limits"][:1] * 2}, "two limits"),
                            ("missing", {"limits": [{"window": "10ls"}]}, "monitor")):
    (folder / f"{name}.json").write_text("{" if change is None else json.dumps(limits | change))
    refused(words, "replay", "good.vrec", "--model", model, "--reference", "ref.json", "--limits", f"{name}.json")
refused("hash", "check", "--model", model, "--reference", "ref.json", "--limits", "hash.json")
