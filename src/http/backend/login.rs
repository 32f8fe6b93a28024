//! `POST /oqs-api-pro/MSA12020/ILI12020SV01/auth`: login. The field names of the credentials are
//! not public; the names in use are set in `invented.toml`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::finish::{Completion, catalogue_entry, finish};
use super::identity::{IDENTITY_ERRORS, certificate_if_required};
use super::incoming_request::{IncomingRequest, UNREADABLE};
use super::reply::{Content, json_bytes};
use crate::app::access::{Access, RequestContext, RequestOutcome, unstored};
use crate::app::caller::{Caller, unknown_institution, unknown_terminal};
use crate::domain::catalogue::{Entry, ErrorId};
use crate::domain::check::Refusal;
use crate::domain::encoding::Encoding;
use crate::domain::ids::{InstitutionCode, TerminalAddress, TerminalId};
use crate::domain::operation::{Operation, Surface};
use crate::domain::terminal_condition::TerminalCondition;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body::closing;
use crate::http::openapi::{self, JSON, LoginAnswer, LoginRequest, content};
use crate::policy::LoginPolicy;
use crate::tls::ClientCertificate;
use crate::token::{Bearer, Claims, Kind};
use crate::wire::login::{self, GrantedLogin};

/// The institution and terminal that a login names.
type LoginTarget = (InstitutionCode, Option<TerminalId>);

/// Adds what the signature of the request handler does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    let schema = operation.schema::<LoginAnswer>();
    operation.takes::<LoginRequest>();
    operation.answers::<LoginAnswer>(200);
    let refused = [ErrorId::LoginRefused];
    for id in UNREADABLE.iter().chain(IDENTITY_ERRORS).chain(&refused) {
        operation.answers_error(*id, content(JSON, schema.clone()));
    }
}

/// Handles one login.
pub async fn login(State(app): State<Arc<App>>, request: Request) -> Response {
    let (incoming, read) = IncomingRequest::whole(&app, Operation::Login, request).await;
    if let Err(refusal) = read {
        // After an unreadable body, the rest of the connection cannot be trusted, so it is closed.
        return closing(refused(&app, incoming, RequestContext::default(), &refusal).await);
    }
    let fields: Map<String, Value> = match incoming.json_object() {
        Ok(fields) => fields,
        Err(refusal) => return refused(&app, incoming, RequestContext::default(), &refusal).await,
    };
    let RequestOutcome { result, request_context } = match named(&app, &incoming, &fields).await {
        Ok(named) => bearer(&app, named).await,
        Err(refusal) => RequestOutcome::refused(None, refusal),
    };
    match result {
        Ok(bearer) => granted(&app, incoming, request_context, (bearer, is_mistyped(&fields))).await,
        Err(refusal) => refused(&app, incoming, request_context, &refusal).await,
    }
}

/// Returns the institution and terminal that certificate and credentials name; under lenient login
/// this may be `None`.
async fn named(app: &App, incoming: &IncomingRequest, fields: &Map<String, Value>) -> Result<Option<LoginTarget>, Refusal> {
    certificate_if_required(app, incoming)?;
    let by_certificate = match incoming.certificate.clone() {
        ClientCertificate::Terminal(address) => Some((address.institution, Some(address.terminal))),
        ClientCertificate::None | ClientCertificate::Foreign { .. } => None,
    };
    let by_fields = match app.login {
        LoginPolicy::Lenient => in_any_field(app, fields).await?,
        LoginPolicy::Strict if by_certificate.is_some() => None,
        LoginPolicy::Strict => Some(by_credentials(app, fields).await?),
    };
    let by_fields = match by_fields {
        Some((code, None)) => {
            let terminal = terminal_in_any_field(app, &code, fields).await?;
            Some((code, terminal))
        }
        named => named,
    };
    if let (Some(certificate), Some(fields)) = (&by_certificate, &by_fields) {
        agree(certificate, fields)?;
    }
    Ok(by_certificate.or(by_fields))
}

/// Searches all fields, whatever their names, for the code of an institution or the address of a
/// terminal.
async fn in_any_field(app: &App, fields: &Map<String, Value>) -> Result<Option<LoginTarget>, Refusal> {
    let mut found: Option<LoginTarget> = None;
    for text in fields.values().filter_map(Value::as_str) {
        let address = TerminalAddress::parse(text).ok().map(|address| (address.institution, Some(address.terminal)));
        let named = address.or_else(|| InstitutionCode::parse(text).ok().map(|code| (code, None)));
        let Some(named) = named else {
            continue;
        };
        if app.institutions.read(&named.0, |_, _| ()).await.map_err(|error| unstored(&error))?.is_none() {
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

/// Whether a field contains the code of an institution, alone or in a terminal's address, that is
/// wrong only in its check digit.
fn is_mistyped(fields: &Map<String, Value>) -> bool {
    let codes = fields.values().filter_map(Value::as_str).map(|text| text.split_once('-').map_or(text, |(code, _)| code));
    codes.into_iter().any(InstitutionCode::is_mistyped)
}

/// Searches all fields for the name of one of the institution's terminals, such as `T2`.
async fn terminal_in_any_field(app: &App, code: &InstitutionCode, fields: &Map<String, Value>) -> Result<Option<TerminalId>, Refusal> {
    let names = || fields.values().filter_map(Value::as_str).filter_map(|text| TerminalId::parse(text).ok());
    let found = app.institutions.read(code, |tenant, _| names().find(|name| tenant.institution.terminals.contains_key(name)));
    Ok(found.await.map_err(|error| unstored(&error))?.flatten())
}

async fn by_credentials(app: &App, fields: &Map<String, Value>) -> Result<LoginTarget, Refusal> {
    let fixtures = app.fixtures();
    let shape = &fixtures.invented.login;
    let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (user, password) = (field(&shape.user_field), field(&shape.password_field));
    let found = app.institutions.of_login(&user, &password).await.map_err(|error| unstored(&error))?;
    found.map(|code| (code, None)).ok_or_else(|| {
        let (user_field, password_field) = (&shape.user_field, &shape.password_field);
        Refusal::quoting(
            ErrorId::LoginRefused,
            Text::new(
                format!("--login strict では、本文の {user_field} と {password_field}（名前は invented.toml の仮のもの）が医療機関のものと一致する必要があります。"),
                format!("Under --login strict {user_field} and {password_field} of the body (names invented, see invented.toml) have to be an institution's."),
            ),
        )
    })
}

fn agree(a: &LoginTarget, b: &LoginTarget) -> Result<(), Refusal> {
    let terminals_differ = a.1.is_some() && b.1.is_some() && a.1 != b.1;
    if a.0 == b.0 && !terminals_differ {
        return Ok(());
    }
    let name = |(code, terminal): &LoginTarget| terminal.as_ref().map_or_else(|| code.to_string(), |terminal| format!("{code}-{terminal}"));
    let (a, b) = (name(a), name(b));
    let detail = Text::new(format!("{a} と {b} が示されました。"), format!("Both {a} and {b} were named."));
    Err(Refusal::quoting(ErrorId::IdentityContradiction, detail))
}

/// Returns the journal's note on a login that names no institution.
fn note_of_nobody() -> Text {
    Text::new(
        "ログインからは医療機関が分かりません（lenient のため許可）。照会の MedicalInstitutionCode で判断します。",
        "The login names no institution (allowed under lenient); a check's MedicalInstitutionCode will.",
    )
}

/// Returns the journal's note on a login with a code whose check digit is wrong.
fn note_of_mistyped() -> Text {
    Text::new(
        "ログインの値に、チェックディジットだけが合わない医療機関コードがありました。入力の誤りが疑われます（この値は医療機関コードとして扱われません）。",
        "The login has a value that would be an institution's code but for its check digit: probably mistyped (it counts as no code).",
    )
}

/// Returns the bearer of the tokens. It includes the institution's generation, so that the tokens
/// become invalid when the institution is reset.
async fn bearer(app: &App, named: Option<LoginTarget>) -> RequestOutcome<Option<Bearer>> {
    let Some((institution, terminal)) = named else {
        return RequestOutcome { result: Ok(None), request_context: RequestContext::default() };
    };
    let caller = Caller::without_token(institution, terminal);
    let access = Access { caller: &caller, operation: Operation::Login, surface: Surface::Http, counted: true };
    let read = access.read_unadmitted(&app.institutions, |tenant, moment, _| {
        let institution = &tenant.institution;
        let named = caller.terminal.as_ref().map(|id| (id, institution.terminals.get(id)));
        let found = named.and_then(|(_, terminal)| Some(TerminalCondition::at(institution, terminal?, moment.now)));
        let missing = named.filter(|(_, terminal)| terminal.is_none()).map(|(id, _)| unknown_terminal(&institution.code, id));
        (institution.generation.clone(), found, missing)
    });
    let ((generation, found, missing), fault) = match read.await {
        Ok(Some(read)) => read,
        Ok(None) => return RequestOutcome::refused(None, unknown_institution(&caller.institution)),
        Err(error) => return RequestOutcome::refused(None, unstored(&error)),
    };
    let Caller { institution, terminal, .. } = caller;
    let request_context = RequestContext { institution: Some(institution.clone()), terminal: terminal.clone(), found, fault };
    let result = missing.map_or_else(|| Ok(Some(Bearer { institution, generation, terminal })), Err);
    RequestOutcome { result, request_context }
}

/// Returns the character set of the terminal that logs in.
async fn encoding(app: &App, bearer: &Bearer) -> Option<Encoding> {
    let found = app.institutions.read(&bearer.institution, |tenant, _| {
        let id = bearer.terminal.as_ref().unwrap_or(&tenant.institution.default_terminal);
        tenant.institution.terminals.get(id).map(|terminal| terminal.settings.encoding)
    });
    found.await.ok().flatten().flatten()
}

async fn granted(
    app: &App,
    incoming: IncomingRequest,
    request_context: RequestContext,
    (bearer, is_mistyped): (Option<Bearer>, bool),
) -> Response {
    if is_mistyped {
        tracing::warn!(
            institution = bearer.as_ref().map(|bearer| bearer.institution.as_str()),
            "チェックディジットの合わない医療機関コードでログインされました（入力の誤りが疑われます） / a login with an institution code whose check digit is wrong: probably mistyped"
        );
    }
    let issued = app.institutions.wall();
    let token = |kind| app.tokens.sign(&Claims { kind, issued, bearer: bearer.clone() });
    let fixtures = app.fixtures();
    let shape = &fixtures.invented.login;
    let of_terminal = match &bearer {
        Some(bearer) => encoding(app, bearer).await.map(Encoding::code),
        None => None,
    };
    let body = login::granted(GrantedLogin {
        status: &shape.status,
        msg: &shape.msg,
        access_token: token(Kind::Access),
        refresh_token: token(Kind::Refresh),
        id_token: token(Kind::Id),
        character_code: of_terminal.unwrap_or(&shape.character_code),
    });
    let why = Text::new("ログインを許可しました。", "The login was granted.");
    let notes = [(bearer.is_none(), note_of_nobody as fn() -> Text), (is_mistyped, note_of_mistyped)];
    let notes = notes.into_iter().filter(|(is_there, _)| *is_there).map(|(_, note)| note().into()).collect();
    finish(app, incoming, request_context, Completion { notes, ..Completion::answered(json_bytes(StatusCode::OK, body.to_json()), why) })
}

async fn refused(app: &App, incoming: IncomingRequest, request_context: RequestContext, refusal: &Refusal) -> Response {
    let entry = catalogue_entry(app, request_context.institution.as_ref(), refusal.error).await;
    let completion = Completion::refused(rendered(&entry, refusal), refusal, &entry);
    finish(app, incoming, request_context, completion)
}

fn rendered(entry: &Entry, refusal: &Refusal) -> Content {
    let status = StatusCode::from_u16(entry.status).unwrap_or(StatusCode::UNAUTHORIZED);
    json_bytes(status, login::refused(&entry.code, &refusal.on_the_wire(entry)).to_json())
}
