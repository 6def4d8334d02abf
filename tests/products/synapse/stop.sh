#!/bin/bash
# Stops the Synapse that start.sh started with the same SYNAPSE_DATA, and returns when it is gone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=${SYNAPSE_DATA:-$here/../../../target/synapse}
[ -e "$data/pid" ] || exit 0
pid=$(cat "$data/pid")
rm -f "$data/pid"
# A process id may have been given away since: only a Synapse is ours.
grep -qa synapse "/proc/$pid/cmdline" 2>/dev/null || exit 0
kill "$pid" 2>/dev/null || exit 0
timeout 20 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
