"""`vigil demo`, as text and as --json at once: a threshold change that leaves only when two people approved it, which the
pipeline claims and reports done, and a retraining; its journal and its audit say the same."""
import json
import os
import re
import subprocess
import sys

from stream import check

vigil = sys.argv[1]
environment = {k: v for k, v in os.environ.items() if k != "VIGIL_LOG"}
demos = [subprocess.Popen([vigil, "demo", *form], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
         for form in ([], ["--json"])]
(text, text_errors), (printed, errors) = [demo.communicate(timeout=300) for demo in demos]
check([demo.returncode for demo in demos] == [0, 0], text_errors, errors)
check(len(printed.splitlines()) == 1, "one document", printed)
document = json.loads(printed)


def journal(*arguments):
    done = subprocess.run([vigil, *arguments, "--journal", document["journal"], "--json"], capture_output=True, text=True)
    check(done.returncode == 0, arguments, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


# Both faults were found, and nothing else.
check({e["kind"] for e in document["received"]} == {"threshold-adjust", "retrain"}, "received:", document["received"])
check(document["delivered"] == document["actions"] == len(document["received"]) == len({e["id"] for e in document["received"]}), document)
check(document["received"][0]["kind"] == "threshold-adjust", "the rate fault comes first", document["received"])
check({d["id"] for d in document["decided"]} == {e["id"] for e in document["received"]}, "the pipeline claims what it gets")

for decided in document["decided"]:
    verbs = [(row["actor"], row["verb"]) for row in decided["history"]]
    [action] = journal("actions", "show", decided["id"])
    for key in ("kind", "state", "needed", "approvals", "claim", "request_sha256"):
        check(action[key] == decided[key], "the journal says so too:", key, action[key], decided[key])
    check(decided["claim"]["actor"] == "pipeline" and decided["claim"]["run"], "claimed:", decided["claim"])
    if decided["kind"] == "retrain":
        check((decided["needed"], decided["approvals"], decided["state"]) == ("auto", [], "running"), decided)
        continue
    check((decided["kind"], decided["needed"], decided["state"]) == ("threshold-adjust", "two", "succeeded"), decided)
    check([a["actor"] for a in decided["approvals"]] == ["anna", "ben"] and all(a["reason"] for a in decided["approvals"]), decided)
    check({"actor": "anna", "verb": "approve", "problem": "same-approver"} in decided["refused"], "nobody approves twice", decided["refused"])
    order = [verbs.index(step) for step in (("anna", "approve"), ("ben", "approve"), ("vigil", "approved"), ("pipeline", "claim"),
                                            ("pipeline", "running"), ("pipeline", "succeeded"))]
    check(order == sorted(order), "in this order:", verbs)
    sent = [i for i, (_, verb) in enumerate(verbs) if verb in ("delivered", "dispatched")]
    check(sent and min(sent) > verbs.index(("ben", "approve")), "nothing is sent before the second approval:", verbs)
    proposal = action["proposal"]
    check(proposal["proposed_threshold"] > proposal["current_threshold"], "more events pass, the threshold goes up:", proposal)
check(any(d["kind"] == "threshold-adjust" for d in document["decided"]), "a threshold change was decided")
[verified] = journal("actions", "audit", "--verify")
check(verified["ok"] and verified["rows"] > 10, verified)

check(len({d["claim"]["run"] for d in document["decided"]}) == len(document["decided"]), "a job of its own each", document["decided"])

# The same, for people: in a few plain lines, in this order.
check(re.search(r"^  injected: rate_change in lumisection \d+ to \d+, scale_shift from lumisection \d+$", text, re.M), "what was wrong", text)
at = 0
for wanted in (r"^PERSON   is asked for two approvals: threshold-adjust of L1_VIGIL_Demo_\w+: \d+ -> \d+$",
               r"^PERSON   anna approves; one is missing, nothing is sent$", r"^PERSON   anna approves, and is refused: same-approver$",
               r"^PERSON   ben approves; now it may be sent$", r"^PIPELINE received threshold-adjust \S+ and accepted it$",
               r"^PIPELINE threshold-adjust of \S+: \d+ -> \d+: claims it as run demo-\d+, reports running, reports succeeded$",
               r"^PIPELINE received retrain \S+ and accepted it$", r"^What was seen$",
               r"^  threshold-adjust of \S+, approved by anna and ben, claimed as run demo-\d+, succeeded$",
               r"^  retrain, claimed as run demo-\d+, running$"):
    found = re.compile(wanted, re.M).search(text, at)
    check(found, "no line", wanted, "after", text[:at][-200:], "in", text)
    at = found.end()
for path in {document["journal"], re.search(r"journal (\S+)", text)[1]}:
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            os.remove(path + end)
print(f"{len(document['decided'])} actions, of which {sum(d['needed'] == 'two' for d in document['decided'])} two people approved")
