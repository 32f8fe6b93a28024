//! Keeps the one-sentence invariants of ARCHITECTURE.md true by reading the source tree.

mod circles;
mod imports;
mod layers;
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use circles::circles;
use imports::Tree;
use layers::{ENTRY, LAYERS};

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
    let files: Vec<_> = ["src", "crates/core/src", "tests"].iter().flat_map(|dir| rust_files(&root.join(dir))).map(named).collect();
    assert!(files.len() > 40, "the source tree was found");
    files
}

/// The files of the product itself: no tests.
fn product_files() -> impl Iterator<Item = (String, String)> {
    let is_product = |name: &str| !name.starts_with("tests/") && !name.contains("/tests") && name != "crates/core/src/lib.rs";
    // The program exports the core's modules again: `crate::domain` is the same in both.
    let product = source_files().into_iter().filter(move |(name, _)| is_product(name));
    product.map(|(name, text)| (name.trim_start_matches("crates/core/").to_owned(), text))
}

/// Which file of the product imports which.
fn imports() -> Tree {
    let files: Vec<_> = product_files().collect();
    Tree::of(files.iter().map(|(name, text)| (name.strip_prefix("src/").unwrap(), text.as_str())))
}

#[test]
fn each_layer_imports_only_what_its_table_says() {
    let tree = imports();
    let below = |layer: usize| LAYERS[..=layer].iter().flat_map(|(_, modules)| modules.iter().map(|(name, _)| *name));
    for (place, (layer, modules)) in LAYERS.iter().enumerate() {
        for (module, allowed) in *modules {
            for name in *allowed {
                assert!(below(place).any(|module| module == *name), "{module} may import {name}, which is not below {layer}");
            }
        }
    }
    let mut imported: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (module, file) in tree.modules().filter(|(module, _)| !module.is_empty()) {
        let line = LAYERS.iter().flat_map(|(_, modules)| *modules).find(|(name, _)| *name == module[0]);
        let (name, allowed) = line.unwrap_or_else(|| panic!("{file} is in no layer"));
        for path in tree.written(module).into_iter().filter(|path| !path.is_empty() && path[0] != *name) {
            assert!(allowed.contains(&path[0].as_str()), "{file} imports {}; {name} may import {allowed:?} only", path[0]);
            imported.entry(name).or_default().insert(path[0].clone());
        }
    }
    for (name, allowed) in LAYERS.iter().flat_map(|(_, modules)| *modules) {
        let found = imported.remove(name).unwrap_or_default();
        assert!(found.iter().eq(*allowed), "{name} imports {found:?}; its line in the table has more");
    }
}

#[test]
fn only_the_server_imports_http_and_only_its_entry() {
    let tree = imports();
    for (module, file) in tree.modules().filter(|(module, _)| module.first().is_none_or(|first| first != "http")) {
        for path in tree.written(module).iter().filter(|path| path.first().is_some_and(|first| first == "http")) {
            let named = path.get(1).map(String::as_str).unwrap_or_default();
            assert!(file == "server.rs" && ENTRY.contains(&named), "{file} imports {}", path.join("::"));
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let tree = imports();
    let circles: Vec<Vec<String>> = circles(&tree).iter().map(|circle| circle.iter().map(|module| module.join("::")).collect()).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn a_simulated_terminal_uses_nothing_of_the_server_but_the_folder_engine() {
    for (name, text) in product_files().filter(|(name, _)| name.starts_with("src/terminal/")) {
        for rest in text.split("crate::linkage::").skip(1) {
            assert!(rest.starts_with("folder::") || rest.starts_with("SCAN_INTERVAL"), "{name} imports more of linkage than its engine");
        }
    }
}

#[test]
fn domain_wire_and_verdict_do_no_io_and_ask_no_clock() {
    for (name, text) in
        product_files().filter(|(name, _)| ["src/domain/", "src/wire/", "src/verdict/"].iter().any(|core| name.starts_with(core)))
    {
        for forbidden in ["tokio", "axum", "hyper", "sqlx", "std::fs", "std::net", "std::env", "std::thread", "::now()", "async fn"] {
            assert!(!text.contains(forbidden), "{name} uses {forbidden}");
        }
    }
}

#[test]
fn nothing_below_http_knows_http() {
    for (name, text) in
        product_files().filter(|(name, _)| !["http/", "cli/", "src/terminal/", "server.rs"].iter().any(|part| name.contains(part)))
    {
        for forbidden in ["axum", "hyper", "StatusCode"] {
            assert!(!text.contains(forbidden), "{name} uses {forbidden}");
        }
    }
}

/// Who begins tasks: what waits for them, and what aborts its own when it is dropped.
const OWNERS: [&str; 2] = ["src/tasks.rs", "src/store/shared.rs"];

#[test]
fn tasks_have_an_owner() {
    for (name, text) in product_files().filter(|(name, _)| !OWNERS.contains(&name.as_str())) {
        assert!(!text.contains("tokio::spawn") && !text.contains("task::spawn("), "{name} begins a task; who waits for it, or aborts it?");
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
fn comments_are_at_most_100_columns_wide() {
    // The help of the command line has a line for each text, which clap does not join.
    let is_too_wide = |line: &str| {
        line.trim_start().starts_with("//")
            && line.chars().count() > 100
            && !line.contains(" / ")
            && !line.contains("rehearse that with your receipt computer")
    };
    for (name, text) in source_files() {
        let wide: Vec<usize> = text.lines().enumerate().filter(|(_, line)| is_too_wide(line)).map(|(index, _)| index + 1).collect();
        assert!(wide.is_empty(), "{name}: comments that are too wide in the lines {wide:?}");
    }
}

#[test]
fn nothing_is_left_for_later_in_the_source() {
    for (name, text) in source_files().into_iter().filter(|(name, _)| name != "tests/it/tidy/mod.rs") {
        for mark in ["TODO", "FIXME", "XXX"] {
            assert!(!text.contains(mark), "{name} has a {mark}");
        }
    }
}
