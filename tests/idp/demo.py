"""Runs the demo on ports of its own, for scripts that test against it."""
import contextlib
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import time


class Demo:
    """The running demo: SCIM base URLs and stand-ins by name, and the token of all."""

    def __init__(self, program, data):
        self.data, self.token = pathlib.Path(data), secrets.token_hex(16)
        self.data.mkdir(parents=True, exist_ok=True)
        self.log = self.data / "demo.log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([program, "--token", self.token, "--listen", "127.0.0.1:0", "--apps-port", "0",
                                             "--data", str(data)], stdout=log, stderr=log)
        text = self.started()
        self.scim = {url.split("/")[-3]: url for url in re.findall(r"SCIM base URL\s+(\S+)", text)}
        self.apps = dict(re.findall(r"^(\w+): a stand-in on (\S+),", text, re.M))

    def started(self):
        """What it says of itself, once it has said all."""
        for _ in range(300):
            text = self.log.read_text(encoding="utf-8")
            if "Ctrl-C ends the demo" in text:
                return text
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.stop()
        raise SystemExit(f"the demo did not start:\n{text}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


@contextlib.contextmanager
def running(program, data):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the demo does not outlive its script
    demo = Demo(program, data)
    try:
        yield demo
    finally:
        demo.stop()
