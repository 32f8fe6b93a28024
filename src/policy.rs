//! What the server asks of its clients before it answers them.

/// `--login`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginPolicy {
    /// Any JSON object logs in; a check may name its institution itself, and may lack a token.
    Lenient,
    /// A certificate of ours or credentials that match the fixtures; a check needs the token.
    Strict,
}

/// `--client-auth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuthPolicy {
    /// Certificates are not asked for.
    Off,
    /// Asked for; a client without one is served too.
    Optional,
    /// Login and delivery refuse a request without one of ours.
    Required,
}
