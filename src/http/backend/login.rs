//! `POST /oqs-api-pro/MSA12020/ILI12020SV01/auth`: login. The field names of the credentials are
//! not public; the names in use are set in `invented.toml`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::finish::{Completion, catalogue_entry, finish};
use super::identity::{IDENTITY_ERRORS, certificate_if_required};
use super::incoming_request::{IncomingRequest, UNREADABLE, from_object};
use super::reply::{Content, json_bytes};
use crate::app::access::{Access, RequestContext, RequestOutcome, store_refusal};
use crate::app::caller::{Caller, unknown_institution, unknown_terminal};
use crate::domain::check::Refusal;
use crate::domain::encoding::Encoding;
use crate::domain::error_catalogue::{Entry, ErrorId};
use crate::domain::ids::{InstitutionCode, TerminalAddress, TerminalId};
use crate::domain::operation::{Operation, Surface};
use crate::domain::terminal_condition::TerminalCondition;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body::with_connection_close;
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
    operation.request_body::<LoginRequest>();
    operation.response::<LoginAnswer>(200);
    let refused = [ErrorId::LoginRefused];
    for id in UNREADABLE.iter().chain(IDENTITY_ERRORS).chain(&refused) {
        operation.catalogue_error(*id, content(JSON, schema.clone()));
    }
}

/// Handles one login.
pub async fn login(State(app): State<Arc<App>>, request: Request) -> Response {
    let (incoming, read) = IncomingRequest::with_body(&app, Operation::Login, request).await;
    let value = match read.and_then(|()| incoming.json()) {
        Ok(value) => value,
        // After an unreadable body, the rest of the connection cannot be trusted, so it is closed.
        Err(refusal) => return with_connection_close(respond_refused(&app, incoming, RequestContext::default(), &refusal).await),
    };
    let fields: Map<String, Value> = match from_object(value) {
        Ok(fields) => fields,
        Err(refusal) => return respond_refused(&app, incoming, RequestContext::default(), &refusal).await,
    };
    let RequestOutcome { result, request_context } = match identify_login(&app, &incoming, &fields).await {
        Ok(target) => find_bearer(&app, target).await,
        Err(refusal) => RequestOutcome::refused(None, refusal),
    };
    match result {
        Ok(bearer) => respond_granted(&app, incoming, request_context, (bearer, is_mistyped(&fields))).await,
        Err(refusal) => respond_refused(&app, incoming, request_context, &refusal).await,
    }
}

/// Returns the institution and terminal that certificate and credentials name; under lenient login
/// this may be `None`.
async fn identify_login(app: &App, incoming: &IncomingRequest, fields: &Map<String, Value>) -> Result<Option<LoginTarget>, Refusal> {
    certificate_if_required(app, incoming)?;
    let by_certificate = match incoming.certificate.clone() {
        ClientCertificate::Terminal(address) => Some((address.institution, Some(address.terminal))),
        ClientCertificate::None | ClientCertificate::Foreign { .. } => None,
    };
    let by_fields = match app.login {
        LoginPolicy::Lenient => find_in_any_field(app, fields).await?,
        LoginPolicy::Strict if by_certificate.is_some() => None,
        LoginPolicy::Strict => Some(find_by_credentials(app, fields).await?),
    };
    let by_fields = match by_fields {
        Some((code, None)) => {
            let terminal = find_terminal_in_any_field(app, &code, fields).await?;
            Some((code, terminal))
        }
        target => target,
    };
    if let (Some(certificate), Some(fields)) = (&by_certificate, &by_fields) {
        check_agreement(certificate, fields)?;
    }
    Ok(by_certificate.or(by_fields))
}

/// Searches all fields, whatever their names, for the code of an institution or the address of a
/// terminal.
async fn find_in_any_field(app: &App, fields: &Map<String, Value>) -> Result<Option<LoginTarget>, Refusal> {
    let mut found: Option<LoginTarget> = None;
    for text in fields.values().filter_map(Value::as_str) {
        let address = TerminalAddress::parse(text).ok().map(|address| (address.institution, Some(address.terminal)));
        let target = address.or_else(|| InstitutionCode::parse(text).ok().map(|code| (code, None)));
        let Some(target) = target else {
            continue;
        };
        if app.institutions.read(&target.0, |_, _| ()).await.map_err(|error| store_refusal(&error))?.is_none() {
            continue;
        }
        if let Some(before) = &found {
            check_agreement(before, &target)?;
        }
        let terminal = target.1.or(found.and_then(|(_, terminal)| terminal));
        found = Some((target.0, terminal));
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
async fn find_terminal_in_any_field(app: &App, code: &InstitutionCode, fields: &Map<String, Value>) -> Result<Option<TerminalId>, Refusal> {
    let names = || fields.values().filter_map(Value::as_str).filter_map(|text| TerminalId::parse(text).ok());
    let found = app.institutions.read(code, |tenant, _| names().find(|name| tenant.institution.terminals.contains_key(name)));
    Ok(found.await.map_err(|error| store_refusal(&error))?.flatten())
}

async fn find_by_credentials(app: &App, fields: &Map<String, Value>) -> Result<LoginTarget, Refusal> {
    let fixtures = app.fixtures();
    let shape = &fixtures.invented.login;
    let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (user, password) = (field(&shape.user_field), field(&shape.password_field));
    let found = app.institutions.of_login(&user, &password).await.map_err(|error| store_refusal(&error))?;
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

fn check_agreement(a: &LoginTarget, b: &LoginTarget) -> Result<(), Refusal> {
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
fn unidentified_login_note() -> Text {
    Text::new(
        "ログインからは医療機関が分かりません（lenient のため許可）。照会の MedicalInstitutionCode で判断します。",
        "The login names no institution (allowed under lenient); a check's MedicalInstitutionCode will.",
    )
}

/// Returns the journal's note on a login with a code whose check digit is wrong.
fn mistyped_code_note() -> Text {
    Text::new(
        "ログインの値に、チェックディジットだけが合わない医療機関コードがありました。入力の誤りが疑われます（この値は医療機関コードとして扱われません）。",
        "The login has a value that would be an institution's code but for its check digit: probably mistyped (it counts as no code).",
    )
}

/// Returns the bearer of the tokens. It includes the institution's generation, so that the tokens
/// become invalid when the institution is reset.
async fn find_bearer(app: &App, target: Option<LoginTarget>) -> RequestOutcome<Option<Bearer>> {
    let Some((institution, terminal)) = target else {
        return RequestOutcome { result: Ok(None), request_context: RequestContext::default() };
    };
    let caller = Caller::without_token(institution, terminal);
    let access = Access { caller: &caller, operation: Operation::Login, surface: Surface::Http, counted: true };
    let read = access.read_without_admission(&app.institutions, |tenant, moment, _| {
        let institution = &tenant.institution;
        let target = caller.terminal.as_ref().map(|id| (id, institution.terminals.get(id)));
        let found = target.and_then(|(_, terminal)| Some(TerminalCondition::at(institution, terminal?, moment.now)));
        let missing = target.filter(|(_, terminal)| terminal.is_none()).map(|(id, _)| unknown_terminal(&institution.code, id));
        (institution.generation.clone(), found, missing)
    });
    let ((generation, found, missing), fault) = match read.await {
        Ok(Some(read)) => read,
        Ok(None) => return RequestOutcome::refused(None, unknown_institution(&caller.institution)),
        Err(error) => return RequestOutcome::refused(None, store_refusal(&error)),
    };
    let Caller { institution, terminal, .. } = caller;
    let request_context =
        RequestContext { institution: Some(institution.clone()), terminal: terminal.clone(), terminal_condition: found, fault };
    let result = missing.map_or_else(|| Ok(Some(Bearer { institution, generation, terminal })), Err);
    RequestOutcome { result, request_context }
}

/// Returns the character set of the terminal that logs in.
async fn terminal_encoding(app: &App, bearer: &Bearer) -> Option<Encoding> {
    let found = app.institutions.read(&bearer.institution, |tenant, _| {
        let id = bearer.terminal.as_ref().unwrap_or(&tenant.institution.default_terminal);
        tenant.institution.terminals.get(id).map(|terminal| terminal.settings.encoding)
    });
    found.await.ok().flatten().flatten()
}

async fn respond_granted(
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
        Some(bearer) => terminal_encoding(app, bearer).await.map(Encoding::code),
        None => None,
    };
    let body = login::granted_message(GrantedLogin {
        status: &shape.status,
        msg: &shape.msg,
        access_token: token(Kind::Access),
        refresh_token: token(Kind::Refresh),
        id_token: token(Kind::Id),
        character_code: of_terminal.unwrap_or(&shape.character_code),
    });
    let why = Text::new("ログインを許可しました。", "The login was granted.");
    let notes = [(bearer.is_none(), unidentified_login_note as fn() -> Text), (is_mistyped, mistyped_code_note)];
    let notes = notes.into_iter().filter(|(is_there, _)| *is_there).map(|(_, note)| note().into()).collect();
    finish(app, incoming, request_context, Completion { notes, ..Completion::answered(json_bytes(StatusCode::OK, body.to_json()), why) })
}

async fn respond_refused(app: &App, incoming: IncomingRequest, request_context: RequestContext, refusal: &Refusal) -> Response {
    let entry = catalogue_entry(app, request_context.institution.as_ref(), refusal.error).await;
    let completion = Completion::refused(render_refusal(&entry, refusal), refusal, &entry);
    finish(app, incoming, request_context, completion)
}

fn render_refusal(entry: &Entry, refusal: &Refusal) -> Content {
    let status = StatusCode::from_u16(entry.status).unwrap_or(StatusCode::UNAUTHORIZED);
    json_bytes(status, login::refused_message(&entry.code, &refusal.on_the_wire(entry)).to_json())
}
