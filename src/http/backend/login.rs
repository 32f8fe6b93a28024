//! `POST /oqs-api-pro/MSA12020/ILI12020SV01/auth`: login. Which fields carry the credentials is not public; the names are in invented.toml.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::call::{Call, UNREADABLE, json, refusal_with, unreadable};
use super::faults;
use super::identity::{UNIDENTIFIED, certificate_if_required, unknown_institution, unstored};
use crate::domain::catalogue::{Entry, ErrorId};
use crate::domain::check::Refusal;
use crate::domain::encoding::Encoding;
use crate::domain::found::Found;
use crate::domain::ids::{InstitutionCode, TerminalAddress, TerminalId};
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body::closing;
use crate::http::openapi::{self, JSON, LoginAnswer, LoginRequest, content};
use crate::journal::Outcome;
use crate::policy::LoginPolicy;
use crate::tls::ClientCertificate;
use crate::token::{Bearer, Claims, Kind};
use crate::wire::document;
use crate::wire::login::{self, Granted};

/// Whom a login names.
type Named = (InstitutionCode, Option<TerminalId>);

/// What its signature does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    let schema = operation.schema::<LoginAnswer>();
    operation.takes::<LoginRequest>();
    operation.answers::<LoginAnswer>(200);
    let refused = [ErrorId::LoginRefused];
    for id in UNREADABLE.iter().chain(UNIDENTIFIED).chain(&refused) {
        operation.answers_error(*id, content(JSON, schema.clone()));
    }
}

/// Handles one login.
pub async fn login(State(app): State<Arc<App>>, request: Request) -> Response {
    let (mut call, body) = Call::begin(app, Operation::Login, request);
    let bytes = match call.read(body).await {
        Ok(bytes) => bytes,
        Err(fault) => return unread(call, &unreadable(fault)).await,
    };
    let fields = match document::json(&bytes) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => {
            let detail = Text::new("JSON オブジェクトが必要です。", "A JSON object was expected.");
            return refused(call, &refusal_with(ErrorId::MalformedRequest, detail)).await;
        }
        Err(detail) => return unread(call, &refusal_with(ErrorId::MalformedRequest, detail)).await,
    };
    let borne = match named(&mut call, &fields).await {
        Ok(named) => bearer(&mut call, named).await,
        Err(refusal) => Err(refusal),
    };
    match borne {
        Ok(bearer) => granted(call, bearer).await,
        Err(refusal) => refused(call, &refusal).await,
    }
}

/// Whom certificate and credentials name; under lenient login that may be nobody.
async fn named(call: &mut Call, fields: &Map<String, Value>) -> Result<Option<Named>, Refusal> {
    certificate_if_required(call)?;
    let by_certificate = match call.certificate.clone() {
        ClientCertificate::Terminal(address) => Some((address.institution, Some(address.terminal))),
        ClientCertificate::None | ClientCertificate::Foreign { .. } => None,
    };
    let by_fields = match call.app.login {
        LoginPolicy::Lenient => in_any_field(&call.app, fields).await?,
        LoginPolicy::Strict if by_certificate.is_some() => None,
        LoginPolicy::Strict => Some(by_credentials(&call.app, fields).await?),
    };
    let by_fields = match by_fields {
        Some((code, None)) => {
            let terminal = terminal_in_any_field(&call.app, &code, fields).await?;
            Some((code, terminal))
        }
        named => named,
    };
    if let (Some(certificate), Some(fields)) = (&by_certificate, &by_fields) {
        agree(certificate, fields)?;
    }
    Ok(by_certificate.or(by_fields))
}

/// Any text that is an institution's code or a terminal's address counts, whatever its field is called.
async fn in_any_field(app: &App, fields: &Map<String, Value>) -> Result<Option<Named>, Refusal> {
    let mut found: Option<Named> = None;
    for text in fields.values().filter_map(Value::as_str) {
        let address = TerminalAddress::parse(text).ok().map(|address| (address.institution, Some(address.terminal)));
        let named = address.or_else(|| InstitutionCode::parse(text).ok().map(|code| (code, None)));
        let Some(named) = named else {
            continue;
        };
        if app.institutions.look(&named.0, |_, _| ()).await.map_err(|error| unstored(&error))?.is_none() {
            continue;
        }
        if let Some(before) = &found {
            agree(before, &named)?;
        }
        let terminal = named.1.or(found.and_then(|(_, terminal)| terminal));
        found = Some((named.0, terminal));
    }
    Ok(found)
}

/// A text that is the name of one of the institution's terminals, such as `T2`.
async fn terminal_in_any_field(app: &App, code: &InstitutionCode, fields: &Map<String, Value>) -> Result<Option<TerminalId>, Refusal> {
    let names = || fields.values().filter_map(Value::as_str).filter_map(|text| TerminalId::parse(text).ok());
    let found = app.institutions.look(code, |tenant, _| names().find(|name| tenant.institution.terminals.contains_key(name)));
    Ok(found.await.map_err(|error| unstored(&error))?.flatten())
}

async fn by_credentials(app: &App, fields: &Map<String, Value>) -> Result<Named, Refusal> {
    let fixtures = app.fixtures();
    let shape = &fixtures.invented.login;
    let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (user, password) = (field(&shape.user_field), field(&shape.password_field));
    let found = app.institutions.of_login(&user, &password).await.map_err(|error| unstored(&error))?;
    found.map(|code| (code, None)).ok_or_else(|| {
        let (user_field, password_field) = (&shape.user_field, &shape.password_field);
        refusal_with(
            ErrorId::LoginRefused,
            Text::new(
                format!("--login strict では、本文の {user_field} と {password_field}（名前は invented.toml の仮のもの）が医療機関のものと一致する必要があります。"),
                format!("Under --login strict {user_field} and {password_field} of the body (names invented, see invented.toml) have to be an institution's."),
            ),
        )
    })
}

fn agree(a: &Named, b: &Named) -> Result<(), Refusal> {
    let terminals_differ = a.1.is_some() && b.1.is_some() && a.1 != b.1;
    if a.0 == b.0 && !terminals_differ {
        return Ok(());
    }
    let name = |(code, terminal): &Named| terminal.as_ref().map_or_else(|| code.to_string(), |terminal| format!("{code}-{terminal}"));
    let (a, b) = (name(a), name(b));
    let detail = Text::new(format!("{a} と {b} が示されました。"), format!("Both {a} and {b} were named."));
    Err(refusal_with(ErrorId::IdentityContradiction, detail))
}

/// The institution's present making goes into the token.
async fn bearer(call: &mut Call, named: Option<Named>) -> Result<Option<Bearer>, Refusal> {
    let Some((institution, terminal)) = named else {
        call.notes.push(Text::new(
            "ログインからは医療機関が分かりません（lenient のため許可）。照会の MedicalInstitutionCode で判断します。",
            "The login names no institution (allowed under lenient); a check's MedicalInstitutionCode will.",
        ));
        return Ok(None);
    };
    let found = faults::look(call, &institution, terminal.as_ref(), |_, tenant, moment| {
        let institution = &tenant.institution;
        let named = terminal.as_ref().map(|id| institution.terminals.get(id));
        let found = named.flatten().map(|terminal| Found::at(institution, terminal, moment.now));
        (institution.incarnation.clone(), named.is_none() || found.is_some(), found)
    });
    let (incarnation, terminal_exists, found) =
        found.await.map_err(|error| unstored(&error))?.ok_or_else(|| unknown_institution(&institution))?;
    call.institution = Some(institution.clone());
    call.terminal = terminal.clone();
    call.found = found;
    if !terminal_exists {
        let terminal = terminal.as_ref().map_or("", TerminalId::as_str);
        let detail = Text::new(
            format!("医療機関 {institution} に端末 {terminal} はありません。"),
            format!("Institution {institution} has no terminal {terminal}."),
        );
        return Err(refusal_with(ErrorId::IdentityUnknown, detail));
    }
    Ok(Some(Bearer { institution, incarnation, terminal }))
}

/// The character set of the terminal that logs in.
async fn encoding(app: &App, bearer: &Bearer) -> Option<Encoding> {
    let found = app.institutions.look(&bearer.institution, |tenant, _| {
        let id = bearer.terminal.as_ref().unwrap_or(&tenant.institution.default_terminal);
        tenant.institution.terminals.get(id).map(|terminal| terminal.settings.encoding)
    });
    found.await.ok().flatten().flatten()
}

async fn granted(call: Call, bearer: Option<Bearer>) -> Response {
    let app = Arc::clone(&call.app);
    let issued = app.institutions.wall();
    let token = |kind| app.tokens.sign(&Claims { kind, issued, bearer: bearer.clone() });
    let fixtures = app.fixtures();
    let shape = &fixtures.invented.login;
    let of_terminal = match &bearer {
        Some(bearer) => encoding(&app, bearer).await.map(Encoding::code),
        None => None,
    };
    let body = login::granted(Granted {
        status: &shape.status,
        msg: &shape.msg,
        access_token: token(Kind::Access),
        refresh_token: token(Kind::Refresh),
        id_token: token(Kind::Id),
        character_code: of_terminal.unwrap_or(&shape.character_code),
    });
    let why = Text::new("ログインを許可しました。", "The login was granted.");
    call.answer(Outcome::Answered, why, json(StatusCode::OK, &body))
}

async fn refused(call: Call, refusal: &Refusal) -> Response {
    let entry = call.entry(refusal.error).await;
    let response = rendered(&entry, refusal);
    call.refuse(refusal, &entry, response)
}

async fn unread(call: Call, refusal: &Refusal) -> Response {
    let entry = call.entry(refusal.error).await;
    let response = closing(rendered(&entry, refusal));
    call.refuse(refusal, &entry, response)
}

fn rendered(entry: &Entry, refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(entry.status).unwrap_or(StatusCode::UNAUTHORIZED);
    json(status, &login::refused(&entry.code, &refusal.on_the_wire(entry)))
}
