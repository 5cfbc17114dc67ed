#!/usr/bin/env python3
"""Writes demo/hls4ml_project: the demo model as an hls4ml project, the way a user's own model arrives.

    build/peers/venv/bin/python demo/train/hls4ml_project.py      (in the repository; ./dev setup --peers makes that Python)

Reads demo/model/network.json, writes a Keras 2 file of the same weights and lets hls4ml 1.3 convert it: the offsets and
shifts become a BatchNormalization, the sum of squares a Dot. Scores are the demo model's, but where an input is so far out
that the demo's subtraction wraps. Keeps what an importer reads: the top function, its headers, compiled weights and hls4ml's
configuration; nnet_utils, ap_types and build files stay with hls4ml.
"""
import json
import os
import re
import shutil
import tempfile

import h5py
import numpy as np
from hls4ml.converters import keras_v2_to_hls

MODEL, PROJECT, NAME = "demo/model/network.json", "demo/hls4ml_project", "anomaly"
SCALED = "ap_fixed<10,5,AP_TRN,AP_SAT>"  # the demo model's shift truncates before its cast
KEPT = [f"firmware/{NAME}.cpp", f"firmware/{NAME}.h", "firmware/defines.h", "firmware/parameters.h", "firmware/weights",
        "hls4ml_config.yml"]  # fmt: skip


def reals(constant):
    """The values of a constant of network.json: raw * 2^-F."""
    width, integer = constant["type"].split("<")[1].split(",")[:2]
    values = np.array(constant["raw"]) * 2.0 ** (int(integer.rstrip(">")) - int(width))
    return values.reshape(constant.get("shape", [-1])).astype(np.float32)


def keras_file(network, path):
    """Layers and weights as Keras 2 writes them; returns the precisions to ask hls4ml for."""
    of = {layer["name"]: layer for layer in network["layers"]}
    scale = 2.0 ** -np.array(of["scale_shift"]["counts"], dtype=np.float32)
    offset = reals(network["constants"]["input_offset"])
    layers, weights, precision, source = [], {}, {}, []

    def add(kind, name, config, types, arrays=None):
        inputs = [[[s, 0, 0, {}] for s in source]] if source else []
        layers.append({"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": inputs})
        precision[name] = {"Precision": types}
        weights[name] = arrays or {}
        source[:] = [name]

    add("InputLayer", "codes", {"batch_input_shape": [None, 57], "dtype": "float32"}, {"result": network["inputs"][0]["type"]})
    add("BatchNormalization", "scaling", {"axis": [1], "epsilon": 0.0, "scale": True, "center": True},
        {"scale": "ap_ufixed<8,1>", "bias": "ap_fixed<18,11>", "result": SCALED},
        {"gamma:0": scale, "beta:0": -offset * scale, "moving_mean:0": offset * 0, "moving_variance:0": offset * 0 + 1})  # fmt: skip
    for name in ("encode_1", "encode_2", "means"):
        layer, last = of[name], name == "means"
        result = of["means_cast" if last else name + "_relu"]["output"]["type"]
        add("Dense", name, {"units": len(layer["bias"]["raw"]), "activation": "linear", "use_bias": True},
            {"weight": layer["weights"]["type"], "bias": layer["bias"]["type"], "accum": layer["accum"],
             "result": result if last else layer["output"]["type"]},
            {"kernel:0": reals(layer["weights"]), "bias:0": reals(layer["bias"])})  # fmt: skip
        precision[name + "_linear"] = {"Precision": {"result": result if last else layer["output"]["type"]}}
        if not last:
            add("Activation", name + "_relu", {"activation": "relu"}, {"result": result})
    source[:] = ["means", "means"]
    score = of["sum"]["output"]["type"]
    add("Dot", "score", {"axes": -1}, {"result": score, "accum": score})
    config = {"name": NAME, "layers": layers, "input_layers": [["codes", 0, 0]], "output_layers": [["score", 0, 0]]}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config})
        for name, arrays in weights.items():
            group = file.create_group(f"model_weights/{name}/{name}")
            for key, values in arrays.items():
                group.create_dataset(key, data=values)
    return precision


def main():
    with open(MODEL, encoding="utf-8") as file:
        network = json.load(file)
    target = os.path.abspath(PROJECT)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # hls4ml_config.yml then names no place of this machine
        precision = keras_file(network, "model.h5")
        model = keras_v2_to_hls({
            "OutputDir": "project", "ProjectName": NAME, "Backend": "Vitis", "IOType": "io_parallel", "KerasH5": "model.h5",
            "ClockPeriod": 5, "Part": "xcvu13p-flga2577-2-e", "WriterConfig": {"WriteWeightsTxt": False},
            "HLSConfig": {"Model": {"Precision": "ap_fixed<16,6>", "ReuseFactor": 1, "Strategy": "Latency"},
                          "LayerName": precision}})  # fmt: skip
        model.write()
        shutil.rmtree(target, ignore_errors=True)
        for kept in KEPT:
            os.makedirs(os.path.dirname(os.path.join(target, kept)), exist_ok=True)
            shutil.move(os.path.join("project", kept), os.path.join(target, kept))
    path = os.path.join(target, "hls4ml_config.yml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"Stamp: .*", "Stamp: '00000000'", text))  # random otherwise; equal files every time


if __name__ == "__main__":
    main()
