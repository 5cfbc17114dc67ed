#!/usr/bin/env python3
"""Trains, quantises and packs the demo model: a small variational autoencoder whose encoder alone runs in the trigger.

    train.py --events demo/events --out demo/model [--seed 1 --version v1]

numpy only; about a minute; the same seed gives the same files with the same numpy. docs/demo_model.md describes the result.
"""
import argparse
import json
import os

import numpy as np

import emulate

GROUPS = [("et_miss", 1), ("egamma", 4), ("muon", 4), ("jet", 10)]
PT, ETA, PHI = 0, 1, 2
NAMES = [(group, copy, kind) for group, count in GROUPS for copy in range(count) for kind in (PT, ETA, PHI)]
PERIOD = np.array([576 if group == "muon" else 144 for group, _, _ in NAMES])
KINDS = np.array([kind for _, _, kind in NAMES])
ROTATIONS = 8  # azimuthal copies of an event, as in the scenario generator

INPUT = "ap_fixed<18,13>"
SCALED = "ap_fixed<10,5,AP_RND_CONV,AP_SAT>"
WEIGHT, BIAS, ACCUM = "ap_fixed<8,3>", "ap_fixed<10,5>", "ap_fixed<24,14>"
HIDDEN = "ap_ufixed<10,5,AP_RND_CONV,AP_SAT>"
LATENT = "ap_fixed<10,4,AP_RND_CONV,AP_SAT>"
SCORE = "ap_ufixed<16,10>"
STEP = 2.0**-5  # of scaled inputs, weights, biases and hidden words
SIZES = [57, 28, 12, 6]


def rotate(codes, turns):
    """Turns every present object about the beam by turns[i] * 2 pi / 144."""
    out = codes.copy()
    present = np.repeat(codes[:, KINDS == PT] > 0, 3, axis=1)
    moved = (codes + turns[:, None] * (PERIOD // 144)) % PERIOD
    azimuth = present & (KINDS == PHI)
    out[azimuth] = moved[azimuth]
    return out


def pool(codes):
    """What a scenario resamples: ROTATIONS copies of every event."""
    index = np.arange(len(codes))
    return np.concatenate([rotate(codes, (index * 89 + 144 * c // ROTATIONS) % 144) for c in range(ROTATIONS)])


def scaling(codes):
    """Per column the offset (code) and right shift that bring present objects near 0 +- 1. From these events alone."""
    offset, shift = np.zeros(57, dtype=int), np.zeros(57, dtype=int)
    for kind in (PT, ETA, PHI):
        for group, _ in GROUPS:
            columns = [i for i, (g, _, k) in enumerate(NAMES) if g == group and k == kind]
            for i in columns:
                words = codes[:, i][codes[:, i - kind] > 0]
                if len(words) < 50:  # objects too rare to be scaled on their own: as the last one that is not
                    offset[i], shift[i] = offset[i - 3], shift[i - 3]
                    continue
                if kind == PT:
                    offset[i] = int(np.median(words))
                elif kind == PHI:
                    offset[i] = PERIOD[i] // 2
                spread = PERIOD[i] / 12**0.5 if kind == PHI else words.std()
                shift[i] = int(np.clip(round(np.log2(max(spread, 1))), 0, 7))
    return offset, shift


def scaled(codes, offset, shift):
    """The network's real-valued inputs, exactly as its first three layers compute them."""
    raw = ((codes - offset) * 32) >> shift
    return np.clip(raw, -512, 511) * STEP


def grid(values, limit):
    """Round to the fixed-point grid; training sees quantised weights, gradients pass straight through."""
    return np.clip(np.round(values / STEP), -limit, limit - 1) * STEP


class Network:
    """Encoder 57-28-12-(6 means, 6 log variances), decoder 6-12-28-57, Adam, gradients by hand."""

    def __init__(self, rng):
        shapes = list(zip(SIZES[:-1], SIZES[1:])) + [(12, 6), (6, 12), (12, 28), (28, 57)]
        self.p = []
        for rows, columns in shapes:
            self.p += [rng.normal(0, (1.5 / rows) ** 0.5, (rows, columns)), np.zeros(columns)]
        self.m = [np.zeros_like(v) for v in self.p]
        self.v = [np.zeros_like(v) for v in self.p]
        self.t = 0

    def quantised(self):
        return [grid(v, 128 if v.ndim == 2 else 512) for v in self.p[:6]]

    def step(self, x, noise, weight, beta, rate):
        w1, b1, w2, b2, w3, b3 = self.quantised()
        wv, bv, d1, c1, d2, c2, d3, c3 = self.p[6:]
        h1 = np.maximum(x @ w1 + b1, 0)
        h2 = np.maximum(h1 @ w2 + b2, 0)
        mu, logvar = h2 @ w3 + b3, np.clip(h2 @ wv + bv, -8, 4)
        sigma = np.exp(0.5 * logvar)
        z = mu + sigma * noise
        g1 = np.maximum(z @ d1 + c1, 0)
        g2 = np.maximum(g1 @ d2 + c2, 0)
        y = g2 @ d3 + c3
        n = len(x)
        loss = (weight * (y - x) ** 2).sum() / n + beta * 0.5 * (mu**2 + sigma**2 - 1 - logvar).sum() / n
        dy = 2 * weight * (y - x) / n
        dg2 = (dy @ d3.T) * (g2 > 0)
        dg1 = (dg2 @ d2.T) * (g1 > 0)
        dz = dg1 @ d1.T
        dmu = dz + beta * mu / n
        dlogvar = dz * noise * 0.5 * sigma + beta * 0.5 * (sigma**2 - 1) / n
        dh2 = (dmu @ w3.T + dlogvar @ wv.T) * (h2 > 0)
        dh1 = (dh2 @ w2.T) * (h1 > 0)
        pairs = [(x, dh1), (h1, dh2), (h2, dmu), (h2, dlogvar), (z, dg1), (g1, dg2), (g2, dy)]
        gradients = [g for a, d in pairs for g in (a.T @ d, d.sum(axis=0))]
        self.t += 1
        for i, g in enumerate(gradients):
            self.m[i] += 0.1 * (g - self.m[i])
            self.v[i] += 0.001 * (g * g - self.v[i])
            self.p[i] -= rate * (self.m[i] / (1 - 0.9**self.t)) / ((self.v[i] / (1 - 0.999**self.t)) ** 0.5 + 1e-8)
        return loss


def train(codes, offset, shift, seed, epochs):
    rng = np.random.default_rng(seed)
    network = Network(rng)
    # Energies carry the physics, jets most; azimuths are uniform by symmetry and carry least.
    weight = np.where(KINDS == PT, 1.0, np.where(KINDS == ETA, 0.3, 0.1))
    weight[(KINDS == PT) & np.array([group == "jet" for group, _, _ in NAMES])] = 3.0
    for epoch in range(epochs):
        x = scaled(rotate(codes, rng.integers(0, 144, len(codes))), offset, shift)
        order = rng.permutation(len(x))
        rate = 2e-3 * (1 - epoch / epochs) + 2e-5
        losses = []
        for first in range(0, len(x), 128):
            batch = x[order[first : first + 128]]
            losses.append(network.step(batch, rng.normal(size=(len(batch), SIZES[-1])), weight, 0.3, rate))
        if epoch % 50 == 0 or epoch == epochs - 1:
            print("epoch %d: loss %.3f" % (epoch, np.mean(losses)))
    return network


def constant(kind, values):
    return {"type": kind, "shape": list(np.shape(values)), "raw": [int(v) for v in np.ravel(values)]}


def network_json(network, offset, shift, name):
    def layer(label, op, inputs, output, shape, kind, **keys):
        return {"name": label, "op": op, "inputs": inputs, **keys, "output": {"name": output, "shape": [shape], "type": kind}}

    layers = [
        layer("scale_subtract", "subtract", ["codes", "input_offset"], "centred", 57, INPUT),
        layer("scale_shift", "shift", ["centred"], "shifted", 57, INPUT, counts=[int(s) for s in shift]),
        layer("scale_cast", "cast", ["shifted"], "scaled", 57, SCALED),
    ]
    tensor, words = "scaled", network.quantised()
    for i, label in enumerate(["encode_1", "encode_2", "means"]):
        keys = {
            "weights": constant(WEIGHT, np.round(words[2 * i] / STEP)),
            "bias": constant(BIAS, np.round(words[2 * i + 1] / STEP)),
            "accum": ACCUM,
        }
        layers.append(layer(label, "dense", [tensor], label + "_sum", SIZES[i + 1], ACCUM, **keys))
        last = i == 2
        tensor = "latent" if last else label + "_out"
        layers.append(
            layer(label + ("_cast" if last else "_relu"), "cast" if last else "relu", [label + "_sum"], tensor,
                  SIZES[i + 1], LATENT if last else HIDDEN))  # fmt: skip
    layers.append(layer("square", "multiply", ["latent", "latent"], "squares", SIZES[-1], SCORE))
    layers.append(layer("sum", "reduce_sum", ["squares"], "score", 1, SCORE, order="tree"))
    return {
        "format": "vigil-network/1",
        "name": name,
        "source": "demo/train/train.py",
        "inputs": [{"name": "codes", "shape": [57], "type": INPUT}],
        "outputs": ["score"],
        "constants": {"input_offset": constant("ap_fixed<11,11>", offset)},
        "layers": layers,
    }


MODEL_YAML = """\
# The demo model of vigil, made by demo/train/train.py (seed {seed}); described in docs/demo_model.md.
name: vigil_demo
version: {version}
description: "anomaly score of a small variational autoencoder on L1 objects, trained on public simulated events"
source: "demo/train/train.py, events of scikit-hep/uproot3 (BSD-3)"
format: network
path: network.json
firmware: "demo-{version}"
inputs:
  - {{name: et_miss, columns: [pt, eta, phi], type: "ap_fixed<18,13>", lsb: [0.5, 0.0435, 0.0436332], unit: [GeV, "", rad], wire: integer}}
  - {{name: egamma, count: 4, columns: [pt, eta, phi], type: "ap_fixed<18,13>", lsb: [0.5, 0.0435, 0.0436332], unit: [GeV, "", rad], wire: integer}}
  - {{name: muon, count: 4, columns: [pt, eta, phi], type: "ap_fixed<18,13>", lsb: [0.5, 0.010875, 0.0109083], unit: [GeV, "", rad], wire: integer}}
  - {{name: jet, count: 10, columns: [pt, eta, phi], type: "ap_fixed<18,13>", lsb: [0.5, 0.0435, 0.0436332], unit: [GeV, "", rad], wire: integer}}
outputs:
  - {{name: score, type: "ap_ufixed<16,10>"}}
seeds:
  - {{name: L1_VIGIL_Demo_Nominal, output: score, bit: 0, threshold: {nominal}, target_rate_hz: 1000}}
  - {{name: L1_VIGIL_Demo_Tight, output: score, bit: 1, threshold: {tight}, target_rate_hz: 100}}
"""


def golden_inputs(codes, rng):
    """Raw words: all-minimum, all-maximum, all-zero, uniform over the whole range, single columns at their ends, events."""
    lowest, highest = -(1 << 17), (1 << 17) - 1
    special = np.array([[lowest] * 57, [highest] * 57, [0] * 57])
    ends = np.repeat(codes[:28] * 32, 2, axis=0)
    for i, row in enumerate(ends):
        row[i % 57] = highest if i % 2 else lowest
    events = rotate(codes, rng.integers(0, 144, len(codes)))[rng.permutation(len(codes))[:401]] * 32
    return np.concatenate([special, rng.integers(lowest, highest + 1, (60, 57)), ends, events]).astype(np.int32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--version", default="v1")
    parser.add_argument("--epochs", type=int, default=300)
    args = parser.parse_args()

    codes = np.load(os.path.join(args.events, "inputs.npy")).astype(np.int64)
    offset, shift = scaling(codes)
    trained = train(codes, offset, shift, args.seed, args.epochs)
    network = network_json(trained, offset, shift, "vigil_demo_" + args.version)

    score = np.sort(emulate.run(network, pool(codes) * 32)["score"][:, 0])
    # A seed fires at word >= threshold: the smallest word that at most this fraction of the scenario's events reaches.
    nominal, tight = (int(score[len(score) - int(len(score) * f)]) for f in (0.01, 0.001))
    print("score words: %d distinct, quartiles %s, largest %d" % (
        len(np.unique(score)), np.quantile(score, [0.25, 0.5, 0.75]).astype(int), score[-1]))  # fmt: skip
    for name, t in (("nominal", nominal), ("tight", tight)):
        print("%s: threshold %d, pass fraction %.5f" % (name, t, (score >= t).mean()))

    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "network.json"), "w") as file:
        entries = ",\n".join("  " + json.dumps(layer) for layer in network["layers"])
        top = {k: v for k, v in network.items() if k != "layers"}
        file.write(json.dumps(top, indent=None)[:-1].replace(', "', ',\n "') + ',\n "layers": [\n' + entries + "\n ]\n}\n")
    with open(os.path.join(args.out, "model.yaml"), "w") as file:
        file.write(MODEL_YAML.format(seed=args.seed, version=args.version, nominal=nominal, tight=tight))
    inputs = golden_inputs(codes, np.random.default_rng(args.seed + 1000))
    outputs = emulate.run(emulate.load(args.out), inputs)["score"]
    np.save(os.path.join(args.out, "golden_inputs.npy"), inputs)
    np.save(os.path.join(args.out, "golden_outputs.npy"), outputs.astype(np.int16 if outputs.max() < 2**15 else np.int32))
    print("golden events: %d" % len(inputs))


if __name__ == "__main__":
    main()
