//! The client of the backend: one method per operation, with every failure classified as a
//! [`RequestError`].

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_DISPOSITION, ETAG, IF_RANGE, LOCATION, RANGE, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Client, Identity, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::protocol::{CardAnswer, Poll, ProblemSummary, Results};
use super::request_error::{RequestError, RetryDelay};
use crate::domain::ids::TerminalAddress;
use crate::domain::linkage::ResultFiles;
use crate::domain::terminal::Report;
use crate::domain::text::Text;

/// The time limit for an answer other than a package.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The time limit for an answer to a linkage file: the longest `latency` of a terminal, and a
/// margin.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(11 * 60);

/// The largest answer other than a package, in bytes.
const MAX_RESPONSE_SIZE: usize = 64 * 1024 * 1024;

/// The parameters of the connection.
#[derive(Clone)]
pub struct Connecting {
    /// The backend's root URL, such as `https://127.0.0.1:8443`.
    pub server: Url,
    /// The only trusted CA, as PEM.
    pub ca_pem: Vec<u8>,
    /// Certificate and key, as PEM, concatenated.
    pub identity_pem: Vec<u8>,
    /// A transfer without data for this long is aborted.
    pub silence: Duration,
}

/// The client of the backend.
pub(super) struct Backend {
    http: Client,
    /// For linkage files, whose answers may take long.
    patient: Client,
    server: Url,
    id: String,
    wall: fn() -> Timestamp,
}

/// The answer to a linkage file; `kind` is `result` or `err`.
pub(super) struct FileAnswer {
    pub(super) status: StatusCode,
    pub(super) kind: Option<String>,
    pub(super) name: Option<String>,
    pub(super) result_files: Option<ResultFiles>,
    pub(super) bytes: Vec<u8>,
}

/// Installs the program's only crypto provider as rustls's default, for clients that are
/// created later.
pub fn install_provider() {
    // An error means that a default provider is installed already; the program contains only
    // this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

impl Backend {
    /// # Errors
    /// The certificates or the key cannot be used.
    pub(super) fn new(connecting: &Connecting, address: &TerminalAddress, wall: fn() -> Timestamp) -> Result<Self, Text> {
        install_provider();
        let unusable = |what_ja: &str, what_en: &str, error: &reqwest::Error| {
            let chain = chain(error);
            Text::new(format!("{what_ja}を使えません：{chain}。"), format!("{what_en} cannot be used: {chain}."))
        };
        let ca = Certificate::from_pem(&connecting.ca_pem)
            .map_err(|error| unusable("CA証明書（--ca）", "The CA's certificate (--ca)", &error))?;
        let both = |error| unusable("証明書と鍵（--cert、--key）", "Certificate and key (--cert, --key)", &error);
        let identity = Identity::from_pem(&connecting.identity_pem).map_err(both)?;
        let client = |silence| {
            Client::builder()
                .tls_certs_only([ca.clone()])
                .identity(identity.clone())
                .no_proxy()
                .redirect(Policy::custom(follow))
                .connect_timeout(Duration::from_secs(10))
                .read_timeout(silence)
                .user_agent(concat!("onshi-mock-terminal/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(both)
        };
        let (http, patient) = (client(connecting.silence)?, client(DOWNLOAD_TIMEOUT)?);
        Ok(Self { http, patient, server: connecting.server.clone(), id: address.to_string(), wall })
    }

    pub(super) async fn poll(&self, manual: bool) -> Result<Poll, RequestError> {
        let trigger = if manual { "?trigger=manual" } else { "" };
        self.json(self.http.get(self.url_of(&format!("delivery/v1/terminals/{}/updates{trigger}", self.id))?)).await
    }

    pub(super) async fn results(&self) -> Result<Results, RequestError> {
        self.json(self.http.get(self.url_of(&format!("delivery/v1/terminals/{}/results", self.id))?)).await
    }

    pub(super) async fn report(&self, report: &Report) -> Result<Value, RequestError> {
        self.json(self.http.post(self.url_of(&format!("delivery/v1/terminals/{}/reports", self.id))?).json(report)).await
    }

    pub(super) async fn request_card(&self, card: &Value) -> Result<CardAnswer, RequestError> {
        self.json(self.http.post(self.url_of(&format!("linkage/v1/terminals/{}/cards", self.id))?).json(card)).await
    }

    /// Sends a linkage file. Every status counts as an answer, except those that refuse the
    /// client's identity.
    pub(super) async fn file(&self, name: &str, bytes: &[u8]) -> Result<FileAnswer, RequestError> {
        let mut url = self.url_of(&format!("linkage/v1/terminals/{}/files/", self.id))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(name);
        }
        let request = self.patient.post(url).body(bytes.to_vec()).timeout(DOWNLOAD_TIMEOUT);
        let response = request.send().await.map_err(|error| connection_error(&error))?;
        let status = response.status();
        let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let kind = text("x-onshi-file");
        let result_files = text("x-onshi-result-files");
        let result_files = ResultFiles::ALL.into_iter().find(|way| result_files.as_deref() == Some(way.name()));
        let name =
            text(CONTENT_DISPOSITION.as_str()).and_then(|value| Some(value.split("filename=\"").nth(1)?.split('"').next()?.to_owned()));
        if kind.is_none() && status != StatusCode::NO_CONTENT && status != StatusCode::PAYLOAD_TOO_LARGE {
            return Err(self.response_error(response).await);
        }
        let bytes = body(response).await?;
        Ok(FileAnswer { status, kind, name, result_files, bytes })
    }

    /// Requests a package from an offset. Returns the answer with status 200, 206 or 416,
    /// before its body.
    pub(super) async fn package(&self, url: &str, from: u64, etag: Option<&str>) -> Result<Response, RequestError> {
        let elsewhere = || {
            let url: String = url.chars().take(200).collect();
            RequestError::retry_later(
                format!("パッケージの URL がサーバー外を指しています（{url}）。取得しません。"),
                format!("The package's URL leads away from the server ({url}); it is not followed."),
            )
        };
        let target = self.server.join(url).ok().filter(|target| target.origin() == self.server.origin()).ok_or_else(elsewhere)?;
        let mut request = self.http.get(target);
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
            // A weak tag does not guarantee identical bytes.
            if let Some(etag) = etag.filter(|etag| etag.starts_with('"')) {
                request = request.header(IF_RANGE, etag);
            }
        }
        let response = request.send().await.map_err(|error| connection_error(&error))?;
        match response.status() {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => Ok(response),
            _ => Err(self.response_error(response).await),
        }
    }

    fn url_of(&self, path: &str) -> Result<Url, RequestError> {
        let joined = self.server.join(path);
        joined.map_err(|error| {
            RequestError::Fatal(Text::new(format!("--server が正しくありません：{error}"), format!("--server is wrong: {error}")))
        })
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, RequestError> {
        let response = request.timeout(REQUEST_TIMEOUT).send().await.map_err(|error| connection_error(&error))?;
        if !response.status().is_success() {
            return Err(self.response_error(response).await);
        }
        let bytes = body(response).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            RequestError::retry_later(
                format!("サーバーの応答を読めません：{error}。"),
                format!("The server's answer cannot be read: {error}."),
            )
        })
    }

    /// Classifies an answer without success.
    async fn response_error(&self, response: Response) -> RequestError {
        let status = response.status();
        let after =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|text| retry_after(text, (self.wall)()));
        if status.is_redirection() {
            let to = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("-").to_owned();
            return RequestError::retry_later(
                format!("別のサーバーへの転送（{status}、{to}）には従いません。"),
                format!("A redirect to another server ({status}, {to}) is not followed."),
            );
        }
        // The status is enough if the body cannot be read.
        let trouble = ProblemSummary::read(&body(response).await.unwrap_or_default());
        let why = trouble.with_prefix(&format!("サーバーの応答は {status} です。"), &format!("The server answered {status}. "));
        if trouble.is_about_identity() || matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            let ja = "この端末の証明書・医療機関・端末がサーバーに認められません。";
            let en = "The server does not accept this terminal's certificate, institution or terminal.";
            return RequestError::Fatal(Text::new(format!("{ja}{}", why.ja), format!("{en} {}", why.en)));
        }
        let passing = status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
        // The rate limit counts real time, not the terminal's time.
        let after = if status == StatusCode::TOO_MANY_REQUESTS { after.map(RetryDelay::ByTheWall) } else { after.map(RetryDelay::In) };
        if passing || after.is_some() { RequestError::Later { why, after } } else { RequestError::Refused(why) }
    }
}

/// Returns the strong entity tag of an answer.
pub(super) fn etag_of(response: &Response) -> Option<String> {
    response.headers().get(ETAG).and_then(|value| value.to_str().ok()).filter(|etag| etag.starts_with('"')).map(str::to_owned)
}

/// Follows redirects only within the same scheme, host and port, and at most four.
fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let same = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
    if same && attempt.previous().len() < 5 { attempt.follow() } else { attempt.stop() }
}

async fn body(mut response: Response) -> Result<Vec<u8>, RequestError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| connection_error(&error))? {
        if bytes.len() + chunk.len() > MAX_RESPONSE_SIZE {
            return Err(RequestError::retry_later("サーバーの応答が大きすぎます。", "The server's answer is too large."));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Classifies a failed connection: fatal if the server's certificate is not trusted.
pub(super) fn connection_error(error: &reqwest::Error) -> RequestError {
    let chain = chain(error);
    if is_untrusted_certificate(error) {
        return RequestError::Fatal(Text::new(
            format!(
                "サーバーの証明書を信頼できません（{chain}）。--ca がこのサーバーの ca.pem か、--server の名前が証明書にあるか確認してください。"
            ),
            format!(
                "The server's certificate is not trusted ({chain}): check that --ca is this server's ca.pem, and that its certificate has the name in --server."
            ),
        ));
    }
    RequestError::retry_later(format!("サーバーと通信できません：{chain}。"), format!("The server cannot be reached: {chain}."))
}

fn is_untrusted_certificate(error: &reqwest::Error) -> bool {
    let mut at: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = at {
        if matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        // `source` of an I/O error skips the error that it wraps.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        at = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
    }
    false
}

/// Formats an error with its causes: the error of reqwest itself says little more than the URL.
fn chain(error: &reqwest::Error) -> String {
    let mut messages = Vec::new();
    let mut at: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = at {
        let text = error.to_string();
        if messages.last() != Some(&text) {
            messages.push(text);
        }
        at = error.source();
    }
    messages.join(": ").chars().take(400).collect()
}

/// Parses `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-01-19T12:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Mon, 19 Jan 2026 12:01:00 GMT", Some(60)),
            ("Mon, 19 Jan 2026 11:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
