//! What the server requires of clients before it answers.

/// The `--login` option: what a login requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginPolicy {
    /// Any JSON object logs in; a check may name its institution itself, and may lack a token.
    #[value(
        help = "どの JSON オブジェクトでもログインでき、資格確認は医療機関を電文だけで示せ、トークンも省略できる / any JSON object logs in; a check may name its institution itself, and may lack a token"
    )]
    Lenient,
    /// A certificate of ours or credentials that match the fixtures; a check needs the token.
    #[value(
        help = "証明書か、フィクスチャと一致するユーザーとパスワードが必要。資格確認にはトークンが必要 / a certificate of ours or credentials that match the fixtures; a check needs the token"
    )]
    Strict,
}

/// The `--client-auth` option: whether clients need a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuthPolicy {
    /// Certificates are not asked for.
    #[value(help = "証明書を求めない / certificates are not asked for")]
    Off,
    /// Asked for; a client without one is served too.
    #[value(help = "証明書を求めるが、なくても応答する / asked for; a client without one is served too")]
    Optional,
    /// Login and delivery refuse a request without one of ours.
    #[value(help = "証明書のないログインと配信の要求を拒否する / login and delivery refuse a request without one of ours")]
    Required,
}
