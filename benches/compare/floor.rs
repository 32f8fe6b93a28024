//! The floor: a server with axum and rustls only. It parses the JSON of a check and returns
//! constant bytes, or sends a package from memory.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use bytes::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

struct Constants {
    answer: Bytes,
    package: Bytes,
    postgres: Option<AnyPool>,
}

/// Serves with the certificates of a directory. The arguments are the length of a response, the
/// length of a package, and a database to query once per request, or `-`.
#[tokio::main]
pub(crate) async fn serve(arguments: &[String]) {
    let [certs, answer, package, postgres] = arguments else {
        panic!("floor CERTS ANSWER PACKAGE POSTGRES");
    };
    let constants = Constants {
        answer: Bytes::from(vec![b' '; answer.parse().unwrap()]),
        package: Bytes::from(vec![7; package.parse().unwrap()]),
        postgres: if postgres == "-" { None } else { Some(pool(postgres).await) },
    };
    let router = Router::new().route("/check", post(check)).route("/package", get(package_of)).with_state(Arc::new(constants));
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    println!("floor ready https://{}", listener.local_addr().unwrap());
    let tls = TlsAcceptor::from(Arc::new(tls(Path::new(certs))));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, router) = (tls.clone(), router.clone());
        tokio::spawn(async move {
            stream.set_nodelay(true).unwrap();
            if let Ok(stream) = tls.accept(stream).await {
                let service = TowerToHyperService::new(router);
                // A client that disconnects is no error here.
                let _ = auto::Builder::new(TokioExecutor::new()).http1_only().serve_connection(TokioIo::new(stream), service).await;
            }
        });
    }
}

async fn check(State(constants): State<Arc<Constants>>, body: Bytes) -> impl IntoResponse {
    let asked: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert!(asked.is_object());
    if let Some(pool) = &constants.postgres {
        sqlx::query("SELECT version FROM institutions WHERE code = $1").bind("9910000018").fetch_optional(pool).await.unwrap();
    }
    ([(CONTENT_TYPE, "application/json;charset=UTF-8")], constants.answer.clone())
}

async fn package_of(State(constants): State<Arc<Constants>>) -> impl IntoResponse {
    constants.package.clone()
}

async fn pool(url: &str) -> AnyPool {
    sqlx::any::install_default_drivers();
    AnyPoolOptions::new().max_connections(16).test_before_acquire(false).connect(url).await.unwrap()
}

fn tls(certs: &Path) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let read = |name: &str| std::fs::read(certs.join(name)).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&read("ca.pem")).unwrap()).unwrap();
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).allow_unauthenticated().build().unwrap();
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let certificate = CertificateDer::from_pem_slice(&read("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&read("server.key")).unwrap();
    builder.with_client_cert_verifier(clients).with_single_cert(vec![certificate], key).unwrap()
}
