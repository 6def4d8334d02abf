#!/bin/bash
# Stops the RabbitMQ that start.sh started with the same RABBITMQ_DATA, and returns when it is gone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=${RABBITMQ_DATA:-$here/../../../target/rabbitmq}

# A process id may have been given away since: only what still has this name is ours.
stop() {
  local pid
  [ -e "$1" ] || return 0
  pid=$(cat "$1")
  rm -f "$1"
  grep -qa "$2" "/proc/$pid/cmdline" 2>/dev/null || return 0
  kill "$pid" 2>/dev/null || return 0
  timeout 20 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
}

# The node first: its shell waits for it.
stop "$data/rabbitmq.pid" beam.smp
stop "$data/pid" rabbitmq-server
stop "$data/epmd.pid" epmd
