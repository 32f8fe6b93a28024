using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

namespace OnshiMockSample
{
    /// <summary>Web API。トークンは、期限が切れたと言われるまで使い続ける。</summary>
    class Web
    {
        const string LoginPath = "/oqs-api-pro/MSA12020/ILI12020SV01/auth";
        const string SearchPath = "/oqs-api-pro/MSA01030/ILI01030SV01/search";

        readonly Settings settings;
        readonly string url;
        readonly HttpClient http;
        readonly X509Certificate2 ca;
        string token = "";

        public Web(Settings settings)
        {
            this.settings = settings;
            url = settings["base_url"].TrimEnd('/');
            if (!Regex.IsMatch(url, "^https://[^/]+$"))
                throw new WrongSettings("base_url=" + settings["base_url"] + " は https://ホスト名:ポート の形で書いてください。");
            try
            {
                ca = new X509Certificate2(File.ReadAllBytes(settings["ca"]));
            }
            catch (Exception error) when (error is IOException || error is CryptographicException || error is UnauthorizedAccessException)
            {
                throw new WrongSettings("CA のファイル ca=" + settings["ca"] + " を読めません：" + error.Message);
            }
#if !NET
            ServicePointManager.SecurityProtocol |= SecurityProtocolType.Tls12;
#endif
            var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (request, certificate, chain, errors) => Trusted(certificate, errors) };
            http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(settings.Seconds("timeout")) };
        }

        /// <summary>検証を切るのではなく、設定の CA が発行した証明書だけを信頼する。名前の不一致は許さない。</summary>
        bool Trusted(X509Certificate2 certificate, SslPolicyErrors errors)
        {
            if (certificate == null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
                return false;
            using (var chain = new X509Chain())
            {
                chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // この CA は失効リストを出さない
                chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority; // 最上位は次の行で比べる
                chain.ChainPolicy.ExtraStore.Add(ca);
                return chain.Build(certificate) && chain.ChainElements.Cast<X509ChainElement>().Last().Certificate.RawData.SequenceEqual(ca.RawData);
            }
        }

        public Answer Check(IDictionary<string, string> person)
        {
            var institution = settings["institution"];
            if (token == "")
            {
                var user = settings["user"] == "" ? institution : settings["user"];
                var login = Post(LoginPath, Message.Json(new Dictionary<string, string> { ["userId"] = user, ["password"] = settings["password"] }));
                login.Login = true;
                token = Message.LoginText(login.Raw, "result/idToken");
                if (token == "")
                    return login;
            }
            return Post(SearchPath, Message.CheckJson(institution, settings["date"], person));
        }

        public void LogOut()
        {
            token = "";
        }

        Answer Post(string path, string body)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, url + path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.Accept.ParseAdd("application/json");
            if (token != "")
                request.Headers.TryAddWithoutValidation("Authorization", token); // Bearer は付けない
            try
            {
                using (var response = http.SendAsync(request).GetAwaiter().GetResult())
                {
                    var raw = response.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult();
                    var wait = response.Headers.RetryAfter == null ? null : response.Headers.RetryAfter.Delta;
                    return new Answer { Status = (int)response.StatusCode, RetryAfter = (int)(wait ?? TimeSpan.Zero).TotalSeconds, Tree = Message.Parse(raw), Raw = raw };
                }
            }
            catch (Exception error) when (error is HttpRequestException || error is IOException || error is TaskCanceledException)
            {
                return new Answer { NoAnswer = Why(error) };
            }
        }

        string Why(Exception error)
        {
            for (var inner = error; inner != null; inner = inner.InnerException)
            {
                if (inner.Message.Contains("1.2.840.10045.2.1"))
                    return "Mono では、ECDSA の鍵の証明書を検証できません（" + inner.Message + "）。onshi-mock certs init --new-ca --key rsa で CA を作り直し、サーバーを再起動してください";
                if (inner is AuthenticationException || inner is WebException && ((WebException)inner).Status == WebExceptionStatus.TrustFailure)
                    return "サーバーの証明書を検証できません（" + inner.Message + "）。設定の ca=" + settings["ca"] + " が接続先の CA の証明書か、base_url のホスト名が証明書にあるか確認してください";
            }
            return url + " と通信できません（" + error.GetBaseException().Message + "）。サーバーと、設定の base_url を確認してください";
        }
    }
}
