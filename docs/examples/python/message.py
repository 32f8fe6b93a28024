"""電文の読み書き。JSON も XML も同じ木（xml.etree の Element）にして、名前で読む。"""

import json
import re
from xml.etree import ElementTree

# 患者1人の検索条件。設定ファイルの person= の並び順でもある。
PERSON = ["InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber", "Birthdate"]
CONSENT = "LimitApplicationCertificateRelatedConsFlg"


def text(node, path):
    """最初に見つかった要素の値。前後の空白（保険者番号の左の空白など）は取り除く。要素がなければ空文字列。"""
    found = None if node is None else node.find(path)
    return "" if found is None or found.text is None else found.text.strip(" \t\r\n")


def parse(data):
    """届いたバイト列を木にする。XML か JSON の電文として読めなければ None。"""
    try:
        if data.lstrip()[:1] == b"{":
            root = ElementTree.Element("root")
            _add(root, json.loads(data))
            return root.find("XmlMsg")
        decoded = re.sub(r"^<\?xml.*?\?>", "", decode(data), flags=re.S)
        root = ElementTree.fromstring(decoded)
        for node in root.iter():
            node.tag = node.tag.split("}")[-1]  # 名前空間は見ない
        return root if root.tag == "XmlMsg" else None
    except (ValueError, ElementTree.ParseError):
        return None


def decode(data):
    """XML 宣言の encoding に従って文字列にする。読めなければ例外になる。宣言のないファイル（.err）は、UTF-8 でなければ CP932 とみなす。"""
    declared = re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=[\"']([^\"']+)", data)
    if declared:
        cp932 = declared[1].lower() in (b"shift_jis", b"windows-31j", b"cp932")
        return data.decode("cp932" if cp932 else "utf-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp932", "replace")


def _add(parent, value):
    """JSON の値を子要素にする。配列は同じ名前の要素の繰り返し。null の要素は、ないものとして扱う。"""
    for name, item in value.items():
        for one in item if isinstance(item, list) else [item]:
            if one is None:
                continue
            child = ElementTree.SubElement(parent, name)
            if isinstance(one, dict):
                _add(child, one)
            else:
                child.text = one if isinstance(one, str) else json.dumps(one)


def login_text(data, path):
    """ログインの応答（電文ではない JSON）にある値。なければ空文字列。"""
    try:
        root = ElementTree.Element("root")
        _add(root, json.loads(data))
        return text(root, path)
    except (ValueError, AttributeError):
        return ""


def results(body):
    """資格情報の一覧。1件でも複数件でも、ResultList の中でも直下（一括照会）でもよい。"""
    name = "ResultOfQualificationConfirmation"
    return body.findall("ResultList/" + name) + body.findall(name)


def check_json(institution, date, person):
    """Web API の資格確認の要求。"""
    return json.dumps({"XmlMsg": {
        "MessageHeader": {"QualificationConfirmationDate": date, "MedicalInstitutionCode": institution},
        "MessageBody": {"QualificationConfirmSearchInfo": {**person, CONSENT: "0"}}}}, ensure_ascii=False).encode()


def check_xml(institution, date, identifier, persons, charset):
    """連携フォルダーの資格確認（1人）と一括照会（複数人）の要求ファイル。"""
    header = {"QualificationConfirmationDate": date, "MedicalInstitutionCode": institution, "ArbitraryFileIdentifier": identifier}
    return _xml(header, [("QualificationConfirmSearchInfo", {**person, CONSENT: "0"}) for person in persons], charset)


def fetch_xml(institution, number, charset):
    """一括照会の結果を受け取る要求ファイル。"""
    return _xml({"MedicalInstitutionCode": institution}, [("ReceptionNumber", number)], charset)


def _xml(header, body, charset):
    message = ElementTree.Element("XmlMsg")
    _add(ElementTree.SubElement(message, "MessageHeader"), header)
    parent = ElementTree.SubElement(message, "MessageBody")
    for name, value in body:
        _add(parent, {name: value})
    encoding, codec = ("Shift_JIS", "cp932") if charset == "shift_jis" else ("UTF-8", "utf-8")
    declaration = f'<?xml version="1.0" encoding="{encoding}" standalone="no"?>\n'
    # CP932 にない文字は &#番号; になる。
    return (declaration + ElementTree.tostring(message, encoding="unicode")).encode(codec, "xmlcharrefreplace")
