"""A small storm over six sinks (storm.py, which also says how to run the whole one)."""
import os
import sys

import storm

actions, kills = (int(os.environ.get(name, default)) for name, default in (("VIGIL_STORM", "40"), ("VIGIL_STORM_KILLS", "10")))
storm.run(sys.argv[1], sys.argv[2], actions, kills, seed=11)
