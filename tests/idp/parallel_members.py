#!/usr/bin/env python3
"""Two hundred member changes in flight on one team that the product only takes whole: nobody is lost, nobody stays.

    parallel_members.py --demo target/release/examples/demo --data EMPTY_FOLDER

The Mooncamp stand-in answers every call 20 ms late. Half of the changes add a member, half remove one, in two PATCH dialects,
mixed; what counts is who is in the team in the product's own database. Needs Python 3.9 or later and nothing else. The last
line is 'N passed, M failed'.
"""
import argparse
import concurrent.futures
import http.client
import json
import pathlib
import random
import sqlite3
import sys
import urllib.parse

import demo

CHANGES, BYSTANDERS = 200, 20


def send(url, token, method, body):
    link = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    link.request(method, url.path, body=json.dumps(body), headers={
        "Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"})
    answer = link.getresponse()
    text = answer.read()
    link.close()
    return answer.status, json.loads(text) if text else None


def change(member, adds):
    if adds:
        operation = {"op": "Add", "path": "members", "value": [{"$ref": None, "value": member}]}
    elif random.random() < 0.5:
        operation = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": member}]}
    else:
        operation = {"op": "remove", "path": f'members[value eq "{member}"]'}
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--demo", required=True)
    options.add_argument("--data", required=True)
    given = options.parse_args()
    with demo.running(given.demo, given.data) as running:
        team, wanted, statuses = run(running)
    database = sqlite3.connect(pathlib.Path(given.data) / "mooncamp.db")
    held = {row[0] for row in database.execute("SELECT member FROM team_members WHERE team = ?", (team,))}
    refused = {status: statuses.count(status) for status in set(statuses) - {200, 204}}
    passed, failed = statuses.count(204) + statuses.count(200), sum(refused.values())
    if refused:
        print(f"FAIL refused: {refused}")
    if held == wanted:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {len(wanted - held)} members lost, {len(held - wanted)} too many")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def run(running):
    """The team's id, who must be in it, and how each change was answered."""
    base = running.scim["mooncamp"]
    users, groups = (urllib.parse.urlsplit(f"{base}/{name}") for name in ("Users", "Groups"))
    ids = [send(users, running.token, "POST", {"userName": f"member{number}@contoso.test"})[1]["id"]
           for number in range(CHANGES + BYSTANDERS)]
    stay, go, come = ids[:BYSTANDERS], ids[BYSTANDERS:BYSTANDERS + CHANGES // 2], ids[BYSTANDERS + CHANGES // 2:]
    made = send(groups, running.token, "POST", {"displayName": "Everybody", "members": [{"value": one} for one in stay + go]})
    team = made[1]["id"]
    faults = urllib.parse.urlsplit(f"{running.apps['mooncamp']}/faults")
    send(faults, "", "POST", {"fault": "slow", "ms": 20})
    place = urllib.parse.urlsplit(f"{base}/Groups/{team}")
    changes = [change(one, False) for one in go] + [change(one, True) for one in come]
    random.shuffle(changes)
    with concurrent.futures.ThreadPoolExecutor(max_workers=CHANGES) as pool:
        answers = list(pool.map(lambda body: send(place, running.token, "PATCH", body), changes))
    return team, set(stay) | set(come), [status for status, _ in answers]


if __name__ == "__main__":
    main()
