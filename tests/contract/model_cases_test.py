"""Models and projects as they lie about in public: every case of shared/cases/models gives what its README expects, by its words
or by a refusal that names the true reason."""
import pathlib
import re
import subprocess
import sys
import tempfile

vigil, shared = sys.argv[1], pathlib.Path(sys.argv[2])
cases = shared / "cases" / "models"
if not cases.is_dir():
    print("skipped: no", cases)
    sys.exit(77)

# case -> inputs (within its folder) -> pattern of the refusal; None: imports and reproduces expected.npy.
EXPECTED = {
    "bdt_firmware_only": {"project": r"conifer project without its JSON"},
    "bdt_fpu": {"model.json": r"key 'config\.backend': 'fpu'"},
    "bdt_nan_folder": {"project": r"model\.json: not valid JSON: NaN in line 1, column 10\d",
                       "project/model.json": r"model\.json: not valid JSON: NaN in line 1, column 10\d"},
    "debug_prints": {"project": None},
    "exponent_scale": {"project": r"'d2_alpha': product 'weight_exponential'"},
    "forest_two_inits": {"model.json": None},
    "interface_library": {"needs.so": None},
    "old_release_0_6": {"project": None},
    "other_backends": {"Quartus": r"hls4ml_config\.yml: line 1: a project of hls4ml's backend Quartus",
                       "oneAPI": r"hls4ml_config\.yml: line 1: a project of hls4ml's backend oneAPI",
                       "Catapult": r"hls4ml_config\.yml: line 1: a project of hls4ml's backend Catapult",
                       "Quartus/firmware": r"defines\.h: line \d+: ac_fixed types.*Quartus",
                       "oneAPI/src/firmware": r"defines\.h: line \d+: ac_fixed types.*oneAPI",
                       "Catapult/firmware": r"defines\.h: line \d+: ac_fixed types.*Catapult"},
    "pool1d_1_1": {"project": None},
}
OPTIONS = {"pool1d_1_1": [[], ["--hls4ml-version", "1.1.0"]]}
work = pathlib.Path(tempfile.mkdtemp(prefix="vigil-model-cases-"))
failed = []


def run(*arguments):
    return subprocess.run([vigil, *map(str, arguments)], capture_output=True, text=True, timeout=300)


def check(case, source, pattern, options, package):
    done = run("model", "import", case / source, "-o", package, *options)
    text = done.stdout + done.stderr
    if pattern is not None:
        lines = done.stderr.strip().splitlines()
        if done.returncode != 2 or len(lines) != 1 or not re.search(pattern, lines[0]) or package.exists():
            return f"exit {done.returncode}, expected 2 and one line with {pattern}:\n{text}"
        return None
    if done.returncode != 0:
        return f"import: exit {done.returncode}:\n{text}"
    done = run("emulate", "--model", package, "--input", case / "X.npy", "--compare", case / "expected.npy")
    return None if done.returncode == 0 else f"emulate: exit {done.returncode}:\n{done.stdout}{done.stderr}"


checked = 0
for name in sorted(path.name for path in cases.iterdir() if path.is_dir()):
    if name not in EXPECTED:
        failed.append(f"{name}: a case without an expectation here")
        continue
    for source, pattern in EXPECTED[name].items():
        for options in OPTIONS.get(name, [[]]):
            checked += 1
            problem = check(cases / name, source, pattern, options, work / f"package-{checked}")
            print(f"{name}/{source} {' '.join(options)}: {'as expected' if problem is None else problem}")
            if problem is not None:
                failed.append(f"{name}/{source}")
print(f"{checked} inputs, {len(failed)} not as expected")
assert not failed, failed
