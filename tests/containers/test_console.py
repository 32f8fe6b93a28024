"""The console of a server in a container: by the link, behind another published port, and behind a reverse proxy."""
import http.client
import json
import re
import ssl

import documents
from support import Case, Mock, eventually, run


class Console(Case):
    def sign_in(self, link, tls, connect=None):
        """Opens a sign-in link as a browser does; the status of the start page then. The link's host may be at another address."""
        host, path = re.fullmatch(r"https://([^/]+)(/.*)", link).groups()
        name, _, port = host.partition(":")
        connection = http.client.HTTPSConnection(connect or name, int(port or 443), context=tls, timeout=10)
        self.addCleanup(connection.close)
        origin = {"Host": host, "Origin": f"https://{host}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Content-Type": "application/json"}
        connection.request("POST", "/signin", json.dumps({"code": path.partition("#")[2]}), origin)
        response = connection.getresponse()
        said = response.read()
        self.assertEqual(response.status, 204, said)
        cookie = response.headers["Set-Cookie"].partition(";")[0]
        connection.request("GET", "/console/start", headers={"Host": host, "Cookie": cookie, "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
        response = connection.getresponse()
        page = response.read().decode()
        self.assertEqual(response.status, 200, page)
        return page

    def link(self, name, options=""):
        line = documents.line("docs/console.md", "docker exec").replace("CONTAINER", name)
        return run(f"{line} {options}")

    def test_the_link_works_at_the_published_port(self):
        name = self.container("-p 127.0.0.1:8443:8443 -p 127.0.0.1:8444:8444 onshi-mock")
        mock = Mock()
        self.sign_in(self.link(name), mock.tls)
        [first] = re.findall(r"https://localhost:8444/signin#\S+", run(f"docker logs {name} 2>&1"))
        self.sign_in(first, mock.tls)

    def test_the_link_names_another_published_port(self):
        name = self.container("-p 127.0.0.1:8543:8443 -p 127.0.0.1:8544:8444 onshi-mock")
        mock = Mock(8543, 8544)
        self.sign_in(self.link(name, "--host localhost:8544"), mock.tls)

    def test_behind_a_reverse_proxy(self):
        """nginx ends TLS with a certificate of its own and passes on as docs/docker.md says."""
        run("docker network create onshi-mock-test")
        self.addCleanup(run, "docker network rm onshi-mock-test")
        name = self.container("--network onshi-mock-test --network-alias onshi-mock -e ONSHI_TLS_SAN=mock.example -p 127.0.0.1::8443 -p 127.0.0.1::8444 onshi-mock")
        backend, control = (run(f"docker port {name} {port}/tcp").rsplit(":", 1)[1] for port in (8443, 8444))
        mock = Mock(backend, control)
        (self.dir / "ca.pem").write_text(mock.ca)
        self.run_here("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=mock.example -addext subjectAltName=DNS:mock.example -keyout proxy.key -out proxy.pem 2>&1; chmod 644 proxy.key")
        [server] = re.findall(r"^```nginx\n(.*?)^```", documents.text("docs/docker.md"), re.S | re.M)
        (self.dir / "nginx.conf").write_text("events {}\nhttp {\n" + server + "}\n")
        self.addCleanup(run, "docker rm --force onshi-mock-proxy")
        files = " ".join(f"-v {self.dir}/{file}:/etc/nginx/{file}:ro" for file in ("nginx.conf", "ca.pem", "proxy.pem", "proxy.key"))
        run(f"docker run --detach --name onshi-mock-proxy --network onshi-mock-test -p 127.0.0.1:8643:443 {files} nginx:1.28-alpine")
        tls = ssl.create_default_context(cafile=self.dir / "proxy.pem")
        tls.check_hostname = False
        eventually(lambda: ssl.get_server_certificate(("127.0.0.1", 8643)))
        link = self.link(name, "--host mock.example:8643")
        self.assertTrue(link.startswith("https://mock.example:8643/signin#"), link)
        page = self.sign_in(link, tls, connect="127.0.0.1")
        self.assertIn("console", page)
