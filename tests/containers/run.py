"""Builds the image, runs the tests of this directory, or those that are named, and says which docker lines of the documents were run."""
import os
import pathlib
import subprocess
import sys
import unittest

import documents
from support import run

print(run("docker version --format 'Docker Engine {{.Server.Version}}, client {{.Client.Version}}'; docker compose version"))
image, names = os.environ.pop("ONSHI_IMAGE", None), [f"test_{name}" for name in sys.argv[1:]]
build = f"docker tag {image} onshi-mock" if image else documents.line("Dockerfile", "docker build -t")
subprocess.run(build, shell=True, cwd=documents.ROOT, check=True)
run("docker tag onshi-mock registry.example/onshi-mock:0.1")  # as the recipes name it
here = str(pathlib.Path(__file__).parent)
suite = unittest.defaultTestLoader.loadTestsFromNames(names) if names else unittest.defaultTestLoader.discover(here)
result = unittest.TextTestRunner(verbosity=2).run(suite)
forgotten = not names and not image and documents.report()
sys.exit(1 if forgotten or not result.wasSuccessful() or result.testsRun == 0 else 0)
