"""One stream with everything that goes wrong, through a bridge, workers and a merger on a real Kafka, while workers, merger
and broker are killed: the lines and the digest of one process, every result once and in order, every action once."""
import json
import os
import random
import signal
import sys
import threading
import time

import zmq
from hostile_stream import messages
from kafka import Kafka, Program, json_lines, same_lines, wait_until
from monitor import call
from stream import Publisher, check, demo_package

vigil, shared = sys.argv[1:3]
seeds = [int(s) for s in os.environ.get("VIGIL_SCALE_SEEDS", "1").split(",")]
kills = int(os.environ.get("VIGIL_SCALE_KILLS", "4"))
package = demo_package()
FLAGS = ["--model", package.folder, "--reference", "learn:5", "--window-ls", 4, "--hop-ls", 2, "--set", "reference_events=300"]
kafka = Kafka(vigil, shared)


def one(seed, workers, partitions, kills):
    random.seed(seed)
    prefix = f"s{seed}w{workers}p{partitions}"
    where, folder = kafka.endpoint(prefix), kafka.folder / prefix
    folder.mkdir()
    created = ["--set", f"kafka.create_partitions={partitions}", "--set", "partial_ms=300"]
    publisher = Publisher()
    publisher.socket.setsockopt(zmq.XPUB_VERBOSE, 1)  # of every subscriber its subscription
    recorder = Program(vigil, "record", "--subscribe", publisher.endpoint, "-o", folder / "rec")
    publisher.wait()
    bridge = Program(vigil, "bridge", "--subscribe", publisher.endpoint, "--to", where, "--name", "b1", *created)
    publisher.wait()
    everyone = [Program(vigil, "worker", "--model", package.folder, "--subscribe", where, "--name", f"w{n}", *created)
                for n in range(workers)]
    merger = Program(vigil, "watch", *FLAGS, "--subscribe", where, "--from-partials", "--journal", folder / "m.db", "--close-on-stop",
                     "--set", f"actions_file={folder / 'actions.jsonl'}", *created)
    sent = list(messages(package, seed))
    pause = 12 / len(sent)
    at = sorted(random.sample(range(5, len(sent)), kills))
    done = []

    def disturb():
        victim = random.choice([*everyone, merger, merger, kafka])
        done.append({kafka: "broker", merger: "merger"}.get(victim, "worker"))
        if victim is kafka:
            kafka.kill()
            time.sleep(random.uniform(0, 2))
            kafka.again()
            return
        if victim is not merger and workers > 1 and random.random() < 0.3:  # asleep beyond its session
            done[-1] = "worker asleep"
            process = victim.now.process
            process.send_signal(signal.SIGSTOP)
            threading.Timer(12, lambda: process.send_signal(signal.SIGCONT)).start()
            return
        victim.kill()
        victim.start()

    disturbers = []
    for n, parts in enumerate(sent):
        publisher.send(parts)
        if n in at:
            disturbers.append(threading.Thread(target=disturb))
            if len(disturbers) > 1:
                disturbers[-2].join()
            disturbers[-1].start()
        time.sleep(pause)
    for thread in disturbers:
        thread.join()
    time.sleep(1)
    publisher.close()
    recorder.stop()
    total = bridge.stop()[-1]
    check(total["received"] == len(sent) == total["delivered"] + total["dropped"] + total["rejected"], "the bridge:", total, len(sent))
    check(total["dropped"] == 0, "the bridge dropped:", total)
    code, single, err = call(vigil, "replay", folder / "rec", *FLAGS, "--json", seconds=120)
    check(code == 0, "replay:", err[-1000:])
    single = single.splitlines()
    if "worker asleep" in done:
        time.sleep(12)
    lines = merger.stop()
    for worker in everyone:
        worker.stop()
    check(lines and lines[-1]["type"] == "digest", "a digest:", merger.now.log()[-2000:])
    results = kafka.results(prefix)
    check([n for n, _, _ in results] == list(range(1, len(results) + 1)), "numbers of results:", [n for n, _, _ in results][:50])
    same_lines(prefix, [text for _, _, text in results], single[:-1])
    check(json.dumps(lines[-1]) == json.dumps(json.loads(single[-1])), "digest:", lines[-1], "and not", single[-1])
    check(all(key == f"{package.name}/scouting" for _, key, _ in results), "keys")
    actions = [line["id"] for line in json_lines("\n".join(single)) if line["type"] == "action"]
    taken = [json.loads(line)["id"] for line in (folder / "actions.jsonl").read_text().splitlines()]
    check(sorted(taken) == sorted(actions), "actions once each:", taken, actions)
    code, again, err = call(vigil, "replay", where, *FLAGS, "--json", seconds=120)
    same_lines("replay of Kafka", again.splitlines(), single)
    print(f"seed {seed}, {workers} workers, {partitions} partitions: {len(single)} lines, {len(actions)} actions, killed: {', '.join(done) or 'nobody'}")


try:
    for seed in seeds:
        one(seed, 1, 1, 0)
        one(seed, 1, 3, kills)
        one(seed, 4, 6, kills)
finally:
    kafka.remove()
