"""Two servers on one PostgreSQL behind a load balancer, under clients that try again: a restart of one after the other, and a kill."""
import collections
import datetime
import itertools
import threading
import time
import urllib.error

import documents
from support import Case, Mock, eventually, run

CLIENTS = 8
PAUSE = 0.2
TRIES = 40


class Client(threading.Thread):
    """It checks at its own institution, one check after the other, each until it is answered."""

    def __init__(self, mock):
        super().__init__()
        self.mock, self.over = mock, threading.Event()
        self.institution = mock.administer("POST", "/institutions", {"template": "9910000018"})["code"]
        self.token = mock.login(self.institution)
        self.answered, self.observed, self.lost, self.retries, self.slowest = [], [], [], collections.Counter(), 0

    def run(self):
        for number in itertools.count(1):
            if self.over.wait(PAUSE):
                return
            begin = time.monotonic()
            self.until_it_works(self.check)
            self.until_it_works(lambda: self.observe(number))
            self.slowest = max(self.slowest, time.monotonic() - begin)

    def until_it_works(self, action):
        for _ in range(TRIES):
            try:
                return action()
            except (OSError, urllib.error.URLError) as error:
                self.retries[str(getattr(error, "reason", error))[:60]] += 1
                time.sleep(0.1)
        self.lost.append("no answer")

    def check(self):
        message, entry = self.mock.check(self.institution, self.token)
        valid = message["MessageBody"].get("QualificationValidity") == "1"
        (self.answered if valid else self.lost).append(entry)

    def observe(self, number):
        """A change, which has to be there once it was acknowledged."""
        self.mock.administer("POST", f"/institutions/{self.institution}/observations", {"kind": "message_shown", "text": str(number)})
        self.observed.append(str(number))

    def forgotten(self):
        listed = self.mock.administer("GET", f"/institutions/{self.institution}/observations?limit=500")["observations"]
        return set(self.observed) - {observation["text"] for observation in listed}

    def recorded(self):
        return {entry["id"] for entry in self.mock.administer("GET", f"/institutions/{self.institution}/journal?limit=500")["entries"]}


class Scale(Case):
    def replicas(self):
        return self.run_here("docker compose --profile scale ps --quiet replica").split()

    def until(self, count):
        """Waits until so many more checks have been answered."""
        def answered():
            return sum(len(client.answered) for client in self.clients)
        there = answered() + count
        eventually(lambda: answered() >= there)

    def restart(self, script, container):
        run(script)
        eventually(lambda: run(f"docker inspect --format '{{{{.State.Health.Status}}}}' {container}") == "healthy")

    def test_a_rolling_restart_and_a_killed_server_lose_nothing(self):
        self.compose_down("--profile scale")
        self.run_here(documents.line("docker-compose.yml", "docker compose --profile scale up"))
        mock = Mock(9443, 9444)
        one, other = self.replicas()
        self.clients = [Client(mock) for _ in range(CLIENTS)]
        for client in self.clients:
            self.addCleanup(client.join)
            self.addCleanup(client.over.set)
            client.start()
        self.until(100)
        for replica in (one, other):
            self.restart(f"docker restart {replica}", replica)
            self.until(100)
        restarted = sum((client.retries for client in self.clients), collections.Counter())
        run(f"docker kill {one}")
        killed = run(f"docker inspect --format '{{{{.State.FinishedAt}}}}' {one}")
        self.until(200)
        self.restart(f"docker start {one}", one)
        self.until(100)
        self.judge(restarted, datetime.datetime.fromisoformat(killed[:26] + "+00:00").timestamp())

    def judge(self, restarted, killed):
        for client in self.clients:
            client.over.set()
            client.join()
        retries = sum((client.retries for client in self.clients), collections.Counter())
        answered, lost = ([one for client in self.clients for one in getattr(client, kind)] for kind in ("answered", "lost"))
        unwritten = [recorded_at(entry) - killed for client in self.clients for entry in set(client.answered) - client.recorded()]
        print(f"checks answered: {len(answered)}, lost: {len(lost)}, check and change at most {max(client.slowest for client in self.clients):.1f} s; "
              f"tried again: {restarted.total()} times in the restarts, {retries.total() - restarted.total()} with the kill: {dict(retries)}; "
              f"journal entries that the kill cost: {len(unwritten)}, written up to {-min(unwritten, default=0):.2f} s before it")
        self.assertEqual(lost, [])
        self.assertEqual(len(set(answered)), len(answered), "each answer is an entry of its own")
        for client in self.clients:
            self.assertLessEqual(len(client.answered), 480, "all of them are still in the journal, which keeps 500")
            self.assertEqual(client.forgotten(), set(), "a change that was acknowledged is there")
        # docs/store.md: SIGKILL can cost the entries of the last 0.2 s; here with a machine that is busy.
        self.assertTrue(all(-1 < before <= 0.1 for before in unwritten), unwritten)


def recorded_at(entry):
    """When an entry was made: its id is a UUID of version 7."""
    return int(entry.replace("-", "")[:12], 16) / 1000
