//! Tests of the choice of cipher suites.

use super::*;

#[test]
fn the_server_chooses_by_its_own_order_and_not_by_the_clients() {
    let (_dir, authority) = create();
    let own = aws_lc_rs::default_provider().cipher_suites;
    for version in VERSIONS {
        let mut provider = aws_lc_rs::default_provider();
        provider.cipher_suites.reverse();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.ca_pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(provider);
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
        let client = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let client = client.dangerous().with_custom_certificate_verifier(Arc::new(At(webpki, now()))).with_no_client_auth();
        let server = handshake(&authority, client, "localhost").unwrap();
        // Suites that need an RSA key cannot be chosen.
        let usable =
            own.iter().find(|suite| suite.version().version == version.version && !format!("{:?}", suite.suite()).contains("_RSA_"));
        assert_eq!(server.negotiated_cipher_suite(), usable.copied(), "{version:?}");
    }
}
