"""A stream with everything that goes wrong, a message after the other: gaps, duplicates, late batches, restarts, a doubled
link, garbage, foreign batches, a run change, a dead input and a flipped bit."""
import random

import numpy as np
from monitor import lumisection
from stream import ORBITS, batch, pack


def messages(package, seed, lumisections=16, events=150):
    rng = random.Random(seed)
    seq = {"a": 0, "b": 0, "doubled": 0}
    sent = []
    for run in (11, 12):
        for ls in range(1, lumisections + 1):
            for source in seq:
                if source == "b" and ls == 6:
                    seq[source] += 3  # lost
                extra = {"context": {"pileup": 50 + ls, "beam_mode": "STABLE BEAMS"}} if source == "a" else {}
                if ls == 12:
                    extra = {"context": {"menu": "another", "prescale_column": 2}}
                if source == "b" and ls == 9:
                    extra["model_hash"] = "f" * 64
                epoch = 2 if source == "b" and (run == 12 or ls > 10) else 1
                if source == "b" and run == 11 and ls == 11:
                    seq[source] = 0  # restarted
                rows = np.arange(events) % len(package.inputs)
                first = (ls - 1) * ORBITS
                b = batch(package, rows, source=source, seq=seq[source], ls=ls, first=first, last=first + ORBITS - 1, epoch=epoch,
                          run=run, **extra)
                if run == 12 and ls > 8:
                    b["hw_outputs"] = b["hw_outputs"].copy()
                    b["hw_outputs"][::7] ^= 16  # a flipped bit
                if run == 12 and ls > 4:
                    b["inputs"] = b["inputs"].copy()
                    b["inputs"][:, 3] = 0  # a dead input
                parts = pack(b)
                seq[source] += 1
                sent.append(parts)
                yield parts
                if source == "doubled":
                    yield parts
            if ls % 4 == 0:
                yield rng.choice(sent[:-4])  # duplicate
                yield pack(lumisection(package, ls - 3, seq["a"], 50, run=run, source="a"))  # late
                seq["a"] += 1
                yield [b"scouting/" + package.name.encode(), rng.randbytes(60)]
                yield [b"scouting/" + package.name.encode(), sent[-1][1][:-7]]
                yield [b"nobody/knows", rng.randbytes(30)]
