//! The pages of the documentation: links lead somewhere, every page is there in both languages, and
//! what a page says was run by a test is run here.

use std::path::Path;

use onshi_mock::domain::troubleshooting::Heading;

use crate::program::{Program, path_of, text_of};

/// Pages whose blocks below `<!-- run -->` are one script, run in their order.
const RUN: [&str; 6] = ["README", "docs/test-the-refusal", "docs/parallel-ci", "docs/tonight", "docs/closed-network", "docs/scenarios"];

/// The Markdown files of a directory, as paths from the root.
pub(crate) fn pages_in(dir: &str, deep: bool) -> Vec<String> {
    let entries = std::fs::read_dir(path_of(dir)).unwrap_or_else(|error| panic!("{dir}: {error}"));
    let mut pages = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if dir.is_empty() { name } else { format!("{dir}/{name}") };
        if entry.path().is_dir() && deep {
            pages.extend(pages_in(&path, deep));
        } else if path.ends_with(".md") {
            pages.push(path);
        }
    }
    pages.sort();
    pages
}

fn pages() -> Vec<String> {
    [pages_in("", false), pages_in("certs", false), pages_in("docs", true)].concat()
}

/// The text without what stands in code blocks.
pub(crate) fn prose(text: &str) -> String {
    let mut inside = false;
    let mut outside = |line: &&str| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    };
    text.lines().filter(|line| outside(line)).collect::<Vec<_>>().join("\n")
}

/// Where the links of a page lead that stay within the project: file and anchor.
fn links(page: &str) -> Vec<(String, Option<String>)> {
    let text = prose(&text_of(page));
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    let within = targets.filter(|link| !link.contains("://"));
    within
        .map(|link| match link.split_once('#') {
            Some((file, anchor)) => (file.to_owned(), Some(anchor.to_owned())),
            None => (link.to_owned(), None),
        })
        .collect()
}

/// The anchors of a page's headings, as the usual hosts of Markdown make them.
fn anchors(text: &str) -> Vec<String> {
    let prose = prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim().to_lowercase());
    let kept = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    headings.map(|heading| heading.chars().filter(|c| kept(*c)).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading_of_it() {
    let mut seen = 0;
    for page in pages() {
        for (file, anchor) in links(&page) {
            let target = if file.is_empty() { path_of(&page) } else { path_of(&page).parent().unwrap_or(Path::new("")).join(&file) };
            assert!(target.exists(), "{page} links to {file}, which does not exist");
            let Some(anchor) = anchor else { continue };
            let text = std::fs::read_to_string(&target).unwrap();
            assert!(anchors(&text).contains(&anchor), "{page} links to {file}#{anchor}; {file} has {:?}", anchors(&text));
            seen += 1;
        }
    }
    assert!(seen > 30, "the anchors were found: {seen}");
}

#[test]
fn every_page_of_the_documentation_is_there_in_both_languages_and_links_to_the_other() {
    let pages = pages_in("docs", true);
    for page in pages.iter().filter(|page| !page.ends_with(".ja.md")) {
        let japanese = page.replace(".md", ".ja.md");
        assert!(pages.contains(&japanese), "{japanese} is missing");
        let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        assert!(text_of(page).contains(&format!("]({})", name(&japanese))), "{page} does not link to its Japanese page");
        assert!(text_of(&japanese).contains(&format!("]({})", name(page))), "{japanese} does not link to its English page");
    }
    for page in pages.iter().filter(|page| page.ends_with(".ja.md")) {
        assert!(pages.contains(&page.replace(".ja.md", ".md")), "the English page of {page} is missing");
    }
}

/// Every page can be reached from the table of contents of its language.
#[test]
fn the_tables_of_contents_list_every_page() {
    for (contents, suffix) in [("docs/README.md", ".md"), ("docs/README.ja.md", ".ja.md")] {
        let listed: Vec<String> = links(contents).into_iter().map(|(file, _)| format!("docs/{file}")).collect();
        let own = |page: &String| page.ends_with(suffix) && (suffix == ".ja.md" || !page.ends_with(".ja.md")) && *page != contents;
        for page in pages_in("docs", true).iter().filter(|page| own(page)) {
            assert!(listed.contains(page), "{contents} does not list {page}");
        }
    }
}

#[test]
fn every_heading_that_a_message_refers_to_is_on_the_page_in_both_languages() {
    let [english, japanese] = ["docs/troubleshooting.md", "docs/troubleshooting.ja.md"].map(|page| prose(&text_of(page)));
    for heading in Heading::ALL {
        let title = heading.title();
        for (page, words) in [(&english, title.en), (&japanese, title.ja)] {
            assert!(page.lines().any(|line| line == format!("## {words}")), "no heading {words}");
        }
    }
}

/// The marked blocks of a page, each with what the page says it prints.
pub(crate) fn marked(page: &str) -> Vec<(String, String)> {
    let text = text_of(page);
    let block = |rest: &str| {
        let (script, after) = rest.split_once("\n```\n").unwrap_or_else(|| panic!("{page}: a block ends"));
        let printed = after.strip_prefix("\n```\n").and_then(|rest| rest.split_once("\n```")).map_or("", |(printed, _)| printed);
        (script.to_owned(), printed.to_owned())
    };
    text.split("<!-- run -->\n```bash\n").skip(1).map(block).collect()
}

#[cfg_attr(windows, ignore = "it needs bash and its tools")]
#[test]
fn what_the_pages_say_was_run_by_a_test_prints_what_stands_below_it() {
    for name in RUN {
        for page in [format!("{name}.md"), format!("{name}.ja.md")] {
            let program = Program::start();
            let blocks = marked(&page);
            let scripts: Vec<&str> = blocks.iter().map(|(script, _)| script.as_str()).collect();
            let script = format!("PATH=\"$(dirname \"$ONSHI_MOCK\"):$PATH\"\n{}", scripts.join("\necho '== next =='\n"));
            let script = script.replace("127.0.0.1:8443", &format!("127.0.0.1:{}", program.backend_port()));
            let script = script.replace("127.0.0.1:8444", &format!("127.0.0.1:{}", program.control_port()));
            let said = program.run(&script);
            let said: Vec<&str> = said.split("== next ==\n").map(str::trim_end).collect();
            let promised: Vec<&str> = blocks.iter().map(|(_, printed)| printed.as_str()).collect();
            assert_eq!(said, promised, "{page}");
            assert!(!blocks.is_empty(), "{page} has blocks");
        }
    }
}

#[test]
fn both_languages_run_the_same() {
    for name in RUN {
        assert_eq!(marked(&format!("{name}.md")), marked(&format!("{name}.ja.md")), "{name}");
    }
}
