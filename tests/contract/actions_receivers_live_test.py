"""The receivers of docs/examples/receivers as a pipeline runs them, against a live watch: the webhook receiver takes what a
sink sends it, and the jobs of GitLab, Argo and Kubeflow claim the action and report back, once, also when they are restarted."""
import base64
import builtins
import http.client
import importlib.util
import io
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import types

import yaml
from server import TOKENS, write_tokens
from sinks import Flow, eventually
from stream import check

vigil = sys.argv[1]
receivers = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples" / "receivers"
if not shutil.which("curl"):
    print("skipped: no curl")
    sys.exit(77)
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-receivers-"))
key = folder / "signing"
key.write_text("whsec_" + base64.b64encode(os.urandom(32)).decode() + "\n")
key.chmod(0o600)
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    hook = s.getsockname()[1]
printed = open(folder / "printed", "w+")
receiver = subprocess.Popen([sys.executable, receivers / "webhook.py", str(hook), key], stdout=printed, stderr=subprocess.DEVNULL)
flow = Flow(vigil, f"  - {{type: webhook, url: 'http://127.0.0.1:{hook}', secret_files: [{key}]}}\n",
            f"approval: {{}}\nhttp_listen: 127.0.0.1:0\nhttp_tokens_file: {write_tokens(folder / 'tokens')}\n", folder=str(folder))


def ask(method, path, body=None, role=None):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Authorization": f"Bearer {TOKENS[role]}", "Content-Type": "application/json"} if role else {}
    client.request(method, path, None if body is None else json.dumps(body), headers)
    answer = client.getresponse()
    return answer.status, json.loads(answer.read())


def told():
    return [json.loads(line) for line in (folder / "printed").read_text().splitlines()]


def propose(n):
    status, action = ask("POST", "/v1/actions", {
        "kind": "collect-data", "model": flow.package.name, "stream": "scouting", "subject": f"s/{n}", "reason": "to see the receivers",
        "proposal": {"first": {"run": 1, "ls": 1}, "last": {"run": 1, "ls": 9}, "monitors": ["score"]}}, "expert")
    check(status == 201, "proposed", status, action)
    eventually(lambda: any(a["id"] == action["id"] for a in told()), "the webhook receiver prints it")
    return action["id"]


def now(action):
    status, document = ask("GET", f"/v1/actions/{action}")
    check(status == 200, status, document)
    return document


def shell(lines, environment, *, shell=("bash",)):
    """Exit code of the script of a job, which ends at the first line that fails."""
    for line in lines if isinstance(lines, list) else [lines]:
        done = subprocess.run([*shell, "-ec", line], cwd=folder, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True)
        if done.returncode:
            return done.returncode
    return 0


def gitlab(action, run, trained=True):
    """The pipeline, job by job as its runner does; the exit code of each that ran."""
    text = (receivers / "gitlab-ci.yml").read_text().replace("$[[ inputs.action_id ]]", action)
    pipeline = list(yaml.safe_load_all(text))[1]
    check(pipeline["workflow"]["name"] == f"vigil-{action}", "the name by which vigil finds it")
    (folder / "train.sh").write_text(f"#!/bin/sh\nexit {0 if trained else 1}\n")
    (folder / "train.sh").chmod(0o755)
    environment = {"VIGIL_URL": url, "VIGIL_TOKEN": TOKENS["pipeline"], "CI_PIPELINE_ID": run, "CI_PIPELINE_URL": f"https://gitlab.example/{run}"}
    environment["ACTION"] = re.sub(r"\$VIGIL_URL", url, pipeline["variables"]["ACTION"])
    codes = []
    for stage in pipeline["stages"]:
        job = pipeline[stage]
        codes.append(shell(job["script"], environment))
        done = "success" if codes[-1] == 0 else "failed"
        if "after_script" in job:  # one shell for the whole of it
            codes.append(shell("\n".join(job["after_script"]), {**environment, "CI_JOB_STATUS": done}))
        if codes[0]:
            break
    return codes


def argo(action, workflow, status="Succeeded"):
    """Claim and exit handler of the template, with the parameters filled in as the controller does."""
    templates = {t["name"]: t for t in yaml.safe_load((receivers / "argo_template.yaml").read_text())["spec"]["templates"]}
    values = {"workflow.name": workflow, "workflow.status": status, "workflow.parameters.url": url, "workflow.parameters.action_id": action}
    codes = []
    for name in ("claim", "report"):
        source = templates[name]["script"]["source"]
        for what, value in values.items():
            source = source.replace("{{" + what + "}}", value)
        check("{{" not in source, "a parameter that nobody fills in:", source)
        codes.append(shell(source, {"TOKEN": TOKENS["pipeline"]}, shell=templates[name]["script"]["command"][:1]))
        if codes[0]:
            break
    return codes


def kubeflow_pipeline():
    """The module with the decorators of kfp as names, so that its components are functions; the token where it is mounted."""
    passing = lambda *arguments, **_: arguments[0] if arguments else (lambda function: function)
    kfp = types.ModuleType("kfp")
    kfp.dsl = types.SimpleNamespace(component=passing, pipeline=passing, PIPELINE_JOB_ID_PLACEHOLDER="run")
    sys.modules["kfp"] = kfp
    spec = importlib.util.spec_from_file_location("kubeflow_pipeline", receivers / "kubeflow_pipeline.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.open = lambda path, *a: io.StringIO(TOKENS["pipeline"] + "\n") if path == "/secrets/vigil/token" else builtins.open(path, *a)
    return module


try:
    port = int(eventually(lambda: re.search(r"listening on http://127.0.0.1:(\d+)", flow.log()), "listening")[1])
    url = f"http://127.0.0.1:{port}"
    opened = [a["id"] for a in flow.episode()]
    eventually(lambda: {a["id"] for a in told()} >= set(opened), "what the stream opened is at the webhook receiver")

    first = propose(1)
    check(gitlab(first, "4711") == [0, 0, 0], "gitlab claims, trains, reports")
    document = now(first)
    check((document["state"], document["claim"]["run"], document["claim"]["url"]) == ("succeeded", "4711", "https://gitlab.example/4711"), document)
    second = propose(2)
    check(gitlab(second, "4712", trained=False) == [0, 1, 0] and now(second)["state"] == "failed", "a training that fails is reported", now(second))
    third = propose(3)
    check(ask("POST", f"/v1/actions/{third}/claim", {"run": "4713"}, "pipeline")[0] == 200, "claimed")
    check(gitlab(third, "4714") == [1], "a second pipeline for the same action stops at its claim")
    check(now(third)["state"] == "accepted" and now(third)["claim"]["run"] == "4713", "and changes nothing", now(third))
    check(gitlab(third, "4713") == [0, 0, 0] and now(third)["state"] == "succeeded", "a restarted one finds its own claim and goes on")

    fourth, fifth = propose(4), propose(5)
    check(argo(fourth, f"vigil-{fourth}") == [0, 0] and now(fourth)["state"] == "succeeded", "argo", now(fourth))
    check(argo(fourth, "another") == [1], "argo: another workflow stops at its claim")
    check(argo(fifth, f"vigil-{fifth}", "Failed") == [0, 0] and now(fifth)["state"] == "failed", "argo: a workflow that failed", now(fifth))

    sixth, pipeline = propose(6), kubeflow_pipeline()
    tell = lambda verb, body, run="run-6": pipeline.tell(url=url, action_id=sixth, verb=verb, body=body, run=run)
    check(tell("claim", "{}") and tell("claim", "{}"), "kubeflow claims, and again after a restart")
    try:
        tell("claim", "{}", run="run-7")
        check(False, "kubeflow: another run may not go on")
    except OSError as refused:
        check(refused.code == 409, refused)
    pipeline.train(event=json.dumps({"data": now(sixth)}), claimed=True)
    check(tell("status", '{"state":"succeeded"}') and now(sixth)["state"] == "succeeded", "kubeflow reports", now(sixth))
    known = told()
    check(len({a["id"] for a in known}) == len(known), "the webhook receiver printed each once")
    time.sleep(0.2)
    flow.stop()
finally:
    receiver.terminate()
    receiver.wait(10)
    if flow.process.poll() is None:
        flow.kill()
print(f"{len(known)} actions at the webhook receiver; gitlab, argo and kubeflow claimed and reported")
