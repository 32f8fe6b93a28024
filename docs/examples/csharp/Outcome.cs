using System.Collections.Generic;
using System.Linq;
using System.Xml.Linq;

namespace OnshiMockSample
{
    /// <summary>すべきこと。</summary>
    enum NextStep
    {
        /// <summary>資格情報を取り込む。</summary>
        TakeOver,
        /// <summary>結果を表示する（取り込むものはない）。</summary>
        ShowResult,
        /// <summary>職員の操作で、同じ患者の資格確認をもう一度行う。</summary>
        Repeat,
        /// <summary>処理中。しばらく待って、もう一度照会する。</summary>
        AskLater,
        /// <summary>1回だけログインし直して、同じ資格確認を行う。</summary>
        LogIn,
        /// <summary>要求ファイルの誤り。同じファイルを送り直さない。</summary>
        Correct,
    }

    /// <summary>届いたもの。</summary>
    class Answer
    {
        /// <summary>何も届かなかった理由。</summary>
        public string NoAnswer;
        /// <summary>HTTP ステータス。連携フォルダーでは 200。</summary>
        public int Status = 200;
        /// <summary>Retry-After の秒数。</summary>
        public int RetryAfter;
        /// <summary>.err ファイルの内容。</summary>
        public string Err;
        /// <summary>電文の木。読めなければ null。</summary>
        public XElement Tree;
        /// <summary>届いたバイト列。</summary>
        public byte[] Raw = new byte[0];
        /// <summary>ログインへの応答か。</summary>
        public bool Login;
    }

    /// <summary>届いたものから決めた、すべきことと表示する行。docs/answers.ja.md の「判断の表」のとおりで、Row はその行番号。</summary>
    class Outcome
    {
        public int Row;
        public NextStep Action;
        public List<string> Lines = new List<string>();
        /// <summary>端末の再起動を求められた。</summary>
        public bool AsksRestart;
        /// <summary>応答を、保守担当者のために残す。</summary>
        public bool Keep;

        static readonly Dictionary<string, string> Validity = new Dictionary<string, string>
        {
            ["1"] = "有効", ["2"] = "無効", ["3"] = "無効（新しい資格あり）", ["4"] = "該当資格なし", ["5"] = "複数該当", ["6"] = "有効（未登録）",
        };
        static readonly Dictionary<string, string> Reason = new Dictionary<string, string>
        {
            ["01"] = "死亡", ["02"] = "生活保護受給開始", ["03"] = "医療保険等の資格取得", ["99"] = "その他",
        };
        const string CallCentre =
            "コールセンター（0800-080-4583）に連絡し、その間は KB0011769#B の方法（マイナポータルの資格情報の画面、資格情報のお知らせ、資格確認書など）で資格を確認してください。";

        /// <summary>restarted は、再起動を求めるエラーの後に、職員がやり直しの操作をしたかどうか。</summary>
        public static Outcome Decide(Answer answer, bool restarted)
        {
            return DecideHeader(answer, restarted) ?? DecideBody(Message.All(answer.Tree, "MessageBody").First(), restarted);
        }

        /// <summary>行1〜5。電文の本体まで読み進めてよければ null。</summary>
        public static Outcome DecideHeader(Answer answer, bool restarted)
        {
            var message = answer.Tree;
            if (answer.NoAnswer != null)
                return Unknown(1, "応答がありません：" + answer.NoAnswer);
            if (answer.Status == 401 && !answer.Login)
                return new Outcome { Row = 2, Action = NextStep.LogIn, Lines = Shown("資格確認ができませんでした。HTTP ステータス 401", Error(message, "MessageHeader/Error")) };
            if (answer.Status != 200 && message == null)
                return OtherStatus(answer);
            if (answer.Err != null)
            {
                var lines = Shown("要求ファイルを読み取れないという応答（.err）が届きました。", answer.Err.TrimEnd().Replace("\r\n", "\n").Split('\n'));
                lines.Add("同じファイルは送り直しません。この内容を、プログラムの保守担当者に伝えてください。");
                return new Outcome { Row = 3, Action = NextStep.Correct, Lines = lines };
            }
            var segment = Message.Text(message, "MessageHeader/SegmentOfResult");
            if (segment == "9")
                return Refused(4, Error(message, "MessageHeader/Error"), restarted);
            if (segment == "2")
                return new Outcome { Row = 5, Action = NextStep.AskLater, Lines = { "処理中です。しばらく待って、もう一度照会してください。" } };
            return segment == "1" && Message.All(message, "MessageBody").Any() ? null : Unknown(14, "応答を読み取れません");
        }

        /// <summary>行6〜14。body は MessageBody、または一括照会の1人分（BulkConfirmUnit）。</summary>
        public static Outcome DecideBody(XElement body, bool restarted)
        {
            var status = Message.Text(body, "ProcessingResultStatus");
            var validity = Message.Text(body, "QualificationValidity");
            var said = Error(body, "ProcessingResult");
            if (status == "2")
                return Refused(6, said, restarted);
            if (status != "1" || !Validity.ContainsKey(validity))
                return Unknown(14, "応答を読み取れません");
            var lines = said.Select(line => "注記：" + line).ToList();
            lines.Add("資格確認の結果：" + Validity[validity]);
            return Result(validity, lines, Message.Results(body));
        }

        static Outcome Result(string validity, List<string> lines, IEnumerable<XElement> found)
        {
            switch (validity)
            {
                case "1":
                case "6":
                    lines.AddRange(found.Select(one => "取り込む資格情報：" + Qualification(one)));
                    return new Outcome { Row = validity == "1" ? 8 : 9, Action = NextStep.TakeOver, Lines = lines };
                case "2":
                case "3":
                    foreach (var one in found)
                    {
                        var reason = Message.Text(one, "ReasonOfLoss");
                        lines.Add("資格喪失日 " + Day(Message.Text(one, "DisqualificationDate")) + "　喪失事由 " + (Reason.ContainsKey(reason) ? Reason[reason] : reason));
                    }
                    if (validity == "3")
                        lines.Add("新しい資格があります（その内容は、この応答にはありません）。");
                    lines.Add("新しい資格の提示をお願いしてください。");
                    return new Outcome { Row = validity == "2" ? 10 : 11, Action = NextStep.ShowResult, Lines = lines };
                case "4":
                    lines.Add("保険者番号・記号・番号・枝番・生年月日を照合し、もう一度資格確認を行ってください。");
                    return new Outcome { Row = 12, Action = NextStep.ShowResult, Lines = lines };
                default:
                    lines.Add("枝番を確認し、枝番を付けて資格確認を行ってください。");
                    return new Outcome { Row = 13, Action = NextStep.ShowResult, Lines = lines };
            }
        }

        static Outcome Refused(int row, IList<string> said, bool restarted)
        {
            var outcome = new Outcome { Row = row, Action = NextStep.Repeat, Lines = Shown("資格確認ができませんでした。", said), AsksRestart = AsksForRestart(string.Join("。", said)) };
            if (outcome.AsksRestart)
                outcome.Lines.Add("資格確認端末を再起動してください。終わったら、同じ患者の資格確認をもう一度行います。");
            if (restarted)
                outcome.Lines.Add("再起動してもエラーが続く場合は、" + CallCentre);
            return outcome;
        }

        static Outcome OtherStatus(Answer answer)
        {
            var advice = answer.Login && answer.Status < 404 ? "ログインができません。設定の user と password を確認してください。"
                : answer.RetryAfter > 0 ? "今は応答できないと返されました。" + answer.RetryAfter + " 秒以上待って、もう一度資格確認を行ってください。"
                : answer.Status >= 500 ? "今は応答できないと返されました。しばらく待って、もう一度資格確認を行ってください。"
                : "要求に誤りがあります。プログラムの保守担当者に連絡してください。";
            var lines = Shown("資格確認ができませんでした。HTTP ステータス " + answer.Status, answer.Login ? LoginError(answer.Raw) : new List<string>());
            lines.Add(advice);
            return new Outcome { Row = 2, Action = NextStep.Repeat, Lines = lines };
        }

        static Outcome Unknown(int row, string why)
        {
            return new Outcome
            {
                Row = row,
                Action = NextStep.Repeat,
                Keep = row == 14,
                Lines = { "資格確認ができませんでした。" + why, "資格確認端末と回線が動いているか、端末が再起動されているかを確認し、もう一度資格確認を行ってください。" },
            };
        }

        /// <summary>コードとメッセージを、届いたとおりに。</summary>
        static List<string> Error(XElement node, string prefix)
        {
            var said = (Message.Text(node, prefix + "Code") + " " + Message.Text(node, prefix + "Message")).Trim();
            return said == "" ? new List<string>() : new List<string> { said };
        }

        /// <summary>ログインのエラーは電文ではなく、{"status": コード, "msg": メッセージ}。</summary>
        static List<string> LoginError(byte[] raw)
        {
            var said = (Message.LoginText(raw, "status") + " " + Message.LoginText(raw, "msg")).Trim();
            return said == "" ? new List<string>() : new List<string> { said };
        }

        static List<string> Shown(string first, IEnumerable<string> more)
        {
            return new[] { first }.Concat(more).ToList();
        }

        /// <summary>再起動を求める文があるか。エラーのコードは公開されていないので、文言で判断する。</summary>
        public static bool AsksForRestart(string said)
        {
            return said.Split('。').Any(sentence => Has(sentence, "再起動", "再立ち上げ", "立ち上げ直", "リブート")
                && Has(sentence, "ください", "必要", "お願い")
                && !Has(sentence, "再起動しても", "再起動後も", "再起動しない", "再起動せず", "不要", "必要ありません", "必要はありません"));
        }

        static bool Has(string sentence, params string[] words)
        {
            return words.Any(sentence.Contains);
        }

        static string Qualification(XElement one)
        {
            var numbers = new[] { ("保険者番号", "InsurerNumber"), ("記号", "InsuredCardSymbol"), ("番号", "InsuredIdentificationNumber"), ("枝番", "InsuredBranchNumber") };
            var told = numbers.Select(number => (number.Item1, Message.Text(one, number.Item2))).Where(number => number.Item2 != "");
            return string.Join("　", new[] { Message.Text(one, "Name") }.Concat(told.Select(number => number.Item1 + " " + number.Item2)));
        }

        /// <summary>YYYYMMDD を YYYY-MM-DD に。</summary>
        public static string Day(string date)
        {
            return date.Length == 8 ? date.Substring(0, 4) + "-" + date.Substring(4, 2) + "-" + date.Substring(6) : date;
        }
    }
}
