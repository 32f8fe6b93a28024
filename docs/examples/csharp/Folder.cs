using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;

namespace OnshiMockSample
{
    /// <summary>連携フォルダー。req に置き、res を待つ。</summary>
    class Folder
    {
        readonly Settings settings;

        public Folder(Settings settings)
        {
            this.settings = settings;
            foreach (var name in new[] { "req", "res" })
                if (settings["folder"] == "" || !Directory.Exists(Path.Combine(settings["folder"], name)))
                    throw new WrongSettings("連携フォルダー folder=" + settings["folder"] + " に " + name + " がありません。req と res のあるフォルダーを指定してください。");
        }

        public Answer Check(IDictionary<string, string> person)
        {
            return CheckAll("OQSsiquc01", new[] { person });
        }

        public Answer CheckAll(string kind, IEnumerable<IDictionary<string, string>> persons)
        {
            var tail = Stamp();
            return Send(kind, tail, Message.CheckXml(settings["institution"], settings["date"], tail, persons, settings["charset"]));
        }

        public Answer Fetch(string number)
        {
            return Send("OQSmuquc02", Stamp(), Message.FetchXml(settings["institution"], number, settings["charset"]));
        }

        public static string Stamp()
        {
            return DateTime.Now.ToString("yyyyMMddHHmmssfff");
        }

        Answer Send(string kind, string tail, byte[] content)
        {
            var request = Path.Combine(settings["folder"], "req", kind + "req_" + tail + ".xml");
            try
            {
                File.WriteAllBytes(request + ".tmp", content); // 書き終えてから .xml にする
                File.Move(request + ".tmp", request);
                return Wait(request, kind, tail);
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                return new Answer { NoAnswer = "連携フォルダーを読み書きできません（" + error.Message + "）。共有フォルダーの接続を確認してください" };
            }
        }

        Answer Wait(string request, string kind, string tail)
        {
            var res = Path.Combine(settings["folder"], "res");
            var result = Path.Combine(res, kind + "res_" + tail + ".xml");
            var moved = Path.Combine(res, kind + "req_" + tail + ".xml");
            var err = Path.Combine(res, kind + "req_" + tail + ".err");
            var raw = new byte[0];
            for (var waited = Stopwatch.StartNew(); waited.Elapsed.TotalSeconds < settings.Seconds("timeout"); Thread.Sleep(300))
            {
                if (File.Exists(moved) && File.Exists(err))
                    return new Answer { Err = Message.DecodeErr(ReadShared(err)) };
                raw = File.Exists(result) ? ReadShared(result) : new byte[0];
                if (Encoding.ASCII.GetString(raw).TrimEnd().EndsWith("</XmlMsg>", StringComparison.Ordinal)) // 書きかけのファイルは読まない
                    return new Answer { Tree = Message.Parse(raw), Raw = raw };
            }
            if (raw.Length > 0)
                return new Answer { Raw = raw };
            var waiting = File.Exists(request);
            File.Delete(request); // 後から処理されないよう、取り下げる
            return new Answer { NoAnswer = waiting ? "要求ファイルが受け取られません。端末の電源と連携アプリケーション、設定の folder を確認してください" : "応答ファイルが出力されません" };
        }

        /// <summary>連携アプリケーションが書いている途中でも、開けるように読む。</summary>
        static byte[] ReadShared(string path)
        {
            using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            using (var read = new MemoryStream())
            {
                file.CopyTo(read);
                return read.ToArray();
            }
        }
    }
}
