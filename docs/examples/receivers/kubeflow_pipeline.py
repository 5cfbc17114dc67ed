"""A Kubeflow pipeline that vigil starts (sink of type kubeflow): claims, trains, reports back; a run that fails vigil sees by
polling. `kfp dsl compile` makes its YAML.
The token with the role pipeline is a secret of the cluster, mounted by the platform at /secrets/vigil/token."""
from kfp import dsl


@dsl.component(base_image="python:3.11-slim")
def tell(url: str, action_id: str, verb: str, body: str, run: str) -> bool:
    import json, urllib.error, urllib.request
    token = open("/secrets/vigil/token").read().strip()
    asked = urllib.request.Request(f"{url}/v1/actions/{action_id}/{verb}", json.dumps({**json.loads(body), "run": run}).encode(),
                                   {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    try:
        urllib.request.urlopen(asked, timeout=30)
    except urllib.error.HTTPError as refused:
        problem = json.load(refused)
        if refused.code != 409 or (problem.get("claim") or {}).get("run") != run:  # its own claim: a restart goes on
            raise
    return True


@dsl.component(base_image="python:3.11-slim")
def train(event: str, claimed: bool):
    import json
    print("train on", json.loads(event)["data"]["proposal"])


@dsl.pipeline(name="vigil-retrain")
def retrain(action_id: str, event: str, url: str = "https://monitor.example:8443"):
    run = dsl.PIPELINE_JOB_ID_PLACEHOLDER
    claimed = tell(url=url, action_id=action_id, verb="claim", body="{}", run=run)
    trained = train(event=event, claimed=claimed.output)
    tell(url=url, action_id=action_id, verb="status", body='{"state":"succeeded"}', run=run).after(trained)
