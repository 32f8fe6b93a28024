//! A receipt computer: it calls the backend, with or without a terminal's certificate, with or
//! without a token.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use super::{Answer, LOGIN, Mock, SEARCH, inquiry};

#[derive(Clone)]
pub(crate) struct ReceiptComputer<'m> {
    mock: &'m Mock,
    client: Client,
    token: Option<String>,
}

impl Mock {
    /// One that presents no certificate and has no token.
    pub(crate) fn receipt_computer(&self) -> ReceiptComputer<'_> {
        ReceiptComputer { mock: self, client: self.client.clone(), token: None }
    }
}

impl ReceiptComputer<'_> {
    /// The same with a client that presents a certificate.
    pub(crate) fn presenting(&self, client: Client) -> Self {
        Self { client, ..self.clone() }
    }

    /// The same with a token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request to the backend, for a test to complete.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("https://{}{path}", self.mock.backend));
        match &self.token {
            Some(token) => request.header("authorization", token),
            None => request,
        }
    }

    /// Logs in with any JSON object.
    pub(crate) async fn login(&self, fields: Value) -> Answer {
        self.mock.send(self.request(Method::POST, LOGIN).json(&fields)).await
    }

    /// Checks the plainest person at an institution.
    pub(crate) async fn check(&self, code: &str) -> Answer {
        self.search(&inquiry(code)).await
    }

    /// Checks whom this inquiry is about.
    pub(crate) async fn search(&self, inquiry: &Value) -> Answer {
        self.mock.send(self.request(Method::POST, SEARCH).json(inquiry)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.mock.send(self.request(Method::GET, path)).await
    }
}
