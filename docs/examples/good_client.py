"""A client that does the right thing: an error is no result. It tells staff to restart the terminal, waits, and checks the same patient again.

Usage: BACKEND=https://127.0.0.1:8443 CA=certs/ca.pem python3 good_client.py INSTITUTION
Each line of standard output is what a screen would show; a line on standard input says that staff are done.
"""

import sys

from check import check, login

# The patients of the day: number and birthday. 模擬　太郎 is among the mock's persons, the other is not.
PATIENTS = [("1001", "19800517"), ("9999", "19990101")]
VALIDITY = {"1": "有効", "2": "無効", "3": "無効（新しい資格あり）", "4": "該当資格なし", "5": "複数該当", "6": "有効（未登録）"}


def checked(institution, token, patient):
    """What the check came to, or none where it did not work: an error, or no answer at all, says nothing about the patient."""
    header, body = check(institution, token, *patient)
    if header.get("SegmentOfResult") == "1":
        return VALIDITY.get(body.get("QualificationValidity"))
    return None


def main(institution):
    token = login(institution)
    for patient in PATIENTS:
        result = checked(institution, token, patient)
        while result is None:
            print("資格確認ができません。資格確認端末を再起動してください。終わったら Enter を押してください。", flush=True)
            if not sys.stdin.readline():
                return
            result = checked(institution, token, patient)
        print(f"{patient[0]}: {result}", flush=True)


main(sys.argv[1])
