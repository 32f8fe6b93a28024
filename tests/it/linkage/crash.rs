//! SIGKILL while request files are taken: a reception number in the folder is known afterwards, and
//! every request is answered once and whole, however files come into being; error files are whole
//! before their requests move, and face results are not lost.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};

use crate::server::program::Program;
use crate::store::postgres::Cluster;
use crate::support::eventually::wait_until;
use crate::support::request_files::{DATE, Folder, element, message, plain, text, value};
use crate::support::{TOKEN, trusting};

const CODE: &str = "9910000018";
const REQUESTS: usize = 40;
/// Every so many requests one is malformed.
const BAD: usize = 8;

/// What lies in a directory under names that begin so. A file that is just being put there anew may
/// be gone between listing and reading.
fn files_named(folder: &Folder, dir: &str, beginning: &str) -> BTreeMap<String, Vec<u8>> {
    let names = folder.names(dir).into_iter().filter(|name| name.starts_with(beginning));
    names.filter_map(|name| Some((name.clone(), std::fs::read(folder.0.join(dir).join(name)).ok()?))).collect()
}

/// Drops a round's requests.
fn ask(folder: &Folder, round: u32) {
    for number in 0..REQUESTS {
        let content = if number % BAD == 1 { "<XmlMsg></XmlMsg>".to_owned() } else { message(CODE, DATE, &plain()) };
        folder.put_request(&format!("OQSmuquc01req_{round}_{number}.xml"), content);
    }
}

/// Presents cards until the program is killed; the names of the face files that it says lie in the
/// folder.
async fn cards(client: Client, url: String) -> Vec<String> {
    let mut reported = Vec::new();
    while let Ok(answer) = client.post(&url).bearer_auth(TOKEN).json(&json!({"person": "valid"})).send().await {
        let Ok(seen) = answer.json::<Value>().await else { break };
        reported.push(seen["file"]["name"].as_str().unwrap().to_owned());
    }
    reported
}

#[tokio::test]
async fn what_was_handed_out_outlives_a_sigkill_and_all_comes_once_and_whole() {
    rounds(6, "SQLite", "sqlite:state.db").await;
}

#[ignore = "takes minutes: ./test --nightly"]
#[tokio::test]
async fn a_hundred_sigkills_lose_and_double_nothing_in_a_folder() {
    rounds(100, "SQLite", "sqlite:state.db").await;
    let cluster = Cluster::start().await;
    rounds(100, "PostgreSQL", &cluster.database("folder").await).await;
}

#[expect(clippy::print_stdout, reason = "what was counted is for whoever reads the tests' output")]
async fn rounds(rounds: u32, back_end: &str, store: &str) {
    let dir = tempfile::tempdir().unwrap();
    let start = || Program::start(dir.path(), &["--store", store, "--control-token", TOKEN, "--linkage", "oqs"]);
    let folder = Folder(dir.path().join("oqs").join(format!("{CODE}-T1")));
    let mut random = fastrand::Rng::with_seed(20260121);
    let mut in_folder = 0;
    for round in 0..rounds {
        let program = start();
        let client = trusting(&std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap());
        // Under Wine a client may never learn that the server is gone.
        let client = client.timeout(Duration::from_secs(10)).build().unwrap();
        let terminal = format!("{}/v1/institutions/{CODE}/terminals/T1", program.url("control"));
        let settings = json!({"result_files": if round % 2 == 0 { "in_place" } else { "atomic" }});
        client.patch(&terminal).bearer_auth(TOKEN).json(&settings).send().await.unwrap().error_for_status().unwrap();
        let (answers, requests) = (format!("OQSmuquc01res_{round}_"), format!("OQSmuquc01req_{round}_"));
        ask(&folder, round);
        wait_until("the first answer", || !files_named(&folder, "res", &answers).is_empty()).await;
        let presenting = tokio::spawn(cards(client.clone(), format!("{terminal}/card")));
        // Killed at any moment, whatever it is at.
        tokio::time::sleep(Duration::from_millis(random.u64(0..150))).await;
        drop(program);
        let faces = presenting.await.unwrap();
        let reported = files_named(&folder, "res", &answers);
        let refused = files_named(&folder, "res", &requests);
        for name in refused.keys().filter(|name| name.ends_with(".xml")) {
            let err = refused.get(&name.replace(".xml", ".err"));
            assert!(err.is_some_and(|err| is_whole(err)), "round {round}: {name} moved before its error file was whole");
        }

        let program = start();
        let url = format!("{}/linkage/v1/terminals/{CODE}-T1/files/OQSmuquc02req_1.xml", program.url("backend"));
        for (name, bytes) in reported.iter().filter(|(_, bytes)| is_whole(bytes)) {
            in_folder += 1;
            let taken = text(bytes);
            let number = value(&taken, "ReceptionNumber").unwrap_or_else(|| panic!("{name}: {taken}"));
            let asked = client.post(&url).body(message(CODE, "", &element("ReceptionNumber", number)));
            let fetched = asked.send().await.unwrap().text().await.unwrap();
            assert_eq!(value(&fetched, "ErrorCode"), None, "round {round}, {name}: {number} was handed out, and is unknown");
        }
        let came = || {
            let (answers, refused) = (files_named(&folder, "res", &answers), files_named(&folder, "res", &requests));
            let errors = refused.iter().filter(|(name, err)| name.ends_with(".err") && is_whole(err)).count();
            (answers.values().filter(|answer| is_whole(answer)).count(), errors, refused.len() - errors)
        };
        let bad = REQUESTS / BAD;
        wait_until("an answer to every request", || came() == (REQUESTS - bad, bad, bad) && folder.names("req").is_empty()).await;
        let seen = || files_named(&folder, "face", "");
        wait_until("each face result", || seen().values().all(|face| is_whole(face)) && faces.iter().all(|name| seen().contains_key(name)))
            .await;
        let now: BTreeMap<_, _> = files_named(&folder, "res", &answers).into_iter().chain(files_named(&folder, "res", &requests)).collect();
        for (name, bytes) in reported.iter().chain(&refused) {
            assert!(now[name].starts_with(bytes), "round {round}, {name}: it was answered again");
        }
    }
    println!("{back_end}: {rounds} SIGKILLs; {} requests answered once, {in_folder} of them before the kill", rounds as usize * REQUESTS);
    assert!(in_folder >= rounds as usize, "{in_folder}: something was handed out in each round");
}

/// Whether it is a whole answer, or a whole error file.
fn is_whole(bytes: &[u8]) -> bool {
    // A short one may end within a character.
    let end = String::from_utf8_lossy(bytes);
    end.trim_end().ends_with("</XmlMsg>") || end.ends_with("invented by onshi-mock）\r\n")
}
