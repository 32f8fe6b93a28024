# Testcontainers for Python: pip install testcontainers. Run it with: python -m unittest python_test.py
# テストの前に模擬サーバーを起動し、終わったら片付けます。イメージは自分のものに置き換えてください。
import json, secrets, ssl, unittest, urllib.request
import xml.etree.ElementTree as xml

from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import wait_for_logs

TOKEN = secrets.token_hex(16)


class Rehearsal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mock = DockerContainer("registry.example/onshi-mock:0.1").with_env("ONSHI_CONTROL_TOKEN", TOKEN).with_exposed_ports(8443, 8444)
        cls.mock.start()
        cls.addClassCleanup(cls.mock.stop)
        wait_for_logs(cls.mock, "onshi-mock ready", timeout=30)
        cls.backend, cls.control = (f"https://127.0.0.1:{cls.mock.get_exposed_port(port)}" for port in (8443, 8444))
        # The CA comes from the container itself; only this one request cannot be checked with it.
        ca = urllib.request.urlopen(cls.control + "/ca.pem", context=ssl._create_unverified_context()).read().decode()
        cls.tls = ssl.create_default_context(cadata=ca)

    def ask(self, url, body=None, method=None, **headers):
        headers = {"Content-Type": "application/json;charset=UTF-8"} | headers
        request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers, method=method)
        return urllib.request.urlopen(request, context=self.tls).read().decode()

    def administer(self, path, body=None, **headers):
        return self.ask(self.control + "/v1/institutions" + path, body, Authorization="Bearer " + TOKEN, **headers)

    # Your client in place of this.
    def check(self, institution):
        token = json.loads(self.ask(self.backend + "/oqs-api-pro/MSA12020/ILI12020SV01/auth", {"userId": institution}))["result"]["idToken"]
        return json.loads(self.ask(self.backend + "/oqs-api-pro/MSA01030/ILI01030SV01/search", {"XmlMsg": {
            "MessageHeader": {"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": institution},
            "MessageBody": {"QualificationConfirmSearchInfo": {
                "InsurerNumber": "01990019", "InsuredCardSymbol": "11010203", "InsuredIdentificationNumber": "1001",
                "InsuredBranchNumber": "01", "Birthdate": "19800517", "LimitApplicationCertificateRelatedConsFlg": "0"}}}},
            Authorization=token))["XmlMsg"]

    def test_the_check_is_refused_until_the_restart(self):
        created = json.loads(self.administer("", {"template": "9910000026", "scenario": "installed-not-restarted"}))
        institution = created["code"]
        try:
            self.assertIn("再起動", self.check(institution)["MessageHeader"]["ErrorMessage"])
            self.administer(f"/{institution}/terminals/T1/restart", {})
            self.assertEqual(self.check(institution)["MessageBody"]["QualificationValidity"], "1")
        finally:
            # The report is kept also where the client failed.
            report = self.administer(f"/{institution}/verdict", Accept="application/xml")
            with open("onshi-verdict.xml", "w", encoding="utf-8") as file:
                file.write(report)
        self.assertEqual(xml.fromstring(report.encode()).findall(".//failure"), [])


if __name__ == "__main__":
    unittest.main()
