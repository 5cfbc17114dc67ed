"""Time and numbers: slow clients, many clients, too many requests; the health check answers all the while."""
import socket
import sys
import threading
import time

from server import Server, problem, rest, statuses
from stream import check

vigil = sys.argv[1]
server = Server(vigil, "http_requests_per_s=5")
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


def healthy():
    began = time.monotonic()
    check(server.ask("GET", "/healthz")[0] == 200, "health")
    return time.monotonic() - began


# 5 a second, a burst of 10, by address; health is not counted.
codes = [server.ask("GET", "/v1/sinks")[0] for _ in range(25)]
check(codes[:10].count(429) == 0 and codes.count(429) >= 8, codes)
answer = server.ask("GET", "/metrics")
problem("too-many-requests", 429, answer)
check(int(answer[1]["Retry-After"]) >= 1, answer[1])
check(all(server.ask("GET", "/healthz")[0] == 200 for _ in range(30)), "health is not limited")
time.sleep(int(answer[1]["Retry-After"]))
check(server.ask("GET", "/v1/sinks")[0] != 429, "after Retry-After it is answered")

# A request that is not complete after 10 s is cut, wherever it stands; one that waits 30 s likewise.
cases = {"nothing": (b"", 30), "half a line": (b"GET /hea", 10), "no end of headers": (GET + b"X: y\r\n", 10),
         "half a body": (GET + b"Content-Length: 10\r\n\r\nhello", 10), "empty lines": (b"\r\n", 10),
         "half a chunk": (GET + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel", 10), "after an answer": (GET + b"\r\n", 30)}
found = {}


def wait(name, sent, dribble):
    began = time.monotonic()
    with server.connect(60) as s:
        s.sendall(sent)
        if dribble:
            def drip():
                try:
                    while True:
                        time.sleep(1)
                        s.sendall(b"a")
                except OSError:
                    pass
            threading.Thread(target=drip, daemon=True).start()
        out = rest(s)
    found[name] = (time.monotonic() - began, statuses(out))


threads = [threading.Thread(target=wait, args=(name, sent, False)) for name, (sent, _) in cases.items()]
threads.append(threading.Thread(target=wait, args=("dribbling", GET + b"X: ", True)))
cases["dribbling"] = (b"", 10)
for thread in threads:
    thread.start()

# 200 dribble: health within 1 s.
slow = [server.connect() for _ in range(200)]
for turn in range(5):
    for s in slow:
        s.sendall((GET + b"X: ")[turn * 8:turn * 8 + 8])
    took = healthy()
    check(took < 1, "health while 200 dribble:", took)
    time.sleep(0.5)
end = time.monotonic() + 20
for s in slow:
    s.settimeout(max(0.1, end - time.monotonic()))
    check(statuses(rest(s)) in ([], [408]), "a dribbler is cut")
    s.close()

for thread in threads:
    thread.join(60)
for name, (_, seconds) in cases.items():
    took, codes = found[name]
    check(seconds - 1 < took < seconds + 4, name, "cut after", took, "expected", seconds)
    check(codes == ([200] if name == "after an answer" else []) or codes == [408], name, codes)

# 512 connections at most: more make room among those that wait, and health is answered.
many = []
for _ in range(700):
    many.append(socket.create_connection(("127.0.0.1", server.port), 20))
time.sleep(0.5)
took = healthy()
check(took < 1, "health with 700 connections:", took)
many[0].settimeout(5)
check(rest(many[0]) == b"", "the one that waited longest made room")
many[-1].sendall(GET + b"Connection: close\r\n\r\n")
check(statuses(rest(many[-1])) == [200], "the newest is served")
for s in many:
    s.close()

server.watch.stop()
print("ok")
