//! A browser at the console: it sends the headers that browsers send, and keeps the session's
//! cookie.

use reqwest::header::{ACCEPT, COOKIE, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::{Mock, trusting};

/// What a browser asks for when it opens a page.
pub(crate) const PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

/// A browser. It follows no redirect.
pub(crate) struct Browser {
    client: Client,
    origin: String,
    /// The session's cookie, `name=value`; empty where there is none.
    pub(crate) cookie: String,
}

impl Mock {
    /// A browser that is not signed in.
    pub(crate) fn browser(&self) -> Browser {
        let client = trusting(&self.ca_pem).redirect(Policy::none()).build().unwrap();
        Browser { client, origin: format!("https://{}", self.control), cookie: String::new() }
    }

    /// A browser that is signed in to the console, by a link.
    pub(crate) async fn console(&self) -> Browser {
        let code = self.new_code().await;
        let mut browser = self.browser();
        let signed_in = browser.sign_in(json!({"code": code})).await;
        assert_eq!(signed_in.status(), StatusCode::NO_CONTENT, "{}", signed_in.text().await.unwrap());
        browser
    }

    /// A one-time code for signing in to the console.
    pub(crate) async fn new_code(&self) -> String {
        self.post("/v1/console-links", Value::Null).await["code"].as_str().unwrap().to_owned()
    }
}

impl Browser {
    /// The address of the control listener: `https://…`.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// A request without any of the headers that say where it comes from, with the cookie.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.origin));
        if self.cookie.is_empty() { request } else { request.header(COOKIE, &self.cookie) }
    }

    /// Opens a page by a link of the console.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        let request = self.bare(Method::GET, path).header(ACCEPT, PAGE);
        request.header("sec-fetch-site", "same-origin").header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document")
    }

    /// Reads by a page's script, as for a part of a page or a stream of events.
    pub(crate) fn fetch(&self, path: &str) -> RequestBuilder {
        self.scripted(Method::GET, path)
    }

    /// Writes by a page's script.
    pub(crate) fn post_json(&self, path: &str, body: Value) -> RequestBuilder {
        self.scripted(Method::POST, path).header(ORIGIN, &self.origin).json(&body)
    }

    /// The text of a page that is there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let response = self.get(path).send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        text
    }

    /// Signs in, and keeps the cookie where that works.
    pub(crate) async fn sign_in(&mut self, input: Value) -> Response {
        let response = self.post_json("/signin", input).send().await.unwrap();
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        response
    }

    fn scripted(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.bare(method, path).header(ACCEPT, "*/*");
        request.header("sec-fetch-site", "same-origin").header("sec-fetch-mode", "cors").header("sec-fetch-dest", "empty")
    }
}
