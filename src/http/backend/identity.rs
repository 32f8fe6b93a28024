//! Who is asking: the client certificate, else the token, else the request itself. A contradiction is an error.

use super::call::{Call, refusal_with};
use super::faults;
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::found::Found;
use crate::domain::ids::{InstitutionCode, TerminalAddress, TerminalId};
use crate::domain::japan;
use crate::domain::text::Text;
use crate::institutions::{Moment, Tenant};
use crate::policy::{ClientAuthPolicy, LoginPolicy};
use crate::store::StoreError;
use crate::tls::ClientCertificate;
use crate::token::{Claims, Kind};

/// How it is refused that someone asks.
pub(super) const UNIDENTIFIED: &[ErrorId] = &[
    ErrorId::IdentityMissing,
    ErrorId::IdentityUnknown,
    ErrorId::IdentityContradiction,
    ErrorId::CertificateRequired,
    ErrorId::TokenForeign,
    ErrorId::TokenExpired,
    ErrorId::StoreUnavailable,
];

/// Whether a check or another request needs a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenRule {
    /// Under `--login strict` it does.
    StrictlyNeeded,
    /// It does not; one that comes must be good all the same.
    Optional,
}

/// Who asks, before the institution itself has been seen.
pub(super) struct Who {
    pub(super) institution: InstitutionCode,
    pub(super) terminal: Option<TerminalId>,
    token: Result<Option<Claims>, Refusal>,
}

/// One source's word on who asks.
struct Word {
    source: Text,
    institution: InstitutionCode,
    terminal: Option<TerminalId>,
}

/// Brings together what certificate, token and request say. `in_request` is the request's own word; it counts by itself under lenient login only.
pub(super) fn identify(
    call: &mut Call,
    in_request: Option<(&InstitutionCode, Option<&TerminalId>)>,
    rule: TokenRule,
) -> Result<Who, Refusal> {
    let strict = call.app.login == LoginPolicy::Strict;
    let token = read_token(call, rule);
    let mut words = Vec::new();
    if let ClientCertificate::Terminal(TerminalAddress { institution, terminal }) = call.certificate.clone() {
        words.push(Word { source: Text::new("証明書", "certificate"), institution, terminal: Some(terminal) });
    }
    if let Some(bearer) = token.as_ref().ok().and_then(|claims| claims.as_ref()).and_then(|claims| claims.bearer.clone()) {
        words.push(Word { source: Text::new("トークン", "token"), institution: bearer.institution, terminal: bearer.terminal });
    }
    let proven = !words.is_empty();
    if let Some((institution, terminal)) = in_request {
        words.push(Word { source: Text::new("要求", "request"), institution: institution.clone(), terminal: terminal.cloned() });
    }
    call.institution = words.first().map(|word| word.institution.clone());
    agree(&words)?;
    let first = words.first().filter(|_| proven || !strict);
    let Some(first) = first else {
        return Err(token.err().unwrap_or_else(|| {
            let detail = if strict {
                Text::new("--login strict では証明書かトークンが必要です。", "Under --login strict a certificate or token has to say so.")
            } else {
                Text::new("", "")
            };
            refusal_with(ErrorId::IdentityMissing, detail)
        }));
    };
    let terminal = words.iter().find_map(|word| word.terminal.clone());
    Ok(Who { institution: first.institution.clone(), terminal, token })
}

/// Whether one of our certificates is there where `--client-auth required` wants one.
pub(super) fn certificate_if_required(call: &Call) -> Result<(), Refusal> {
    let has_ours = matches!(call.certificate, ClientCertificate::Terminal(_));
    if call.app.client_auth != ClientAuthPolicy::Required || has_ours {
        return Ok(());
    }
    Err(refusal_with(ErrorId::CertificateRequired, Text::new("（--client-auth required）", "(--client-auth required)")))
}

/// Admits who asks to its institution, and looks at something there.
pub(super) async fn admitted<T>(call: &mut Call, who: Who, look: impl FnOnce(&Tenant, Moment) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let code = who.institution.clone();
    call.institution = Some(code.clone());
    let terminal = who.terminal.clone();
    let done = faults::look(call, &code, terminal.as_ref(), |call, tenant, moment| {
        who.admit(call, tenant, moment)?;
        look(tenant, moment)
    });
    done.await.map_err(|error| unstored(&error))?.unwrap_or_else(|| Err(unknown_institution(&code)))
}

/// Admits who asks to its institution, and changes something there: `act` as for [`crate::institutions::Institutions::change`].
pub(super) async fn admitted_to_change<T>(
    call: &mut Call,
    who: Who,
    mut act: impl FnMut(&mut Tenant, Moment) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let code = who.institution.clone();
    call.institution = Some(code.clone());
    let terminal = who.terminal.clone();
    let done = faults::change(call, &code, terminal.as_ref(), |call, tenant, moment| {
        who.admit(call, tenant, moment)?;
        act(tenant, moment)
    });
    done.await.map_err(|error| unstored(&error))?.unwrap_or_else(|| Err(unknown_institution(&code)))
}

/// The refusal of a request that the store failed.
pub(super) fn unstored(error: &StoreError) -> Refusal {
    refusal_with(ErrorId::StoreUnavailable, error.text().clone())
}

/// The refusal for an institution that does not exist.
pub(super) fn unknown_institution(code: &InstitutionCode) -> Refusal {
    refusal_with(
        ErrorId::IdentityUnknown,
        Text::new(format!("医療機関 {code} は登録されていません。"), format!("There is no institution {code}.")),
    )
}

/// The refusal for a terminal that does not exist.
pub(super) fn unknown_terminal(code: &InstitutionCode, terminal: &TerminalId) -> Refusal {
    refusal_with(
        ErrorId::IdentityUnknown,
        Text::new(format!("医療機関 {code} に端末 {terminal} はありません。"), format!("Institution {code} has no terminal {terminal}.")),
    )
}

impl Who {
    /// Looks at the institution itself: the terminal exists, the token is of this making of it and not expired. Gives the terminal that asks.
    pub(super) fn admit(&self, call: &mut Call, tenant: &Tenant, moment: Moment) -> Result<TerminalId, Refusal> {
        let institution = &tenant.institution;
        let terminal = self.terminal.clone().unwrap_or_else(|| institution.default_terminal.clone());
        call.terminal = Some(terminal.clone());
        let there = institution.terminals.get(&terminal).ok_or_else(|| unknown_terminal(&institution.code, &terminal))?;
        call.found = Some(Found::at(institution, there, moment.now));
        faults::token(call)?;
        let Some(claims) = self.token.as_ref().map_err(Clone::clone)? else {
            return Ok(terminal);
        };
        if claims.bearer.as_ref().is_some_and(|bearer| bearer.incarnation != institution.incarnation) {
            return Err(refusal_with(
                ErrorId::TokenForeign,
                Text::new(
                    "このトークンの発行後に医療機関がリセットまたは再作成されました。",
                    "The institution was reset or created anew since the token was issued.",
                ),
            ));
        }
        let issued = institution.clock.reading_at(claims.issued);
        let expires = issued.checked_add(call.app.fixtures().invented.login.token_life.duration()).unwrap_or(issued);
        if moment.now >= expires {
            let (expired, now) = (japan::to_the_second(expires), japan::to_the_second(moment.now));
            return Err(refusal_with(
                ErrorId::TokenExpired,
                Text::new(
                    format!("期限は {expired}、医療機関の時計は {now} です。"),
                    format!("It expired at {expired}; the institution's clock shows {now}."),
                ),
            ));
        }
        Ok(terminal)
    }
}

fn read_token(call: &mut Call, rule: TokenRule) -> Result<Option<Claims>, Refusal> {
    let Some(token) = call.authorization() else {
        if rule == TokenRule::StrictlyNeeded && call.app.login == LoginPolicy::Strict {
            return Err(refusal_with(ErrorId::TokenMissing, Text::new("", "")));
        }
        if rule == TokenRule::StrictlyNeeded {
            call.notes.push(Text::new(
                "Authorization がありません。lenient のため受け付けましたが、実環境ではログインで得た idToken が必要です。",
                "There is no Authorization. Accepted under lenient login; the real system needs the idToken of a login.",
            ));
        }
        return Ok(None);
    };
    let bearer = token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
    let detail = match call.app.tokens.read(token) {
        Some(claims) if claims.kind == Kind::Id => return Ok(Some(claims)),
        Some(Claims { kind: Kind::Access, .. }) => {
            Text::new("これは accessToken です。idToken を送ってください。", "This is the accessToken; send the idToken.")
        }
        Some(_) => Text::new("これは refreshToken です。idToken を送ってください。", "This is the refreshToken; send the idToken."),
        None if bearer => Text::new("Authorization に「Bearer 」が付いています。", "The Authorization begins with `Bearer `."),
        None => Text::new("", ""),
    };
    Err(refusal_with(ErrorId::TokenForeign, detail))
}

fn agree(words: &[Word]) -> Result<(), Refusal> {
    for (i, word) in words.iter().enumerate() {
        for other in &words[..i] {
            let terminals_differ = word.terminal.is_some() && other.terminal.is_some() && word.terminal != other.terminal;
            if word.institution != other.institution || terminals_differ {
                let name = |word: &Word| match &word.terminal {
                    Some(terminal) => TerminalAddress { institution: word.institution.clone(), terminal: terminal.clone() }.to_string(),
                    None => word.institution.to_string(),
                };
                let (a, b) = (name(other), name(word));
                return Err(refusal_with(
                    ErrorId::IdentityContradiction,
                    Text::new(
                        format!("{}は {a}、{}は {b} です。", other.source.ja, word.source.ja),
                        format!("The {} says {a}, the {} says {b}.", other.source.en, word.source.en),
                    ),
                ));
            }
        }
    }
    Ok(())
}
