#!/bin/bash
# Stops the Zabbix that start.sh started with the same ZABBIX_DATA, its database too, and returns when both are gone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=${ZABBIX_DATA:-$here/../../../target/zabbix}

# Process ids may have been given away since: only what still has this name is ours.
is_ours() { grep -qa "$2" "/proc/$1/cmdline" 2>/dev/null; }

if [ -e "$data/pid" ]; then
  pid=$(cat "$data/pid")
  rm -f "$data/pid"
  if is_ours "$pid" php; then
    kill -- "-$pid" 2>/dev/null || kill "$pid" 2>/dev/null || true
    timeout 10 tail --pid="$pid" -f /dev/null || kill -KILL -- "-$pid" || true
  fi
fi
[ -e "$data/pg/postmaster.pid" ] || exit 0
pid=$(head -1 "$data/pg/postmaster.pid")
is_ours "$pid" postgres || exit 0
# SIGINT: disconnect everybody, then stop in good order.
kill -INT "$pid" 2>/dev/null || exit 0
timeout 20 tail --pid="$pid" -f /dev/null || kill -QUIT "$pid"
