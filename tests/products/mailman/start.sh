#!/bin/bash
# Starts Mailman core on loopback, its REST interface alone: no mail comes in or goes out. Takes about 3 s.
#   MAILMAN_PORT   default 3011
#   MAILMAN_DATA   default target/mailman in this checkout: virtual environment, database, logs, pid
# Log-in restadmin, password restpass; one mail domain, example.com. All of it is test data.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${MAILMAN_PORT:-3011}
mkdir -p "${MAILMAN_DATA:=$here/../../../target/mailman}"
data=$(cd "$MAILMAN_DATA" && pwd)
api=http://127.0.0.1:$port/3.1

call() { curl -s -o /dev/null -f -u restadmin:restpass "$@"; }

configure() {
  # Hashing a password is meant to be slow; here nobody guesses them.
  printf '[passlib]\nschemes = sha512_crypt\nsha512_crypt__default_rounds = 1000\n' > "$data/passlib.cfg"
  cat > "$data/mailman.cfg" <<C
[mailman]
layout: here
site_owner: root@example.com
[paths.here]
var_dir: $data/var
[passwords]
configuration: $data/passlib.cfg
[webservice]
hostname: 127.0.0.1
port: $port
admin_user: restadmin
admin_pass: restpass
api_version: 3.1
workers: 1
[mta]
incoming: mailman.mta.null.NullMTA
C
  local runner
  for runner in lmtp nntp digest archive bounces command in out pipeline retry shunt virgin task; do
    printf '[runner.%s]\nstart: no\n' "$runner"
  done >> "$data/mailman.cfg"
}

if call "$api/system/versions"; then echo "already up on http://127.0.0.1:$port"; exit 0; fi
configure
# --force: a lock that a killed Mailman left behind.
nohup "$data/env/bin/master" --force -C "$data/mailman.cfg" > "$data/out.log" 2>&1 < /dev/null &
pid=$!
echo "$pid" > "$data/pid"
for tenth in $(seq 600); do
  if call "$api/system/versions"; then
    call "$api/domains/example.com" || call -X POST "$api/domains" -d mail_host=example.com
    echo "up on http://127.0.0.1:$port after $((tenth / 10))s"
    exit 0
  fi
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.1
done
tail "$data/out.log" >&2
exit 1
