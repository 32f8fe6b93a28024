"""届いたものから、すべきことと表示することを決める。docs/answers.ja.md の「判断の表」のとおりで、row はその行番号。"""

from dataclasses import dataclass, field

from message import login_text, results, text

# すべきこと
TAKE_OVER = "take_over"  # 資格情報を取り込む
SHOW_RESULT = "show_result"  # 結果を表示する（取り込むものはない）
REPEAT = "repeat"  # 職員の操作で、同じ患者の資格確認をもう一度行う
ASK_LATER = "ask_later"  # 処理中。しばらく待って、もう一度照会する
LOG_IN = "log_in"  # 1回だけログインし直して、同じ資格確認を行う
CORRECT = "correct"  # 要求ファイルの誤り。同じファイルを送り直さない

VALIDITY = {"1": "有効", "2": "無効", "3": "無効（新しい資格あり）", "4": "該当資格なし", "5": "複数該当", "6": "有効（未登録）"}
REASON = {"01": "死亡", "02": "生活保護受給開始", "03": "医療保険等の資格取得", "99": "その他"}
CALL_CENTRE = "コールセンター（0800-080-4583）に連絡し、その間は KB0011769#B の方法（マイナポータルの資格情報の画面、資格情報のお知らせ、資格確認書など）で資格を確認してください。"


@dataclass
class Answer:
    """届いたもの。何も届かなければ no_answer に理由が入る。"""
    no_answer: str = ""
    status: int = 200  # HTTP ステータス。連携フォルダーでは 200
    retry_after: int = 0  # Retry-After の秒数
    err: str = ""  # .err ファイルの内容
    message: object = None  # 電文の木。読めなければ None
    raw: bytes = b""  # 届いたバイト列
    login: bool = False  # ログインへの応答


@dataclass
class Outcome:
    row: int
    action: str
    lines: list = field(default_factory=list)  # 画面に表示する行
    asks_restart: bool = False  # 端末の再起動を求められた
    keep: bool = False  # 応答を、保守担当者のために残す


def decide(answer, restarted=False):
    """restarted は、再起動を求めるエラーの後に、職員がやり直しの操作をしたかどうか。"""
    return decide_header(answer, restarted) or decide_body(answer.message.find("MessageBody"), restarted)


def decide_header(answer, restarted=False):
    """行1〜5。電文の本体まで読み進めてよければ None。"""
    message = answer.message
    if answer.no_answer:
        return _unknown(1, f"応答がありません：{answer.no_answer}")
    if answer.status == 401 and not answer.login:
        return Outcome(2, LOG_IN, ["資格確認ができませんでした。HTTP ステータス 401", *_error(message, "MessageHeader/Error")])
    if answer.status != 200 and message is None:
        return _status(answer)
    if answer.err:
        lines = ["要求ファイルを読み取れないという応答（.err）が届きました。", *answer.err.splitlines()]
        return Outcome(3, CORRECT, lines + ["同じファイルは送り直しません。この内容を、プログラムの保守担当者に伝えてください。"])
    segment = text(message, "MessageHeader/SegmentOfResult")
    if segment == "9":
        return _refused(4, _error(message, "MessageHeader/Error"), restarted)
    if segment == "2":
        return Outcome(5, ASK_LATER, ["処理中です。しばらく待って、もう一度照会してください。"])
    if segment != "1" or message.find("MessageBody") is None:
        return _unknown(14, "応答を読み取れません")
    return None


def decide_body(body, restarted=False):
    """行6〜14。body は MessageBody、または一括照会の1人分（BulkConfirmUnit）。"""
    status, validity = text(body, "ProcessingResultStatus"), text(body, "QualificationValidity")
    said = _error(body, "ProcessingResult")
    if status == "2":
        return _refused(6, said, restarted)
    if status != "1" or validity not in VALIDITY:
        return _unknown(14, "応答を読み取れません")
    note = ["注記：" + line for line in said]
    return _result(validity, note, results(body))


def _result(validity, note, found):
    lines = note + ["資格確認の結果：" + VALIDITY[validity]]
    if validity in "16":
        return Outcome(8 if validity == "1" else 9, TAKE_OVER, lines + ["取り込む資格情報：" + _qualification(one) for one in found])
    if validity in "23":
        for one in found:
            reason = text(one, "ReasonOfLoss")
            lines.append(f"資格喪失日 {day(text(one, 'DisqualificationDate'))}　喪失事由 {REASON.get(reason, reason)}")
        if validity == "3":
            lines.append("新しい資格があります（その内容は、この応答にはありません）。")
        return Outcome(10 if validity == "2" else 11, SHOW_RESULT, lines + ["新しい資格の提示をお願いしてください。"])
    if validity == "4":
        return Outcome(12, SHOW_RESULT, lines + ["保険者番号・記号・番号・枝番・生年月日を照合し、もう一度資格確認を行ってください。"])
    return Outcome(13, SHOW_RESULT, lines + ["枝番を確認し、枝番を付けて資格確認を行ってください。"])


def _refused(row, said, restarted):
    lines, asks_restart = ["資格確認ができませんでした。", *said], asks_for_restart("。".join(said))
    if asks_restart:
        lines.append("資格確認端末を再起動してください。終わったら、同じ患者の資格確認をもう一度行います。")
    if restarted:
        lines.append("再起動してもエラーが続く場合は、" + CALL_CENTRE)
    return Outcome(row, REPEAT, lines, asks_restart)


def _status(answer):
    lines = [f"資格確認ができませんでした。HTTP ステータス {answer.status}"]
    if answer.login:  # ログインのエラーは電文ではなく、{"status": コード, "msg": メッセージ}
        said = f"{login_text(answer.raw, 'status')} {login_text(answer.raw, 'msg')}".strip()
        lines += [said] if said else []
    if answer.login and answer.status < 404:
        lines += ["ログインができません。設定の user と password を確認してください。"]
    elif answer.retry_after:
        lines += [f"今は応答できないと返されました。{answer.retry_after} 秒以上待って、もう一度資格確認を行ってください。"]
    elif answer.status >= 500:
        lines += ["今は応答できないと返されました。しばらく待って、もう一度資格確認を行ってください。"]
    else:
        lines += ["要求に誤りがあります。プログラムの保守担当者に連絡してください。"]
    return Outcome(2, REPEAT, lines)


def _unknown(row, why):
    lines = [f"資格確認ができませんでした。{why}", "資格確認端末と回線が動いているか、端末が再起動されているかを確認し、もう一度資格確認を行ってください。"]
    return Outcome(row, REPEAT, lines, keep=row == 14)


def _error(node, prefix):
    """コードとメッセージを、届いたとおりに。"""
    said = (text(node, prefix + "Code") + " " + text(node, prefix + "Message")).strip()
    return [said] if said else []


def asks_for_restart(said):
    """再起動を求める文があるか。エラーのコードは公開されていないので、文言で判断する。"""
    names, asking = ("再起動", "再立ち上げ", "立ち上げ直", "リブート"), ("ください", "必要", "お願い")
    negating = ("再起動しても", "再起動後も", "再起動しない", "再起動せず", "不要", "必要ありません", "必要はありません")
    has = lambda sentence, words: any(word in sentence for word in words)
    return any(has(one, names) and has(one, asking) and not has(one, negating) for one in said.split("。"))


def _qualification(one):
    numbers = [("保険者番号", "InsurerNumber"), ("記号", "InsuredCardSymbol"), ("番号", "InsuredIdentificationNumber"), ("枝番", "InsuredBranchNumber")]
    return "　".join([text(one, "Name")] + [f"{label} {text(one, name)}" for label, name in numbers if text(one, name)])


def day(date):
    """YYYYMMDD を YYYY-MM-DD に。"""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 else date
