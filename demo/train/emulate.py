#!/usr/bin/env python3
"""Runs a `vigil-network/1` file on raw words with exact Python integers: the demo model's golden vectors come from here.

Written from docs/network_json.md alone, independently of the C++ engine, for the operations the demo and AXOL1TL-like
networks use: subtract, add, multiply, shift, cast, relu, dense, dot, reduce_sum. Slow and plain on purpose.

    emulate.py PACKAGE INPUTS.npy OUTPUT.npy      run
    emulate.py --check PACKAGE...                 compare with the packages' golden vectors, exit 1 on any difference
"""
import json
import os
import re
import sys

import numpy as np


class Type:
    """ap_fixed<W,I,Q,O> or ap_ufixed<...>; the wrap modes' N and WRAP_SM are not needed here."""

    def __init__(self, text):
        match = re.fullmatch(r"ap_(u?)fixed<(\d+),(-?\d+)(?:,AP_(\w+))?(?:,AP_(\w+))?>", text.replace(" ", ""))
        if not match:
            raise ValueError("type not understood: " + text)
        self.signed = match[1] == ""
        self.width, self.integer = int(match[2]), int(match[3])
        self.fraction = self.width - self.integer
        self.quantization, self.overflow = match[4] or "TRN", match[5] or "WRAP"
        self.lowest = -(1 << (self.width - 1)) if self.signed else 0
        self.highest = (1 << (self.width - 1 if self.signed else self.width)) - 1

    def cast(self, raw, fraction):
        """raw * 2^-fraction, quantised and overflowed into this type."""
        shift = fraction - self.fraction
        q = raw << -shift if shift <= 0 else self._quantise(raw, shift)
        if self.lowest <= q <= self.highest:
            return q
        if self.overflow == "WRAP":
            q &= (1 << self.width) - 1
            return q - (1 << self.width) if self.signed and q >> (self.width - 1) else q
        if self.overflow == "SAT_ZERO":
            return 0
        if q > self.highest:
            return self.highest
        return -self.highest if self.overflow == "SAT_SYM" and self.signed and self.width > 1 else self.lowest

    def _quantise(self, raw, shift):
        q, rest, half = raw >> shift, raw & ((1 << shift) - 1), 1 << (shift - 1)
        mode = self.quantization
        up = {
            "TRN": False,
            "TRN_ZERO": raw < 0 and rest != 0,
            "RND": rest >= half,
            "RND_CONV": rest > half or (rest == half and q & 1 == 1),
            "RND_ZERO": rest > half or (rest == half and raw < 0),
            "RND_MIN_INF": rest > half,
            "RND_INF": rest > half or (rest == half and raw >= 0),
        }[mode]
        return q + int(up)


class Constant:
    def __init__(self, spec):
        self.type, self.raw = Type(spec["type"]), spec["raw"]


def tree(values, fraction, to):
    """Adder tree of docs/network_json.md section 3: split at the largest power of two below the length."""
    if len(values) == 1:
        return values[0]
    split = 1
    while split * 2 <= len(values) - 1:
        split *= 2
    return to.cast(tree(values[:split], fraction, to) + tree(values[split:], fraction, to), fraction)


def accumulate(pairs, fraction, start, start_fraction, spec):
    """Sum of products, exact or with the two casts per term of a typed accumulator. Returns (raw, fraction)."""
    if spec == "exact":
        common = max(fraction, start_fraction)
        total = start << (common - start_fraction)
        return total + sum((a * b) << (common - fraction) for a, b in pairs), common
    accum = Type(spec)
    total = accum.cast(start, start_fraction)
    for a, b in pairs:
        total = accum.cast(total + accum.cast(a * b, fraction), accum.fraction)
    return total, accum.fraction


def run_layer(layer, args, out):
    """args: list of (raw words, Type). Returns the raw words of the output."""
    op, (x, tx) = layer["op"], args[0]
    if op in ("subtract", "add"):
        (y, ty), common = args[1], max(tx.fraction, args[1][1].fraction)
        sign = -1 if op == "subtract" else 1
        return [
            out.cast((a << (common - tx.fraction)) + sign * (b << (common - ty.fraction)), common) for a, b in zip(x, y)
        ]
    if op == "multiply":
        y, ty = args[1]
        return [out.cast(a * b, tx.fraction + ty.fraction) for a, b in zip(x, y)]
    if op == "cast":
        return [out.cast(a, tx.fraction) for a in x]
    if op == "relu":
        if set(layer) - {"name", "op", "inputs", "output"}:
            raise ValueError("relu with keys beyond the plain form")
        return [out.cast(a, tx.fraction) if a > 0 else 0 for a in x]
    if op == "shift":
        wrap = Type("ap_%sfixed<%d,%d>" % ("" if tx.signed else "u", tx.width, tx.width))
        counts = layer["counts"]
        counts = [counts[i % len(counts)] for i in range(len(x))]
        return [a >> c if c >= 0 else wrap.cast(a << -c, 0) for a, c in zip(x, counts)]
    if op == "dense":
        w, b, n_out = Constant(layer["weights"]), Constant(layer["bias"]), len(layer["bias"]["raw"])
        if layer.get("reuse_factor", 1) != 1 or layer.get("product", "mult") != "mult":
            raise ValueError("dense beyond the plain form")
        words = []
        for j in range(n_out):
            pairs = [(x[i], w.raw[i * n_out + j]) for i in range(len(x))]
            total, fraction = accumulate(pairs, tx.fraction + w.type.fraction, b.raw[j], b.type.fraction, layer["accum"])
            words.append(out.cast(total, fraction))
        return words
    if op == "dot":
        y, ty = args[1]
        total, fraction = accumulate(list(zip(x, y)), tx.fraction + ty.fraction, 0, 0, layer["accum"])
        return [out.cast(total, fraction)]
    if op == "reduce_sum" and layer.get("order", "tree") == "tree":
        return [tree([out.cast(a, tx.fraction) for a in x], out.fraction, out)]
    raise ValueError("operation not understood: " + op)


def run(network, rows):
    """rows: iterable of raw input words. Returns {output name: int64 [n, words]}."""
    constants = {name: Constant(spec) for name, spec in network["constants"].items()}
    types = {name: c.type for name, c in constants.items()}
    for spec in network["inputs"]:
        types[spec["name"]] = Type(spec["type"])
    for layer in network["layers"]:
        types[layer["output"]["name"]] = Type(layer["output"]["type"])
    results = {name: [] for name in network["outputs"]}
    for row in rows:
        tensors, first = {name: c.raw for name, c in constants.items()}, 0
        for spec in network["inputs"]:
            size = int(np.prod(spec["shape"]))
            tensors[spec["name"]] = [int(v) for v in row[first : first + size]]
            first += size
        for layer in network["layers"]:
            name = layer["output"]["name"]
            tensors[name] = run_layer(layer, [(tensors[i], types[i]) for i in layer["inputs"]], types[name])
        for name in results:
            results[name].append(tensors[name])
    return {name: np.array(words, dtype=np.int64) for name, words in results.items()}


def load(package):
    with open(os.path.join(package, "network.json")) as file:
        return json.load(file)


def check(package):
    network, different = load(package), 0
    got = run(network, np.load(os.path.join(package, "golden_inputs.npy")))
    for name, words in got.items():
        single = os.path.join(package, "golden_outputs.npy")
        path = single if os.path.exists(single) else os.path.join(package, "golden_%s.npy" % name)
        expected = np.load(path)
        wrong = int((words != expected.reshape(words.shape)).any(axis=1).sum())
        different += wrong
        print("%s: %s: %d of %d events differ" % (package, name, wrong, len(words)))
    return different


def main():
    if len(sys.argv) >= 3 and sys.argv[1] == "--check":
        sys.exit(1 if sum(check(package) for package in sys.argv[2:]) else 0)
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    words = run(load(sys.argv[1]), np.load(sys.argv[2]))
    np.save(sys.argv[3], np.concatenate(list(words.values()), axis=1))


if __name__ == "__main__":
    main()
