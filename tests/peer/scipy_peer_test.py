"""scipy's theilslopes and kendalltau against `vigil lifetime`: scipy_peer_test.py VIGIL_EXE WORKDIR

Run by a Python that has scipy; where it has not, by the one of the folder `river` beside its environment, which
./dev setup --peers makes.
"""
import json
import math
import os
import pathlib
import subprocess
import sys

SKIP = 77
try:
    import numpy as np
    from scipy import stats
except ImportError as error:
    other = pathlib.Path(sys.executable).parents[2] / "river" / "bin" / "python"
    if other.exists() and "VIGIL_SCIPY" not in os.environ:
        os.execve(other, [str(other), *sys.argv], {**os.environ, "VIGIL_SCIPY": "1"})
    print(f"skipped: {error}")
    sys.exit(SKIP)

VIGIL, WORK = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
WORK.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(8)


def near(a, b, what):
    """Null is scipy's nan."""
    if b is None or not math.isfinite(b):
        assert a is None, (what, a, b)
    else:
        assert a is not None and abs(a - b) <= 1e-8 * abs(b) + 1e-12, (what, a, b)


for round_ in range(300):
    n = int(rng.integers(5, 80))
    t = np.arange(n, dtype=float) if round_ % 2 else np.round(rng.uniform(0, 30, n))
    if t.min() == t.max():
        t[0] += 1
    y = rng.normal(0, 1, n) + rng.choice([0, 0.05, 1]) * t
    if round_ % 3 == 0:
        y = np.round(y)
    if round_ % 50 == 7:
        y = np.sort(y)
    confidence = float(rng.choice([0.6, 0.9, 0.95, 0.99]))
    np.save(WORK / "t.npy", t)
    np.save(WORK / "y.npy", y)
    done = subprocess.run([VIGIL, "lifetime", "--time", WORK / "t.npy", "--value", WORK / "y.npy", "--limit", "3", "--confidence",
                           repr(confidence), "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    slope, intercept, low, high = stats.theilslopes(y, t, confidence)
    tau, p = stats.kendalltau(t, y)
    for key, value in (("slope", slope), ("intercept", intercept), ("slope_low", low), ("slope_high", high), ("kendall_tau", tau), ("p_value", p)):
        near(found[key], float(value), (round_, key, n, confidence))
print("ok: 300 trends")
