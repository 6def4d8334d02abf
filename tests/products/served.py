"""A gateway in front of a real product, for tests that play the identity provider: `transom serve` with a folder of its own."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TRANSOM = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/transom"


def send(method, url, headers, body=None):
    """One request; its status and its JSON, or the raw bytes of what is none."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=60) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    try:
        return status, json.loads(text) if text else None
    except ValueError:
        return status, text


class Gateway:
    def __init__(self, folder, base, tokens):
        self.folder, self.base, self.tokens = folder, base, tokens

    def scim(self, method, path, body=None, target=None, token=None):
        target = target or next(iter(self.tokens))
        headers = {"Authorization": f"Bearer {token or self.tokens[target]}", "Content-Type": "application/scim+json"}
        return send(method, f"{self.base}/{target}/scim/v2{path}", headers, body)

    def patch(self, path, *operations):
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}
        return self.scim("PATCH", path, body)

    def check_connect(self, target):
        command = [TRANSOM, "check", "--connect", target]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True)


@contextmanager
def gateway(mapping, url, targets):
    """Serves targets, name → settings, of one mapping and one product; stops at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        text = 'listen: ["127.0.0.1:0"]\ndata: data\nlog: { level: warn }\ntargets:\n'
        for target, settings in targets.items():
            for setting, value in settings.items():
                (folder / f"{target}.{setting}").write_text(value)
            files = ", ".join(f"{setting}: {{ file: {target}.{setting} }}" for setting in settings)
            text += f'  {target}: {{ mapping: {ROOT}/mappings/{mapping}.yaml, base_url: "{url}", settings: {{ {files} }}, limits: {{ in_flight: 4, timeout: 20s }} }}\n'
        (folder / "transom.yaml").write_text(text)
        tokens = {target: token(folder, target) for target in targets}
        with (folder / "log").open("w") as log:
            process = subprocess.Popen([TRANSOM, "serve"], cwd=folder, stdout=log, stderr=log)
        try:
            yield Gateway(folder, address(folder / "log", process), tokens)
        finally:
            process.terminate()
            process.wait()


def address(log, process):
    """Waits for the line that tells where the gateway listens."""
    while process.poll() is None:
        found = re.search(r"listening on (\S+)", log.read_text())
        if found:
            return found.group(1)
        time.sleep(0.05)
    raise SystemExit(f"the gateway did not start:\n{log.read_text()}")


def token(folder, target):
    command = [TRANSOM, "token", "create", "--target", target, "--name", f"test-{target}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.split()[-1]
