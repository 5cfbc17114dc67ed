"""river 0.19's own detectors against `vigil detect`, index by index: river_peer_test.py VIGIL_EXE WORKDIR

Run by a Python that has river; where it has not, by the one of the folder `river` beside its environment, which
./dev setup --peers makes (river wants an older numpy than the other peers).
"""
import json
import os
import pathlib
import subprocess
import sys

SKIP = 77
try:
    import numpy as np
    from river import drift
    from river.drift import binary
    from river.drift.binary import hddm_w
except ImportError as error:
    other = pathlib.Path(sys.executable).parents[2] / "river" / "bin" / "python"
    if other.exists() and "VIGIL_RIVER" not in os.environ:
        os.execve(other, [str(other), *sys.argv], {**os.environ, "VIGIL_RIVER": "1"})
    print(f"skipped: {error}")
    sys.exit(SKIP)

VIGIL, WORK = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
WORK.mkdir(parents=True, exist_ok=True)


class Sample:
    """hddm_w's weighted mean as MOA sets it: by its first value, 0 included."""

    def __init__(self, lambda_val):
        self.lambda_val, self.ewma, self._is_init, self.ibc = lambda_val, 0.0, False, 1.0

    def update(self, x):
        if not self._is_init:
            self.ewma, self._is_init = float(x), True
        else:
            self.ewma = self.lambda_val * x + (1 - self.lambda_val) * self.ewma
            self.ibc = self.lambda_val * self.lambda_val + (1 - self.lambda_val) ** 2 * self.ibc


hddm_w.SampleInfo = Sample
rng = np.random.default_rng(1)
RENAMED = {"two_sided": "two_sided_test", "lambda": "lambda_val"}


def ours(name, values, parameters):
    np.save(WORK / "x.npy", values)
    settings = [w for k, v in parameters.items() for w in ("--set", f"{k}={str(v).lower() if isinstance(v, bool) else v}")]
    done = subprocess.run([VIGIL, "detect", name, "--input", WORK / "x.npy", *settings, "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("FAILED: " + done.stderr)
    out = json.loads(done.stdout)
    return out["alarms"], out["warnings"]


def rivers(detector, values):
    alarms, warnings = [], []
    for i, x in enumerate(values.tolist()):
        detector.update(x)
        if detector.drift_detected:
            alarms.append(i)
        if getattr(detector, "warning_detected", False):
            warnings.append(i)
    return alarms, warnings


def choice(*values):
    return values[rng.integers(len(values))]


compared = 0
for row in range(40):
    p = np.concatenate([np.full(rng.integers(200, 3000), choice(.02, .1, .2, .3, .5, .05, .9)) for _ in range(30)])[:6000]
    bits = (rng.random(len(p)) < p).astype(float)
    part = bits if row % 2 else np.clip(p + rng.normal(size=len(p)) * 0.1, 0, 1)
    confidence = {"drift_confidence": choice(.001, .05), "warning_confidence": choice(.005, .1), "two_sided": bool(row % 3)}
    for name, made, values, parameters in (
            ("ddm", binary.DDM, bits, {"warm_start": int(rng.integers(1, 100)), "warning_threshold": choice(1., 2., 2.5),
                                       "drift_threshold": choice(2., 3., 4.)}),
            ("eddm", binary.EDDM, bits, {"warm_start": int(rng.integers(1, 60)), "beta": choice(.9, .8)}),
            ("hddm_a", binary.HDDM_A, part, confidence),
            ("hddm_w", binary.HDDM_W, part, confidence | {"lambda": choice(.05, .01, .3)}),
            ("page_hinkley", drift.PageHinkley, rng.normal(size=len(p)) * choice(.1, 1, 10) + p * choice(0, 1, 5),
             {"min_instances": int(rng.integers(1, 60)), "delta": choice(.005, .1, 0.), "threshold": choice(5., 20., 50.),
              "alpha": choice(1., .9999, .99), "mode": choice("both", "up", "down")})):
        expected = rivers(made(**{RENAMED.get(k, k): v for k, v in parameters.items()}), values)
        found = ours(name, values, parameters)
        if found != expected:
            sys.exit(f"FAILED: {name} {parameters}: alarms {found[0][:5]}, river {expected[0][:5]}; warnings {len(found[1])}, "
                     f"river {len(expected[1])}")
        compared += 1
print(f"{compared} rows, alarms and warnings at the same values as river's")
