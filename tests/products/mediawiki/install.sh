#!/bin/bash
# Installs MediaWiki from Debian's packages (PHP, SQLite): about 400 MB. Nothing of it starts by itself.
set -euo pipefail
packages=(mediawiki php8.2-cli php8.2-sqlite3 php8.2-mbstring php8.2-xml php8.2-intl curl ca-certificates)

installed=$(dpkg-query -W -f '${db:Status-Status}\n' "${packages[@]}" 2>/dev/null | grep -cx installed || true)
[ "$installed" = "${#packages[@]}" ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "MediaWiki is not installed. As root: apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# Another product may be installing, too.
install() { apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${packages[@]}" >&2; }
# Package lists may be missing or old.
install || { apt-get -qq update && install; }
