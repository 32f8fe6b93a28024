//! The identification of the caller by client certificate, token or request. If they contradict
//! each other, the request is refused.

use super::incoming_request::IncomingRequest;
use crate::app::access::RequestOutcome;
use crate::app::caller::Caller;
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::{InstitutionCode, TerminalAddress, TerminalId};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::policy::{ClientAuthPolicy, LoginPolicy};
use crate::tls::ClientCertificate;
use crate::token::{Claims, Kind};

/// The errors with which identification may refuse a request.
pub(super) const IDENTITY_ERRORS: &[ErrorId] = &[
    ErrorId::IdentityMissing,
    ErrorId::IdentityUnknown,
    ErrorId::IdentityContradiction,
    ErrorId::CertificateRequired,
    ErrorId::TokenForeign,
    ErrorId::TokenExpired,
    ErrorId::StoreUnavailable,
];

/// Whether a request needs a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenRule {
    /// Needs a token under `--login strict`.
    StrictlyNeeded,
    /// Needs none. If a token is presented, it must be valid nevertheless.
    Optional,
}

/// The refusal of a request whose caller was not identified.
#[derive(Debug)]
pub(super) struct IdentityError {
    /// The institution that the first source named.
    pub(super) institution: Option<InstitutionCode>,
    /// The reason.
    pub(super) refusal: Refusal,
}

impl IdentityError {
    /// Returns the outcome of the request.
    pub(super) fn into_outcome<T>(self) -> RequestOutcome<T> {
        RequestOutcome::refused(self.institution, self.refusal)
    }
}

/// The identity of the caller according to one source.
struct IdentityClaim {
    source: Text,
    institution: InstitutionCode,
    terminal: Option<TerminalId>,
}

/// Identifies the caller by certificate, token and request. `in_request` is the identity in the
/// request itself; without certificate or token it is accepted only under lenient login.
pub(super) fn identify(
    app: &App,
    incoming: &IncomingRequest,
    in_request: Option<(&InstitutionCode, Option<&TerminalId>)>,
    rule: TokenRule,
) -> Result<Caller, IdentityError> {
    let token = read_token(app, incoming, rule);
    let mut identity_claims = Vec::with_capacity(3);
    if let ClientCertificate::Terminal(TerminalAddress { institution, terminal }) = incoming.certificate.clone() {
        identity_claims.push(IdentityClaim { source: Text::new("証明書", "certificate"), institution, terminal: Some(terminal) });
    }
    if let Some(bearer) = token.as_ref().ok().and_then(|claims| claims.as_ref()).and_then(|claims| claims.bearer.clone()) {
        identity_claims.push(IdentityClaim {
            source: Text::new("トークン", "token"),
            institution: bearer.institution,
            terminal: bearer.terminal,
        });
    }
    let proven = !identity_claims.is_empty();
    if let Some((institution, terminal)) = in_request {
        identity_claims.push(IdentityClaim {
            source: Text::new("要求", "request"),
            institution: institution.clone(),
            terminal: terminal.cloned(),
        });
    }
    let named = identity_claims.first().map(|claim| claim.institution.clone());
    if let Err(refusal) = check_agreement(&identity_claims) {
        return Err(IdentityError { institution: named, refusal });
    }
    let strict = app.login == LoginPolicy::Strict;
    let Some(institution) = named.clone().filter(|_| proven || !strict) else {
        let refusal = token.err().unwrap_or_else(|| Refusal::quoting(ErrorId::IdentityMissing, missing_identity_detail(strict)));
        return Err(IdentityError { institution: named, refusal });
    };
    let terminal = identity_claims.into_iter().find_map(|claim| claim.terminal);
    Ok(Caller { institution, terminal, token })
}

fn missing_identity_detail(strict: bool) -> Text {
    if !strict {
        return Text::new("", "");
    }
    Text::new("--login strict では証明書かトークンが必要です。", "Under --login strict a certificate or token has to say so.")
}

/// Returns the journal's note on a check that was accepted without a token.
pub(super) fn token_note(app: &App, incoming: &IncomingRequest) -> Option<Text> {
    let passed = incoming.authorization().is_none() && app.login != LoginPolicy::Strict;
    passed.then(|| {
        Text::new(
            "Authorization がありません。lenient のため受け付けましたが、実環境ではログインで得た idToken が必要です。",
            "There is no Authorization. Accepted under lenient login; the real system needs the idToken of a login.",
        )
    })
}

/// Refuses a request without one of the mock's own certificates if `--client-auth required` is set.
pub(super) fn certificate_if_required(app: &App, incoming: &IncomingRequest) -> Result<(), Refusal> {
    let has_ours = matches!(incoming.certificate, ClientCertificate::Terminal(_));
    if app.client_auth != ClientAuthPolicy::Required || has_ours {
        return Ok(());
    }
    Err(Refusal::quoting(ErrorId::CertificateRequired, Text::new("（--client-auth required）", "(--client-auth required)")))
}

fn read_token(app: &App, incoming: &IncomingRequest, rule: TokenRule) -> Result<Option<Claims>, Refusal> {
    let Some(token) = incoming.authorization() else {
        if rule == TokenRule::StrictlyNeeded && app.login == LoginPolicy::Strict {
            return Err(Refusal::quoting(ErrorId::TokenMissing, Text::new("", "")));
        }
        return Ok(None);
    };
    let bearer = token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
    let detail = match app.tokens.read(token) {
        Some(claims) if claims.kind == Kind::Id => return Ok(Some(claims)),
        Some(Claims { kind: Kind::Access, .. }) => {
            Text::new("これは accessToken です。idToken を送ってください。", "This is the accessToken; send the idToken.")
        }
        Some(_) => Text::new("これは refreshToken です。idToken を送ってください。", "This is the refreshToken; send the idToken."),
        None if bearer => Text::new("Authorization に「Bearer 」が付いています。", "The Authorization begins with `Bearer `."),
        None => Text::new("", ""),
    };
    Err(Refusal::quoting(ErrorId::TokenForeign, detail))
}

fn check_agreement(identity_claims: &[IdentityClaim]) -> Result<(), Refusal> {
    for (i, claim) in identity_claims.iter().enumerate() {
        for other in &identity_claims[..i] {
            let terminals_differ = claim.terminal.is_some() && other.terminal.is_some() && claim.terminal != other.terminal;
            if claim.institution != other.institution || terminals_differ {
                let name = |claim: &IdentityClaim| match &claim.terminal {
                    Some(terminal) => TerminalAddress { institution: claim.institution.clone(), terminal: terminal.clone() }.to_string(),
                    None => claim.institution.to_string(),
                };
                let (a, b) = (name(other), name(claim));
                return Err(Refusal::quoting(
                    ErrorId::IdentityContradiction,
                    Text::new(
                        format!("{}は {a}、{}は {b} です。", other.source.ja, claim.source.ja),
                        format!("The {} says {a}, the {} says {b}.", other.source.en, claim.source.en),
                    ),
                ));
            }
        }
    }
    Ok(())
}
