"""Compares the hls4ml importer with hls4ml itself, raw word by raw word.

Usage: PYTHON hls4ml_peer_test.py VIGIL_EXE WORKDIR [NAME ...]

Writes small Keras 2 files with h5py, lets hls4ml make projects of them, compiles each project's C++ emulation and
predicts; the same words go through a package of format hls4ml_project. Needs hls4ml 1.3.0 (no training framework)
and g++. Without NAME all projects run, two at a time.
"""
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np

import hls4ml
from hls4ml.converters import keras_v2_to_hls
from hls4ml.model.types import FixedPrecisionType, IntegerPrecisionType

EVENTS = 200


class Net:
    """A Keras 2 functional model: layers in order, their weights, the precisions asked for."""

    def __init__(self, seed):
        self.layers, self.weights, self.inputs, self.outputs, self.precision = [], {}, [], [], {}
        self.random = np.random.default_rng(seed)

    def input(self, name, shape, precision, dtype="float32"):
        config = {"name": name, "batch_input_shape": [None, *shape], "dtype": dtype}
        self.layers.append({"class_name": "InputLayer", "name": name, "config": config, "inbound_nodes": []})
        self.inputs.append(name)
        self.precision[name] = {"Precision": {"result": precision}}
        return name

    def add(self, kind, name, sources, config=None, weights=None, out=False, **settings):
        """settings: accum, weight, bias, result, ... precisions; ReuseFactor, Strategy, ... as they are."""
        sources = [sources] if isinstance(sources, str) else sources
        nodes = [[[source, 0, 0, {}] for source in sources]]
        self.layers.append({"class_name": kind, "name": name, "config": {"name": name, **(config or {})}, "inbound_nodes": nodes})
        self.weights[name] = {key: self.random.normal(0, scale, shape) for key, (shape, scale) in (weights or {}).items()}
        types = {key: value for key, value in settings.items() if key[0].islower() and isinstance(value, str)}
        others = {key: value for key, value in settings.items() if key not in types}
        self.precision[name] = {"Precision": types, **others}
        if out:
            self.outputs.append(name)
        return name

    def dense(self, name, source, n_in, n_out, out=False, **settings):
        shapes = {"kernel:0": ((n_in, n_out), 0.5), "bias:0": ((n_out,), 0.5)}
        return self.add("Dense", name, source, {"activation": "linear", "use_bias": True}, shapes, out, **settings)

    def conv(self, name, source, kernel, channels, filters, strides=None, padding="valid", out=False, **settings):
        strides = strides or [1] * len(kernel)
        config = {"filters": filters, "kernel_size": kernel, "strides": strides, "padding": padding, "use_bias": True,
                  "data_format": "channels_last", "dilation_rate": [1] * len(kernel), "activation": "linear"}
        shapes = {"kernel:0": ((*kernel, channels, filters), 0.4), "bias:0": ((filters,), 0.4)}
        return self.add(f"Conv{len(kernel)}D", name, source, config, shapes, out, **settings)

    def pool(self, kind, name, source, size, strides=None, padding="valid", out=False, **settings):
        config = {"pool_size": size, "strides": strides or size, "padding": padding, "data_format": "channels_last"}
        return self.add(kind, name, source, config, None, out, **settings)

    def activation(self, name, source, function, out=True, **settings):
        return self.add("Activation", name, source, {"activation": function}, None, out, **settings)

    def write(self, path):
        config = {"name": "net", "layers": self.layers, "input_layers": [[name, 0, 0] for name in self.inputs],
                  "output_layers": [[name, 0, 0] for name in self.outputs]}
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config})
            for name, arrays in self.weights.items():
                group = file.create_group(f"model_weights/{name}/{name}")
                for key, values in arrays.items():
                    group.create_dataset(key, data=values.astype(np.float32))


def dense_modes():
    net = Net(1)
    x = net.input("x", [12], "ap_fixed<12,5>")
    a = net.dense("latency", x, 12, 10, accum="ap_fixed<16,6>", weight="ap_fixed<8,2,AP_RND,AP_SAT>", bias="ap_fixed<10,3>",
                  result="ap_fixed<14,6,AP_RND_CONV,AP_SAT>")
    net.dense("saturating", a, 10, 6, out=True, accum="ap_fixed<12,5,AP_RND,AP_SAT>", weight="ap_fixed<7,1>",
              bias="ap_fixed<8,2>", result="ap_fixed<10,4,AP_TRN_ZERO,AP_SAT_SYM>")
    net.dense("resource", x, 12, 8, out=True, Strategy="Resource", ReuseFactor=4, accum="ap_fixed<13,5,AP_RND_INF,AP_SAT>",
              weight="ap_fixed<9,2>", bias="ap_fixed<9,2>", result="ap_fixed<13,5>")
    net.dense("beyond_inputs", x, 12, 8, out=True, Strategy="Resource", ReuseFactor=24, accum="ap_fixed<13,5,AP_RND,AP_SAT>",
              weight="ap_fixed<9,2>", bias="ap_fixed<9,2>", result="ap_fixed<13,5,AP_RND_ZERO,AP_WRAP>")
    net.dense("exact", x, 12, 5, out=True, accum="ap_fixed<26,12>", weight="ap_fixed<8,2>", bias="ap_fixed<8,2>",
              result="ap_ufixed<9,4,AP_RND_MIN_INF,AP_SAT>")
    return net, {}


def activations():
    net = Net(2)
    x = net.input("x", [10], "ap_fixed<11,5>")
    for i, function in enumerate(["relu", "sigmoid", "tanh", "softplus", "softsign", "selu", "linear"]):
        result = ["ap_fixed<10,4>", "ap_fixed<12,4,AP_RND,AP_SAT>"][i % 2]
        net.activation(f"act_{function}", x, function, result=result)
    net.activation("act_hard", x, "hard_sigmoid", result="ap_fixed<12,4,AP_RND,AP_SAT>")
    net.activation("act_elu", x, "elu", result="ap_fixed<12,4>")
    net.add("LeakyReLU", "leaky", x, {"alpha": 0.3}, None, True, result="ap_fixed<12,4>")
    net.add("ThresholdedReLU", "thresholded", x, {"theta": 0.75}, None, True, result="ap_fixed<12,4>")
    net.add("ELU", "elu_layer", x, {"alpha": 0.6}, None, True, result="ap_fixed<12,4,AP_RND,AP_SAT>")
    net.add("PReLU", "prelu", x, {"shared_axes": None}, {"alpha:0": ((10,), 0.5)}, True, result="ap_fixed<12,4>")
    shapes = {key: ((10,), 0.3) for key in ("gamma:0", "beta:0", "moving_mean:0", "moving_variance:0")}
    net.add("BatchNormalization", "norm", x, {"scale": True, "center": True, "epsilon": 0.01, "axis": [1]}, shapes, True,
            scale="ap_fixed<12,4>", bias="ap_fixed<12,4>", result="ap_fixed<13,5,AP_RND,AP_SAT>")
    net.weights["norm"]["moving_variance:0"] = np.abs(net.weights["norm"]["moving_variance:0"]) + 0.2
    return net, {}


def softmaxes():
    net = Net(3)
    x = net.input("x", [6], "ap_fixed<12,5>")
    for kind in ("stable", "latency", "argmax", "legacy"):
        net.activation(f"softmax_{kind}", x, "softmax", result="ap_fixed<14,3>", Implementation=kind)
    y = net.input("y", [4, 5], "ap_fixed<10,4,AP_RND,AP_SAT>")
    net.add("Activation", "rows", y, {"activation": "softmax", "axis": -1}, None, True, result="ap_ufixed<10,1,AP_RND,AP_SAT>")
    net.add("Activation", "columns", y, {"activation": "softmax", "axis": 1}, None, True, result="ap_ufixed<10,1,AP_RND,AP_SAT>")
    return net, {}


def convolutions(io_type):
    def build():
        net = Net(4)
        x = net.input("x", [7, 6, 2], "ap_fixed<9,4>")
        a = net.conv("same", x, [3, 3], 2, 4, padding="same", accum="ap_fixed<14,6>", weight="ap_fixed<7,2>",
                     bias="ap_fixed<7,2>", result="ap_fixed<12,5,AP_RND,AP_SAT>")
        b = net.conv("strided", a, [3, 2], 4, 3, [2, 2], "valid", Strategy="Resource", ReuseFactor=4,
                     accum="ap_fixed<13,6,AP_RND,AP_SAT>", weight="ap_fixed<7,2>", bias="ap_fixed<7,2>",
                     result="ap_fixed<12,5>", out=True)
        del b
        config = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "valid", "use_bias": True, "depth_multiplier": 1,
                  "data_format": "channels_last", "dilation_rate": [1, 1], "activation": "linear", "filters": 5}
        depthwise = {"depthwise_kernel:0": ((3, 3, 2, 1), 0.5), "bias:0": ((2,), 0.5)}
        y = net.input("y", [6, 5, 2], "ap_fixed<9,4>")
        net.add("DepthwiseConv2D", "depthwise", y, {k: v for k, v in config.items() if k != "filters"}, depthwise, True,
                accum="ap_fixed<13,6,AP_RND,AP_SAT>", weight="ap_fixed<7,2>", bias="ap_fixed<7,2>", result="ap_fixed<11,5>")
        z = net.input("z", [6, 5, 2], "ap_fixed<9,4>")
        separable = {"depthwise_kernel:0": ((3, 3, 2, 1), 0.5), "pointwise_kernel:0": ((1, 1, 2, 5), 0.5), "bias:0": ((5,), 0.5)}
        net.add("SeparableConv2D", "separable", z, config, separable, True, result="ap_fixed<12,5>")
        w = net.input("w", [9, 3], "ap_fixed<9,4>")
        c = net.conv("one", w, [3], 3, 4, padding="same", accum="ap_fixed<14,6>", result="ap_fixed<12,5>")
        net.conv("point", c, [1], 4, 3, accum="ap_fixed<12,5,AP_RND,AP_SAT>", result="ap_fixed<12,5>", out=True)
        return net, {"IOType": io_type}

    return build


def pools(io_type):
    def build():
        net = Net(5)
        kinds = [("MaxPooling2D", [2, 2], "valid"), ("AveragePooling2D", [2, 3], "valid")]
        if io_type == "io_parallel":
            kinds += [("MaxPooling2D", [2, 2], "same"), ("AveragePooling2D", [3, 2], "same")]
        for i, (kind, size, padding) in enumerate(kinds):
            x = net.input(f"x{i}", [5, 6, 3], "ap_fixed<10,4>")
            net.pool(kind, f"pool{i}", x, size, None, padding, True, result="ap_fixed<9,4,AP_RND,AP_SAT>", accum="ap_fixed<14,7>")
        y = net.input("y", [9, 3], "ap_ufixed<8,4>")
        net.pool("AveragePooling1D", "pool1d", y, [3], None, "valid", True, result="ap_fixed<9,4>", accum="ap_fixed<14,7>")
        for kind in ("GlobalAveragePooling2D", "GlobalMaxPooling2D"):
            z = net.input("in_" + kind, [3, 4, 2], "ap_fixed<10,4>")
            net.add(kind, kind.lower(), z, {"keepdims": False, "data_format": "channels_last"}, None, True,
                    result="ap_fixed<10,4>", accum="ap_fixed<15,7>")
        u = net.input("u", [8, 3], "ap_fixed<10,4>")
        net.add("GlobalAveragePooling1D", "global1d", u, {"keepdims": False, "data_format": "channels_last"}, None, True,
                result="ap_fixed<10,4>", accum="ap_fixed<15,7>")
        return net, {"IOType": io_type}

    return build


def merges():
    net = Net(6)
    a = net.input("a", [6], "ap_fixed<10,4>")
    b = net.input("b", [6], "ap_fixed<12,3>")
    for kind in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
        net.add(kind, kind.lower(), [a, b], {}, None, True, result="ap_fixed<12,4,AP_RND,AP_SAT>")
    net.add("Dot", "dot", [a, b], {"axes": -1}, None, True, result="ap_fixed<14,6>", accum="ap_fixed<18,8>")
    net.add("Concatenate", "concat1", [a, b], {"axis": -1}, None, True, result="ap_fixed<12,4>")
    c = net.input("c", [3, 4], "ap_fixed<10,4>")
    d = net.input("d", [3, 4], "ap_fixed<10,4>")
    net.add("Concatenate", "concat_rows", [c, d], {"axis": 1}, None, True, result="ap_fixed<12,4>")
    net.add("Concatenate", "concat_columns", [c, d], {"axis": 2}, None, True, result="ap_fixed<12,4>")
    net.add("Permute", "turned", c, {"dims": [2, 1]}, None, True, result="ap_fixed<10,4>")
    return net, {}


def recurrent():
    net = Net(7)
    common = {"activation": "tanh", "recurrent_activation": "sigmoid", "return_state": False, "use_bias": True, "time_major": False}
    for kind, gates, sequences in (("LSTM", 4, False), ("LSTM", 4, True), ("GRU", 3, False)):
        name = f"{kind.lower()}_{int(sequences)}"
        # hls4ml's lstm compiles for one type only
        types = ("ap_fixed<10,3>", "ap_fixed<14,4>", "ap_fixed<18,7>") if kind == "GRU" else ("ap_fixed<16,6>",) * 3
        x = net.input("in_" + name, [4, 3], types[0])
        bias = (2, 5 * gates) if kind == "GRU" else (5 * gates,)
        shapes = {"kernel:0": ((3, 5 * gates), 0.6), "recurrent_kernel:0": ((5, 5 * gates), 0.4), "bias:0": (bias, 0.3)}
        net.add(kind, name, x, {**common, "units": 5, "return_sequences": sequences, "reset_after": True}, shapes, True,
                result=types[1], accum=types[2])
    return net, {}


def norms():
    net = Net(8)
    x = net.input("x", [3, 6], "ap_fixed<12,4>")
    shapes = {"gamma:0": ((6,), 0.8), "beta:0": ((6,), 0.3)}
    net.add("LayerNormalization", "layer_norm", x, {"axis": [2], "epsilon": 0.001, "scale": True, "center": True}, shapes, True,
            result="ap_fixed<16,6>", accum="ap_fixed<22,8>", table="ap_fixed<16,6>")
    y = net.input("y", [5], "ap_uint<4>")
    net.add("Embedding", "embedding", y, {"input_dim": 16, "output_dim": 3}, {"embeddings:0": ((16, 3), 1.0)}, True,
            embeddings="ap_fixed<10,3>", result="ap_fixed<10,3>")
    z = net.input("z", [4, 3, 2], "ap_fixed<10,4>")
    config = {"padding": [[1, 2], [0, 1]], "data_format": "channels_last"}
    net.add("ZeroPadding2D", "zeros", z, config, None, True, result="ap_fixed<10,4>")
    return net, {}


def quantized():
    net = Net(9)
    x = net.input("x", [8], "ap_fixed<10,4>")
    shapes = {"kernel:0": ((8, 6), 1.0), "bias:0": ((6,), 0.0)}
    net.add("TernaryDense", "ternary", x, {"activation": "linear", "use_bias": True}, shapes, True, result="ap_fixed<14,8>",
            accum="ap_fixed<14,8>")
    net.weights["ternary"]["kernel:0"] = net.random.integers(-1, 2, (8, 6)).astype(float)
    shapes = {"kernel:0": ((8, 6), 1.0), "bias:0": ((6,), 0.0)}
    net.add("BinaryDense", "binary", x, {"activation": "linear", "use_bias": True}, shapes, True, result="ap_fixed<14,8>",
            accum="ap_fixed<14,8>")
    net.weights["binary"]["kernel:0"] = net.random.choice([-1.0, 1.0], (8, 6))
    net.activation("binary_tanh", x, "binary_tanh", result="ap_int<2>")
    net.activation("ternary_tanh", x, "ternary_tanh", result="ap_int<2>")
    return net, {}


def stream():
    net = Net(10)
    x = net.input("x", [6, 6, 2], "ap_fixed<10,4>")
    a = net.conv("conv", x, [3, 3], 2, 4, padding="same", accum="ap_fixed<14,6>", result="ap_fixed<12,5,AP_RND,AP_SAT>")
    b = net.activation("relu", a, "relu", out=False, result="ap_ufixed<9,4,AP_RND,AP_SAT>")
    c = net.activation("tanh", a, "tanh", out=False, result="ap_fixed<9,4>")
    d = net.add("Add", "added", [b, c], {}, None, False, result="ap_fixed<11,5>")
    shapes = {key: ((4,), 0.3) for key in ("gamma:0", "beta:0", "moving_mean:0", "moving_variance:0")}
    e = net.add("BatchNormalization", "norm", d, {"scale": True, "center": True, "epsilon": 0.01, "axis": [3]}, shapes, False,
                result="ap_fixed<11,5>")
    net.weights["norm"]["moving_variance:0"] = np.abs(net.weights["norm"]["moving_variance:0"]) + 0.2
    f = net.pool("MaxPooling2D", "pool", e, [2, 2], result="ap_fixed<11,5>", accum="ap_fixed<11,5>")
    g = net.add("Flatten", "flat", f)
    h = net.dense("fc", g, 36, 5, Strategy="Resource", ReuseFactor=6, accum="ap_fixed<16,8,AP_RND,AP_SAT>", result="ap_fixed<14,6>")
    net.add("Activation", "softmax", h, {"activation": "softmax", "axis": -1}, None, True, result="ap_ufixed<12,1,AP_RND,AP_SAT>")
    return net, {"IOType": "io_stream"}


def adders(io_type):
    def build():
        net, how = Net(20), {"Strategy": "distributed_arithmetic"}
        x = net.input("x", [8], "ap_fixed<10,4>")
        a = net.dense("first", x, 8, 6, result="ap_fixed<14,6,AP_RND,AP_SAT>", **how)
        b = net.activation("relu", a, "relu", out=False, result="ap_ufixed<8,4,AP_RND,AP_SAT>")
        net.dense("second", b, 6, 3, True, result="ap_fixed<12,5>", **how)
        y = net.input("y", [6, 5, 2], "ap_fixed<9,4>")
        padding = "valid" if io_type == "io_parallel" else "same"
        net.conv("conv", y, [3, 3], 2, 4, None, padding, True, result="ap_fixed<12,5>", **how)
        net.weights = {name: {k: np.round(v * 8) / 8 for k, v in arrays.items()} for name, arrays in net.weights.items()}
        return net, {"IOType": io_type}

    return build


PROJECTS = {
    "dense_modes": dense_modes, "activations": activations, "softmaxes": softmaxes,
    "convolutions_parallel": convolutions("io_parallel"), "convolutions_stream": convolutions("io_stream"),
    "pools_parallel": pools("io_parallel"), "pools_stream": pools("io_stream"), "merges": merges, "recurrent": recurrent,
    "norms": norms, "quantized": quantized, "stream": stream,
}
if find_spec("da4ml"):  # pip install "hls4ml[da]"
    PROJECTS.update(adders_parallel=adders("io_parallel"), adders_stream=adders("io_stream"))


def plain_type(precision):
    """signed, W, I of an hls4ml precision."""
    if isinstance(precision, IntegerPrecisionType):
        return bool(precision.signed), precision.width, precision.width
    if isinstance(precision, FixedPrecisionType):
        return bool(precision.signed), precision.width, precision.integer
    return False, 1, 1  # XnorPrecisionType


def raw_inputs(variable, random):
    signed, width, _ = plain_type(variable.type.precision)
    low, high = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if signed else (0, (1 << width) - 1)
    words = int(np.prod(variable.shape))
    raw = random.integers(low, high + 1, (EVENTS, words))
    raw[EVENTS // 2:] = raw[EVENTS // 2:] // 8  # around zero
    raw[0], raw[1], raw[2] = low, high, 0
    return raw


def convert(name, folder):
    """hls4ml's model, not yet compiled."""
    net, settings = PROJECTS[name]()
    net.write(folder / "model.h5")
    config = {"OutputDir": str(folder / "project"), "ProjectName": "net", "Backend": "Vitis", "IOType": "io_parallel",
              "KerasH5": str(folder / "model.h5"), "ClockPeriod": 5, "Part": "xcvu13p-flga2577-2-e",
              "HLSConfig": {"Model": {"Precision": "ap_fixed<16,6>", "ReuseFactor": 1, "Strategy": "Latency"},
                            "LayerName": net.precision}, **settings}
    return keras_v2_to_hls(config)


def compile_and_run(model, folder):
    script = folder / "project" / "build_lib.sh"
    script.write_text(script.read_text().replace("-O3", "-O1 -w"))  # the same C++, compiled sooner
    model._compile()
    random = np.random.default_rng(99)
    inputs = [raw_inputs(variable, random) for variable in model.get_input_variables()]
    reals = []
    for variable, raw in zip(model.get_input_variables(), inputs):
        _, width, integer = plain_type(variable.type.precision)
        reals.append(np.ascontiguousarray((raw * 2.0 ** (integer - width)).reshape(EVENTS, *variable.shape)))
    outputs = model.predict(reals[0] if len(reals) == 1 else reals)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    words = {}
    for variable, values in zip(model.get_output_variables(), outputs):
        signed, width, integer = plain_type(variable.type.precision)
        words[variable.name] = np.rint(np.asarray(values).reshape(EVENTS, -1) * 2.0 ** (width - integer)).astype(np.int64)
    return np.concatenate(inputs, axis=1), words


def vigil_words(vigil, folder, raw):
    package = folder / "package"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(folder / "project", package / "project",
                    ignore=shutil.ignore_patterns("*.so", "ap_types", "*.tar.gz", "tb_data"))
    (package / "model.yaml").write_text("name: peer\nformat: hls4ml_project\npath: project\n")
    np.save(folder / "inputs.npy", raw)
    subprocess.run([vigil, "emulate", "--model", package, "--input", folder / "inputs.npy", "--output", folder / "outputs.npy"],
                   check=True, capture_output=True, text=True)
    return np.load(folder / "outputs.npy").reshape(EVENTS, -1)


def compare(name, raw, words, ours):
    expected = np.concatenate(list(words.values()), axis=1)
    if expected.shape != ours.shape:
        return f"{name}: {ours.shape[1]} words, hls4ml has {expected.shape[1]}", 0
    first, problems = 0, []
    for tensor, values in words.items():
        part = ours[:, first:first + values.shape[1]]
        first += values.shape[1]
        if not np.array_equal(part, values):
            row, column = np.argwhere(part != values)[0]
            problems.append(f"{name}: {tensor}: {np.count_nonzero(part != values)} of {values.size} words differ, first event {row} "
                            f"word {column}: {part[row, column]}, hls4ml {values[row, column]}")
    return "\n".join(problems), expected.size


def run(name, model, vigil, folder):
    try:
        raw, words = compile_and_run(model, folder)
        problem, count = compare(name, raw, words, vigil_words(vigil, folder, raw))
        return name, problem, count
    except subprocess.CalledProcessError as error:
        return name, f"{name}: {(error.stderr or str(error)).strip()}", 0
    except Exception as error:  # one project must not hide the others
        return name, f"{name}: {type(error).__name__}: {error}", 0


def main():
    vigil, work = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    names = sys.argv[3:] or list(PROJECTS)
    print("hls4ml", hls4ml.__version__)
    models = {}
    failed, total = 0, 0
    for name in names:  # conversion is not thread-safe, compilation is
        folder = work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            models[name] = convert(name, folder)
            models[name].write()
        except Exception as error:
            models.pop(name, None)
            failed += 1
            print(f"{name}: hls4ml: {type(error).__name__}: {error}")
    with ThreadPoolExecutor(2) as pool:
        for name, problem, count in pool.map(lambda n: run(n, models[n], vigil, work / n), models):
            total += count
            failed += bool(problem)
            print(problem if problem else f"{name}: {count} words equal", flush=True)
    print(f"{total} words of {len(names) - failed} projects compared, {failed} projects failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
