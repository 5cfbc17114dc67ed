import json, sys, zmq
sock = zmq.Context().socket(zmq.REP); sock.bind(sys.argv[1])
while True:
    event = json.loads(sock.recv())
    print(event["id"], event["data"]["kind"], event["data"]["reason"], flush=True)
    sock.send_json({"id": event["id"], "status": "accepted"})
