#!/bin/bash
# Installs Matrix Synapse (PyPI, versions fixed) in a virtual environment of its own: about 240 MB. Nothing of it starts by itself.
#   SYNAPSE_DATA   default target/synapse in this checkout
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${SYNAPSE_DATA:=$here/../../../target/synapse}"
environment=$(cd "$SYNAPSE_DATA" && pwd)/env

cmp -s "$here/requirements.txt" "$environment/installed.txt" && exit 0
missing=()
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
command -v curl >/dev/null || missing+=(curl)
if [ "${#missing[@]}" != 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "Synapse needs: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  install() { apt-get -qq install -y --no-install-recommends "${missing[@]}" >&2; }
  # Package lists may be missing or old.
  install || { apt-get -qq update && install; }
fi
rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
cp "$here/requirements.txt" "$environment/installed.txt"
