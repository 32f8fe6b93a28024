//! Samples of answers in docs are taken from the running program: `UPDATE_DOCS=1 cargo
//! test --test docs samples` rewrites them.
//!
//! A sample follows a line `<!-- sample: NAME -->` as a fenced block; line breaks are set so that
//! it can be read on a page.

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::json;

use crate::support::request_files::check;
use crate::support::{Clinic, Mock, SEARCH, template};

/// Columns of a sample.
const MAX_WIDTH: usize = 160;

async fn clinic<'m>(mock: &'m Mock, code: &str) -> Clinic<'m> {
    let clinic = mock.institution(code);
    clinic.freeze_at("2026-01-20T08:55:00+09:00").await;
    clinic
}

/// What the program answers, by the sample's name.
async fn answer(mock: &Mock, name: &str) -> String {
    match name {
        "answered" | "refused" => {
            let clinic = clinic(mock, if name == "answered" { template::UP_TO_DATE } else { template::PENDING }).await;
            let mut asked = clinic.inquiry();
            asked["XmlMsg"]["MessageHeader"]["QualificationConfirmationDate"] = json!("20260120");
            asked["XmlMsg"]["MessageHeader"].as_object_mut().unwrap().remove("ArbitraryFileIdentifier");
            mock.backend(Method::POST, SEARCH).json(&asked).send().await.unwrap().text().await.unwrap()
        }
        "file" => {
            let clinic = clinic(mock, template::UP_TO_DATE).await;
            clinic.file("OQSsiquc01req_202601200001.xml", check(&clinic.code, "0001")).await.text()
        }
        other => crate::answers::sample(mock, other).await,
    }
}

/// The text in lines of at most so many columns that end between two elements.
fn in_lines(text: &str) -> String {
    text.lines().map(broken).collect::<Vec<_>>().join("\n")
}

fn broken(text: &str) -> String {
    let between = text.replace("><", ">\0<").replace(",\"", ",\0\"");
    let mut lines = vec![String::new()];
    for part in between.split('\0') {
        let line = lines.last_mut().expect("there is always one");
        if line.is_empty() || line.chars().count() + part.chars().count() <= MAX_WIDTH {
            line.push_str(part);
        } else {
            lines.push(part.to_owned());
        }
    }
    lines.join("\n")
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let in_dir = |dir: &Path| std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut pages: Vec<_> = [root.to_owned(), root.join("docs")].iter().flat_map(|dir| in_dir(dir)).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

#[tokio::test]
async fn samples_are_what_the_program_answers() {
    let mock = Mock::start().await;
    let mut found = 0;
    for path in pages() {
        let page = std::fs::read_to_string(&path).unwrap();
        let mut parts = page.split("<!-- sample: ");
        let mut rewritten = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) =
                part.split_once(" -->\n```").unwrap_or_else(|| panic!("{}: a fenced block follows a sample's mark", path.display()));
            let (language, rest) = rest.split_once('\n').unwrap();
            let (_, after) = rest.split_once("\n```").unwrap();
            let sample = in_lines(&answer(&mock, name).await);
            rewritten.push_str(&format!("<!-- sample: {name} -->\n```{language}\n{sample}\n```{after}"));
            found += 1;
        }
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &rewritten).unwrap();
        } else {
            assert!(page == rewritten, "{}: UPDATE_DOCS=1 cargo test --test docs samples rewrites its samples", path.display());
        }
    }
    assert!(found >= 6, "{found}: docs/calling and docs/linkage have samples");
}
