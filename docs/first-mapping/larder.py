#!/usr/bin/env python3
"""Larder, the invented product of first-mapping.md: keeps its members in memory, 23 of them at the start.

    python3 larder.py [PORT]        8095 if not said
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

KEY = "larder-secret"
NAMES = [("Barbara", "Jensen"), ("Mo", "Quist"), ("Ada", "Byron"), ("Jun", "Sato"), ("Ines", "Prado")]
members = {}


def member(number, login, first, last):
    return {
        "id": f"m-{number}", "login": login, "first": first, "last": last, "mail": f"{login}@example.com",
        "state": "active", "since": 1717142400 + 86400 * number, "shelf": number % 7,
    }


for number in range(101, 124):
    first, last = NAMES[number % len(NAMES)]
    members[f"m-{number}"] = member(number, f"{first[0]}{last}{number}".lower(), first, last)


class Larder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        if self.headers.get("X-Larder-Key") != KEY:
            return self.reply(401, {"problems": ["unknown key"]})
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts[:2] != ["api", "members"]:
            return self.reply(404, {"problems": ["no such page"]})
        if len(parts) == 2:
            return self.all(query) if self.command == "GET" else self.make(body)
        one = members.get(parts[2])
        if one is None:
            return self.reply(404, {"problems": ["no such member"]})
        return self.one(one, parts[3:], body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

    def all(self, query):
        found = list(members.values())
        if "login" in query:
            found = [one for one in found if one["login"].lower() == query["login"][0].lower()]
        begin = int(query.get("from", ["0"])[0])
        size = min(int(query.get("size", ["20"])[0]), 20)
        self.reply(200, {"members": found[begin:begin + size], "all": len(found)})

    def make(self, body):
        new = body.get("member", {})
        login = new.get("login", "")
        if any(one["login"].lower() == login.lower() for one in members.values()):
            return self.reply(422, {"problems": ["login is taken"]})
        if not login or not new.get("last"):
            return self.reply(422, {"problems": ["login and last are needed"]})
        number = 1 + max(int(key[2:]) for key in members)
        made = {**member(number, login, "", ""), "mail": None, **new}
        members[made["id"]] = made
        self.reply(201, {"member": made})

    def one(self, one, rest, body):
        if self.command == "GET":
            return self.reply(200, {"member": one})
        if self.command == "DELETE":
            del members[one["id"]]
            return self.reply(204, None)
        change = body.get("member", {}) if not rest else {"state": body.get("state")}
        if not rest and "state" in change:
            return self.reply(422, {"problems": ["state has a call of its own"]})
        one.update(change)
        self.reply(204, None)

    def reply(self, status, body):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


port = int(sys.argv[1]) if len(sys.argv) > 1 else 8095
server = ThreadingHTTPServer(("127.0.0.1", port), Larder)
print(f"Larder is at http://127.0.0.1:{server.server_port}", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    pass
