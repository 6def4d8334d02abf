#!/bin/bash
# Installs JupyterHub from the Python package index into an environment of its own: about 120 MB.
#   JUPYTERHUB_DATA   default target/jupyterhub in this checkout
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${JUPYTERHUB_DATA:=$here/../../../target/jupyterhub}"
data=$(cd "$JUPYTERHUB_DATA" && pwd)
cmp -s "$here/requirements.txt" "$data/installed.txt" && exit 0
rm -rf "$data/env"
python3 -m venv "$data/env"
"$data/env/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
cp "$here/requirements.txt" "$data/installed.txt"
