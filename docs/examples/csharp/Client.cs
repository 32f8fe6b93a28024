using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;

namespace OnshiMockSample
{
    /// <summary>
    /// 資格確認のクライアントの例。使い方：Client.exe web|folder|bulk [settings=ファイル] [名前=値 ...]（docs/sample-clients.ja.md）
    /// 標準出力の1行が、画面に表示する1行。標準入力の1行が、職員の操作。
    /// </summary>
    class Client
    {
        /// <summary>職員が操作を終えた。</summary>
        class Ended : Exception { }

        static readonly string[] Labels = { "保険者番号", "記号", "番号", "枝番", "生年月日" };

        readonly Settings settings;
        Action logOut = () => { };

        Client(Settings settings)
        {
            this.settings = settings;
        }

        static int Main(string[] arguments)
        {
            Console.OutputEncoding = new UTF8Encoding(false);
            try
            {
                return Run(arguments.FirstOrDefault(), arguments.Skip(1)) ? 0 : 1;
            }
            catch (WrongSettings wrong)
            {
                Console.Error.WriteLine(wrong.Message);
                return 2;
            }
            catch (Ended)
            {
                return 1;
            }
        }

        static bool Run(string mode, IEnumerable<string> arguments)
        {
            if (!new[] { "web", "folder", "bulk" }.Contains(mode))
                throw new WrongSettings("web、folder、bulk のどれかを指定してください。");
            var client = new Client(new Settings(arguments));
            if (mode == "bulk")
                return client.Bulk(new Folder(client.settings));
            if (mode == "folder")
                return client.CheckEach(new Folder(client.settings).Check);
            var web = new Web(client.settings);
            client.logOut = web.LogOut;
            return client.CheckEach(web.Check);
        }

        /// <summary>1人ずつの資格確認。全員の結果が得られたかどうかを返す。</summary>
        bool CheckEach(Func<IDictionary<string, string>, Answer> check)
        {
            var complete = true;
            foreach (var person in settings.Persons)
                complete &= Confirm("【資格確認】" + NameOf(person), () => check(person), Outcome.Decide) != null;
            return complete;
        }

        /// <summary>一括照会：OQSmuquc01 で依頼し、受付番号で OQSmuquc02 の結果を受け取る。</summary>
        bool Bulk(Folder folder)
        {
            var accepted = Confirm("【一括照会】" + settings.Persons.Count + " 件", () => folder.CheckAll("OQSmuquc01", settings.Persons), Outcome.DecideHeader);
            if (accepted == null)
                return false;
            var inBody = Message.Text(accepted.Tree, "MessageBody/ReceptionNumber");
            var number = inBody != "" ? inBody : Message.Text(accepted.Tree, "MessageHeader/ReceptionNumber");
            Show("受け付けられました。受付番号 " + number);
            var fetched = Confirm("【一括照会の結果】受付番号 " + number, () => folder.Fetch(number), Outcome.DecideHeader);
            if (fetched == null)
                return false;
            var complete = true;
            foreach (var unit in Message.All(fetched.Tree, "MessageBody/BulkConfirmUnit"))
            {
                Show("【資格確認】" + NameOf(Message.Person.ToDictionary(name => name, name => Message.Text(unit, "QualificationConfirmSearchInfo/" + name))));
                var outcome = Outcome.DecideBody(unit, false);
                outcome.Lines.ForEach(Show);
                complete &= IsResult(outcome);
            }
            return complete;
        }

        /// <summary>結果が得られるか、職員が次に進むまで、同じ照会を繰り返す。得られた応答を返す。得られなければ null。</summary>
        Answer Confirm(string heading, Func<Answer> send, Func<Answer, bool, Outcome> decide)
        {
            bool restarted = false, loggedInAgain = false;
            while (true)
            {
                var sinceSent = Stopwatch.StartNew();
                Show(heading);
                var answer = send();
                var outcome = decide(answer, restarted);
                if (outcome == null)
                    return answer;
                if (outcome.Action == NextStep.LogIn && !loggedInAgain)
                {
                    loggedInAgain = true;
                    logOut();
                    continue;
                }
                outcome.Lines.ForEach(Show);
                if (outcome.Keep)
                    KeepAnswer(answer.Raw);
                if (IsResult(outcome))
                    return answer;
                if (outcome.Action == NextStep.Correct || !AskStaff(outcome.AsksRestart))
                    return null;
                restarted |= outcome.AsksRestart;
                logOut(); // やり直すときは、ログインからやり直す。トークンの期限切れが、401 でなくエラーの電文で届くこともある
                WaitUntil(sinceSent, Math.Max(settings.Seconds("interval"), answer.RetryAfter));
            }
        }

        static bool IsResult(Outcome outcome)
        {
            return outcome.Action == NextStep.TakeOver || outcome.Action == NextStep.ShowResult;
        }

        /// <summary>同じ照会を繰り返すかどうかを、職員に聞く。</summary>
        static bool AskStaff(bool afterRestart)
        {
            Show((afterRestart ? "［Enter］再起動が終わったので、同じ照会をもう一度行う" : "［Enter］同じ照会をもう一度行う") + "　［n］次へ　［q］終了");
            var reply = Console.ReadLine();
            if (reply == null || reply.Trim() == "q")
                throw new Ended();
            return reply.Trim() != "n";
        }

        static void WaitUntil(Stopwatch sinceSent, int seconds)
        {
            var wait = TimeSpan.FromSeconds(seconds) - sinceSent.Elapsed;
            if (wait > TimeSpan.Zero)
            {
                Show("約" + ((int)wait.TotalSeconds + 1) + "秒後に照会します。");
                Thread.Sleep(wait);
            }
        }

        static void KeepAnswer(byte[] raw)
        {
            var name = "answer-" + Folder.Stamp() + ".txt";
            File.WriteAllBytes(name, raw);
            Show("応答をファイル " + name + " に保存しました。プログラムの保守担当者に渡してください。");
        }

        static string NameOf(IDictionary<string, string> person)
        {
            var told = Message.Person.Zip(Labels, (name, label) => new { label, value = person.ContainsKey(name) ? person[name] : "", birth = name == "Birthdate" });
            return string.Join("　", told.Where(one => one.value != "").Select(one => one.label + " " + (one.birth ? Outcome.Day(one.value) : one.value)));
        }

        static void Show(string line)
        {
            Console.WriteLine(line);
        }
    }
}
