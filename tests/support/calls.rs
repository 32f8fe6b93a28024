//! Calls of the control surface. Awaited, a call has to succeed; `answered` and `refused` say what
//! else is expected of it.

use std::fmt::Display;
use std::future::IntoFuture;
use std::panic::Location;
use std::pin::Pin;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{Mock, TOKEN};

/// A call that is not sent yet.
#[must_use = "a call is sent when it is awaited"]
pub(crate) struct Call<'m> {
    mock: &'m Mock,
    method: Method,
    path: String,
    body: Value,
    caller: &'static Location<'static>,
}

impl Mock {
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path, Value::Null)
    }

    #[track_caller]
    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path, Value::Null)
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::POST, path, body)
    }

    #[track_caller]
    pub(crate) fn put(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::PUT, path, body)
    }

    #[track_caller]
    pub(crate) fn patch(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::PATCH, path, body)
    }

    /// A call whose method a table names; null is no body.
    #[track_caller]
    pub(crate) fn call(&self, method: Method, path: &str, body: Value) -> Call<'_> {
        Call { mock: self, method, path: path.to_owned(), body, caller: Location::caller() }
    }
}

impl Call<'_> {
    /// What comes of it, whatever that is: status and body (null where there is none).
    pub(crate) async fn outcome(&self) -> (StatusCode, Value) {
        let url = format!("https://{}{}", self.mock.control, self.path);
        let mut request = self.mock.client.request(self.method.clone(), url).bearer_auth(TOKEN);
        if !self.body.is_null() {
            request = request.json(&self.body);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{} failed: {error:?}", self.description()));
        let status = response.status();
        let text = response.text().await.unwrap();
        let body: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        if status.is_client_error() {
            for field in ["type", "title", "title_en", "status", "detail", "detail_en"] {
                if body[field].is_null() {
                    self.fail(&format_args!("a problem with {field}"), status, &body);
                }
            }
        }
        if status.is_server_error() {
            self.fail(&"no error of the server", status, &body);
        }
        (status, body)
    }

    /// Expects this status, and gives the body.
    pub(crate) async fn expect_status(self, expected: StatusCode) -> Value {
        let (status, body) = self.outcome().await;
        if status != expected {
            self.fail(&expected, status, &body);
        }
        body
    }

    /// Expects to be refused with this status, and gives the problem document.
    pub(crate) async fn expect_problem(self, expected: StatusCode) -> Value {
        let (status, problem) = self.outcome().await;
        if status != expected || problem["status"] != expected.as_u16() {
            self.fail(&format_args!("a problem, {expected}"), status, &problem);
        }
        problem
    }

    /// Expects to be refused as unprocessable, because of the field that this points to.
    pub(crate) async fn expect_unprocessable(self, pointer: &str) -> Value {
        let (status, problem) = self.outcome().await;
        if status != StatusCode::UNPROCESSABLE_ENTITY || problem["pointer"] != pointer {
            self.fail(&format_args!("{} with the pointer {pointer:?}", StatusCode::UNPROCESSABLE_ENTITY), status, &problem);
        }
        problem
    }

    /// Expects to be refused with this status and this kind of problem.
    pub(crate) async fn expect_problem_kind(self, expected: StatusCode, kind: &str) -> Value {
        let (status, problem) = self.outcome().await;
        if status != expected || problem["type"] != format!("urn:onshi-mock:problem:{kind}") {
            self.fail(&format_args!("{expected} with a problem of the kind {kind:?}"), status, &problem);
        }
        problem
    }

    fn description(&self) -> String {
        let body = if self.body.is_null() { String::new() } else { format!(" {}", self.body) };
        format!("{}: {} {}{body}", self.caller, self.method, self.path)
    }

    fn fail(&self, expected: &dyn Display, status: StatusCode, body: &Value) -> ! {
        panic!("{}\nexpected: {expected}\n     got: {status}\n{body:#}", self.description());
    }
}

impl<'m> IntoFuture for Call<'m> {
    type Output = Value;
    type IntoFuture = Pin<Box<dyn Future<Output = Value> + Send + 'm>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (status, body) = self.outcome().await;
            if !status.is_success() {
                self.fail(&"success", status, &body);
            }
            body
        })
    }
}
