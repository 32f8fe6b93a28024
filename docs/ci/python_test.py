# A test with onshi_mock.py beside it. Run it with: python -m unittest python_test.py
# テストの前に模擬サーバーを起動し、終わったら片付けます。
import json, unittest, urllib.request
import xml.etree.ElementTree as xml

from onshi_mock import OnshiMock


class Rehearsal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mock = OnshiMock()
        cls.mock.start()
        cls.addClassCleanup(cls.mock.stop)

    # Your client in place of this and of the next.
    def ask(self, path, body, **headers):
        headers = {"Content-Type": "application/json;charset=UTF-8"} | headers
        request = urllib.request.Request(self.mock.backend + path, json.dumps(body).encode(), headers)
        return json.load(urllib.request.urlopen(request, context=self.mock.tls))

    def check(self, institution):
        token = self.ask("/oqs-api-pro/MSA12020/ILI12020SV01/auth", {"userId": institution})["result"]["idToken"]
        return self.ask("/oqs-api-pro/MSA01030/ILI01030SV01/search", {"XmlMsg": {
            "MessageHeader": {"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": institution},
            "MessageBody": {"QualificationConfirmSearchInfo": {
                "InsurerNumber": "01990019", "InsuredCardSymbol": "11010203", "InsuredIdentificationNumber": "1001",
                "InsuredBranchNumber": "01", "Birthdate": "19800517", "LimitApplicationCertificateRelatedConsFlg": "0"}}}},
            Authorization=token)["XmlMsg"]

    def test_the_check_is_refused_until_the_restart(self):
        with self.mock.institution(template="9910000026", scenario="installed-not-restarted") as institution:
            self.assertIn("再起動", self.check(institution)["MessageHeader"]["ErrorMessage"])
            self.mock.administer(f"/{institution}/terminals/T1/restart", {})
            self.assertEqual(self.check(institution)["MessageBody"]["QualificationValidity"], "1")
        self.assertEqual(xml.parse("onshi-verdict.xml").findall(".//failure"), [])


if __name__ == "__main__":
    unittest.main()
