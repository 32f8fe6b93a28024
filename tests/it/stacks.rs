//! The examples of docs/trust.md and docs/clients.md, each run by the program of its language against the built program.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use crate::readme::Program;

/// How the blocks of a language are run: the name of the file, and what runs it.
const LANGUAGES: [(&str, &str, &str); 4] =
    [("bash", "run.sh", "bash"), ("python", "run.py", "python3"), ("javascript", "run.js", "node"), ("java", "Login.java", "java")];

/// The code blocks of a page that follow a line `mark` (all of them, where it is empty), with their languages.
fn examples(page: &str, mark: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}"));
    // Prose and code take turns.
    let parts: Vec<&str> = text.split("\n```").collect();
    let marked = parts.chunks_exact(2).filter(|pair| pair[0].ends_with(mark));
    let block = marked.map(|pair| pair[1].split_once('\n').unwrap_or_else(|| panic!("{page}: an empty block")));
    block.map(|(language, code)| (language.to_owned(), code.to_owned())).collect()
}

/// Runs an example where the program was started, with its port in place of the default one, and gives what it printed.
fn run(program: &Program, language: &str, code: &str) -> String {
    let (_, file, runner) = LANGUAGES.iter().find(|(name, _, _)| *name == language).unwrap_or_else(|| panic!("nothing runs {language}"));
    std::fs::write(program.dir().join(file), code.replace("8443", &program.backend_port())).unwrap();
    let mut command = Command::new(runner);
    let output = command.arg(file).current_dir(program.dir()).env_remove("BACKEND").output();
    let output = output.unwrap_or_else(|error| panic!("{runner} is needed for this test (./test installs it): {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{runner}: {}\n{said}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn every_stack_that_says_so_trusts_the_ca_as_its_page_says() {
    let program = Program::start();
    for page in ["docs/trust.md", "docs/trust.ja.md"] {
        let examples = examples(page, "<!-- run -->");
        let languages: Vec<&str> = examples.iter().map(|(language, _)| language.as_str()).collect();
        assert_eq!(languages, ["bash", "python", "javascript", "java"], "{page}");
        for (language, code) in &examples {
            let said = run(&program, language, code);
            assert!(said.contains("\"idToken\":\""), "{page}, {language}: {said}");
        }
    }
}

#[test]
fn the_first_clients_print_the_refusal() {
    let program = Program::start();
    for page in ["docs/clients.md", "docs/clients.ja.md"] {
        let examples = examples(page, "");
        assert_eq!(examples.len(), 2, "{page}");
        for (language, code) in &examples {
            assert_eq!(run(&program, language, code).trim(), "MOCK0501E", "{page}, {language}");
        }
    }
}
