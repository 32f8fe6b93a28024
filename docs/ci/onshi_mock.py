# The mock in a container, for tests in Python: pip install testcontainers. Copy this file; python_test.py shows how it is used.
# テストから使う模擬サーバーのコンテナーです。このファイルをコピーしてください。イメージは自分のものに置き換えます。
import contextlib, json, secrets, ssl, urllib.request

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy


class OnshiMock(DockerContainer):
    def __init__(self, image="registry.example/onshi-mock:0.1"):
        super().__init__(image)
        self.token = secrets.token_hex(16)
        self.with_env("ONSHI_CONTROL_TOKEN", self.token).with_exposed_ports(8443, 8444).waiting_for(LogMessageWaitStrategy("onshi-mock ready"))

    def start(self):
        super().start()
        self.backend, self.control = (f"https://127.0.0.1:{self.get_exposed_port(port)}" for port in (8443, 8444))
        # The CA comes from the container itself; only this one request cannot be checked with it.
        self.ca = urllib.request.urlopen(self.control + "/ca.pem", context=ssl._create_unverified_context()).read().decode()
        self.tls = ssl.create_default_context(cadata=self.ca)
        return self

    def administer(self, path, body=None, accept="application/json"):
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json", "Accept": accept}
        request = urllib.request.Request(self.control + "/v1/institutions" + path, None if body is None else json.dumps(body).encode(), headers)
        return urllib.request.urlopen(request, context=self.tls).read().decode()

    @contextlib.contextmanager
    def institution(self, report="onshi-verdict.xml", **settings):
        """An institution of one test; the report on the client is kept also where the test fails."""
        code = json.loads(self.administer("", settings))["code"]
        try:
            yield code
        finally:
            with open(report, "w", encoding="utf-8") as file:
                file.write(self.administer(f"/{code}/verdict", accept="application/xml"))
