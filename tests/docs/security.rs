//! The page about security: each test that it names is there, and both languages name the same.

use std::collections::BTreeSet;

use crate::program::{path_of, text_of};

/// What stands between backticks and is a path of modules.
fn named(page: &str) -> BTreeSet<String> {
    text_of(page).split('`').skip(1).step_by(2).filter(|code| code.contains("::")).map(str::to_owned).collect()
}

/// Whether there is a test of this name in its module's file.
fn exists(test: &str) -> bool {
    let (module, name) = test.rsplit_once("::").unwrap();
    let module = module.replace("::", "/");
    let files = ["tests/it", "src"].iter().flat_map(|dir| [format!("{dir}/{module}.rs"), format!("{dir}/{module}/mod.rs")]);
    let mut texts = files.filter_map(|file| std::fs::read_to_string(path_of(&file)).ok());
    texts.any(|text| {
        let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
        let declared =
            |line: &str| line.trim_start_matches("async ").strip_prefix("fn ").is_some_and(|rest| rest.starts_with(&format!("{name}(")));
        let is_test = |at: usize| lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).any(|line| line.contains("test"));
        lines.iter().enumerate().any(|(at, line)| declared(line) && is_test(at))
    })
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let tests = named("docs/security.md");
    assert!(tests.len() > 30, "they were found: {tests:?}");
    assert_eq!(named("docs/security.ja.md"), tests);
    let missing: Vec<&String> = tests.iter().filter(|test| !exists(test)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(!exists("control::exposure::no_such_test") && !exists("control::exposure::files"), "what is no test is missed");
}
