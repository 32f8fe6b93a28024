//! The causes of failed TLS handshakes, with remedies.

use super::named::named;
use super::text::Text;
use super::troubleshooting::Heading;

named! {
    /// The cause of the failure. Alerts are sent by the client itself (RFC 8446, 6.2).
    #[schemars(rename = "HandshakeCause")]
    pub enum Cause {
        /// The client does not trust the CA: alert `unknown_ca`.
        UntrustedCa = "untrusted_ca",
        /// The client rejected the server's certificate: alerts `certificate_unknown`,
        /// `bad_certificate`, `decrypt_error` and similar.
        CertificateRefused = "certificate_refused",
        /// The client considers the certificate to be outside its period of validity: alert
        /// `certificate_expired`.
        CertificateExpired = "certificate_expired",
        /// The client supports only TLS 1.1 or older.
        OldTls = "old_tls",
        /// There is no common cipher suite, key exchange or signature algorithm.
        NoCommonCipher = "no_common_cipher",
        /// The client offers neither HTTP/1.1 nor HTTP/2 in ALPN.
        NoCommonProtocol = "no_common_protocol",
        /// The client presented a certificate of this CA without possessing its private key.
        ClientCertificate = "client_certificate",
        /// The client used plain HTTP.
        PlainHttp = "plain_http",
        /// The received data is not TLS, or is corrupt.
        NotTls = "not_tls",
        /// The client disconnected during the handshake without an alert that gives the reason.
        Closed = "closed",
        /// The handshake was completed, but the client disconnected without a request. Some clients
        /// verify the certificate only then.
        NoRequest = "no_request",
        /// The handshake was not completed in time.
        TimedOut = "timed_out",
        /// Any other cause, including alerts without a value of their own here.
        Other = "other",
    }
}

impl Cause {
    /// Returns what happened, as a sentence.
    pub fn meaning(self) -> Text {
        let (ja, en) = match self {
            Self::UntrustedCa => ("クライアントがテスト用CAを信頼していません。", "The client does not trust the CA for tests."),
            Self::CertificateRefused => ("クライアントがサーバー証明書を拒否しました。", "The client refused the server's certificate."),
            Self::CertificateExpired => (
                "クライアントが、サーバー証明書を有効期間外と判断しました。",
                "To the client, the server's certificate is not valid at the moment.",
            ),
            Self::OldTls => ("クライアントが TLS 1.2 以降に対応していません。", "The client offers no TLS 1.2 or newer."),
            Self::NoCommonCipher => (
                "クライアントと共通の暗号スイート（または鍵交換・署名方式）がありません。",
                "The client offers no cipher suite, key exchange or signature that the server has.",
            ),
            Self::NoCommonProtocol => {
                ("クライアントの ALPN に HTTP/1.1 も HTTP/2 もありません。", "The client's ALPN offers neither HTTP/1.1 nor HTTP/2.")
            }
            Self::ClientCertificate => (
                "提示されたクライアント証明書と、クライアントの秘密鍵が対応していません。",
                "The client's key does not fit the client certificate that it presented.",
            ),
            Self::PlainHttp => ("HTTPS のポートに平文の HTTP で接続しています。", "It spoke plain HTTP to the HTTPS port."),
            Self::NotTls => ("TLS ではないか、壊れたデータを受信しました。", "What came is no TLS, or broken."),
            Self::Closed => (
                "クライアントが TLS ハンドシェイクの途中で、理由を示さずに切断しました。",
                "The client closed the connection in the middle of the handshake, without saying why.",
            ),
            Self::NoRequest => (
                "TLS ハンドシェイクの完了後、クライアントが要求を送らずに切断しました。",
                "The client completed the handshake and left without a request.",
            ),
            Self::TimedOut => ("TLS ハンドシェイクが時間内に終わりませんでした。", "The handshake was not complete in time."),
            Self::Other => ("TLS ハンドシェイクに失敗しました。", "The handshake failed."),
        };
        Text::new(ja, en)
    }

    /// Returns the remedy, with the heading of docs/troubleshooting.md.
    pub fn remedy(self) -> Text {
        let (ja, en) = match self {
            Self::UntrustedCa => ("クライアントに certs/ca.pem を信頼させてください。", "Let the client trust certs/ca.pem."),
            Self::CertificateRefused => (
                "クライアントに certs/ca.pem を信頼させ、証明書に含まれる名前で接続してください。ほかの名前やアドレスは --tls-san で追加できます。",
                "Let the client trust certs/ca.pem, and connect by a name that the certificate carries; --tls-san adds names and addresses.",
            ),
            Self::CertificateExpired => (
                "クライアントとサーバーの時計を確認してください。証明書の有効期間は onshi-mock certs show で表示できます。",
                "Check the clocks of client and server; onshi-mock certs show tells from when to when the certificate is valid.",
            ),
            Self::OldTls => ("クライアントで TLS 1.2 以降を有効にしてください。", "Enable TLS 1.2 or newer in the client."),
            Self::NoCommonCipher => (
                "クライアントで ECDHE と AES-GCM または ChaCha20-Poly1305 の暗号スイートを有効にしてください。ECDSA に対応していない場合は、onshi-mock certs init --new-ca --key rsa で CA を作り直してください。",
                "Enable cipher suites with ECDHE and AES-GCM or ChaCha20-Poly1305 in the client. For one that takes no ECDSA, make another CA with onshi-mock certs init --new-ca --key rsa.",
            ),
            Self::NoCommonProtocol => (
                "クライアントの ALPN に http/1.1 か h2 を加えるか、ALPN を送らないようにしてください。",
                "Let the client offer http/1.1 or h2 by ALPN, or no ALPN at all.",
            ),
            Self::ClientCertificate => (
                "証明書と秘密鍵は、同じ onshi-mock certs issue で発行した組を使ってください。",
                "Use a certificate and a key from one and the same onshi-mock certs issue.",
            ),
            Self::PlainHttp => ("URL を https:// で始めてください。", "Use a URL that begins with https://."),
            Self::NotTls => (
                "このポートに接続しているプログラムと、途中のプロキシーを確認してください。",
                "Check which program connects to this port, and the proxies on the way.",
            ),
            Self::Closed => (
                "クライアントのログを確認してください。証明書を検証できないときに、理由を示さずに切断するクライアントもあります。",
                "See the client's log: some clients close like this when they cannot verify the certificate.",
            ),
            Self::NoRequest => (
                "接続の確認だけなら問題ありません。それ以外はクライアントのログを確認してください。証明書や名前を検証できないときに、このように切断するクライアントもあります。",
                "Nothing is wrong if it only looked whether it can connect. Otherwise see the client's log: some clients close like this when they cannot verify the certificate or its names.",
            ),
            Self::TimedOut => (
                "クライアントが TLS で接続しているか、途中のネットワーク機器が通信を止めていないかを確認してください。",
                "Check whether the client speaks TLS here, and whether something in the network holds it up.",
            ),
            Self::Other => ("クライアントのログを確認してください。", "See the client's log."),
        };
        Heading::Tls.after(&Text::new(ja, en))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_are_in_order_under_the_names_that_they_are_written_with() {
        for (place, cause) in Cause::ALL.into_iter().enumerate() {
            assert_eq!(cause as usize, place);
            assert_eq!(json!(cause), json!(cause.name()));
        }
    }
    #[test]
    fn each_is_told_in_both_languages_and_those_about_trust_name_its_page() {
        let japanese = |text: &Text| text.ja.chars().any(|c| ('ぁ'..='ん').contains(&c));
        let mut meanings = Vec::new();
        for cause in Cause::ALL {
            let (meaning, remedy) = (cause.meaning(), cause.remedy());
            for text in [&meaning, &remedy] {
                assert!(japanese(text) && text.en.is_ascii() && text.en.ends_with('.'), "{cause:?}: {text:?}");
            }
            assert_eq!(remedy.ja.contains("docs/troubleshooting.ja.md"), remedy.en.contains("docs/troubleshooting.md"), "{cause:?}");
            meanings.push(meaning.en);
        }
        assert!(Cause::UntrustedCa.remedy().en.contains("docs/troubleshooting.md"));
        meanings.sort_unstable();
        meanings.dedup();
        assert_eq!(meanings.len(), Cause::ALL.len(), "each means something of its own");
    }
}
