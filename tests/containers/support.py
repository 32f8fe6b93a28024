"""What the tests share: commands, containers that end with their test, and a mock that is asked over HTTPS."""
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import client

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(os.environ["TOOLS"])
TOKEN = "a-control-token-for-containers"


def run(script, cwd=None, **variables):
    """What a script writes to standard output. It has to succeed."""
    environment = os.environ | {"ONSHI_CONTROL_TOKEN": TOKEN} | variables
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise AssertionError(f"{script}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout.strip()


def eventually(condition, seconds=60):
    """The value of a condition once it is true; until then it may also fail with an error of the network."""
    end, last = time.monotonic() + seconds, None
    while time.monotonic() < end:
        try:
            if value := condition():
                return value
        except (OSError, urllib.error.URLError) as error:
            last = error
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {last}")


class Mock:
    """A server behind two published ports."""

    def __init__(self, backend=8443, control=8444, token=TOKEN):
        self.backend, self.control, self.token = f"https://127.0.0.1:{backend}", f"https://127.0.0.1:{control}", token
        self.ca = eventually(self.fetch_ca)
        self.tls = ssl.create_default_context(cadata=self.ca)

    def fetch_ca(self):
        return urllib.request.urlopen(self.control + "/ca.pem", context=ssl._create_unverified_context(), timeout=2).read().decode()

    def administer(self, method, path, body=None, accept="application/json"):
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json", "Accept": accept}
        request = urllib.request.Request(self.control + "/v1" + path, None if body is None else json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, context=self.tls, timeout=10) as response:
            text = response.read().decode()
        return json.loads(text) if accept == "application/json" and text else text

    def login(self, institution):
        return client.login(self.backend, institution, self.tls)

    def check(self, institution, token=None):
        return client.check(self.backend, institution, self.tls, token or self.login(institution))


class Case(unittest.TestCase):
    """A test in a directory of its own, which holds the compose file and the examples as a checkout does."""

    def setUp(self):
        parent = pathlib.Path(tempfile.mkdtemp())
        parent.chmod(0o755)
        self.addCleanup(shutil.rmtree, parent)
        self.dir = parent / "onshi-mock"
        shutil.copytree(ROOT / "docs/examples", self.dir / "docs/examples")
        shutil.copy(ROOT / "docker-compose.yml", self.dir)

    def run_here(self, script, **variables):
        return run(script, cwd=self.dir, **variables)

    def container(self, options, name="onshi-mock-test"):
        """Starts the image with these options; the container goes with the test."""
        self.addCleanup(run, f"docker rm --force --volumes {name} >/dev/null 2>&1 || true")
        run(f"docker run --detach --name {name} -e ONSHI_CONTROL_TOKEN {options}")
        return name

    def compose_down(self, profiles, compose="docker compose"):
        self.addCleanup(self.run_here, f"{compose} {profiles} down --volumes")
