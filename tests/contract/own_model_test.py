"""README's "Watch your own model", command by command as it is printed there: from an hls4ml project to the action it promises."""
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time

vigil = sys.argv[1]
root = pathlib.Path(__file__).resolve().parents[2]
folder = tempfile.mkdtemp(prefix="vigil-own-model-")
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]

section = (root / "README.md").read_text().split("## Watch your own model")[1].split("\n## ")[0]
commands = re.search(r"```sh\n(.*?)```", section, re.S)[1].strip().splitlines()
assert len(commands) == 5, commands
for text, other in (("/tmp/my-model", folder + "/my-model"), ("127.0.0.1:5557", f"127.0.0.1:{port}"), ("--speed 50x", "--speed 200x")):
    assert any(text in command for command in commands), text
    commands = [command.replace(text, other) for command in commands]
commands = [re.sub("^vigil ", shlex.quote(vigil) + " ", command) for command in commands]

for command in commands[:3]:
    print(subprocess.run(["bash", "-ec", command], cwd=root, check=True, capture_output=True, text=True).stdout)
assert commands[3].endswith(" &"), commands[3]
simulate = subprocess.Popen(["bash", "-ec", "exec " + commands[3][:-2]], cwd=root)
watch = subprocess.Popen(["bash", "-ec", "exec " + commands[4]], cwd=root, stdout=subprocess.PIPE, text=True)
assert simulate.wait(120) == 0
time.sleep(2)
watch.send_signal(signal.SIGINT)
output = watch.communicate(timeout=60)[0]
assert watch.returncode == 0, watch.returncode
lumisections = re.findall(r"^LS +(\d+) .* coverage 1.00  L1_MINE", output, re.M)
actions = re.findall(r"^ACTION +(\S+) .* LS 31-3[12]: rate of L1_MINE ", output, re.M)
assert lumisections == [str(i) for i in range(1, 61)], lumisections
assert actions == ["threshold-adjust"] and output.count("\nACTION") == 1, output
assert "63 of 63 monitors good" in output and "mismatch" not in output, output
print("60 lumisections, one action:", actions[0])
