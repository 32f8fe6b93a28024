//! The examples of docs/trust.md and docs/clients.md, each run by the program of its language
//! against the built program.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use crate::program::Program;

/// How the blocks of a language are run: the name of the file, and what runs it.
const LANGUAGES: [(&str, &str, &str); 4] =
    [("bash", "run.sh", "bash"), ("python", "run.py", "python3"), ("javascript", "run.js", "node"), ("java", "Login.java", "java")];

/// The code blocks of a page that follow a line `mark` (all of them, where it is empty), with their
/// languages.
fn examples(page: &str, mark: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}"));
    // Prose and code take turns.
    let parts: Vec<&str> = text.split("\n```").collect();
    let marked = parts.chunks_exact(2).filter(|pair| pair[0].ends_with(mark));
    let block = marked.map(|pair| pair[1].split_once('\n').unwrap_or_else(|| panic!("{page}: an empty block")));
    block.map(|(language, code)| (language.to_owned(), code.to_owned())).collect()
}

/// Runs an example where the program was started, with its port in place of the default one, and
/// gives what it printed.
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
            for host in ["127.0.0.1", "localhost"] {
                let said = run(&program, language, &code.replace("127.0.0.1", host));
                assert!(said.contains("\"idToken\":\""), "{page}, {language}, {host}: {said}");
            }
        }
    }
}

#[test]
fn openssl_verifies_the_server_by_name_and_by_address() {
    let program = Program::start();
    for expected in ["-verify_hostname localhost", "-verify_ip 127.0.0.1"] {
        let connect = format!("openssl s_client -connect 127.0.0.1:{} -CAfile certs/ca.pem", program.backend_port());
        let said = program.run(&format!("echo | {connect} -verify_return_error {expected} 2>/dev/null"));
        assert!(said.contains("Verify return code: 0 (ok)"), "{expected}: {said}");
    }
}

#[test]
#[ignore = "fetches two old versions of Node.js; part of ./test --nightly"]
fn old_versions_of_openssl_verify_the_server_by_name_and_by_address() {
    let program = Program::start();
    let examples = examples("docs/trust.md", "<!-- run -->");
    let (_, code) = examples.iter().find(|(language, _)| language == "javascript").unwrap();
    std::fs::write(program.dir().join("old.js"), code.replace("node:", "").replace("8443", &program.backend_port())).unwrap();
    for (node, openssl) in [("node@8", "1.0.2"), ("node@16", "1.1.1")] {
        program.run(&format!("mkdir {openssl} && npm install --silent --no-fund --no-audit --prefix {openssl} {node} >/dev/null 2>&1"));
        let command = format!("{openssl}/node_modules/node/bin/node");
        assert!(program.run(&format!("{command} -p process.versions.openssl")).starts_with(openssl), "{node} has OpenSSL {openssl}");
        for host in ["127.0.0.1", "localhost"] {
            let said = program.run(&format!("sed s/127.0.0.1/{host}/ old.js > {host}.js && {command} {host}.js"));
            assert!(said.contains("\"idToken\":\""), "{node}, {host}: {said}");
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
