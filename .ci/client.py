"""A rehearsal by the client that openapi-python-client generated: create, check, advance, restart, check, verdict.

Arguments: the control and backend URLs, the control token, the CA's file. The generated packages `control` and `backend` lie beside it.
"""

import ssl
import sys

import backend
import control
from backend.api.資格確認_check import search
from backend.models import CheckRequest
from control.api.医療機関_institutions import create_institution
from control.api.時計_clock import advance_clock
from control.api.端末_terminals import restart
from control.api.記録_evidence import verdict
from control.models import AdvanceInput, CreateInput

control_url, backend_url, token, ca = sys.argv[1:]
trust = ssl.create_default_context(cafile=ca)
operator = control.AuthenticatedClient(base_url=control_url, token=token, verify_ssl=trust)
receipt_computer = backend.Client(base_url=backend_url, verify_ssl=trust)


def check(code: str) -> dict:
    body = {
        "XmlMsg": {
            "MessageHeader": {"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": code},
            "MessageBody": {
                "QualificationConfirmSearchInfo": {
                    "InsurerNumber": "01990019",
                    "InsuredCardSymbol": "11010203",
                    "InsuredIdentificationNumber": "1001",
                    "InsuredBranchNumber": "01",
                    "Birthdate": "19800517",
                    "LimitApplicationCertificateRelatedConsFlg": "0",
                }
            },
        }
    }
    answer = search.sync(client=receipt_computer, body=CheckRequest.from_dict(body))
    return answer.to_dict()["XmlMsg"]


created = create_institution.sync(client=operator, body=CreateInput(template="9910000026", scenario="installed-not-restarted"))
code = created.code
refused = check(code)
assert refused["MessageHeader"]["ErrorCode"] == "MOCK0501E", refused
advanced = advance_clock.sync(code, client=operator, body=AdvanceInput(by="PT10M"))
assert advanced.clock is not None, advanced
restart.sync(code, "T1", client=operator)
advance_clock.sync(code, client=operator, body=AdvanceInput(by="PT10M"))
answered = check(code)
assert answered["MessageBody"]["QualificationValidity"] == "1", answered
judged = verdict.sync(code, client=operator)
assert judged.overall in ("PASS", "INCOMPLETE"), judged
print(f"openapi-python-client: {code}: refused, restarted, answered; the verdict is {judged.overall}")
