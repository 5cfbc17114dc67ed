"""conifer's own C++ emulation against vigil, raw scores bit for bit: conifer_peer_test.py VIGIL_EXE WORKDIR

Run by the Python of an environment that has conifer and hls4ml (for the ap_types headers); nlohmann-json's headers must be
installed. Random ensembles, no training framework: axis-aligned and oblique, binary and multiclass, several precisions.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys

SKIP = 77
try:
    import conifer
    import conifer.backends.cpp.writer as writer
    import conifer.model
    import hls4ml
    import numpy as np
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(SKIP)

VIGIL, WORK = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
EVENTS = 400
VERSION = tuple(int(part) for part in str(conifer.__version__).split(".")[:2])
os.environ.setdefault("XILINX_AP_INCLUDE", os.path.join(os.path.dirname(hls4ml.__file__), "templates/vivado/ap_types"))
os.environ.setdefault("JSON_ROOT", "/usr")

# name, classes, features, trees, depth, threshold type, score type, splitting convention, norm, oblique, sum
CASES = [
    ("wrap_18_8", 2, 8, 20, 4, "ap_fixed<18,8>", "ap_fixed<18,8>", "<=", 1.0, False, "sequential"),
    ("less_12_4", 2, 6, 15, 3, "ap_fixed<12,4>", "ap_fixed<12,4>", "<", 0.7, False, "sequential"),
    ("saturating", 2, 5, 40, 4, "ap_fixed<10,4>", "ap_fixed<10,2,AP_RND,AP_SAT>", "<", 0.7, False, "sequential"),
    ("rounding", 2, 5, 12, 4, "ap_fixed<10,4,AP_RND_CONV,AP_SAT>", "ap_fixed<16,6,AP_RND_ZERO>", "<=", 1.5, False, "sequential"),
    ("multiclass", 4, 7, 10, 3, "ap_fixed<14,6>", "ap_fixed<11,3,AP_TRN,AP_SAT_SYM>", "<=", 1.0, False, "sequential"),
    ("unsigned_in", 2, 5, 12, 4, "ap_ufixed<9,4>", "ap_fixed<12,5>", "<=", 1.0, False, "sequential"),
    ("oblique", 2, 6, 10, 3, "ap_fixed<16,6>", "ap_fixed<16,6>", "<=", 1.0, True, "sequential"),
    ("tree_sum", 2, 6, 21, 3, "ap_fixed<10,4>", "ap_fixed<9,2,AP_RND,AP_SAT>", "<=", 1.0, False, "tree"),
]


def random_tree(rng, features, depth, oblique):
    tree = {key: [] for key in ("feature", "weight", "threshold", "value", "children_left", "children_right")}

    def node(level):
        index = len(tree["feature"])
        leaf = level == depth or (level > 0 and rng.random() < 0.15)
        feature = -2 if leaf else rng.randrange(features)
        weight = [0.0] * features
        if not leaf:
            weight[feature] = 1.0
            if oblique:
                weight = [rng.gauss(0, 1) if rng.random() < 0.6 else 0.0 for _ in range(features)]
        for key, value in (("feature", feature), ("weight", weight), ("threshold", -2.0 if leaf else rng.gauss(1, 2)),
                           ("value", rng.gauss(0, 0.7)), ("children_left", -1), ("children_right", -1)):
            tree[key].append(value)
        if not leaf:
            tree["children_left"][index] = node(level + 1)
            tree["children_right"][index] = node(level + 1)
        return index

    node(0)
    return tree


def fraction_and_range(text):
    unsigned, width, integer = re.match(r"ap_(u?)fixed<(\d+),\s*(-?\d+)", text).groups()
    width, integer = int(width), int(integer)
    low, high = (0, 2**width - 1) if unsigned else (-(2 ** (width - 1)), 2 ** (width - 1) - 1)
    return width - integer, low, high


def use_tree_sum():
    """conifer's bridge adds in order; the same header adds as a tree with one constant changed."""
    original = writer.CPPModel.write

    def write(self):
        original(self)
        path = os.path.join(self.config.output_dir, "bridge.cpp")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("useAddTree = false", "useAddTree = true"))

    return original, write


def run_case(case, seed):
    name, classes, features, trees, depth, threshold, score, convention, norm, oblique, sum_order = case
    rng = random.Random(seed)
    scores = 1 if classes == 2 else classes
    folder = os.path.join(WORK, name)
    shutil.rmtree(folder, ignore_errors=True)
    ensemble = {
        "n_classes": classes, "n_features": features, "n_trees": trees, "max_depth": depth,
        "init_predict": [rng.gauss(0, 0.5) for _ in range(scores)], "norm": norm, "library": "random",
        "splitting_convention": convention,
        "trees": [[random_tree(rng, features, depth, oblique) for _ in range(scores)] for _ in range(trees)],
    }
    config = {"backend": "cpp", "output_dir": folder, "project_name": f"peer_{name}", "input_precision": threshold,
              "threshold_precision": threshold, "weight_precision": "ap_fixed<14,5>", "score_precision": score}
    original, with_tree = use_tree_sum()
    if sum_order == "tree":
        writer.CPPModel.write = with_tree
    try:
        model = conifer.model.make_model(ensemble, config)
        model.compile()
    finally:
        writer.CPPModel.write = original
    in_fraction, low, high = fraction_and_range(threshold)
    words = np.array([[rng.randint(max(low, -200), min(high, 200)) if rng.random() < 0.8 else rng.randint(low, high)
                       for _ in range(features)] for _ in range(EVENTS)], dtype=np.int64)
    wanted = np.array(model.decision_function(words * 2.0**-in_fraction)).reshape(EVENTS, scores)
    wanted = wanted * 2.0 ** fraction_and_range(score)[0]
    assert np.array_equal(wanted, np.floor(wanted)), name

    np.save(os.path.join(WORK, "x.npy"), words)
    np.save(os.path.join(WORK, "y.npy"), wanted.astype(np.int64))
    package = os.path.join(WORK, name + "_package")
    shutil.rmtree(package, ignore_errors=True)
    source = os.path.join(folder, f"peer_{name}.json")
    subprocess.run([VIGIL, "model", "import", source, "-o", package, "--conifer-sum", sum_order], check=True,
                   stdout=subprocess.DEVNULL)
    with open(os.path.join(package, "model.json"), encoding="utf-8") as file:
        kept = file.read()
    assert WORK not in kept and '"host"' not in kept and '"user"' not in kept, f"{name}: names a machine"
    reply = subprocess.run([VIGIL, "emulate", "--model", package, "--input", os.path.join(WORK, "x.npy"), "--compare",
                            os.path.join(WORK, "y.npy"), "--json"], capture_output=True, text=True, check=False)
    if reply.returncode not in (0, 1):
        print(reply.stderr)
        return False
    report = json.loads(reply.stdout)
    print(f"{name}: {report['events']} events, {report['mismatched_events']} with a mismatch")
    return report["mismatched_events"] == 0


os.makedirs(WORK, exist_ok=True)
print(f"conifer {conifer.__version__}")
chosen = [case for case in CASES if VERSION >= (1, 8) or not case[9]]
# Before 1.6 the cpp backend always compares with <=, ignores norm and cannot add as a tree.
chosen = [case for case in chosen if VERSION >= (1, 6) or (case[7] == "<=" and case[10] == "sequential")]
results = [run_case(case, 100 + i) for i, case in enumerate(chosen)]
sys.exit(0 if all(results) and results else 1)
