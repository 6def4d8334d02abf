#!/bin/bash
# Starts MediaWiki's API on loopback, over SQLite and PHP's own server. The first start makes the wiki (about 4 s).
#   MEDIAWIKI_PORT   default 8890: http://127.0.0.1:8890/api.php
#   MEDIAWIKI_DATA   default target/mediawiki in this checkout: settings, database, log, pid
# Administrator: Admin, password admin-password-1. All of it is test data.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${MEDIAWIKI_PORT:-8890}
mkdir -p "${MEDIAWIKI_DATA:=$here/../../../target/mediawiki}"
data=$(cd "$MEDIAWIKI_DATA" && pwd)
wiki=/usr/share/mediawiki

answers() { curl -sf -o /dev/null "http://127.0.0.1:$port/api.php?action=query&meta=siteinfo&format=json"; }
if answers; then echo "already up on http://127.0.0.1:$port"; exit 0; fi

# The installer will not write settings over those that Debian ships.
make_wiki() {
  rm -rf "$data/db" "$data/LocalSettings.php"
  mkdir -p "$data/db" "$data/empty"
  MW_CONFIG_FILE=$data/none php "$wiki/maintenance/install.php" --dbtype sqlite --dbpath "$data/db" --dbname wiki \
    --server "http://127.0.0.1:$port" --scriptpath "" --pass admin-password-1 --confpath "$data" Wiki Admin > "$data/install.log"
  cat >> "$data/LocalSettings.php" <<'C'
$wgGroupPermissions['sysop']['userrights'] = true;
$wgEnableEmail = true;
$wgEmailConfirmToEdit = false;
$wgPasswordAttemptThrottle = false;
$wgAccountCreationThrottle = 0;
$wgRateLimits = [];
$wgJobRunRate = 0;
C
  touch "$data/complete"
}

[ -e "$data/complete" ] || make_wiki
cd "$data"
# A process group of its own: the server's workers outlive it otherwise.
MW_CONFIG_FILE=$data/LocalSettings.php PHP_CLI_SERVER_WORKERS=4 setsid nohup php -d opcache.enable_cli=1 -S "127.0.0.1:$port" -t "$wiki" \
  > "$data/out.log" 2>&1 < /dev/null &
pid=$!
echo "$pid" > "$data/pid"
for second in $(seq 60); do
  answers && { echo "up on http://127.0.0.1:$port after ${second}s"; exit 0; }
  kill -0 "$pid" 2>/dev/null || break
  sleep 1
done
tail "$data/out.log" >&2
exit 1
