//! A router that remembers what it routes: each line of the table of contents is a route and its description at once.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, Route, on};

use super::operation::{Handles, Operation};
use super::tag::Tag;
use crate::domain::text::Text;
use crate::http::app::App;

/// Routes and their descriptions.
pub struct Routes {
    router: Router<Arc<App>>,
    described: Vec<Described>,
    under: &'static str,
    tag: &'static Tag,
}

/// One method of one path.
pub struct Described {
    /// Its path, with `{name}` for what varies.
    pub path: String,
    /// What its path has in common with others; nothing where they have nothing.
    pub under: &'static str,
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

impl Routes {
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
        H: Handler<T, Arc<App>> + Handles<I>,
        T: 'static,
    {
        self.route(MethodFilter::GET, "get", path, handler, Text::new(ja, en))
    }

    /// A route for POST; what it does in Japanese and English.
    pub fn post<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, Arc<App>> + Handles<I>,
        T: 'static,
    {
        self.route(MethodFilter::POST, "post", path, handler, Text::new(ja, en))
    }

    /// A route for PUT; what it does in Japanese and English.
    pub fn put<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, Arc<App>> + Handles<I>,
        T: 'static,
    {
        self.route(MethodFilter::PUT, "put", path, handler, Text::new(ja, en))
    }

    /// A route for PATCH; what it does in Japanese and English.
    pub fn patch<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, Arc<App>> + Handles<I>,
        T: 'static,
    {
        self.route(MethodFilter::PATCH, "patch", path, handler, Text::new(ja, en))
    }

    /// A route for DELETE; what it does in Japanese and English.
    pub fn delete<H, T, I>(self, path: &str, handler: H, ja: &str, en: &str) -> Self
    where
        H: Handler<T, Arc<App>> + Handles<I>,
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

    /// Lays something around the routes so far.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: tower::Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: tower::Service<axum::extract::Request, Error = Infallible> + Clone + Send + Sync + 'static,
        <L::Service as tower::Service<axum::extract::Request>>::Response: IntoResponse + 'static,
        <L::Service as tower::Service<axum::extract::Request>>::Future: Send + 'static,
    {
        self.router = self.router.layer(layer);
        self
    }

    /// What answers paths and methods that are none of these.
    pub fn otherwise<H, T, M, U>(mut self, path: H, method: M) -> Self
    where
        H: Handler<T, Arc<App>>,
        M: Handler<U, Arc<App>>,
        T: 'static,
        U: 'static,
    {
        self.router = self.router.fallback(path).method_not_allowed_fallback(method);
        self
    }

    /// The router alone.
    pub fn into_router(self) -> Router<Arc<App>> {
        self.router
    }

    /// The descriptions alone.
    pub fn into_described(self) -> Vec<Described> {
        self.described
    }

    fn route<H, T, I>(mut self, filter: MethodFilter, method: &'static str, path: &str, handler: H, summary: Text) -> Self
    where
        H: Handler<T, Arc<App>> + Handles<I>,
        T: 'static,
    {
        let path = format!("{}{path}", self.under);
        let routed: MethodRouter<Arc<App>> = on(filter, handler);
        self.router = self.router.route(&path, routed);
        let name = std::any::type_name::<H>();
        let id = name.rsplit("::").next().unwrap_or(name);
        self.described.push(Described { path, under: self.under, method, id, summary, tag: self.tag, parts: vec![H::describe] });
        self
    }
}

/// The routes in a line of text: those with a path in common by what follows it, the others with their methods.
pub fn listed(routes: &[Described]) -> String {
    let mut lines: Vec<(&str, Vec<String>)> = Vec::new();
    for route in routes {
        let (at, member) = match route.path.strip_prefix(route.under) {
            Some(rest) if !route.under.is_empty() => (route.under, rest.to_owned()),
            _ => (route.path.as_str(), route.method.to_uppercase()),
        };
        match lines.iter_mut().find(|(other, _)| *other == at) {
            Some((_, members)) if members.contains(&member) => {}
            Some((_, members)) => members.push(member),
            None => lines.push((at, vec![member])),
        }
    }
    let line = |(at, members): &(&str, Vec<String>)| match members.first() {
        Some(first) if first.starts_with(char::is_alphabetic) => format!("{} {at}", members.join(" ")),
        _ => format!("{at} ({})", members.iter().filter(|rest| !rest.is_empty()).cloned().collect::<Vec<_>>().join(" ")),
    };
    lines.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::http::openapi::listed;
    use crate::http::router::{described_backend, described_control};

    #[test]
    fn every_route_is_listed_once() {
        let backend = listed(&described_backend());
        assert!(backend.contains("GET /delivery/v1/terminals/{id}/updates, POST /delivery/v1/terminals/{id}/reports"), "{backend}");
        assert!(backend.len() < 560, "it has to fit into a detail: {}", backend.len());
        let control = listed(&described_control());
        assert!(control.contains("GET POST /v1/institutions, /v1/institutions/{code} (/reset /clock /clock/advance"), "{control}");
        assert!(control.contains("/v1/institutions/{code}/terminals/{terminal} (/power /shutdown"), "{control}");
        assert_eq!(control.matches(" /metrics").count(), 1, "{control}");
    }
}
