#!/bin/bash
# Starts Matrix Synapse on loopback. The first start makes keys and database (about 7 s), later ones take about 3 s.
#   SYNAPSE_PORT   default 3008
#   SYNAPSE_DATA   default target/synapse in this checkout: virtual environment, database, log, pid
# Server name example.com, administrator admin, password admin-pw. All of it is test data.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${SYNAPSE_PORT:-3008}
mkdir -p "${SYNAPSE_DATA:=$here/../../../target/synapse}"
data=$(cd "$SYNAPSE_DATA" && pwd)

answers() { curl -sf -o /dev/null "http://127.0.0.1:$port/health"; }

# Nothing is throttled but log-ins that fail: after three, their account has to wait for minutes.
configure() {
  local plenty='{per_second: 10000, burst_count: 10000}'
  cat > "$data/homeserver.yaml" <<C
server_name: example.com
pid_file: $data/homeserver.pid
listeners: [{port: $port, type: http, tls: false, bind_addresses: ['127.0.0.1'], resources: [{names: [client]}]}]
database: {name: sqlite3, args: {database: $data/homeserver.db}}
media_store_path: $data/media
registration_shared_secret: shared
macaroon_secret_key: macaroon
form_secret: form
signing_key_path: $data/signing.key
report_stats: false
trusted_key_servers: []
log_config: $data/log.yaml
bcrypt_rounds: 4
user_directory: {enabled: false}
rc_message: $plenty
rc_registration: $plenty
rc_login: {address: $plenty, account: $plenty, failed_attempts: {per_second: 0.005, burst_count: 3}}
rc_joins: {local: $plenty, remote: $plenty}
rc_joins_per_room: $plenty
rc_invites: {per_room: $plenty, per_user: $plenty, per_issuer: $plenty}
rc_room_creation: $plenty
rc_profile: $plenty
C
  cat > "$data/log.yaml" <<C
version: 1
formatters: {plain: {format: '%(asctime)s %(levelname)s %(message)s'}}
handlers: {file: {class: logging.FileHandler, formatter: plain, filename: $data/homeserver.log}}
root: {level: WARNING, handlers: [file]}
C
}

if answers; then echo "already up on http://127.0.0.1:$port"; exit 0; fi
configure
[ -e "$data/signing.key" ] || "$data/env/bin/python" -m synapse.app.homeserver -c "$data/homeserver.yaml" --generate-keys > "$data/out.log" 2>&1
cd "$data"
nohup "$data/env/bin/python" -m synapse.app.homeserver -c "$data/homeserver.yaml" > "$data/out.log" 2>&1 < /dev/null &
pid=$!
echo "$pid" > "$data/pid"
for tenth in $(seq 900); do
  if answers; then
    [ -e "$data/complete" ] || "$data/env/bin/register_new_matrix_user" -u admin -p admin-pw -a -k shared "http://127.0.0.1:$port" >> "$data/out.log" 2>&1
    touch "$data/complete"
    echo "up on http://127.0.0.1:$port after $((tenth / 10))s"
    exit 0
  fi
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.1
done
tail "$data/out.log" >&2
exit 1
