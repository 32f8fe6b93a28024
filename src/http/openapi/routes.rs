//! A router that remembers what it routes: each line of the table of contents is a route and its description at once.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};

use super::operation::{DescribedHandler, Operation};
use super::tag::Tag;
use crate::domain::text::Text;

/// Routes and their descriptions; their handlers share an `S`.
pub struct Routes<S> {
    router: Router<S>,
    described: Vec<Described>,
    under: &'static str,
    tag: &'static Tag,
}

/// One method of one path.
pub struct Described {
    /// Its path, with `{name}` for what varies.
    pub path: String,
    /// Its method, in lower case.
    pub method: &'static str,
    /// The handler's name, unique among both listeners' operations.
    pub id: &'static str,
    /// What it does, in a few words.
    pub summary: Text,
    /// What it belongs to.
    pub tag: &'static Tag,
    /// Each tells a part of what it takes and gives.
    pub parts: Vec<fn(&mut Operation<'_>)>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// None yet; those that follow belong to `tag`.
    pub fn about(tag: &'static Tag) -> Self {
        Self { router: Router::new(), described: Vec::new(), under: "", tag }
    }

    /// Those that follow belong to `tag`.
    pub fn then(mut self, tag: &'static Tag) -> Self {
        self.tag = tag;
        self
    }

    /// Those that follow lie under this path.
    pub fn under(mut self, path: &'static str) -> Self {
        self.under = path;
        self
    }

    /// A route for GET, and so for HEAD; what it does in Japanese and English.
    pub fn get<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        self.route(MethodFilter::GET, "get", path, handler, Text::new(ja, en))
    }

    /// A route for POST; what it does in Japanese and English.
    pub fn post<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        self.route(MethodFilter::POST, "post", path, handler, Text::new(ja, en))
    }

    /// A route for PUT; what it does in Japanese and English.
    pub fn put<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        self.route(MethodFilter::PUT, "put", path, handler, Text::new(ja, en))
    }

    /// A route for PATCH; what it does in Japanese and English.
    pub fn patch<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        self.route(MethodFilter::PATCH, "patch", path, handler, Text::new(ja, en))
    }

    /// A route for DELETE; what it does in Japanese and English.
    pub fn delete<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        self.route(MethodFilter::DELETE, "delete", path, handler, Text::new(ja, en))
    }

    /// More about the last route than its handler's signature tells.
    pub fn with(mut self, part: fn(&mut Operation<'_>)) -> Self {
        if let Some(last) = self.described.last_mut() {
            last.parts.push(part);
        }
        self
    }

    /// The last route, too, may be refused because of the present state: 409.
    pub fn conflicts(self) -> Self {
        self.with(|operation| operation.refuses(409))
    }

    /// Another's routes beside these.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.described.extend(other.described);
        self
    }

    /// The router alone.
    pub fn into_router(self) -> Router<S> {
        self.router
    }

    /// The descriptions alone.
    pub fn into_described(self) -> Vec<Described> {
        self.described
    }

    fn route<H, T, I>(mut self, filter: MethodFilter, method: &'static str, path: &str, handler: H, summary: Text) -> Self
    where
        H: Handler<T, S> + DescribedHandler<I>,
        T: 'static,
    {
        let path = format!("{}{path}", self.under);
        let routed: MethodRouter<S> = on(filter, handler);
        self.router = self.router.route(&path, routed);
        let name = std::any::type_name::<H>();
        let id = name.rsplit("::").next().unwrap_or(name);
        self.described.push(Described { path, method, id, summary, tag: self.tag, parts: vec![H::describe] });
        self
    }
}
