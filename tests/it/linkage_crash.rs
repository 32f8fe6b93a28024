//! SIGKILL while request files are taken: a reception number in the folder is known afterwards, and every request is answered once.
#![cfg(unix)]

use std::time::Duration;

use crate::desk::{DATE, Folder, element, message, plain, text, value, wait_until};
use crate::program::Program;
use crate::support::{TOKEN, trusting};

const CODE: &str = "9910000018";
const ROUNDS: u32 = 5;
const REQUESTS: usize = 40;

#[tokio::test]
async fn a_reception_number_in_the_folder_outlives_a_sigkill() {
    let dir = tempfile::tempdir().unwrap();
    let start = || Program::start(dir.path(), &["--store", "sqlite:state.db", "--control-token", TOKEN, "--linkage", "oqs"]);
    let folder = Folder(dir.path().join("oqs").join(format!("{CODE}-T1")));
    let mut random = fastrand::Rng::with_seed(20260121);
    let mut in_folder = 0;
    for round in 0..ROUNDS {
        let program = start();
        let answers = format!("OQSmuquc01res_{round}_");
        let answered = || folder.names("res").into_iter().filter(|name| name.starts_with(&answers)).collect::<Vec<_>>();
        wait_until("the folder", || folder.0.join("req").is_dir()).await;
        for number in 0..REQUESTS {
            folder.drop(&format!("OQSmuquc01req_{round}_{number}.xml"), message(CODE, DATE, &plain()));
        }
        wait_until("the first answer", || !answered().is_empty()).await;
        tokio::time::sleep(Duration::from_millis(random.u64(0..150))).await;
        drop(program);
        let read = |name: &String| std::fs::read(folder.0.join("res").join(name)).unwrap();
        let told: Vec<_> = answered().into_iter().map(|name| (read(&name), name)).collect();
        in_folder += told.len();
        let program = start();
        let client = trusting(&std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap()).build().unwrap();
        let url = format!("{}/linkage/v1/terminals/{CODE}-T1/files/OQSmuquc02req_1.xml", program.url("backend"));
        for (bytes, name) in &told {
            let taken = text(bytes);
            let number = value(&taken, "ReceptionNumber").unwrap_or_else(|| panic!("{name}: {taken}"));
            let asked = client.post(&url).body(message(CODE, "", &element("ReceptionNumber", number)));
            let fetched = asked.send().await.unwrap().text().await.unwrap();
            assert_eq!(value(&fetched, "ErrorCode"), None, "round {round}, {name}: {number} was handed out, and is unknown");
        }
        wait_until("an answer to every request", || answered().len() == REQUESTS && folder.names("req").is_empty()).await;
        for (bytes, name) in &told {
            assert!(read(name) == *bytes, "round {round}, {name}: it was answered again");
        }
    }
    assert!(in_folder >= ROUNDS as usize, "{in_folder}: something was handed out in each round");
}
