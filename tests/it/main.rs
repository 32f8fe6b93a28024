//! Behaviour over the wire: every test starts the real server on free ports and talks to it over TLS.

mod notice;
mod support;
mod tidy;
