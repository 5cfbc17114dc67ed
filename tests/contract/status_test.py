"""`vigil status`: of a journal one screen of 80 columns and the document with mode `journal`; --watch on a terminal restores it
on q and on Ctrl-C, elsewhere it prints a line a stream whenever it changes; a server that goes away is said and waited for."""
import http.server
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time

from journals import Replayed
from monitor import call
from stream import check

vigil = sys.argv[1]
data = Replayed(vigil, "score_bit_flip")


def wide(text):
    return [line for line in text.splitlines() if len(line) > 80]


code, screen, err = call(vigil, "status", data.journal)
check(code == 0 and err == "" and not wide(screen), "one screen of 80 columns:", wide(screen), err)
for what in ("JOURNAL", "SIMULATION", "bad vigil_demo scouting", f"run {data.runs[0]} LS 60", "mismatch/score", "nothing lost", "budget"):
    check(what in screen, what, "on the screen:", screen)
check("\033" not in screen, "no control sequence where nobody asked for colours")
code, out, err = call(vigil, "status", data.journal, "--json")
document = json.loads(out)
check(code == 0 and document["vigil"]["mode"] == "journal" and "JOURNAL" in document["banner"], "mode:", document["vigil"])
stream = document["streams"][0]
check(stream["state"] == "bad" and stream["run"] == data.runs[0] and stream["ls"] == 60, "state:", stream["state"])
check({f["name"] for f in stream["families"]} == {"agreement", "score", "inputs", "rates", "data"}, "families")


class Terminal:
    """The program with a terminal of its own; everything it writes is kept."""

    def __init__(self, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(vigil, [str(vigil), *map(str, arguments)])
        self.text = b""

    def read(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not re.search(pattern, self.text):
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.fd, 65536)
                except OSError:
                    break
        check(re.search(pattern, self.text), pattern, "comes:", self.text[-2000:])

    def raw(self):
        return not termios.tcgetattr(self.fd)[3] & termios.ICANON

    def end(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.fd, 65536)
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        return "still there"


for how in (b"q", b"\x03", signal.SIGTERM):
    terminal = Terminal("status", data.journal, "--watch")
    terminal.read(rb"vigil_demo")
    check(terminal.text.startswith(b"\033[?1049h") and terminal.raw(), "the alternate screen, keys at once")
    terminal.text = b""
    terminal.read(rb"vigil_demo", 5)  # drawn again within 2 s, and the time of a busy machine
    if isinstance(how, bytes):
        os.write(terminal.fd, how)
    else:
        os.kill(terminal.pid, how)
    terminal.read(rb"\033\[\?1049l")
    check(terminal.text.rstrip().endswith(b"\033[?1049l") and b"\033[?25h" in terminal.text, how, "restores the screen")
    check(not terminal.raw(), how, "restores the keys")
    check(terminal.end() == 0, how, "exit 0")
    os.close(terminal.fd)


class Vigil(http.server.BaseHTTPRequestHandler):
    """The document of a journal, as a server would give it, with a state that the test sets."""
    state = "bad"

    def do_GET(self):
        answer = dict(document, streams=[dict(stream, state=Vigil.state, live=None)]) if self.path == "/v1/status" else {"sources": []}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(port=0):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Vigil)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def stop(server):
    server.shutdown()
    server.server_close()


server = serve()
port = server.server_address[1]
url = f"http://127.0.0.1:{port}"
code, out, err = call(vigil, "status", url + "/", "--json")
check(code == 0 and json.loads(out)["streams"][0]["state"] == "bad", "of a server:", code, err)
check("bad vigil_demo" in call(vigil, "status", url)[1], "a screen of it")
stop(server)
code, out, err = call(vigil, "status", url)
check(code == 2 and len(err.splitlines()) == 1 and url in err, "nothing answers:", code, err)

log = data.folder / "watch.txt"
with open(log, "wb") as file:
    watch = subprocess.Popen([vigil, "status", url, "--watch"], stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)


def said(pattern, n=1, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end and len(re.findall(pattern, log.read_text())) < n:
        time.sleep(0.1)
    check(len(re.findall(pattern, log.read_text())) == n, pattern, n, "times:", log.read_text())


said(r"no answer since .*waiting for " + url)
server = serve(port)
said(re.escape(url) + " answers again")
said(r"Z bad vigil_demo scouting run \d+ LS 60: ")
Vigil.state = "medium"
said(r"Z medium vigil_demo scouting")
stop(server)
said("no answer since", 2)
time.sleep(3)
check(len(log.read_text().splitlines()) == 5, "said once each:", log.read_text())
watch.send_signal(signal.SIGINT)
check(watch.wait(10) == 0, "exit 0")
print("status is said")
