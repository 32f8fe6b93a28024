"""A client that does the wrong things, for comparison: it retries in a loop, then takes the error for "no qualification" and goes on.

Usage: as of good_client.py
"""

import sys

from check import check, login

PATIENTS = [("1001", "19800517"), ("9999", "19990101")]
VALIDITY = {"1": "有効", "2": "無効", "3": "無効（新しい資格あり）", "4": "該当資格なし", "5": "複数該当", "6": "有効（未登録）"}


def main(institution):
    token = login(institution)
    for patient in PATIENTS:
        for _ in range(20):
            header, body = check(institution, token, *patient)
            if header.get("SegmentOfResult") == "1":
                break
        # Wrong: an error is no result.
        print(f"{patient[0]}: {VALIDITY.get(body.get('QualificationValidity'), '該当資格なし')}", flush=True)
        if not sys.stdin.readline():
            return


main(sys.argv[1])
