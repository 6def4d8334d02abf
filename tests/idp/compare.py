#!/usr/bin/env python3
"""Compare what clients sent with what a stand-in product holds in its own database.

    compare.py --demo target/release/examples/demo --target intranet --data EMPTY_FOLDER [--cases cases.jsonl]

Starts the demo, runs run_cases.py --keep through a recording proxy, works out from the recorded requests alone what every
account must look like, and reads the product's SQLite file, attribute by attribute. Of the gateway's answers two things are used:
whether a request was accepted, and which id a created resource got. Attributes that the product has no place for, so that the
gateway keeps them or leaves them out, are listed and not compared. Then the demo is stopped, everything kept is deleted from
the gateway's own database, the demo is started again, and what is not kept must still read back as it was sent. Needs Python
3.9 or later and nothing else. The last line is 'N passed, M failed': one per account and comparison.
"""
import argparse
import collections
import http.client
import http.server
import json
import pathlib
import sqlite3
import subprocess
import sys
import threading
import urllib.parse

import demo
import products
from expected import expected, resource

HERE = pathlib.Path(__file__).parent


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


def opened(database):
    connection = sqlite3.connect(f"file:{urllib.parse.quote(str(database))}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def differences(sent, held, product):
    """What was sent and is not held, and what is held and was not sent; of mapped attributes alone."""
    if held is None:
        return ["the product does not have it"]
    wanted = product.mapped(sent)
    found = []
    for name in sorted(set(wanted) | set(held)):
        one, other = wanted.get(name), held.get(name)
        if name == "active":
            one = True if one is None else one  # all three products take a new account for an active one
        if one != other:
            found.append(f"{name}: sent {one!r}, the product holds {other!r}")
    return found


def compare(accounts, held, product, tally):
    for (kind, key), sent in accounts.items():
        found = differences(sent, held.get((kind, key)), product)
        tally["failed" if found else "passed"] += 1
        for difference in found:
            print(f"FAIL {kind} {key}: {difference}")
    strangers = sorted(set(held) - set(accounts))
    for kind, key in strangers:
        print(f"FAIL {kind} {key}: the product has it, nobody sent it")
    tally["failed" if strangers else "passed"] += 1


def forget_kept(folder):
    """Deletes what the gateway keeps of each account; the number of accounts that had something kept."""
    emptied = 0
    for file in pathlib.Path(folder).iterdir():
        if not file.is_file() or file.read_bytes()[:15] != b"SQLite format 3":
            continue
        connection = sqlite3.connect(file)
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'links'").fetchone():
            emptied += connection.execute("UPDATE links SET kept = '{}', remembered = '{}' WHERE kept <> '{}'").rowcount
            connection.commit()
        connection.close()
    return emptied


def read_back(running, target, accounts, tally):
    product, base = products.PRODUCTS[target], urllib.parse.urlsplit(running.scim[target])
    link = http.client.HTTPConnection(base.hostname, base.port, timeout=60)
    for (kind, key), sent in accounts.items():
        place = f"{base.path}/{kind}/{urllib.parse.quote(key)}"
        link.request("GET", place, headers={"Authorization": f"Bearer {running.token}"})
        answer = link.getresponse()
        document = json.loads(answer.read())
        # Nobody can read a password back.
        wanted, shown = product.mapped({**sent, "password": None}), product.mapped(resource(document))
        found = [name for name in sorted(wanted) if wanted[name] != shown.get(name)]
        tally["failed" if answer.status != 200 or found else "passed"] += 1
        for name in found:
            print(f"FAIL {kind} {key} without what is kept: {name}: sent {wanted[name]!r}, reads {shown.get(name)!r}")
        if answer.status != 200:
            print(f"FAIL {kind} {key} without what is kept: status {answer.status}")


def record(running, given):
    """The requests of all cases, as they were sent and answered."""
    Recorder.target = urllib.parse.urlsplit(running.scim[given.target])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{proxy.server_port}{Recorder.target.path}"
        subprocess.run([sys.executable, str(HERE / "run_cases.py"), "--url", url, "--token", running.token,
                        "--cases", given.cases, "--keep"], stdout=subprocess.DEVNULL, check=False)
        proxy.shutdown()
    return expected(Recorder.records, Recorder.target.path)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--demo", required=True)
    options.add_argument("--target", required=True, choices=sorted(products.PRODUCTS))
    options.add_argument("--data", required=True)
    options.add_argument("--cases", default=str(HERE / "cases.jsonl"))
    given = options.parse_args()
    product, tally = products.PRODUCTS[given.target], collections.Counter(passed=0, failed=0)
    with demo.running(given.demo, given.data) as running:
        accounts = record(running, given)
    accounts = {place: sent for place, sent in accounts.items() if place[0] in product.KINDS}
    print(f"{len(Recorder.records)} requests recorded, {len(accounts)} accounts expected")
    left_out = ", ".join(sorted(product.left_out(accounts)))
    print(f"not compared, as the product has no place for it: {left_out}")
    compare(accounts, product.stored(opened(pathlib.Path(given.data) / f"{given.target}.db")), product, tally)
    print(f"what was kept of {forget_kept(pathlib.Path(given.data) / 'gateway')} accounts is deleted")
    with demo.running(given.demo, given.data) as running:
        read_back(running, given.target, accounts, tally)
    if not accounts:
        tally["failed"] += 1
        print("FAIL nothing was accepted, so nothing was compared")
    print(f"{tally['passed']} passed, {tally['failed']} failed")
    sys.exit(1 if tally["failed"] else 0)


if __name__ == "__main__":
    main()
