"""The recipes of docs/ci: their container is started as their service starts it, and their steps are run as they stand."""
import re
import shutil

import yaml

import documents
from support import Case, ROOT, eventually, run

NETWORK = "onshi-mock-test"
IMAGE = "registry.example/onshi-mock:0.1"
PORTS = ["8443:8443", "8444:8444"]


def recipe(name):
    return yaml.safe_load(documents.text(f"docs/ci/{name}"))


def shell(value):
    """A script, which the schema allows to be a list, too."""
    return value if isinstance(value, str) else "\n".join(value)


class Recipes(Case):
    def setUp(self):
        super().setUp()
        shutil.copy(ROOT / "tests/containers/client.py", self.dir)

    def start_service(self, options):
        """As runners do: a container on a network of the job, under the service's name."""
        run(f"docker network create {NETWORK}")
        self.addCleanup(run, f"docker network rm {NETWORK}")
        self.container(f"--network {NETWORK} --network-alias onshi-mock {options} {IMAGE}")

    def run_steps(self, steps, variables):
        for step in steps:
            self.run_here(step, **variables)
        self.assertIn("<testsuite ", (self.dir / "onshi-verdict.xml").read_text(encoding="utf-8"))

    def test_github_actions(self):
        job = recipe("github-actions.yml")["jobs"]["rehearsal"]
        service = job["services"]["onshi-mock"]
        self.assertEqual((service["image"], service["ports"], list(service["env"])), (IMAGE, PORTS, ["ONSHI_CONTROL_TOKEN"]))
        self.start_service(" ".join(f"-p {port}" for port in service["ports"]))
        # The runner waits for the health of the image before the first step.
        eventually(lambda: run("docker inspect --format '{{.State.Health.Status}}' onshi-mock-test") == "healthy")
        variables = {name: job["env"][name] for name in ("BACKEND", "CONTROL")}
        self.run_steps([step["run"] for step in job["steps"] if "run" in step], variables)

    def test_azure_pipelines(self):
        pipeline = recipe("azure-pipelines.yml")
        [container] = pipeline["resources"]["containers"]
        self.assertEqual((container["image"], container["ports"], list(container["env"])), (IMAGE, PORTS, ["ONSHI_CONTROL_TOKEN"]))
        self.start_service(" ".join(f"-p {port}" for port in container["ports"]))
        variables = {name: pipeline["variables"][name] for name in ("BACKEND", "CONTROL")}
        self.run_steps([step["bash"] for step in pipeline["jobs"][0]["steps"] if "bash" in step], variables)

    def test_gitlab_ci(self):
        job = recipe("gitlab-ci.yml")["rehearsal"]
        self.assertEqual(job["services"], [{"name": IMAGE, "alias": "onshi-mock"}])
        self.start_service("")
        for script in job["script"]:
            variables = " ".join(f"-e {name}={job['variables'][name]}" for name in ("BACKEND", "CONTROL"))
            (self.dir / "step").write_text(shell(script))
            run(f"docker run --rm --network {NETWORK} -e ONSHI_CONTROL_TOKEN {variables} -v {self.dir}:/job -w /job {job['image']} bash step")
        self.assertIn("<testsuite ", (self.dir / "onshi-verdict.xml").read_text(encoding="utf-8"))

    def test_jenkins(self):
        page = "docs/ci/Jenkinsfile"
        name = {"NAME": "onshi-mock-test"}
        self.addCleanup(run, "docker rm --force onshi-mock-test >/dev/null 2>&1 || true")
        self.run_here(documents.line(page, "docker run"), **name)
        backend, control = ("https://" + self.run_here(documents.line(page, f'docker port "$NAME" {port}'), **name) for port in (8443, 8444))
        # Between three quotes, Groovy reads a double backslash as one.
        steps = [step.replace("\\\\", "\\") for step in re.findall(r"sh '''(.*?)'''", documents.text(page), re.S)]
        self.assertEqual(len(steps), 4)
        self.run_steps(steps, name | {"BACKEND": backend, "CONTROL": control})
        self.run_here(documents.line(page, "docker stop"), **name)
        eventually(lambda: run("docker ps --all --quiet --filter name=onshi-mock-test") == "")
