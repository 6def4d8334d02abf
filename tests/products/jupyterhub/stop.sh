#!/bin/bash
# Stops the JupyterHub that start.sh started with the same JUPYTERHUB_DATA, and returns when it is gone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=${JUPYTERHUB_DATA:-$here/../../../target/jupyterhub}
[ -e "$data/pid" ] || exit 0
pid=$(cat "$data/pid")
rm -f "$data/pid"
# A process id may have been given away since: only a jupyterhub is ours.
grep -qa jupyterhub "/proc/$pid/cmdline" 2>/dev/null || exit 0
kill "$pid" 2>/dev/null || exit 0
timeout 20 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
