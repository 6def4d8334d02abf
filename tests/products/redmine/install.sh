#!/bin/bash
# Installs Redmine from Debian's packages (SQLite, puma): about 110 MB. Nothing of it starts by itself.
set -euo pipefail
packages=(redmine redmine-sqlite ruby-sqlite3 puma openssl curl ca-certificates)

installed=$(dpkg-query -W -f '${db:Status-Status}\n' "${packages[@]}" 2>/dev/null | grep -cx installed || true)
[ "$installed" = "${#packages[@]}" ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "Redmine is not installed. As root: apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
echo 'redmine redmine/instances/default/dbconfig-install boolean false' | debconf-set-selections
install() { apt-get -qq install -y --no-install-recommends "${packages[@]}" >&2; }
# Package lists may be missing or old.
install || { apt-get -qq update && install; }
