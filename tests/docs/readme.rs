//! How long pages are that people read from beginning to end.

use crate::pages::pages_in;
use crate::program::text_of;

/// Pages that are made from the code.
const GENERATED: [&str; 3] = ["cli", "elements", "scenario-list"];

#[test]
fn the_readme_is_short() {
    assert_short("README");
}

#[test]
fn pages_are_short() {
    let pages = pages_in("docs", true);
    let names = pages.iter().filter_map(|page| page.strip_suffix(".md").filter(|name| !name.ends_with(".ja")));
    names.filter(|name| !GENERATED.contains(&name.trim_start_matches("docs/"))).for_each(assert_short);
}

/// Asserts that a page has at most 1,500 words in English and 9,000 characters in Japanese.
fn assert_short(name: &str) {
    let words = text_of(&format!("{name}.md")).split_whitespace().count();
    assert!(words <= 1_500, "{name}.md has {words} words; at most 1,500");
    let characters = text_of(&format!("{name}.ja.md")).chars().count();
    assert!(characters <= 9_000, "{name}.ja.md has {characters} characters; at most 9,000");
}
