#!/bin/bash
# Starts JupyterHub's API on loopback, without a proxy and without anybody's notebooks: takes about 4 s.
#   JUPYTERHUB_PORT   default 8881: http://127.0.0.1:8881/hub/api
#   JUPYTERHUB_DATA   default target/jupyterhub in this checkout: virtual environment, database, log, pid
# The token of the service that may administer users and groups is 40 times the letter b. All of it is test data.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${JUPYTERHUB_PORT:-8881}
mkdir -p "${JUPYTERHUB_DATA:=$here/../../../target/jupyterhub}"
data=$(cd "$JUPYTERHUB_DATA" && pwd)
token=$(printf 'b%.0s' {1..40})

answers() { curl -sf -o /dev/null -H "Authorization: token $token" "http://127.0.0.1:$port/hub/api/users?limit=1"; }
if answers; then echo "already up on http://127.0.0.1:$port"; exit 0; fi

cat > "$data/config.py" <<C
from jupyterhub.proxy import Proxy


class NoProxy(Proxy):
    """Nobody's notebooks are served here."""

    should_start = False

    async def get_all_routes(self):
        return {}

    async def add_route(self, routespec, target, data):
        pass

    async def delete_route(self, routespec):
        pass


c = get_config()
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = $port
c.JupyterHub.bind_url = "http://127.0.0.1:$((port + 1))"
c.JupyterHub.authenticator_class = "null"
c.JupyterHub.db_url = "sqlite:///$data/hub.db"
c.JupyterHub.cookie_secret_file = "$data/cookie"
c.JupyterHub.services = [{"name": "provisioning", "api_token": "$token"}]
scopes = ["admin:users", "admin:groups", "groups", "list:users", "list:groups", "read:users"]
c.JupyterHub.load_roles = [{"name": "provisioning", "scopes": scopes, "services": ["provisioning"]}]
c.JupyterHub.cleanup_servers = False
C
cd "$data"
nohup env/bin/jupyterhub -f config.py > "$data/out.log" 2>&1 < /dev/null &
pid=$!
echo "$pid" > "$data/pid"
for second in $(seq 90); do
  answers && { echo "up on http://127.0.0.1:$port after ${second}s"; exit 0; }
  kill -0 "$pid" 2>/dev/null || break
  sleep 1
done
tail "$data/out.log" >&2
exit 1
