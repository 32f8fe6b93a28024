//! Japanese pages and messages use the words of the glossary, and none that it rules out.

use std::path::{Path, PathBuf};

use crate::pages::{pages_in, prose};
use crate::program::{path_of, text_of};
use crate::tables::table;

const GLOSSARY: &str = "docs/glossary.ja.md";

/// Where Japanese pages and messages are.
const PLACES: [&str; 8] = ["README.ja.md", "docs", "certs", "src", "crates/core/src", "fixtures", "templates", "docker-compose.yml"];

/// What belongs to the glossary itself, and the words that a client's screen may show.
const EXCEPT: [&str; 2] = [GLOSSARY, "src/verdict/rules/screen.rs"];

/// The words that are not used: in the last column, between backticks.
fn ruled_out() -> Vec<String> {
    let rows = table(GLOSSARY, "日本語");
    rows.iter().flat_map(|row| row[4].split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// Pages that are tables of contents, of words or of options, or that define their own words.
const WITHOUT_INTRODUCTION: [&str; 7] = [
    "docs/README.ja.md",
    "docs/cli.ja.md",
    "docs/console.ja.md",
    "docs/elements.ja.md",
    "docs/glossary.ja.md",
    "docs/openapi.ja.md",
    "docs/scenario-list.ja.md",
];

/// Words that have the word for a client in them and are something else.
const OTHER_CLIENTS: [&str; 2] = ["クライアント証明書", "更新クライアント"];

/// What has the word for the notice in it and is something else: a paper, and where a link leads.
const OTHER_NOTICES: [&str; 2] = ["資格情報のお知らせ", "#お知らせ"];

fn is_text(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["md", "rs", "json", "toml", "html", "yml", "js"].contains(&extension)
}

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| files(&entry.unwrap().path(), found));
    } else if is_text(path) && !EXCEPT.iter().any(|except| path.ends_with(except)) {
        found.push(path.to_owned());
    }
}

/// Whether a text has a word; followed by ー it is another one.
fn has(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[at + word.len()..].starts_with('ー'))
}

#[test]
fn no_page_and_no_message_has_a_word_that_the_glossary_rules_out() {
    let words = ruled_out();
    assert!(words.len() > 10, "the words were found: {words:?}");
    let mut found = Vec::new();
    PLACES.iter().for_each(|place| files(&path_of(place), &mut found));
    for path in &found {
        let text = std::fs::read_to_string(path).unwrap();
        for (number, line) in text.lines().enumerate() {
            let word = words.iter().find(|word| has(line, word));
            assert!(word.is_none(), "{}:{}: {word:?} is ruled out by {GLOSSARY}", path.display(), number + 1);
        }
    }
}

#[test]
fn the_glossary_has_the_same_words_in_both_languages() {
    let [japanese, english] = [(GLOSSARY, "日本語"), ("docs/glossary.md", "Japanese")].map(|(page, first)| {
        let rows = table(page, first).into_iter();
        rows.map(|row| row[..2].to_vec()).collect::<Vec<_>>()
    });
    assert_eq!(japanese, english);
}

/// Asserts that the first use of a word in a text is in the words that introduce it.
fn assert_introduced(page: &str, text: &str, word: &str, introduced: &str) {
    if let Some((before, _)) = text.split_once(word) {
        assert!(before.ends_with(introduced), "{page}: {word} is introduced as {introduced}{word}」");
    }
}

/// The Japanese pages that say at first use what a word means.
fn pages_with_introductions() -> Vec<String> {
    let pages = pages_in("docs", true).into_iter().filter(|page| page.ends_with(".ja.md"));
    let pages = pages.filter(|page| !WITHOUT_INTRODUCTION.contains(&page.as_str()));
    pages.chain(["README.ja.md".to_owned()]).collect()
}

/// The sentences of a page, without headings, code and what has the word in it but is another one.
fn sentences(page: &str, others: &[&str]) -> String {
    let text = prose(&text_of(page));
    let sentences: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    others.iter().fold(sentences.join("\n"), |text, other| text.replace(other, ""))
}

#[test]
fn every_japanese_page_says_at_first_use_what_the_notice_is() {
    let mut seen = 0;
    for page in &pages_with_introductions() {
        let text = sentences(page, &OTHER_NOTICES).replace("「[お知らせ](", "「お知らせ](");
        assert_introduced(page, &text, "お知らせ", "2026年1月の更新配信の周知文（以下「");
        seen += usize::from(text.contains("お知らせ"));
    }
    assert!(seen > 5, "pages have the word: {seen}");
}

#[test]
fn every_japanese_page_says_at_first_use_what_a_client_is() {
    let pages = pages_with_introductions();
    for page in &pages {
        assert_introduced(page, &sentences(page, &OTHER_CLIENTS), "クライアント", "お使いのレセコン（以下「");
    }
    assert!(pages.len() > 40, "the pages were found: {pages:?}");
}
