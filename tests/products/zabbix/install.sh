#!/bin/bash
# Installs Zabbix's frontend from Debian's packages (PHP, PostgreSQL): its API needs no server daemon. About 150 MB.
# Nothing of it starts by itself: tests start a database of their own.
set -euo pipefail
packages=(php-cgi php-cli php-pgsql postgresql zabbix-frontend-php zabbix-server-pgsql curl ca-certificates)

installed=$(dpkg-query -W -f '${db:Status-Status}\n' "${packages[@]}" 2>/dev/null | grep -cx installed || true)
[ "$installed" = "${#packages[@]}" ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "Zabbix is not installed. As root: apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# Another product may be installing, too.
install() { apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${packages[@]}" >&2; }
# Package lists may be missing or old.
install || { apt-get -qq update && install; }
