"""The modules and tests of docs/ci with the real Testcontainers for Python and Node.js."""
import os
import subprocess
import sys
import time

from support import Case, ROOT, TOOLS, run

JARS = ":".join(f"/usr/share/java/{name}.jar" for name in [
    "apiguardian-api", "junit-jupiter-api", "junit-jupiter-engine", "junit-platform-commons", "junit-platform-console", "junit-platform-engine",
    "junit-platform-launcher", "junit-platform-reporting", "opentest4j", "picocli", "univocity-parsers"])


class Testcontainers(Case):
    def rehearse(self, files, command, at="ILI01030SV01/search"):
        """Runs a test file in a directory of its own: whether it is green, and what it said."""
        for file in files:
            text = (ROOT / "docs/ci" / file).read_text(encoding="utf-8").replace("ILI01030SV01/search", at)
            (self.dir / file).write_text(text, encoding="utf-8")
        # Ryuk, which takes away what a killed test left, is an image of its own.
        environment = os.environ | {"TESTCONTAINERS_RYUK_DISABLED": "true"}
        begin = time.monotonic()
        done = subprocess.run(command + [files[-1]], cwd=self.dir, env=environment, capture_output=True, text=True, timeout=120)
        print(f"{files[-1]}: exit code {done.returncode} after {time.monotonic() - begin:.1f} s")
        return done.returncode == 0, done.stdout + done.stderr

    def holds(self, files, command):
        green, said = self.rehearse(files, command)
        self.assertTrue(green, said)
        self.assertNotRegex(said, "(?i)deprecat")
        (self.dir / "onshi-verdict.xml").unlink()
        green, said = self.rehearse(files, command, at="ILI01030SV01/nowhere")
        self.assertFalse(green, said)
        self.assertIn("<testsuite ", (self.dir / "onshi-verdict.xml").read_text(encoding="utf-8"), "the report is kept where the client failed")
        self.assertEqual(run("docker ps --quiet --filter ancestor=registry.example/onshi-mock:0.1"), "", "no container is left")

    def test_python(self):
        print(run(f"{sys.executable} -m pip show testcontainers | sed -n 2p"))
        self.holds(["onshi_mock.py", "python_test.py"], [sys.executable, "-W", "error::DeprecationWarning:onshi_mock", "-m", "unittest"])

    def test_java_with_a_stand_in_for_its_library(self):
        """JUnit is Debian's; the classes in the folder java are in place of Testcontainers."""
        for red in (False, True):
            source = (ROOT / "docs/ci/OnshiMockTest.java").read_text(encoding="utf-8")
            (self.dir / "OnshiMockTest.java").write_text(source.replace("ILI01030SV01/search", "ILI01030SV01/nowhere") if red else source, encoding="utf-8")
            self.run_here(f"javac -encoding UTF-8 -d classes -cp {JARS} OnshiMockTest.java {ROOT}/tests/containers/java/*.java")
            test = f"java -cp classes:{JARS} org.junit.platform.console.ConsoleLauncher --select-class OnshiMockTest --disable-banner"
            if red:
                with self.assertRaisesRegex(AssertionError, "1 tests failed"):
                    self.run_here(test)
            else:
                self.assertIn("1 tests successful", self.run_here(test))
            self.assertIn("<testsuite ", (self.dir / "onshi-verdict.xml").read_text(encoding="utf-8"))
            (self.dir / "onshi-verdict.xml").unlink()

    def test_node(self):
        print(run("node --version; npm ls --depth 0 testcontainers", cwd=TOOLS))
        (self.dir / "node_modules").symlink_to(TOOLS / "node_modules")
        self.holds(["onshi-mock.mjs", "node.test.mjs"], ["node", "--throw-deprecation", "--test"])
