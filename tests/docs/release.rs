//! What a release is made from: the version of Cargo.toml, the notes of CHANGELOG.md, and workflows
//! that speak of both.

use std::path::Path;
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn notes(version: &str) -> Output {
    Command::new("bash").arg(root().join(".ci/release-notes")).arg(version).output().expect("bash is installed")
}

#[cfg_attr(windows, ignore = "it needs bash and its tools")]
#[test]
fn the_notes_of_a_version_are_its_section_of_the_changelog_and_there_are_none_without_one() {
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let newest = changelog.split("\n## [").nth(1).and_then(|section| section.split_once(']')).expect("the changelog has a section");
    let output = notes(newest.0);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.starts_with("### "), "{said}");
    let (_, section) = newest.1.split_once('\n').unwrap();
    assert_eq!(said.trim(), section.trim());

    let unknown = notes("9.9.9");
    assert!(!unknown.status.success() && unknown.stdout.is_empty());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("9.9.9"), "it says which heading is missing");
}

#[test]
fn workflows_use_the_toolchain_that_cargo_toml_asks_for() {
    let needed = env!("CARGO_PKG_RUST_VERSION");
    let mut seen = 0;
    for file in ["Dockerfile", ".github/workflows/ci.yml", ".github/workflows/release.yml"] {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        for mark in ["rust:", "toolchain install ", "rustup default "] {
            for rest in text.split(mark).skip(1) {
                assert!(rest.starts_with(needed), "{file}: {mark}{}", rest.lines().next().unwrap_or_default());
                seen += 1;
            }
        }
    }
    assert!(seen >= 7, "the toolchains were found: {seen}");
}
