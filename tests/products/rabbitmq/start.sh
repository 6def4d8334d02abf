#!/bin/bash
# Starts a RabbitMQ node of its own, everything on loopback: takes about 5 s.
#   RABBITMQ_PORT        default 15672: the management API http://127.0.0.1:15672/api
#   RABBITMQ_AMQP_PORT   default 5673; the node talks to itself on the port above that
#   RABBITMQ_DATA        default target/rabbitmq in this checkout: database, logs, process ids
# Administrator: admin, password admin-pw. All of it is test data.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${RABBITMQ_PORT:-15672} amqp=${RABBITMQ_AMQP_PORT:-5673}
mkdir -p "${RABBITMQ_DATA:=$here/../../../target/rabbitmq}"
data=$(cd "$RABBITMQ_DATA" && pwd)

answers() { curl -sf -o /dev/null -u admin:admin-pw "http://127.0.0.1:$port/api/whoami"; }
if answers; then echo "already up on http://127.0.0.1:$port"; exit 0; fi

mkdir -p "$data"/{mnesia,log,home}
[ "$(id -u)" != 0 ] || chmod 700 "$data/home"
echo '[rabbitmq_management].' > "$data/enabled_plugins"
cat > "$data/rabbitmq.conf" <<C
listeners.tcp.1 = 127.0.0.1:$amqp
management.tcp.ip = 127.0.0.1
management.tcp.port = $port
default_user = admin
default_pass = admin-pw
C
# A home of its own holds a cookie of its own; epmd is not asked, the node has one fixed port.
export HOME=$data/home RABBITMQ_NODENAME=scim$port@localhost RABBITMQ_MNESIA_BASE=$data/mnesia RABBITMQ_LOG_BASE=$data/log
export RABBITMQ_CONFIG_FILE=$data/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=$data/enabled_plugins RABBITMQ_CONF_ENV_FILE=$data/none
export RABBITMQ_PID_FILE=$data/rabbitmq.pid RABBITMQ_DIST_PORT=$((amqp + 1)) ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$((amqp + 2))
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
# Whatever the node leaves behind when it dies lies there.
cd "$data"
setsid nohup epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" > "$data/epmd.log" 2>&1 < /dev/null &
echo $! > "$data/epmd.pid"
setsid nohup /usr/lib/rabbitmq/bin/rabbitmq-server > "$data/out.log" 2>&1 < /dev/null &
pid=$!
echo "$pid" > "$data/pid"
for second in $(seq 90); do
  answers && { echo "up on http://127.0.0.1:$port after ${second}s"; exit 0; }
  kill -0 "$pid" 2>/dev/null || break
  sleep 1
done
tail "$data/out.log" >&2
exit 1
