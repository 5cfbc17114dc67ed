"""What a configuration may not say of a sink: exit 2, nothing on stdout, one line with file:line, key and what was
expected, and never a secret."""
import os
import pathlib
import sys
import tempfile

from monitor import call
from sinks import secret
from stream import check, demo_package, knows_kafka

vigil = sys.argv[1]
package = demo_package()
folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-sink-keys-"))
good = secret(folder, "good", "s3cret-token")
whsec = secret(folder, "whsec", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
kubeflow = "{type: kubeflow, url: 'https://kfp.cern.ch', pipeline_id: p, pipeline_version_id: v"
os.mkfifo(folder / "pipe", 0o600)
(folder / "empty").touch(0o600)
secret(folder, "others", "s3cret-token", 0o604)
secret(folder, "bad", "whsec_short")
secret(folder, "lines", "one\ntwo")
secret(folder, "plain", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def run(sinks, more="", command="check"):
    path = folder / "watch.yaml"
    path.write_text(f"models: [{package.folder}]\nsubscribe: ['tcp://127.0.0.1:1']\n{more}sinks:\n" + "".join(f"  - {sink}\n" for sink in sinks))
    return call(vigil, command, path)


def refused(sink, *parts, line=4):
    for command in ("check", "watch"):
        code, out, err = run([sink] if isinstance(sink, str) else sink, command=command)
        check(code == 2, sink, "exit", code, err)
        check(out == "" and len(err.splitlines()) == 1, sink, "one line:", out, err)
        check(f"watch.yaml:{line}: " in err, sink, "file:line in", err)
        for part in parts:
            check(part in err, sink, "has no", part, "in", err)
        check("s3cret" not in err and "whsec_short" not in err and "MfKQ" not in err, "a secret in", err)


refused("{type: fax}", "unknown sink 'fax'", "kubeflow")
refused("{type: webhook, url: 'https://a', uri: b}", "unknown key 'uri'", "expected one of type, name")
refused(["{type: webhook, url: 'https://a'}", "{type: webhook, url: 'https://b'}"], "two sinks named 'webhook'", line=5)
refused("{type: webhook}", "no key 'url'")
refused("{type: kubeflow, url: 'https://a', pipeline_id: p}", "no key 'pipeline_version_id'")
refused("{type: gitlab, url: 'https://a', project: p, ref: main}", "no key 'token_file'")
refused("{type: argo, url: 'https://a', namespace: n}", "no key 'template'")
if knows_kafka(vigil):
    refused("{type: kafka, topic: t}", "no key 'brokers'")
for url in ("ftp://a", "a", "file:///etc/passwd", "http:///x", "https://", "https://a b", "HTTP://"):
    refused(f"{{type: webhook, url: '{url}'}}", "key 'url'", "http or https URL")
for url in ("https://u:s3cret@a", "https://s3cret@a/x", "https://:s3cret@a", "https://@a"):
    refused(f"{{type: webhook, url: '{url}'}}", "key 'url'", "a user or password")
for url in ("http://kfp.cern.ch", "http://127.evil.org", "http://10.0.0.1:80"):
    refused(f"{{type: webhook, url: '{url}', token_file: {good}}}", "plain http", "https")
for name, problem in (("none", "No such file"), ("empty", "empty"), ("others", "open to others"), ("pipe", "not a regular file"),
                      (".", "not a regular file"), ("lines", "more than one line")):
    refused(f"{{type: webhook, url: 'https://a', token_file: {folder / name}}}", "key 'token_file'", problem, "regular file")
refused(f"{{type: webhook, url: 'https://a', secret_files: [{whsec}, {folder / 'none'}]}}", "key 'secret_files'", "No such file")
for name in ("bad", "plain"):
    refused(f"{{type: webhook, url: 'https://a', secret_files: [{whsec}, {folder / name}]}}", "key 'secret_files'", "malformed", "whsec_")
refused(kubeflow + ", parameters: {a: '${nothing}'}}", "key 'parameters'", "unknown ${nothing}", "${id}")
refused(kubeflow + ", parameters: {a: '${id'}}", "key 'parameters'", "without its }")
refused(kubeflow + ", parameters: [a]}", "key 'parameters'", "a map")
refused(kubeflow + ", timeout_ms: soon}", "key 'timeout_ms'", "a whole number from 1 to 600000")
refused(kubeflow + ", dry_run: perhaps}", "key 'dry_run'", "true or false")
refused(kubeflow + ", status: true}", "unknown key 'status'")
refused("{type: alertmanager, url: 'http://127.0.0.1:9093', labels: {a-b: c}}", "key 'labels'", "'a-b'")
if knows_kafka(vigil):
    refused("{type: kafka, brokers: a, topic: t, properties: {sasl.password: s3cret}}", "in clear", "sasl.password_file")
    refused("{type: kafka, brokers: a, topic: t, properties: {no.such: x}}", "'no.such'", "librdkafka")
    refused("{type: kafka, brokers: a, topic: t, properties: {acks: '0'}}", "'acks'")
    refused(f"{{type: kafka, brokers: a, topic: t, properties: {{sasl.password_file: {folder / 'others'}}}}}", "open to others")

# What is said of all actions.
for text, *parts in (("approval: {retrane: one}", "unknown key 'retrane'", "retrain"), ("approval: {retrain: three}", "'retrain'", "three", "auto or one or two"),
                     ("approval: [retrain]", "key 'approval'", "a map"), ("approval: {threshold-adjust: auto}", "key 'approval.threshold-adjust'", "one or two"),
                     ("approval: {rollback: auto}", "key 'approval.rollback'", "one or two"), ("expiry_h: 0", "key 'expiry_h'", "a number from"),
                     ("expiry_h: -1", "key 'expiry_h'", "a number from"), ("act_when: {beam: [x]}", "unknown key 'beam'", "beam_mode, menu"),
                     ("budget_per_day: {retrain: -1}", "'retrain'", "a whole number")):
    for command in ("check", "watch"):
        code, out, err = run(["{type: log}"], text + "\n", command)
        check(code == 2 and out == "" and len(err.splitlines()) == 1 and "watch.yaml:3: " in err, text, "exit", code, out, err)
        check(all(part in err for part in parts), text, "has not", parts, "in", err)
for sink in (kubeflow + "}", f"{{type: gitlab, url: 'https://a', project: p, ref: main, token_file: {good}}}",
             "{type: argo, url: 'https://a', namespace: n, template: t}", "{type: mlflow, url: 'https://a'}"):
    code, out, err = run([sink])
    check(code == 2 and out == "" and len(err.splitlines()) == 1 and "approval" in err and "watch.yaml:4: " in err, "nobody says who approves:", sink, code, err)

# What is allowed: a secret over plain http to this machine, by number and name; links; relative paths.
(folder / "link").symlink_to(good)
accepted = ["{type: webhook, url: 'http://127.0.0.1:9/x?y=1', token_file: good}",
            "{type: webhook, name: second, url: 'http://localhost', token_file: link, secret_files: [whsec], status: true}",
            "{type: webhook, name: third, url: 'http://[::1]:80', token_file: good, dry_run: true}",
            "{type: gitlab, url: 'https://gitlab.cern.ch', project: a/b, ref: main, token_file: good, kinds: [notify]}",
            kubeflow + ", token_file: good, parameters: {id: '${id}', price: '5$$'}}",
            "{type: argo, url: 'https://argo', namespace: n, template: t}",
            "{type: mlflow, url: 'https://mlflow', alias: best}",
            "{type: alertmanager, url: 'http://127.0.0.1:9093', labels: {team: l1}, resend_s: 5}",
            "{type: alertmanager, name: another, url: 'http://127.0.0.1:9094'}"]
if knows_kafka(vigil):
    accepted.append("{type: kafka, brokers: 'a:1,b:2', topic: t, properties: {sasl.username: u, sasl.password_file: good}}")
code, out, err = run(accepted, "approval: {}\nsettle_s: 7\n")
check(code == 0, err)
check("s3cret" not in out and "MfKQ" not in out, "a secret printed")
printed = folder / "printed.yaml"
printed.write_text(out)
code, again, err = call(vigil, "check", printed)
check(code == 0 and again == out, "what is printed reads back the same", err)
print("refused by line and key; what is allowed reads back the same")
