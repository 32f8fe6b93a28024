using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace OnshiMockSample
{
    /// <summary>設定の誤り。メッセージは、どう直すかまで言う。</summary>
    class WrongSettings : Exception
    {
        public WrongSettings(string message) : base(message) { }
    }

    /// <summary>設定：名前=値 の並び。同じ名前は、後のものが優先。person= は、書いた数だけの患者になる。</summary>
    class Settings
    {
        readonly Dictionary<string, string> values = new Dictionary<string, string>
        {
            ["base_url"] = "https://localhost:8443",
            ["ca"] = "certs/ca.pem", // サーバーの証明書を検証する CA
            ["institution"] = "9910000026",
            ["user"] = "", // 空なら医療機関コード
            ["password"] = "onshi-mock",
            ["folder"] = "", // req と res のあるフォルダー
            ["charset"] = "utf-8", // 要求ファイルの文字コード：utf-8 または shift_jis
            ["date"] = "", // 資格確認日 YYYYMMDD。空なら今日
            ["timeout"] = "30", // 応答を待つ秒数
            ["interval"] = "10", // 同じ照会を次に送るまでの最短の秒数
        };

        public readonly List<IDictionary<string, string>> Persons = new List<IDictionary<string, string>>();

        public Settings(IEnumerable<string> arguments)
        {
            foreach (var argument in arguments.SelectMany(WithFile))
                Read(argument);
            if (Persons.Count == 0)
                throw new WrongSettings("患者がいません。person=保険者番号,記号,番号,枝番,生年月日 を指定してください。");
            if (values["date"] == "")
                values["date"] = DateTime.UtcNow.AddHours(9).ToString("yyyyMMdd");
        }

        public string this[string name]
        {
            get { return values[name]; }
        }

        public int Seconds(string name)
        {
            return int.Parse(values[name]);
        }

        void Read(string argument)
        {
            var parts = argument.Split(new[] { '=' }, 2);
            var fields = parts.Last().Split(',');
            if (parts[0] == "person" && fields.Length == Message.Person.Length)
            {
                var told = Message.Person.Zip(fields, (name, field) => new { name, field = field.Trim() });
                Persons.Add(told.Where(one => one.field != "").ToDictionary(one => one.name, one => one.field));
            }
            else if (values.ContainsKey(parts[0]) && parts.Length == 2)
                values[parts[0]] = parts[1];
            else
                throw new WrongSettings("設定 " + argument + " は使えません。使える名前：" + string.Join("、", values.Keys) + "、settings、person（保険者番号,記号,番号,枝番,生年月日）");
        }

        /// <summary>settings=ファイル を、その中の行に置き換える。</summary>
        static IEnumerable<string> WithFile(string argument)
        {
            if (!argument.StartsWith("settings="))
                return new[] { argument };
            var path = argument.Substring("settings=".Length);
            try
            {
                return File.ReadAllLines(path).Select(line => line.Trim()).Where(line => line != "" && !line.StartsWith("#")).ToList();
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException || error is ArgumentException)
            {
                throw new WrongSettings("設定ファイル " + path + " を読めません：" + error.Message);
            }
        }
    }
}
