using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.Serialization.Json;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace OnshiMockSample
{
    /// <summary>電文の読み書き。JSON も XML も同じ木（XElement）にして、名前で読む。</summary>
    static class Message
    {
        /// <summary>患者1人の検索条件。設定ファイルの person= の並び順でもある。</summary>
        public static readonly string[] Person =
            { "InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber", "Birthdate" };
        const string Consent = "LimitApplicationCertificateRelatedConsFlg";
        static readonly Encoding Cp932 = GetCp932();

        static Encoding GetCp932()
        {
#if NET
            Encoding.RegisterProvider(CodePagesEncodingProvider.Instance); // .NET Framework には最初からある
#endif
            return Encoding.GetEncoding(932);
        }

        /// <summary>パス（A/B/C）にあるすべての要素。JSON の配列は、同じ名前の要素の繰り返しとして読む。</summary>
        public static IEnumerable<XElement> All(XElement node, string path)
        {
            var found = node == null ? Enumerable.Empty<XElement>() : new[] { node };
            foreach (var name in path.Split('/'))
                found = found.Elements().Where(one => one.Name.LocalName == name).SelectMany(Items).ToList();
            return found;
        }

        static IEnumerable<XElement> Items(XElement element)
        {
            var type = (string)element.Attribute("type");
            return type == "array" ? element.Elements().SelectMany(Items) : type == "null" ? Enumerable.Empty<XElement>() : new[] { element };
        }

        /// <summary>最初に見つかった要素の値。前後の空白（保険者番号の左の空白など）は取り除く。要素がなければ空文字列。</summary>
        public static string Text(XElement node, string path)
        {
            var found = All(node, path).FirstOrDefault();
            return found == null ? "" : found.Value.Trim(' ', '\t', '\r', '\n');
        }

        /// <summary>資格情報の一覧。1件でも複数件でも、ResultList の中でも直下（一括照会）でもよい。</summary>
        public static IEnumerable<XElement> Results(XElement body)
        {
            return All(body, "ResultList/ResultOfQualificationConfirmation").Concat(All(body, "ResultOfQualificationConfirmation"));
        }

        /// <summary>届いたバイト列を木にする。XML か JSON の電文として読めなければ null。</summary>
        public static XElement Parse(byte[] data)
        {
            try
            {
                var decoded = Decode(data).Trim();
                if (decoded.StartsWith("{"))
                    return IsWhole(decoded) ? All(ParseJson(data), "XmlMsg").FirstOrDefault() : null;
                var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
                using (var reader = XmlReader.Create(new StringReader(decoded), settings))
                {
                    var root = XElement.Load(reader);
                    return root.Name.LocalName == "XmlMsg" ? root : null;
                }
            }
            catch (Exception error) when (error is XmlException || error is InvalidOperationException || error is ArgumentException)
            {
                return null;
            }
        }

        /// <summary>.NET Framework と現行の .NET の両方にある、JSON を XML として読む機能を使う。</summary>
        static XElement ParseJson(byte[] data)
        {
            using (var reader = JsonReaderWriterFactory.CreateJsonReader(data, XmlDictionaryReaderQuotas.Max))
                return XElement.Load(reader);
        }

        /// <summary>途中で切れた JSON を、ある所まで読んでしまうことがあるので、括弧の数を確かめる。</summary>
        static bool IsWhole(string json)
        {
            var outside = Regex.Replace(json, "\"(\\\\.|[^\"\\\\])*\"", "");
            return outside.Count(c => c == '{' || c == '[') == outside.Count(c => c == '}' || c == ']');
        }

        /// <summary>ログインの応答（電文ではない JSON）にある値。なければ空文字列。</summary>
        public static string LoginText(byte[] data, string path)
        {
            try
            {
                return Text(ParseJson(data), path);
            }
            catch (Exception error) when (error is XmlException || error is InvalidOperationException)
            {
                return "";
            }
        }

        /// <summary>XML 宣言の encoding に従って文字列にする。JSON は UTF-8。UTF-8 として読めなければ例外になる。</summary>
        static string Decode(byte[] data)
        {
            var declared = Regex.Match(Encoding.ASCII.GetString(data), "^<\\?xml[^>]*encoding=[\"']([^\"']+)").Groups[1].Value;
            var cp932 = Regex.IsMatch(declared, "^(shift_jis|windows-31j|cp932)$", RegexOptions.IgnoreCase);
            return (cp932 ? Cp932 : new UTF8Encoding(false, true)).GetString(data).TrimStart('\ufeff');
        }

        /// <summary>.err ファイルの内容。文字コードの宣言がないので、UTF-8 でなければ CP932 とみなす。</summary>
        public static string DecodeErr(byte[] data)
        {
            try
            {
                return Decode(data);
            }
            catch (DecoderFallbackException)
            {
                return Cp932.GetString(data);
            }
        }

        /// <summary>Web API の資格確認の要求。</summary>
        public static string CheckJson(string institution, string date, IDictionary<string, string> person)
        {
            return "{\"XmlMsg\":{\"MessageHeader\":" + Json(new Dictionary<string, string> { ["QualificationConfirmationDate"] = date, ["MedicalInstitutionCode"] = institution })
                + ",\"MessageBody\":{\"QualificationConfirmSearchInfo\":" + Json(new Dictionary<string, string>(person) { [Consent] = "0" }) + "}}}";
        }

        /// <summary>値がすべて文字列のオブジェクトを JSON にする。</summary>
        public static string Json(IDictionary<string, string> fields)
        {
            return "{" + string.Join(",", fields.Select(field => Quote(field.Key) + ":" + Quote(field.Value))) + "}";
        }

        static string Quote(string value)
        {
            return "\"" + string.Concat(value.Select(c => c == '"' || c == '\\' ? "\\" + c : c < ' ' ? "\\u" + ((int)c).ToString("x4") : c.ToString())) + "\"";
        }

        /// <summary>連携フォルダーの資格確認（1人）と一括照会（複数人）の要求ファイル。</summary>
        public static byte[] CheckXml(string institution, string date, string identifier, IEnumerable<IDictionary<string, string>> persons, string charset)
        {
            var header = new XElement("MessageHeader", new XElement("QualificationConfirmationDate", date),
                new XElement("MedicalInstitutionCode", institution), new XElement("ArbitraryFileIdentifier", identifier));
            var infos = persons.Select(person => new XElement("QualificationConfirmSearchInfo",
                person.Select(field => new XElement(field.Key, field.Value)), new XElement(Consent, "0")));
            return Xml(header, new XElement("MessageBody", infos), charset);
        }

        /// <summary>一括照会の結果を受け取る要求ファイル。</summary>
        public static byte[] FetchXml(string institution, string number, string charset)
        {
            return Xml(new XElement("MessageHeader", new XElement("MedicalInstitutionCode", institution)),
                new XElement("MessageBody", new XElement("ReceptionNumber", number)), charset);
        }

        static byte[] Xml(XElement header, XElement body, string charset)
        {
            var cp932 = charset == "shift_jis";
            var message = "<?xml version=\"1.0\" encoding=\"" + (cp932 ? "Shift_JIS" : "UTF-8") + "\" standalone=\"no\"?>\n"
                + new XElement("XmlMsg", header, body).ToString(SaveOptions.DisableFormatting);
            return cp932 ? Cp932.GetBytes(WithReferences(message)) : new UTF8Encoding(false).GetBytes(message);
        }

        /// <summary>CP932 にない文字（書いて読み直すと別の文字になるもの）を &amp;#番号; にする。</summary>
        static string WithReferences(string message)
        {
            var written = new StringBuilder();
            for (var at = 0; at < message.Length; at += char.IsSurrogatePair(message, at) ? 2 : 1)
            {
                var character = char.ConvertFromUtf32(char.ConvertToUtf32(message, at));
                written.Append(Cp932.GetString(Cp932.GetBytes(character)) == character ? character : "&#" + char.ConvertToUtf32(message, at) + ";");
            }
            return written.ToString();
        }
    }
}
