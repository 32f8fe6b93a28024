//! The built program, started for scripts that documentation shows, and the parts of a page that
//! tests run or compare.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A file of the project.
pub(crate) fn path_of(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// The text of a file of the project.
pub(crate) fn text_of(file: &str) -> String {
    std::fs::read_to_string(path_of(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The real program, started in an empty directory; it is stopped when this is dropped.
pub(crate) struct Program {
    child: Child,
    dir: TempDir,
    backend: String,
    control: String,
}

impl Program {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory for the program");
        let mut command = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
        command.args(["serve", "--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0"]);
        std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("ONSHI_")).for_each(|name| {
            command.env_remove(name);
        });
        let log = dir.path().join("stderr");
        command.stderr(std::fs::File::create(&log).expect("a file for its log"));
        let mut child =
            command.current_dir(dir.path()).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the built program starts");
        let mut ready = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut program = Self { child, dir, backend: String::new(), control: String::new() };
        BufReader::new(stdout).read_line(&mut ready).expect("its standard output can be read");
        let addresses = ready.trim_end().strip_prefix("onshi-mock ready backend=").and_then(|rest| rest.split_once(" control="));
        let (backend, control) =
            addresses.unwrap_or_else(|| panic!("not the ready line: {ready:?}\n{}", std::fs::read_to_string(log).unwrap_or_default()));
        (program.backend, program.control) = (backend.to_owned(), control.to_owned());
        program
    }

    /// Where it was started.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The port of the backend.
    pub(crate) fn backend_port(&self) -> String {
        self.backend.rsplit(':').next().unwrap_or_default().to_owned()
    }

    /// The port of the control API.
    pub(crate) fn control_port(&self) -> String {
        self.control.rsplit(':').next().unwrap_or_default().to_owned()
    }

    /// What a script writes to standard output, started where the program was.
    pub(crate) fn run(&self, script: &str) -> String {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(self.dir.path())
            .env("BACKEND", &self.backend)
            .env("CONTROL", &self.control)
            .env("ONSHI_MOCK", env!("CARGO_BIN_EXE_onshi-mock"))
            .env_remove("CERTS")
            .output()
            .expect("bash, which the walk-through needs, is installed");
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}\n{said}\n{complained}", output.status);
        assert_eq!(complained, "", "the script complains of nothing");
        said.into_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bash blocks between two marks of that name.
pub(crate) fn blocks(page: &str, name: &str) -> Vec<String> {
    let text = text_of(page);
    let (_, rest) = text.split_once(&format!("<!-- {name} -->")).unwrap_or_else(|| panic!("{page} has a {name}"));
    let (walk, _) = rest.split_once(&format!("<!-- /{name} -->")).unwrap_or_else(|| panic!("the {name} of {page} ends"));
    let blocks = walk.split("```bash\n").skip(1);
    blocks.map(|block| block.split_once("\n```").unwrap_or_else(|| panic!("a block of {page} ends")).0.to_owned()).collect()
}
