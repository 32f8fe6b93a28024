//! Japanese pages and messages use the words of the glossary, and none that it rules out.

use std::path::{Path, PathBuf};

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

#[test]
fn the_readme_says_at_first_use_what_client_and_notice_are() {
    let readme = text_of("README.ja.md");
    for (word, introduced) in [("クライアント", "お使いのレセコン（以下「"), ("お知らせ", "2026年1月の更新配信の周知文（以下「[")]
    {
        let (before, _) = readme.split_once(word).unwrap();
        assert!(before.ends_with(introduced), "{word} is introduced as {introduced}{word}」: {before}");
    }
}
