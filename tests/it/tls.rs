//! The CA that clients trust: handed out, written where asked, and kept from one start to the next.

use crate::support::{Mock, trusting};

async fn handed_out(mock: &Mock) -> String {
    let answer = mock.client.get(format!("https://{}/ca.pem", mock.control)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/x-pem-file");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn the_ca_is_handed_out_as_it_is_in_its_file() {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("trust.pem");
    let mock = Mock::start_with(|config| config.ca_out = Some(path.clone())).await;
    assert_eq!(handed_out(&mock).await, std::fs::read_to_string(mock.dir.path().join("certs/ca.pem")).unwrap());
    assert_eq!(std::fs::read_to_string(path).unwrap(), mock.ca_pem);
    assert!(!mock.ca_pem.contains("PRIVATE"));
}

#[tokio::test]
async fn a_second_start_keeps_the_ca_and_old_clients_still_trust_it() {
    let mut first = Mock::start().await;
    first.stop().await;
    let certs = first.dir.path().join("certs");
    let second = Mock::start_with(|config| config.certs = certs).await;
    assert_eq!(handed_out(&second).await, first.ca_pem);
    let old = trusting(&first.ca_pem).build().unwrap();
    assert!(old.get(format!("https://{}/healthz", second.control)).send().await.unwrap().status().is_success());
    let stranger = Mock::start().await;
    assert!(stranger.client.get(format!("https://{}/healthz", second.control)).send().await.is_err(), "each installation has its own CA");
}
