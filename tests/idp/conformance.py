#!/usr/bin/env python3
"""Conformance suites of others against the demo: scim2-tester on two targets, scim-sanity on one that answers a PATCH with the resource.

    conformance.py --demo target/release/examples/demo --data EMPTY_FOLDER --tools target/conformance/bin

What a target does not offer counts as skipped. The last line is 'N passed, M failed'.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

import demo

def scim2(tools, url, token):
    """scim2-tester through its command line: one line per check, each with its status first."""
    done = subprocess.run([tools / "scim2", "--url", url, "test", "--verbose"], capture_output=True, text=True, check=False,
                          env={**os.environ, "SCIM_CLI_HEADERS": f"Authorization: Bearer {token}", "COLUMNS": "200"})
    passed = failed = 0
    for status, rest in re.findall(r"^(SUCCESS|COMPLIANT|ERROR|CRITICAL|DEVIATION|SKIPPED|ACCEPTABLE)\b(.*(?:\n  .*)?)", done.stdout, re.M):
        passed += status in ("SUCCESS", "COMPLIANT", "ACCEPTABLE")
        if status in ("ERROR", "CRITICAL", "DEVIATION"):
            failed += 1
            print(f"FAIL scim2-tester {url}:{rest[:400]}")
    if not passed or (done.returncode and not failed):
        failed += 1
        print(f"FAIL scim2 ended with {done.returncode}: {done.stderr[-400:]}")
    return passed, failed


def sanity(tools, url, token):
    done = subprocess.run([tools / "scim-sanity", "probe", url, "--token", token, "--json-output", "--i-accept-side-effects"],
                          capture_output=True, text=True, check=False)
    passed = failed = 0
    for one in json.loads(done.stdout)["results"]:
        name, status, message = one["name"], one["status"].lower(), one.get("message") or ""
        if status == "pass":
            passed += 1
        elif status in ("fail", "error"):
            failed += 1
            print(f"FAIL scim-sanity {url}: {name}: {message[:400]}")
    if not passed:
        failed += 1
        print(f"FAIL scim-sanity ended with {done.returncode}: {done.stderr[-400:]}")
    return passed, failed


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--demo", required=True)
    options.add_argument("--data", required=True)
    options.add_argument("--tools", required=True, type=pathlib.Path)
    given = options.parse_args()
    with demo.running(given.demo, given.data) as running:
        runs = [("scim2-tester", scim2, "mooncamp"), ("scim2-tester", scim2, "intranet"), ("scim-sanity", sanity, "intranet")]
        tallies = []
        for name, suite, target in runs:
            tallies.append(suite(given.tools, running.scim[target], running.token))
            print("{} on {}: {} as wanted, {} not".format(name, target, *tallies[-1]))
    passed, failed = (sum(numbers) for numbers in zip(*tallies))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
