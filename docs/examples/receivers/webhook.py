"""A webhook receiver: checks the signature (Standard Webhooks), keeps each event once. python3 webhook.py PORT SECRET_FILE"""
import base64, hashlib, hmac, http.server, json, sys, time

secret = base64.b64decode(open(sys.argv[2]).read().strip().removeprefix("whsec_"))
seen = set()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        sender, stamp = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        expected = base64.b64encode(hmac.new(secret, f"{sender}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
        signed = any(hmac.compare_digest(s, "v1," + expected) for s in self.headers["webhook-signature"].split())
        if signed and abs(time.time() - int(stamp)) < 300 and sender not in seen:
            seen.add(sender)
            print(json.dumps(json.loads(body)["data"]), flush=True)
        self.send_response(204 if signed else 401)
        self.end_headers()


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
