//! Keeps the one-sentence invariants of ARCHITECTURE.md true by reading the source tree.

use std::path::{Path, PathBuf};

/// Who may import whom, below `src/`: a room imports nothing of ours but itself and these.
const ROOMS: [(&str, &[&str]); 25] = [
    ("domain", &[]),
    ("clock", &[]),
    ("hex", &[]),
    ("json", &["domain", "wire"]),
    ("listener", &[]),
    ("policy", &[]),
    ("package", &["domain", "hex"]),
    ("wire", &["domain"]),
    ("store", &["domain"]),
    ("journal", &["domain", "store", "verdict", "wire"]),
    ("token", &["domain"]),
    ("fixtures", &["domain", "package", "wire"]),
    ("metrics", &["domain", "journal", "store"]),
    ("institutions", &["domain", "fixtures", "hex", "journal", "metrics", "store"]),
    ("answers", &["domain", "fixtures", "journal", "wire"]),
    ("linkage", &["answers", "app", "domain", "fixtures", "hex", "institutions", "journal", "store", "wire"]),
    ("tls", &["domain"]),
    ("verdict", &["domain"]),
    ("terminal", &["domain", "hex", "linkage", "wire"]),
    ("app", &["answers", "domain", "fixtures", "institutions", "journal", "package", "policy", "store", "tls", "token", "verdict", "wire"]),
    (
        "http",
        &[
            "answers",
            "app",
            "domain",
            "fixtures",
            "institutions",
            "journal",
            "json",
            "linkage",
            "listener",
            "metrics",
            "package",
            "policy",
            "store",
            "tls",
            "token",
            "verdict",
            "wire",
        ],
    ),
    ("push", &["domain", "institutions", "store"]),
    ("config", &["domain", "institutions", "linkage", "listener", "policy", "push", "store", "verdict"]),
    (
        "cli",
        &[
            "app",
            "config",
            "domain",
            "fixtures",
            "hex",
            "institutions",
            "json",
            "linkage",
            "listener",
            "server",
            "store",
            "terminal",
            "tls",
            "verdict",
        ],
    ),
    (
        "server",
        &[
            "app",
            "config",
            "domain",
            "fixtures",
            "hex",
            "http",
            "institutions",
            "linkage",
            "listener",
            "package",
            "policy",
            "push",
            "store",
            "tls",
            "token",
        ],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect();
    files.sort();
    files
}

fn source_files() -> Vec<(String, String)> {
    let root = root();
    let named = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        (name, std::fs::read_to_string(path).unwrap())
    };
    let files: Vec<_> = rust_files(&root.join("src")).into_iter().chain(rust_files(&root.join("tests"))).map(named).collect();
    assert!(files.len() > 40, "the source tree was found");
    files
}

/// The files of the product itself: no tests.
fn product_files() -> impl Iterator<Item = (String, String)> {
    source_files().into_iter().filter(|(name, _)| name.starts_with("src/") && !name.contains("/tests"))
}

#[test]
fn imports_run_one_way() {
    for (room, allowed) in ROOMS {
        let in_room = |name: &str| name.starts_with(&format!("src/{room}/")) || name == format!("src/{room}.rs");
        let files: Vec<_> = product_files().filter(|(name, _)| in_room(name)).collect();
        assert!(!files.is_empty(), "there is no room {room}");
        for (name, text) in files {
            for rest in text.split("crate::").skip(1) {
                let imported: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                assert!(
                    imported == room || allowed.contains(&imported.as_str()),
                    "{name} imports {imported}; {room} may import {allowed:?} only"
                );
            }
        }
    }
}

#[test]
fn a_simulated_terminal_uses_nothing_of_the_server_but_the_folder_engine() {
    for (name, text) in product_files().filter(|(name, _)| name.starts_with("src/terminal/")) {
        for rest in text.split("crate::linkage::").skip(1) {
            assert!(rest.starts_with("folder::") || rest.starts_with("LOOKED_AT_EVERY"), "{name} imports more of linkage than its engine");
        }
    }
}

#[test]
fn the_domain_and_the_wire_do_no_io_and_ask_no_clock() {
    for (name, text) in product_files().filter(|(name, _)| name.starts_with("src/domain/") || name.starts_with("src/wire/")) {
        for forbidden in ["tokio", "axum", "hyper", "sqlx", "std::fs", "std::net", "std::env", "std::thread", "::now()", "async fn"] {
            assert!(!text.contains(forbidden), "{name} uses {forbidden}");
        }
    }
}

#[test]
fn nothing_below_http_knows_http() {
    for (name, text) in product_files()
        .filter(|(name, _)| !["http/", "cli/", "src/terminal/", "server.rs", "config.rs"].iter().any(|part| name.contains(part)))
    {
        for forbidden in ["axum", "hyper", "StatusCode"] {
            assert!(!text.contains(forbidden), "{name} uses {forbidden}");
        }
    }
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    for (name, text) in source_files() {
        assert!(text.starts_with("//! "), "{name} does not begin with a line that says what it is for");
    }
}

#[test]
fn files_are_short_enough_to_read_in_a_sitting() {
    for (name, text) in source_files() {
        let lines = text.lines().count();
        assert!(lines <= 400, "{name} has {lines} lines; at most 400");
    }
}

#[test]
fn nothing_is_left_for_later_in_the_source() {
    for (name, text) in source_files().into_iter().filter(|(name, _)| name != "tests/it/tidy.rs") {
        for mark in ["TODO", "FIXME", "XXX"] {
            assert!(!text.contains(mark), "{name} has a {mark}");
        }
    }
}
