#!/bin/bash
# Stops the MediaWiki that start.sh started with the same MEDIAWIKI_DATA, and returns when it is gone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=${MEDIAWIKI_DATA:-$here/../../../target/mediawiki}
[ -e "$data/pid" ] || exit 0
pid=$(cat "$data/pid")
rm -f "$data/pid"
# A process id may have been given away since: only PHP is ours.
grep -qa php "/proc/$pid/cmdline" 2>/dev/null || exit 0
kill -- "-$pid" 2>/dev/null || kill "$pid" 2>/dev/null || exit 0
timeout 10 tail --pid="$pid" -f /dev/null || kill -KILL -- "-$pid"
