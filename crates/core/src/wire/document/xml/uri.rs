//! Check that a namespace's name is a URI reference (RFC 3986), as section 2 of Namespaces in XML
//! 1.0 requires.

use core::net::Ipv6Addr;

/// The characters allowed in every part besides letters and digits, including escapes.
const ALLOWED_EVERYWHERE: &[u8] = b"-._~!$&'()*+,;=:@%";

pub(super) fn is_uri_reference(text: &str) -> bool {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let first = text.split('/').next().unwrap_or_default();
    let (scheme, rest) = if first.contains(':') { text.split_once(':').unwrap_or_default() } else { ("a", text) };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    is_scheme(scheme) && is_authority(authority) && has_only(path, b"/") && has_only(query, b"/?") && has_only(fragment, b"/?")
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

fn is_authority(text: &str) -> bool {
    let (user, rest) = text.split_once('@').unwrap_or(("", text));
    let (is_host, port) = match rest.strip_prefix('[').and_then(|literal| literal.split_once(']')) {
        Some((address, port)) => (is_address(address), port),
        None => {
            let (name, port) = rest.split_at(rest.find(':').unwrap_or(rest.len()));
            (has_only(name, b"") && !name.contains('@'), port)
        }
    };
    let is_port = port.strip_prefix(':').map_or(port.is_empty(), |digits| digits.bytes().all(|b| b.is_ascii_digit()));
    has_only(user, b"") && is_host && is_port
}

/// Whether it is an IPv6 address or one of a later version: the content of an IP-literal.
fn is_address(text: &str) -> bool {
    match text.strip_prefix(['v', 'V']).and_then(|later| later.split_once('.')) {
        Some((version, address)) => {
            let is_version = !version.is_empty() && version.bytes().all(|b| b.is_ascii_hexdigit());
            is_version && !address.is_empty() && has_only(address, b"") && !address.contains(['@', '%'])
        }
        None => text.parse::<Ipv6Addr>().is_ok(),
    }
}

/// Whether it has only allowed characters, and a `%` only before two hexadecimal digits.
fn has_only(text: &str, besides: &[u8]) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || ALLOWED_EVERYWHERE.contains(&b) || besides.contains(&b);
    let mut escapes = text.as_bytes().split(|b| *b == b'%').skip(1);
    text.bytes().all(is_allowed) && escapes.all(|rest| rest.len() >= 2 && rest[..2].iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_uri_reference() {
        let are =
            "http://www.w3.org/2001/XMLSchema-instance urn:x:y u ../a?b=/?#c // http://u@h:80/%41 http://[::1]:80/ http://[v1.a:b]/ http://h:/ ./1:x a:"
                .split(' ');
        for text in are.chain([""]) {
            assert!(is_uri_reference(text), "{text}");
        }
        for text in [
            "a b",
            "1:x",
            ":",
            "[a]",
            "%4",
            "%zz",
            "a#b#c",
            "http://h:x/",
            "http://u@v@h/",
            "http://[a/",
            "http://[::1]80/",
            "http://[a]/",
            "http://[v1.]/",
            "あ",
            "{a}",
            "a\\b",
            "<",
            "\"",
            "\t",
        ] {
            assert!(!is_uri_reference(text), "{text}");
        }
    }
}
