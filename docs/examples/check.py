"""What both example clients need: a login and a check over HTTPS, with the standard library alone."""

import http.client
import json
import os
import ssl
from urllib.parse import urlsplit

BACKEND = urlsplit(os.environ.get("BACKEND", "https://127.0.0.1:8443"))
TLS = ssl.create_default_context(cafile=os.environ.get("CA", "certs/ca.pem"))


def post(path, body, token=None):
    """The answer's JSON; None where there was no answer that could be read."""
    connection = http.client.HTTPSConnection(BACKEND.hostname, BACKEND.port, context=TLS, timeout=30)
    headers = {"Content-Type": "application/json;charset=UTF-8"}
    if token:
        headers["Authorization"] = token
    try:
        connection.request("POST", path, json.dumps(body, ensure_ascii=False).encode(), headers)
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def login(institution):
    answer = post("/oqs-api-pro/MSA12020/ILI12020SV01/auth", {"userId": institution})
    return answer["result"]["idToken"]


def check(institution, token, number, birthdate):
    """Checks one patient; gives header and body of the answer, both empty where there was none."""
    card = {"InsurerNumber": "01990019", "InsuredCardSymbol": "11010203", "InsuredIdentificationNumber": number,
            "Birthdate": birthdate, "LimitApplicationCertificateRelatedConsFlg": "0"}
    answer = post("/oqs-api-pro/MSA01030/ILI01030SV01/search", {"XmlMsg": {
        "MessageHeader": {"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": institution},
        "MessageBody": {"QualificationConfirmSearchInfo": card}}}, token)
    message = (answer or {}).get("XmlMsg", {})
    return message.get("MessageHeader", {}), message.get("MessageBody", {})
