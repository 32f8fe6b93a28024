"""資格確認のクライアントの例。使い方：python3 client.py web|folder|bulk [settings=ファイル] [名前=値 ...]（docs/sample-clients.ja.md）

標準出力の1行が、画面に表示する1行。標準入力の1行が、職員の操作。
"""

import http.client
import json
import ssl
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

import message
import outcome
from outcome import Answer

LOGIN = "/oqs-api-pro/MSA12020/ILI12020SV01/auth"
SEARCH = "/oqs-api-pro/MSA01030/ILI01030SV01/search"
DEFAULTS = {
    "base_url": "https://localhost:8443",
    "ca": "certs/ca.pem",  # サーバーの証明書を検証する CA
    "institution": "9910000026",
    "user": "",  # 空なら医療機関コード
    "password": "onshi-mock",
    "folder": "",  # req と res のあるフォルダー
    "charset": "utf-8",  # 要求ファイルの文字コード：utf-8 または shift_jis
    "date": "",  # 資格確認日 YYYYMMDD。空なら今日
    "timeout": "30",  # 応答を待つ秒数
    "interval": "10",  # 同じ照会を次に送るまでの最短の秒数
}


class WrongSettings(Exception):
    pass


class Ended(Exception):
    """職員が操作を終えた。"""


def show(line):
    print(line, flush=True)


def read_settings(arguments):
    """名前=値 を順に読む。同じ名前は、後のものが優先。person= は、書いた数だけの患者になる。"""
    settings, persons = dict(DEFAULTS), []
    for argument in with_files(arguments):
        name, separator, value = argument.partition("=")
        if name == "person" and value.count(",") == len(message.PERSON) - 1:
            fields = zip(message.PERSON, value.split(","))
            persons.append({key: field.strip() for key, field in fields if field.strip()})
        elif name in settings and separator:
            settings[name] = value
        else:
            raise WrongSettings(f"設定 {argument} は使えません。使える名前：{'、'.join(DEFAULTS)}、settings、person（保険者番号,記号,番号,枝番,生年月日）")
    if not persons:
        raise WrongSettings("患者がいません。person=保険者番号,記号,番号,枝番,生年月日 を指定してください。")
    settings["date"] = settings["date"] or datetime.now(timezone(timedelta(hours=9))).strftime("%Y%m%d")
    return settings, persons


def with_files(arguments):
    """settings=ファイル を、その中の行に置き換える。"""
    for argument in arguments:
        if argument.startswith("settings="):
            path = argument.removeprefix("settings=")
            try:
                lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
            except OSError as error:
                raise WrongSettings(f"設定ファイル {path} を読めません：{error.strerror}") from error
            yield from (line.strip() for line in lines if line.strip() and not line.startswith("#"))
        else:
            yield argument


class Web:
    """Web API。トークンは、期限が切れたと言われるまで使い続ける。"""

    def __init__(self, settings):
        self.settings, self.token = settings, ""
        self.url = urlsplit(settings["base_url"])
        if self.url.scheme != "https" or not self.url.hostname:
            raise WrongSettings(f"base_url={settings['base_url']} は https://ホスト名:ポート の形で書いてください。")
        try:
            self.tls = ssl.create_default_context(cafile=settings["ca"])
        except OSError as error:
            raise WrongSettings(f"CA のファイル ca={settings['ca']} を読めません：{error}") from error

    def check(self, person):
        if not self.token:
            login = self._post(LOGIN, json.dumps({"userId": self.settings["user"] or self.settings["institution"], "password": self.settings["password"]}).encode())
            login.login = True
            self.token = message.login_text(login.raw, "result/idToken")
            if not self.token:
                return login
        return self._post(SEARCH, message.check_json(self.settings["institution"], self.settings["date"], person), self.token)

    def log_out(self):
        self.token = ""

    def _post(self, path, body, token=None):
        headers = {"Content-Type": "application/json;charset=UTF-8", "Accept": "application/json"}
        if token:
            headers["Authorization"] = token  # Bearer は付けない
        connection = http.client.HTTPSConnection(self.url.hostname, self.url.port, context=self.tls, timeout=int(self.settings["timeout"]))
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            raw, wait = response.read(), response.getheader("Retry-After", "")
            return Answer(status=response.status, retry_after=int(wait) if wait.isdigit() else 0, message=message.parse(raw), raw=raw)
        except ssl.SSLError as error:
            return Answer(no_answer=f"サーバーの証明書を検証できません（{error.reason}）。設定の ca={self.settings['ca']} が接続先の CA の証明書か、base_url のホスト名が証明書にあるか確認してください")
        except (OSError, http.client.HTTPException) as error:
            return Answer(no_answer=f"{self.url.geturl()} と通信できません（{error or type(error).__name__}）。サーバーと、設定の base_url を確認してください")
        finally:
            connection.close()


class Folder:
    """連携フォルダー。req に置き、res を待つ。"""

    def __init__(self, settings):
        self.settings, self.folder = settings, Path(settings["folder"])
        for name in ("req", "res"):
            if not settings["folder"] or not (self.folder / name).is_dir():
                raise WrongSettings(f"連携フォルダー folder={settings['folder']} に {name} がありません。req と res のあるフォルダーを指定してください。")

    def check(self, person):
        return self.check_all("OQSsiquc01", [person])

    def log_out(self):
        """連携フォルダーにはログインがない。"""

    def check_all(self, kind, persons):
        tail = datetime.now().strftime("%Y%m%d%H%M%S%f")
        return self._send(kind, tail, message.check_xml(self.settings["institution"], self.settings["date"], tail, persons, self.settings["charset"]))

    def fetch(self, number):
        tail = datetime.now().strftime("%Y%m%d%H%M%S%f")
        return self._send("OQSmuquc02", tail, message.fetch_xml(self.settings["institution"], number, self.settings["charset"]))

    def _send(self, kind, tail, content):
        request = self.folder / "req" / f"{kind}req_{tail}.xml"
        try:
            request.with_suffix(".tmp").write_bytes(content)  # 書き終えてから .xml にする
            request.with_suffix(".tmp").rename(request)
            return self._wait(request)
        except OSError as error:
            return Answer(no_answer=f"連携フォルダーを読み書きできません（{error}）。共有フォルダーの接続を確認してください")

    def _wait(self, request):
        moved, err = self.folder / "res" / request.name, self.folder / "res" / request.with_suffix(".err").name
        result = self.folder / "res" / request.name.replace("req_", "res_", 1)
        end, raw = time.monotonic() + int(self.settings["timeout"]), b""
        while time.monotonic() < end:
            if moved.exists() and err.exists():
                return Answer(err=message.decode(err.read_bytes()))
            raw = result.read_bytes() if result.exists() else b""
            if raw.rstrip().endswith(b"</XmlMsg>"):  # 書きかけのファイルは読まない
                return Answer(message=message.parse(raw), raw=raw)
            time.sleep(0.3)
        if raw:
            return Answer(raw=raw)
        waiting = request.exists()
        request.unlink(missing_ok=True)  # 後から処理されないよう、取り下げる
        return Answer(no_answer="要求ファイルが受け取られません。端末の電源と連携アプリケーション、設定の folder を確認してください" if waiting else "応答ファイルが出力されません")


def confirm(settings, heading, send, decide, log_out=lambda: None):
    """結果が得られるか、職員が次に進むまで、同じ照会を繰り返す。得られた応答を返す。得られなければ None。"""
    restarted = logged_in_again = False
    while True:
        sent = time.monotonic()
        show(heading)
        answer = send()
        decided = decide(answer, restarted)
        if decided and decided.action == outcome.LOG_IN and not logged_in_again:
            logged_in_again = True
            log_out()
            continue
        for line in decided.lines if decided else []:
            show(line)
        if decided and decided.keep:
            keep(answer.raw)
        if decided is None or decided.action in (outcome.TAKE_OVER, outcome.SHOW_RESULT):
            return answer
        if decided.action == outcome.CORRECT or not ask_staff(decided.asks_restart):
            return None
        restarted |= decided.asks_restart
        log_out()  # やり直すときは、ログインからやり直す。トークンの期限切れが、401 でなくエラーの電文で届くこともある
        wait_until(sent + max(int(settings["interval"]), answer.retry_after))


def ask_staff(after_restart):
    """同じ照会を繰り返すかどうかを、職員に聞く。"""
    show(("［Enter］再起動が終わったので、同じ照会をもう一度行う" if after_restart else "［Enter］同じ照会をもう一度行う") + "　［n］次へ　［q］終了")
    reply = sys.stdin.readline()
    if reply == "" or reply.strip() == "q":
        raise Ended
    return reply.strip() != "n"


def wait_until(moment):
    wait = moment - time.monotonic()
    if wait > 0:
        show(f"約{int(wait) + 1}秒後に照会します。")
        time.sleep(wait)


def keep(raw):
    name = datetime.now().strftime("answer-%Y%m%d%H%M%S%f.txt")
    Path(name).write_bytes(raw)
    show(f"応答をファイル {name} に保存しました。プログラムの保守担当者に渡してください。")


def name_of(person):
    labels = zip(["保険者番号", "記号", "番号", "枝番", "生年月日"], message.PERSON)
    return "　".join(f"{label} {outcome.day(person[name]) if name == 'Birthdate' else person[name]}" for label, name in labels if person.get(name))


def check_each(settings, persons, transport):
    """1人ずつの資格確認。全員の結果が得られたかどうかを返す。"""
    answers = [
        confirm(settings, "【資格確認】" + name_of(person), lambda: transport.check(person), outcome.decide, transport.log_out)
        for person in persons
    ]
    return None not in answers


def bulk(settings, persons, folder):
    """一括照会：OQSmuquc01 で依頼し、受付番号で OQSmuquc02 の結果を受け取る。"""
    accepted = confirm(settings, f"【一括照会】{len(persons)} 件", lambda: folder.check_all("OQSmuquc01", persons), outcome.decide_header)
    if accepted is None:
        return False
    number = message.text(accepted.message, "MessageBody/ReceptionNumber") or message.text(accepted.message, "MessageHeader/ReceptionNumber")
    show(f"受け付けられました。受付番号 {number}")
    fetched = confirm(settings, f"【一括照会の結果】受付番号 {number}", lambda: folder.fetch(number), outcome.decide_header)
    if fetched is None:
        return False
    complete = True
    for unit in fetched.message.findall("MessageBody/BulkConfirmUnit"):
        asked = unit.find("QualificationConfirmSearchInfo")
        show("【資格確認】" + name_of({name: message.text(asked, name) for name in message.PERSON}))
        decided = outcome.decide_body(unit)
        for line in decided.lines:
            show(line)
        complete &= decided.action in (outcome.TAKE_OVER, outcome.SHOW_RESULT)
    return complete


def main(mode, *arguments):
    if mode not in ("web", "folder", "bulk"):
        raise WrongSettings("web、folder、bulk のどれかを指定してください。")
    settings, persons = read_settings(arguments)
    if mode == "bulk":
        return bulk(settings, persons, Folder(settings))
    return check_each(settings, persons, Web(settings) if mode == "web" else Folder(settings))


if __name__ == "__main__":
    try:
        sys.exit(0 if main(*(sys.argv[1:] or [""])) else 1)
    except Ended:
        sys.exit(1)
    except WrongSettings as wrong:
        print(wrong, file=sys.stderr)
        sys.exit(2)
