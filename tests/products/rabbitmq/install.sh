#!/bin/bash
# Installs RabbitMQ from Debian's packages: about 100 MB.
set -euo pipefail
packages=(rabbitmq-server curl ca-certificates)

installed=$(dpkg-query -W -f '${db:Status-Status}\n' "${packages[@]}" 2>/dev/null | grep -cx installed || true)
[ "$installed" = "${#packages[@]}" ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "RabbitMQ is not installed. As root: apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# Another product may be installing, too. What the package starts of its own stays on loopback.
install() { ERL_EPMD_ADDRESS=127.0.0.1 apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${packages[@]}" >&2; }
# Package lists may be missing or old.
install || { apt-get -qq update && install; }
