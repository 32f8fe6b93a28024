"""The image: size, what it may do, and how long it takes to start and to stop."""
import json
import statistics
import time

import documents
from support import Case, Mock, eventually, run

MEGABYTE = 1_000_000
PUBLISHED = "--publish 127.0.0.1::8443 --publish 127.0.0.1::8444"


def ports(name):
    return [int(run(f"docker port {name} {port}/tcp").rsplit(":", 1)[1]) for port in (8443, 8444)]


class Image(Case):
    def test_it_is_small(self):
        compressed = int(run("docker save onshi-mock | gzip | wc --bytes")) / MEGABYTE
        unpacked = int(run("docker image inspect --format '{{.Size}}' onshi-mock")) / MEGABYTE
        print(f"compressed {compressed:.1f} MB, unpacked {unpacked:.1f} MB")
        self.assertLessEqual(compressed, 17)
        self.assertLessEqual(unpacked, 40)

    def test_it_answers_its_first_check_soon_after_its_start_on_an_empty_volume(self):
        seconds = []
        for _ in range(5):
            begin = time.monotonic()
            name = self.container("--read-only --cap-drop ALL --publish 127.0.0.1:8443:8443 --publish 127.0.0.1:8444:8444 onshi-mock")
            answer, _ = Mock().check("9910000018")
            seconds.append(time.monotonic() - begin)
            self.assertEqual(answer["MessageBody"]["QualificationValidity"], "1")
            run(f"docker rm --force --volumes {name}")
        print("first check after", ", ".join(f"{each:.2f} s" for each in seconds))
        self.assertLessEqual(statistics.median(seconds), 1.5)

    def test_it_has_no_shell_runs_as_nobody_and_writes_below_data_only(self):
        name = self.container(f"--read-only --cap-drop ALL --security-opt no-new-privileges {PUBLISHED} onshi-mock")
        Mock(*ports(name)).check("9910000018")
        self.assertEqual(run("docker image inspect --format '{{.Config.User}}' onshi-mock"), "65532:65532")
        with self.assertRaisesRegex(AssertionError, "no such file"):
            run(f"docker exec {name} /bin/sh -c true")
        changed = [line for line in run(f"docker diff {name}").splitlines() if line != "C /data"]
        self.assertEqual(changed, [], "without a read-only file system, too, nothing else would have been written")

    def test_it_becomes_healthy_and_stops_in_order(self):
        name = self.container(f"{PUBLISHED} onshi-mock")
        begin = time.monotonic()
        while run(f"docker inspect --format '{{{{.State.Health.Status}}}}' {name}") != "healthy":
            self.assertLess(time.monotonic() - begin, 10)
        healthy, begin = time.monotonic() - begin, time.monotonic()
        run(f"docker stop {name}")
        stopped = time.monotonic() - begin
        print(f"healthy after {healthy:.1f} s, stopped within {stopped:.2f} s")
        self.assertLess(stopped, 2)
        self.assertEqual(json.loads(run(f"docker inspect --format '{{{{json .State.ExitCode}}}}' {name}")), 0)

    def test_the_lines_without_compose_serve_and_keep_their_state_in_the_volume(self):
        for page in ["docs/docker.md", "docs/windows.md"]:
            with self.subTest(page):
                self.keeps_its_state(documents.line(page, "docker run --rm"))

    def keeps_its_state(self, line):
        started = line.replace("docker run", "docker run --detach --name onshi-mock-test")
        self.addCleanup(run, "docker volume rm onshi")
        self.addCleanup(run, "docker rm --force onshi-mock-test >/dev/null 2>&1 || true")
        run(started)
        mock = Mock()
        code = mock.administer("POST", "/institutions", {"template": "9910000026"})["code"]
        run("docker stop onshi-mock-test")
        eventually(lambda: run("docker ps --all --quiet --filter name=onshi-mock-test") == "")
        run(started)
        again = Mock()
        self.assertEqual(again.ca, mock.ca)
        self.assertEqual(again.check(code)[0]["MessageHeader"]["ErrorCode"], "MOCK0501E")
        self.doCleanups()

    def test_it_is_carried_into_a_closed_network_as_a_file(self):
        self.run_here(documents.line("docs/closed-network.md", "docker save"))
        before = run("docker image inspect --format '{{.Id}}' onshi-mock")
        run("docker rmi --no-prune onshi-mock")
        self.run_here(documents.line("docs/closed-network.md", "docker load"))
        self.assertEqual(run("docker image inspect --format '{{.Id}}' onshi-mock"), before)
        self.run_here(documents.line("docs/closed-network.md", "docker tag").replace("REGISTRY", "registry.test"))
        run("docker rmi --no-prune registry.test/onshi-mock:0.1")

    def test_the_ca_is_shared_with_clients_by_a_volume_that_holds_no_key(self):
        self.addCleanup(run, "docker volume rm onshi-ca")
        name = self.container(f"-v onshi-ca:/ca -e ONSHI_CA_OUT=/ca/ca.pem {PUBLISHED} onshi-mock")
        mock = Mock(*ports(name))
        inside = "docker run --rm -v onshi-ca:/ca:ro --entrypoint sh python:3.13 -c"
        self.assertEqual(run(f"{inside} 'ls /ca; cat /ca/ca.pem'"), "ca.pem\n" + mock.ca.strip())
        self.addCleanup(run, f"docker rm --force --volumes {name}")
