//! A router that also collects the descriptions of its routes, so that each route and its
//! description are declared together.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};

use super::operation::{DescribedHandler, Operation};
use super::tag::Tag;
use crate::domain::text::Text;

/// Routes and their descriptions. `S` is the state that the request handlers share.
pub struct Routes<S> {
    router: Router<S>,
    described: Vec<Described>,
    prefix: &'static str,
    tag: &'static Tag,
}

/// The description of one method of one path.
pub struct Described {
    /// The path, with parameters as `{name}`.
    pub path: String,
    /// The method in lower case.
    pub method: &'static str,
    /// The name of the request handler, which is unique among the operations of both listeners.
    pub id: &'static str,
    /// A short summary.
    pub summary: Text,
    /// The tag of the operation.
    pub tag: &'static Tag,
    /// The functions that describe the operation, each a part of it.
    pub parts: Vec<fn(&mut Operation<'_>)>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Starts without routes. The following routes get this tag.
    pub fn new(tag: &'static Tag) -> Self {
        Self { router: Router::new(), described: Vec::new(), prefix: "", tag }
    }

    /// Sets the tag of the following routes.
    pub fn tag(mut self, tag: &'static Tag) -> Self {
        self.tag = tag;
        self
    }

    /// Sets the path prefix of the following routes.
    pub fn prefix(mut self, path: &'static str) -> Self {
        self.prefix = path;
        self
    }

    /// Adds a route for GET, and so for HEAD, with its summary in Japanese and English.
    pub fn get<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        self.route(MethodFilter::GET, "get", path, handler, Text::new(ja, en))
    }

    /// Adds a route for POST, with its summary in Japanese and English.
    pub fn post<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        self.route(MethodFilter::POST, "post", path, handler, Text::new(ja, en))
    }

    /// Adds a route for PUT, with its summary in Japanese and English.
    pub fn put<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        self.route(MethodFilter::PUT, "put", path, handler, Text::new(ja, en))
    }

    /// Adds a route for PATCH, with its summary in Japanese and English.
    pub fn patch<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        self.route(MethodFilter::PATCH, "patch", path, handler, Text::new(ja, en))
    }

    /// Adds a route for DELETE, with its summary in Japanese and English.
    pub fn delete<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        self.route(MethodFilter::DELETE, "delete", path, handler, Text::new(ja, en))
    }

    /// Adds to the description of the last route what the signature of its request handler does not
    /// say.
    pub fn describe(mut self, part: fn(&mut Operation<'_>)) -> Self {
        if let Some(last) = self.described.last_mut() {
            last.parts.push(part);
        }
        self
    }

    /// Declares that the last route may respond with 409, if the present state does not allow the
    /// request.
    pub fn conflicts(self) -> Self {
        self.describe(|operation| operation.problem(409))
    }

    /// Adds the routes of another instance.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.described.extend(other.described);
        self
    }

    /// Returns the router.
    pub fn into_router(self) -> Router<S> {
        self.router
    }

    /// Returns the descriptions.
    pub fn into_described(self) -> Vec<Described> {
        self.described
    }

    fn route<H, T, I>(mut self, filter: MethodFilter, method: &'static str, path: &str, handler: H, summary: Text) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        let path = format!("{}{path}", self.prefix);
        let routed: MethodRouter<S> = on(filter, handler);
        self.router = self.router.route(&path, routed);
        let name = std::any::type_name::<H>();
        let id = name.rsplit("::").next().unwrap_or(name);
        self.described.push(Described { path, method, id, summary, tag: self.tag, parts: vec![H::describe] });
        self
    }
}
