//! Tests of the causes that are reported for failed handshakes.

use rcgen::DnType;
use rustls::CipherSuite;

use super::*;
use crate::domain::handshake::Cause;

/// Returns the cause of the next failed handshake, and the alert.
async fn next(server: &mut Server) -> (Cause, Option<String>) {
    let fault = timeout(TIMEOUT, server.faults.recv()).await.expect("a fault is told").expect("the server runs");
    (fault.cause, fault.alert)
}

fn alert(cause: Cause, name: &str) -> (Cause, Option<String>) {
    (cause, Some(name.to_owned()))
}

/// Returns a connection on which `bytes` were sent.
async fn sent(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream = server.connect_bare().await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Returns the first message of a client that supports only TLS 1.0.
fn hello_of_tls_1_0() -> Vec<u8> {
    let suites = [0xc0, 0x09, 0x00, 0x2f];
    let body = [&[3, 1][..], &[7; 32], &[0, 0, 4], &suites, &[1, 0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat()
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_ca_is_known_by_its_alert() {
    let mut server = Server::start(hello_router(), Limits::default()).await;
    let mut other = RootCertStore::empty();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "another CA");
    other.add(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()).unwrap();
    for version in [&TLS12, &TLS13] {
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider())).with_protocol_versions(&[version]).unwrap();
        let stranger = builder.with_root_certificates(other.clone()).with_no_client_auth();
        server.connect_with(stranger).await.unwrap_err();
        assert_eq!(next(&mut server).await, alert(Cause::UntrustedCa, "unknown_ca"), "{version:?}");
    }
}

#[tokio::test]
async fn a_client_that_calls_the_server_by_another_name_refuses_its_certificate() {
    let mut server = Server::start(hello_router(), Limits::default()).await;
    let connector = TlsConnector::from(Arc::new(server.client(&TLS13, "h2")));
    connector.connect("other.example.jp".try_into().unwrap(), server.connect_bare().await.unwrap()).await.unwrap_err();
    assert_eq!(next(&mut server).await, alert(Cause::CertificateRefused, "bad_certificate"));
}

#[tokio::test]
async fn an_alert_behind_a_complete_handshake_is_heard_too() {
    let mut server = Server::start(hello_router(), Limits::default()).await;
    for (version, alpn) in [(&TLS12, "h2"), (&TLS12, "http/1.1"), (&TLS13, "h2"), (&TLS13, "http/1.1")] {
        let mut stream = server.connect_with(server.client(version, alpn)).await.unwrap();
        let (tcp, session) = stream.get_mut();
        // An unencrypted record makes the client end the connection with an alert. A client that
        // verifies the certificate late does the same.
        let broken = [&[0x17, 3, 3, 0, 32][..], &[0; 32]].concat();
        session.read_tls(&mut broken.as_slice()).unwrap();
        session.process_new_packets().unwrap_err();
        let mut bytes = Vec::new();
        session.write_tls(&mut bytes).unwrap();
        tcp.write_all(&bytes).await.unwrap();
        assert_eq!(next(&mut server).await, alert(Cause::Other, "bad_record_mac"), "{version:?} {alpn}");
    }
}

#[tokio::test]
async fn what_the_two_have_not_in_common_is_told() {
    let mut server = Server::start(hello_router(), Limits::default()).await;
    let _old = sent(&server, &hello_of_tls_1_0()).await;
    assert_eq!(next(&mut server).await, (Cause::OldTls, None));

    // This cipher suite needs an RSA key, but the server has an ECDSA key.
    let mut rsa_only = default_provider();
    rsa_only.cipher_suites.retain(|suite| suite.suite() == CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
    let builder = ClientConfig::builder_with_provider(Arc::new(rsa_only)).with_protocol_versions(&[&TLS12]).unwrap();
    server.connect_with(builder.with_root_certificates(roots(&server.issuer)).with_no_client_auth()).await.unwrap_err();
    assert_eq!(next(&mut server).await, (Cause::NoCommonCipher, None));

    server.connect_with(server.client(&TLS13, "h3")).await.unwrap_err();
    assert_eq!(next(&mut server).await, (Cause::NoCommonProtocol, None));
}

#[tokio::test]
async fn what_is_no_handshake_is_told() {
    let mut server = Server::start(hello_router(), Limits::default()).await;
    let _plain = sent(&server, request("/").as_bytes()).await;
    assert_eq!(next(&mut server).await, (Cause::PlainHttp, None));
    let _noise = sent(&server, &[0x80, 0x2e, 1, 0, 2, 0, 0x15]).await;
    assert_eq!(next(&mut server).await, (Cause::NotTls, None));
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_is_told_and_one_that_never_began_is_not() {
    let mut server = Server::start(hello_router(), Limits::default()).await;
    drop(server.connect_bare().await.unwrap());
    drop(sent(&server, &hello_of_tls_1_0()[..20]).await);
    assert_eq!(next(&mut server).await, (Cause::Closed, None));
    assert!(server.faults.is_empty());
}

#[tokio::test]
async fn a_client_that_leaves_once_it_is_complete_is_told() {
    let mut server = Server::start(hello_router(), Limits::default()).await;
    for alpn in ["h2", "http/1.1"] {
        let mut stream = server.connect_with(server.client(&TLS13, alpn)).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(next(&mut server).await, (Cause::NoRequest, None), "{alpn}, in order");
        drop(server.connect_with(server.client(&TLS13, alpn)).await.unwrap());
        assert_eq!(next(&mut server).await, (Cause::NoRequest, None), "{alpn}, without a word");
    }
}

#[tokio::test]
async fn a_handshake_that_takes_too_long_is_told() {
    let mut server = Server::start(hello_router(), Limits { handshake_timeout: SHORT, ..Limits::default() }).await;
    let _slow = sent(&server, &hello_of_tls_1_0()[..20]).await;
    assert_eq!(next(&mut server).await, (Cause::TimedOut, None));
}

#[tokio::test]
async fn nothing_is_told_of_those_who_are_served() {
    let mut server = Server::start(hello_router(), Limits::default()).await;
    assert!(server.ask("/").await.ends_with("hello"));
    let idle = server.connect().await;
    server.stop();
    timeout(TIMEOUT, &mut server.serving).await.expect("serve returns").unwrap();
    assert_eq!(server.faults.recv().await, None);
    drop(idle);
}
