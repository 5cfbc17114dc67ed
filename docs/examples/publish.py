"""Publish a model package's golden events, with their hardware outputs, as a live stream.
Usage: publish.py ENDPOINT PACKAGE      (Debian: python3-zmq python3-msgpack python3-numpy)"""
import pathlib, re, sys, time
import msgpack, numpy, zmq

endpoint, package = sys.argv[1], pathlib.Path(sys.argv[2])
text = (package / "model.yaml").read_text()
model = re.search(r"^name: *\"?([\w.-]+)", text, re.M)[1]
outputs = re.findall(r"name: *(\w+)", text.split("outputs:")[1].split("seeds:")[0])
inputs = numpy.load(package / "golden_inputs.npy").astype("<i4")
if "wire: integer" in text:  # batches then carry codes: raw word = code * 2^F
    width, integer = map(int, re.search(r"fixed<(\d+), *(\d+)", text).groups())
    inputs >>= width - integer
files = ["golden_outputs.npy"] if len(outputs) == 1 else [f"golden_{name}.npy" for name in outputs]
hardware = numpy.concatenate([numpy.load(package / f).reshape(len(inputs), -1) for f in files], 1).astype("<i8")

context = zmq.Context()
socket = context.socket(zmq.XPUB)
socket.setsockopt(zmq.XPUB_NODROP, 1)  # wait rather than lose
socket.bind(endpoint)
socket.recv()  # the first subscription

column = lambda array: {"t": array.dtype.str, "s": list(array.shape), "d": array.tobytes()}
epoch, seq, batches = time.time_ns(), 0, 10
for ls in range(1, 31):
    for part in range(batches):  # each covers a tenth of the lumisection's orbits
        first = (ls - 1) * 2**18 + part * 2**18 // batches
        last = (ls - 1) * 2**18 + (part + 1) * 2**18 // batches - 1
        rows = numpy.arange(part, len(inputs), batches)
        orbit = numpy.linspace(first, last, len(rows)).astype("<u4")
        bx = (1 + rows * 11 % 3564).astype("<u2")
        batch = {"v": 1, "source": "example", "epoch": epoch, "seq": seq, "stream": "scouting", "model": model, "run": 1,
                 "ls": ls, "orbits": [first, last], "n_bx": (last - first + 1) * 3564, "n": len(rows),
                 "orbit": column(orbit), "bx": column(bx), "inputs": column(inputs[rows]),
                 "hw_outputs": column(hardware[rows])}
        socket.send_multipart([f"scouting/{model}".encode(), msgpack.packb(batch)])
        seq += 1
context.destroy(linger=10000)  # until all is sent
