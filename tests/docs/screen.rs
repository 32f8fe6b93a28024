//! The screen of a sample client, and the staff who sit at it.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

/// Whether the line is a question, at which a client waits for its staff.
pub(crate) fn asks(line: &str) -> bool {
    line.starts_with("［Enter］")
}

/// Runs a client to its end. At each question, `staff` see the screen and type a line. Gives the
/// exit code and what was shown, complaints at the end.
pub(crate) async fn sit_at(mut client: Command, mut staff: impl AsyncFnMut(&[String]) -> &'static str) -> (i32, Vec<String>) {
    let mut child = client
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{client:?} is needed for this test (./test installs it): {error}"));
    let (mut keyboard, screen) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
    let (show, mut lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || screen.for_each(|line| show.send(line.unwrap()).unwrap()));
    let mut shown: Vec<String> = Vec::new();
    while let Some(line) = lines.recv().await {
        // How long it waits depends on how long staff took.
        if line.ends_with("秒後に照会します。") {
            continue;
        }
        let is_question = asks(&line);
        shown.push(line);
        assert!(shown.len() < 200, "it goes round in circles: {shown:#?}");
        if is_question {
            writeln!(keyboard, "{}", staff(shown.as_slice()).await).unwrap();
        }
    }
    let mut complaints = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    shown.extend(complaints.lines().map(str::to_owned));
    (child.wait().unwrap().code().unwrap_or(-1), shown)
}
