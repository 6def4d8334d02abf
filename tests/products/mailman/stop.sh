#!/bin/bash
# Stops the Mailman that start.sh started with the same MAILMAN_DATA, and returns when it is gone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=${MAILMAN_DATA:-$here/../../../target/mailman}
[ -e "$data/pid" ] || exit 0
pid=$(cat "$data/pid")
rm -f "$data/pid"
# A process id may have been given away since: only a Mailman master is ours.
grep -qa bin/master "/proc/$pid/cmdline" 2>/dev/null || exit 0
runners=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null || true)
kill "$pid" 2>/dev/null || exit 0
timeout 20 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
# The master does not wait for the REST runner's own children.
for runner in $runners; do timeout 20 tail --pid="$runner" -f /dev/null || kill -KILL "$runner"; done
