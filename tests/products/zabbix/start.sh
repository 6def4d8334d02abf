#!/bin/bash
# Starts Zabbix's API on loopback: PHP's own server over a PostgreSQL of its own. The first start fills the database.
#   ZABBIX_PORT      default 3002: http://127.0.0.1:3002/api_jsonrpc.php
#   ZABBIX_DB_PORT   default 54329
#   ZABBIX_DATA      default target/zabbix in this checkout: a copy of the frontend, database, logs, process ids
# Super administrator: Admin, password zabbix. New users' group: SCIM users. All of it is test data. PostgreSQL refuses to run as root, so a root
# who calls this runs it as the user postgres.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${ZABBIX_PORT:-3002} db_port=${ZABBIX_DB_PORT:-54329}
mkdir -p "${ZABBIX_DATA:=$here/../../../target/zabbix}"
data=$(cd "$ZABBIX_DATA" && pwd)
tools=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -1)
export LC_ALL=C.UTF-8

api() { curl -sf -H 'Content-Type: application/json-rpc' "http://127.0.0.1:$port/api_jsonrpc.php" -d "$1"; }

# The administrator's session, once Zabbix answers.
session() {
  api '{"jsonrpc":"2.0","id":1,"method":"user.login","params":{"username":"Admin","password":"zabbix"}}' \
    | grep -o '"result":"[0-9a-f]*"' | cut -d'"' -f4
}

answers() { [ -n "$(session)" ]; }

# The group that new users are in; whoever has one already is told so, and that is fine.
make_home_group() {
  api '{"jsonrpc":"2.0","id":1,"auth":"'"$(session)"'","method":"usergroup.create","params":{"name":"SCIM users"}}' > /dev/null
}

# PostgreSQL's own programs, as somebody it accepts.
database() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid postgres --regid postgres --clear-groups "$@"; else "$@"; fi
}

sql() { psql -q -h 127.0.0.1 -p "$db_port" -U zabbix "$@"; }

start_database() {
  if [ ! -e "$cluster/PG_VERSION" ]; then
    mkdir -p "$cluster"
    [ "$(id -u)" != 0 ] || chown postgres "$cluster"
    database "$tools/initdb" -A trust -U zabbix --no-sync -D "$cluster" > "$data/initdb.log"
  fi
  database "$tools/pg_ctl" -w -s -D "$cluster" -l "$cluster/log" start -o \
    "-p $db_port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=60"
}

fill_database() {
  sql -c 'set client_min_messages = error' -c 'drop database if exists zabbix' -c 'create database zabbix' postgres
  for part in schema images data; do zcat "/usr/share/zabbix-server-pgsql/$part.sql.gz" | sql zabbix > /dev/null; done
}

make_frontend() {
  rm -rf "$data/www"
  cp -rL /usr/share/zabbix "$data/www"
  sed -i "s|/etc/zabbix/zabbix.conf.php|$data/www/conf/zabbix.conf.php|" "$data/www/include/classes/core/CConfigFile.php"
  cat > "$data/www/conf/zabbix.conf.php" <<C
<?php
global \$DB;
\$DB = ['TYPE' => 'POSTGRESQL', 'SERVER' => '127.0.0.1', 'PORT' => '$db_port', 'DATABASE' => 'zabbix', 'USER' => 'zabbix',
  'PASSWORD' => '', 'SCHEMA' => '', 'ENCRYPTION' => false, 'KEY_FILE' => '', 'CERT_FILE' => '', 'CA_FILE' => '',
  'VERIFY_HOST' => false, 'CIPHER_LIST' => '', 'VAULT_URL' => '', 'VAULT_DB_PATH' => '', 'VAULT_TOKEN' => '',
  'DOUBLE_IEEE754' => true];
\$ZBX_SERVER_NAME = 'scim';
\$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;
C
}

if answers; then echo "already up on http://127.0.0.1:$port"; exit 0; fi
# A database folder may not lie where postgres cannot go, as below /root.
cluster=$data/pg
if [ "$(id -u)" = 0 ] && ! database test -x "$data"; then
  echo "the user postgres cannot reach $data; set ZABBIX_DATA" >&2
  exit 1
fi
start_database
if [ ! -e "$data/complete" ]; then
  fill_database
  make_frontend
  touch "$data/complete"
fi

cd "$data/www"
# A process group of its own: the server's workers outlive it otherwise.
PHP_CLI_SERVER_WORKERS=6 setsid nohup php -d post_max_size=16M -d max_execution_time=300 -d max_input_time=300 \
  -d date.timezone=UTC -d opcache.enable_cli=1 -S "127.0.0.1:$port" > "$data/out.log" 2>&1 < /dev/null &
pid=$!
echo "$pid" > "$data/pid"
for second in $(seq 60); do
  answers && make_home_group && { echo "up on http://127.0.0.1:$port after ${second}s"; exit 0; }
  kill -0 "$pid" 2>/dev/null || break
  sleep 1
done
tail "$data/out.log" >&2
exit 1
