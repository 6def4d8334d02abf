#!/usr/bin/env python3
"""Compare what clients sent with what the Moqups stand-in holds in its own database.

    compare_moqups.py --url http://127.0.0.1:8080/moqups/scim/v2 --token T --database DIR/moqups.db
                      [--cases cases-moqups.jsonl]

Runs run_cases.py --keep through a recording proxy, works out from the recorded requests alone what every account must look
like, and reads the product's SQLite file. The gateway's answers are used for two things only: whether a request was
accepted, and which id a created user got. Needs Python 3.9 or later and nothing else. The database must be empty at the
start. The last line is 'N passed, M failed', one per account and one for accounts nobody asked for.
"""
import argparse
import http.client
import http.server
import json
import pathlib
import sqlite3
import subprocess
import sys
import threading
import urllib.parse

HERE = pathlib.Path(__file__).parent
CORE = "urn:ietf:params:scim:schemas:core:2.0:user:"
# SCIM attribute, in lower case -> column of the stand-in's table `people`
COLUMNS = {"username": "login", "active": "enabled", "displayname": "display_name", "name.formatted": "full_name", "email": "email"}


class Recorder(http.server.BaseHTTPRequestHandler):
    """Passes each request on as it is, and keeps what was sent and whether it was accepted."""
    protocol_version = "HTTP/1.1"
    target, records = None, []

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        link = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=60)
        link._validate_path = lambda _: None  # raw quotes stay raw
        link.request(self.command, self.path, body=body or None, headers=dict(self.headers.items()))
        answer = link.getresponse()
        text = answer.read()
        link.close()
        self.records.append((self.command, self.path, body, answer.status, text))
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

    def log_message(self, *_):
        pass


def lowered(node):
    """Attribute names have no case."""
    if isinstance(node, dict):
        return {key.lower(): lowered(value) for key, value in node.items()}
    return [lowered(item) for item in node] if isinstance(node, list) else node


def plain(value):
    """One value without the boxes some clients put it in; nothing for null and empty texts."""
    while isinstance(value, (list, dict)):
        value = (value[0] if value else None) if isinstance(value, list) else value.get("value")
    return None if value == "" else value


def truth(value):
    value = plain(value)
    return value.lower() == "true" if isinstance(value, str) else value


def work_email(emails):
    emails = [email for email in (emails if isinstance(emails, list) else [emails]) if email]
    work = [email for email in emails if isinstance(email, dict) and email.get("type", "work").lower() == "work"]
    return plain(work[0]) if work else None


def from_resource(resource):
    """The mapped attributes a POST or PUT body states."""
    name = resource.get("name") or {}
    return {
        "username": plain(resource.get("username")),
        "active": truth(resource.get("active")),
        "displayname": plain(resource.get("displayname")),
        "name.formatted": plain(name.get("formatted", resource.get("name.formatted"))),
        "email": work_email(resource.get("emails")),
    }


def apply(account, operations):
    for operation in operations:
        change, path, value = operation["op"].lower(), operation.get("path"), operation.get("value")
        for place, new in ([(path, value)] if path else lowered(value).items()):
            apply_one(account, change, place.lower().replace(CORE, ""), None if change == "remove" else lowered(new))


def apply_one(account, change, place, value):
    if place == "name" and isinstance(value, dict):
        if "formatted" in value:
            account["name.formatted"] = plain(value["formatted"])
    elif place == "name" and change == "remove":
        account["name.formatted"] = None
    elif place == "emails":
        account["email"] = work_email(value)
    elif place in ('emails[type eq "work"].value', 'emails[type eq "work"]'):
        account["email"] = plain(value)
    elif place == "active":
        account["active"] = truth(value)
    elif place in account:
        account[place] = plain(value)


def expected(records, base):
    """SCIM id -> attributes, from the accepted writes in the order they were sent."""
    accounts = {}
    for method, path, body, status, answer in records:
        place = urllib.parse.unquote(path.split("?")[0][len(base):]).strip("/").split("/")
        if status >= 300 or place[0].lower() != "users" or method == "GET":
            continue
        document = lowered(json.loads(body)) if body else None
        if method == "POST":
            accounts[json.loads(answer)["id"]] = from_resource(document)
        elif method == "PUT":
            accounts[place[1]] = from_resource(document)
        elif method == "PATCH":
            apply(accounts[place[1]], document["operations"])
        elif method == "DELETE":
            del accounts[place[1]]
    return list(accounts.values())


def stored(database):
    connection = sqlite3.connect(f"file:{urllib.parse.quote(str(database))}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    rows = {row["login"]: row for row in connection.execute("SELECT * FROM people")}
    connection.close()
    return rows


def differences(account, row):
    if row is None:
        return ["the product does not have it"]
    found = []
    for attribute, column in COLUMNS.items():
        sent = account[attribute]
        if attribute == "active":
            sent = "no" if sent is False else "yes"
        if row[column] != sent:
            found.append(f"{attribute}: sent {sent!r}, the product holds {row[column]!r}")
    return found


def compare(accounts, rows):
    passed, failed = 0, 0
    for account in accounts:
        found = differences(account, rows.get(account["username"]))
        passed, failed = passed + (not found), failed + bool(found)
        for difference in found:
            print(f"FAIL {account['username']}: {difference}")
    strangers = set(rows) - {account["username"] for account in accounts}
    for login in sorted(strangers):
        print(f"FAIL {login}: the product has it, nobody sent it")
    return passed + (not strangers), failed + bool(strangers)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--url", required=True)
    options.add_argument("--token", required=True)
    options.add_argument("--database", required=True)
    options.add_argument("--cases", default=str(HERE / "cases-moqups.jsonl"))
    given = options.parse_args()
    if stored(given.database):
        sys.exit("the stand-in's database is not empty")
    Recorder.target = urllib.parse.urlsplit(given.url.rstrip("/"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{proxy.server_port}{Recorder.target.path}"
        subprocess.run([sys.executable, str(HERE / "run_cases.py"), "--url", url, "--token", given.token,
                        "--cases", given.cases, "--keep"], stdout=subprocess.DEVNULL, check=False)
        proxy.shutdown()
    accounts = expected(Recorder.records, Recorder.target.path)
    print(f"{len(Recorder.records)} requests recorded, {len(accounts)} accounts expected")
    passed, failed = compare(accounts, stored(given.database))
    if not accounts:
        print("FAIL nothing was accepted, so nothing was compared")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
