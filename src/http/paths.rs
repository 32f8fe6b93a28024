//! The paths of both listeners, and the hint for an unknown path: it belongs to the other listener,
//! or another path is similar.

use std::collections::BTreeMap;

use super::openapi::Interface;
use crate::domain::text::Text;
use crate::listener::{Addresses, Listener};

/// A path of one of the listeners.
struct KnownPath {
    listener: Listener,
    /// The path, with parameters as `{name}`.
    path: String,
    /// The methods in upper case, separated by commas.
    methods: String,
}

/// The paths of both listeners.
pub struct Paths {
    known: Vec<KnownPath>,
    addresses: Addresses,
}

/// The minimum similarity of a path that is suggested, from 0 (nothing in common) to 1 (equal).
const MIN_SIMILARITY: f64 = 0.6;
/// The number of characters of an unknown path that are compared.
const MAX_COMPARED: usize = 200;

impl Paths {
    /// Returns the paths of an interface at these addresses.
    pub fn of(interface: &Interface, addresses: Addresses) -> Self {
        let mut known: Vec<KnownPath> = Vec::new();
        for surface in &interface.0 {
            let listener = surface.listener;
            let mut places: BTreeMap<&str, usize> = BTreeMap::new();
            for route in &surface.routes {
                let method = route.method.to_uppercase();
                let place = *places.entry(&route.path).or_insert(known.len());
                match known.get_mut(place) {
                    Some(known) => known.methods = format!("{}, {method}", known.methods),
                    None => known.push(KnownPath { listener, path: route.path.clone(), methods: method }),
                }
            }
        }
        Self { known, addresses }
    }

    /// Returns the methods of a listener's path, which is given as routed, with parameters as
    /// `{name}`.
    pub(super) fn methods(&self, listener: Listener, path: &str) -> &str {
        self.known.iter().find(|known| known.listener == listener && known.path == path).map_or("", |known| &known.methods)
    }

    /// Returns the hint for a path that the listener `here` does not have. It does not repeat
    /// anything that the client sent.
    pub(super) fn for_unknown_path(&self, here: Listener, path: &str) -> Text {
        let path: String = path.chars().take(MAX_COMPARED).collect();
        let list = format!("{}/docs", self.addresses.control);
        if let Some(known) = self.known.iter().find(|known| known.listener != here && matches_pattern(&known.path, &path)) {
            return self.other_listener_hint(here, known);
        }
        let Some(KnownPath { listener, path, methods }) = self.find_nearest(here, &path) else {
            return Text::new(format!("URL の一覧：{list}"), format!("All URLs: {list}"));
        };
        let at = if *listener == here { "" } else { self.address(*listener) };
        Text::new(
            format!("最も近い URL は {methods} {at}{path} です。URL の一覧：{list}"),
            format!("The nearest one is {methods} {at}{path}. All URLs: {list}"),
        )
    }

    fn other_listener_hint(&self, here: Listener, known: &KnownPath) -> Text {
        let path = &known.path;
        let (this, other) = (name(here), name(known.listener));
        let address = self.address(known.listener);
        Text::new(
            format!("ここは{}のポートです。{path} は{}の URL で、{}のアドレスは {address} です。", this.ja, other.ja, other.ja),
            format!("This is the {}'s port; {path} is a path of the {}, which is {address}.", this.en, other.en),
        )
    }

    fn address(&self, listener: Listener) -> &str {
        match listener {
            Listener::Backend => &self.addresses.backend,
            Listener::Control => &self.addresses.control,
        }
    }

    /// Returns the most similar path of both listeners. Of equally similar ones, returns the first
    /// of this listener.
    fn find_nearest(&self, here: Listener, path: &str) -> Option<&KnownPath> {
        let alike = |known| similarity(known, path);
        let scored = self.known.iter().rev().map(|known| (alike(&known.path), known.listener == here, known));
        let better = |a: &(f64, bool, _), b: &(f64, bool, _)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        let nearest = scored.max_by(better)?;
        (nearest.0 >= MIN_SIMILARITY).then_some(nearest.2)
    }
}

fn name(listener: Listener) -> Text {
    match listener {
        Listener::Backend => Text::new("資格確認（バックエンド）", "backend"),
        Listener::Control => Text::new("管理API", "control API"),
    }
}

/// Whether a path matches `known` with its parameters.
fn matches_pattern(known: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let fit = |part: &str, segment: &str| part == segment || (part.starts_with('{') && !segment.is_empty());
    known.split('/').all(|part| segments.next().is_some_and(|segment| fit(part, segment))) && segments.next().is_none()
}

/// Returns the similarity. A path that lacks only its beginning counts as equal.
fn similarity(known: &str, path: &str) -> f64 {
    if path.len() > 1 && path.starts_with('/') && known.ends_with(path) {
        return 1.0;
    }
    let mut segments = path.split('/');
    let filled = known.split('/').map(|part| (part, segments.next()));
    let filled: Vec<&str> =
        filled.map(|(part, segment)| segment.filter(|segment| part.starts_with('{') && !segment.is_empty()).unwrap_or(part)).collect();
    strsim::normalized_levenshtein(&filled.join("/"), path)
}

#[cfg(test)]
mod tests {
    use super::Paths;
    use crate::http::router::interface;
    use crate::listener::{Addresses, Listener};

    fn paths() -> Paths {
        Paths::of(&interface(&Addresses::default()), Addresses::default())
    }

    #[test]
    fn the_nearest_path_is_the_one_that_was_meant() {
        let paths = paths();
        let search = "/oqs-api-pro/MSA01030/ILI01030SV01/search";
        for (here, path, meant) in [
            (Listener::Backend, "/oqs-api-pro/MSA01030/ILI01030SV01/Search", Some(search)),
            (Listener::Backend, "/oqs-api-pro/MSA01030/ILI01030SV01/search/", Some(search)),
            (Listener::Backend, "//oqs-api-pro/MSA01030/ILI01030SV01/search", Some(search)),
            (Listener::Backend, "/oqs-api-pro/MSA12020/ILI12020SV01/login", Some("/oqs-api-pro/MSA12020/ILI12020SV01/auth")),
            (Listener::Backend, "/search", Some(search)),
            (Listener::Control, "/search", Some(search)),
            (Listener::Backend, "/delivery/v1/terminals/9910000018-T1/update", Some("/delivery/v1/terminals/{id}/updates")),
            (Listener::Control, "/v1/institution/9910000018/clock", Some("/v1/institutions/{code}/clock")),
            (Listener::Backend, "/v1/institution/9910000018/clock", Some("/v1/institutions/{code}/clock")),
            (Listener::Control, "/institutions", Some("/v1/institutions")),
            (Listener::Control, "/v1/institutions/", Some("/v1/institutions")),
            (
                Listener::Control,
                "/v1/institutions/9910000018/terminals/T1/restrat",
                Some("/v1/institutions/{code}/terminals/{terminal}/restart"),
            ),
            (Listener::Control, "/wp-login.php", None),
            (Listener::Backend, "/nothing", None),
            (Listener::Backend, "", None),
        ] {
            assert_eq!(paths.find_nearest(here, path).map(|known| known.path.as_str()), meant, "{path}");
        }
    }

    #[test]
    fn what_the_client_sent_is_not_repeated() {
        for path in ["/v1/institutions/9910000018/clockk", "/v1/institutions/9910000018/clock", "/9910000018"] {
            let hint = paths().for_unknown_path(Listener::Backend, path);
            assert!(!hint.ja.contains("9910000018") && !hint.en.contains("9910000018"), "{hint:?}");
        }
    }
}
