"""A receipt computer that logs in and checks. As a program it stands where the recipes of docs/ci say "your client": check, restart, check."""
import json
import os
import ssl
import sys
import urllib.request


def post(url, body, tls, **headers):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json;charset=UTF-8"} | headers)
    with urllib.request.urlopen(request, context=tls, timeout=10) as response:
        return json.load(response), response.headers


def login(backend, institution, tls):
    return post(backend + "/oqs-api-pro/MSA12020/ILI12020SV01/auth", {"userId": institution}, tls)[0]["result"]["idToken"]


def check(backend, institution, tls, token):
    """The message, and the number of its journal entry."""
    answer, headers = post(backend + "/oqs-api-pro/MSA01030/ILI01030SV01/search", {"XmlMsg": {
        "MessageHeader": {"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": institution},
        "MessageBody": {"QualificationConfirmSearchInfo": {
            "InsurerNumber": "01990019", "InsuredCardSymbol": "11010203", "InsuredIdentificationNumber": "1001",
            "InsuredBranchNumber": "01", "Birthdate": "19800517", "LimitApplicationCertificateRelatedConsFlg": "0"}}}}, tls, Authorization=token)
    return answer["XmlMsg"], headers["X-Onshi-Journal"]


if __name__ == "__main__":
    backend, ca, institution = sys.argv[1:]
    tls = ssl.create_default_context(cafile=ca)
    token = login(backend, institution, tls)
    assert check(backend, institution, tls, token)[0]["MessageHeader"]["ErrorCode"] == "MOCK0501E"
    restart = f"{os.environ['CONTROL']}/v1/institutions/{institution}/terminals/T1/restart"
    post(restart, {}, tls, Authorization="Bearer " + os.environ["ONSHI_CONTROL_TOKEN"])
    assert check(backend, institution, tls, token)[0]["MessageBody"]["QualificationValidity"] == "1"
