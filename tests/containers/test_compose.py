"""docker-compose.yml: each profile goes up and down, and does what docs/docker.md says."""
import os

import documents
from support import Case, Mock, eventually, run

REQUEST = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg><MessageHeader><QualificationConfirmationDate>20260120</QualificationConfirmationDate><MedicalInstitutionCode>9910000034</MedicalInstitutionCode><ArbitraryFileIdentifier>1</ArbitraryFileIdentifier></MessageHeader>
<MessageBody><QualificationConfirmSearchInfo><InsurerNumber>01990019</InsurerNumber><InsuredCardSymbol>11010203</InsuredCardSymbol><InsuredIdentificationNumber>1001</InsuredIdentificationNumber><Birthdate>19800517</Birthdate><LimitApplicationCertificateRelatedConsFlg>0</LimitApplicationCertificateRelatedConsFlg></QualificationConfirmSearchInfo></MessageBody></XmlMsg>
"""
NOBODY = 65532


class Compose(Case):
    def test_the_block_of_the_page_starts_the_server_and_asks_it(self):
        self.compose_down("")
        said = self.run_here(documents.block("docs/docker.md", "curl --insecure"))
        self.assertIn('"code":"9910000018"', said)

    def test_ten_lines_lead_to_a_red_and_a_green_report(self):
        self.compose_down("")
        said = self.run_here(documents.block("docs/docker.md", "mkfifo screen"))
        self.assertRegex(said, r"naive: [1-9]\d* failures\ngood: 0 failures$")

    def test_the_ca_is_copied_out_and_all_is_forgotten(self):
        self.run_here(documents.line("docs/docker.md", "docker compose up"))
        ca = Mock().ca
        self.assertIn("/signin#", self.run_here(documents.line("docs/docker.md", "docker compose logs") + " 2>&1"))
        self.run_here(documents.line("docs/trust.md", "docker compose cp"))
        self.assertEqual((self.dir / "ca.pem").read_text(), ca)
        self.run_here(documents.line("docker-compose.yml", "docker compose down"))
        self.assertEqual(run("docker volume ls --quiet --filter name=onshi-mock_"), "")

    def test_a_file_put_into_the_terminals_folder_on_the_host_is_answered(self):
        """The folder is one of the host; a restart by hand ends what the installation left pending."""
        folder = self.dir / "oqs"
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)
        self.compose_down("--profile terminal")
        self.run_here(documents.line("docker-compose.yml", "docker compose --profile terminal up"), ONSHI_OQS="./oqs")
        self.assertIn("<QualificationValidity>1<", self.answer(folder, 1))
        restart = self.run_here(documents.line("docs/docker.md", "docker compose exec terminal"))
        self.assertRegex(restart, "boot")
        self.assertIn("<QualificationValidity>1<", self.answer(folder, 2))

    def answer(self, folder, number):
        request = folder / "request.tmp"
        request.write_text(REQUEST)
        os.chown(request, NOBODY, NOBODY)
        eventually((folder / "req").is_dir)
        request.rename(folder / f"req/OQSsiquc01req_{number}.xml")
        result = folder / f"res/OQSsiquc01res_{number}.xml"
        return eventually(lambda: result.exists() and (text := result.read_text()).rstrip().endswith("</XmlMsg>") and text)

    def test_docker_compose_1_takes_the_file_too(self):
        """The former implementation in Python, as Debian has it; it knows no --wait, and asks by version 1.38 of the engine's API."""
        oldest = run("docker version --format '{{.Server.MinAPIVersion}}'")
        if [int(part) for part in oldest.split(".")] > [1, 38]:
            self.skipTest(f"this engine takes version {oldest} of its API or newer")
        print(run("docker-compose version --short"))
        profiles = "--profile terminal --profile scale"
        self.compose_down(profiles, "docker-compose")
        self.run_here(f"docker-compose {profiles} up --detach")
        for ports in [(8443, 8444), (9443, 9444)]:
            self.assertEqual(Mock(*ports).check("9910000018")[0]["MessageBody"]["QualificationValidity"], "1")
