//! The CA that clients trust, and handshakes that fail.

mod authority;
mod handshakes;
mod pkcs12;
