//! The recipes of docs/ci: the shell steps inside each file, run as they stand against the program,
//! turn green with a client that repeats the check after the restart, and red with one that does
//! not, also where it ends before the restart; the report is there in any case.
#![cfg(unix)]

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::compose::yaml;
use crate::pages::marked;
use crate::program::{Program, blocks, path_of, text_of};

const RECIPES: [&str; 4] = ["github-actions.yml", "gitlab-ci.yml", "azure-pipelines.yml", "Jenkinsfile"];
/// What makes a job red in each of them.
const GATE: &str = r#"if grep "<failure" onshi-verdict.xml; then exit 1; fi"#;

/// The last part of each recipe's address of the report, and the same where green is required.
const REPORT: [&str; 2] = ["/verdict?format=junit\"", "/verdict?format=junit&require_green=true\""];

/// A client that does what stands in place of STEPS, one after the other.
const CLIENT: &str = r#"
import json, os, ssl, subprocess, sys, urllib.request
os.environ.pop("HTTPS_PROXY", None)
backend, ca, institution = sys.argv[1:]
tls = ssl.create_default_context(cafile=ca)
def post(url, body, **headers):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json;charset=UTF-8"} | headers)
    return json.load(urllib.request.urlopen(request, context=tls))
def check():
    token = post(backend + "/oqs-api-pro/MSA12020/ILI12020SV01/auth", {"userId": institution})["result"]["idToken"]
    post(backend + "/oqs-api-pro/MSA01030/ILI01030SV01/search", {"XmlMsg": {
        "MessageHeader": {"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": institution},
        "MessageBody": {"QualificationConfirmSearchInfo": {
            "InsurerNumber": "01990019", "InsuredCardSymbol": "11010203", "InsuredIdentificationNumber": "1001",
            "InsuredBranchNumber": "01", "Birthdate": "19800517", "LimitApplicationCertificateRelatedConsFlg": "0"}}}}, Authorization=token)
def administer(path, body):
    post(os.environ["CONTROL"] + f"/v1/institutions/{institution}/{path}", body, Authorization="Bearer " + os.environ["ONSHI_CONTROL_TOKEN"])
def restart(): administer("terminals/T1/restart", {})
def wait(): administer("clock/advance", {"to": "2026-01-20T12:00:00+09:00"})
def observe(): subprocess.run(["bash", "-euo", "pipefail", "observe.sh"], check=True)
def fail(): sys.exit(3)
for step in "STEPS".split(): globals()[step]()
"#;

/// A shell step of a recipe.
struct Step {
    script: String,
    /// Whether it is run also where one before it failed.
    always: bool,
}

/// Those of a list of steps that have a script; `condition` is where such a step says `always()`.
fn listed(items: &Value, script: &str, condition: &str) -> Vec<Step> {
    let scripts = items.as_array().into_iter().flatten().filter_map(|item| Some((item[script].as_str()?, item[condition] == "always()")));
    scripts.map(|(script, always)| Step { script: script.to_owned(), always }).collect()
}

/// The Jenkinsfile's stages, and what comes behind them: `always`, and for `cleanup`.
fn jenkins() -> [String; 3] {
    let text = text_of("docs/ci/Jenkinsfile");
    let (stages, post) = text.split_once("\n  post {").expect("it has a post section");
    let (always, cleanup) = post.split_once("\n    cleanup {").expect("the cleanup comes last");
    [stages, always, cleanup].map(str::to_owned)
}

/// The shell steps in a part of the Jenkinsfile; between ''' and ''' Groovy reads a double
/// backslash as one.
fn in_jenkins(part: &str, always: bool) -> Vec<Step> {
    let scripts = part.split("sh '''").skip(1).map(|rest| rest.split_once("'''").unwrap().0.replace("\\\\", "\\"));
    scripts.map(|script| Step { script, always }).collect()
}

/// The shell steps of a recipe, in their order.
fn steps(file: &str) -> Vec<Step> {
    match file {
        "github-actions.yml" => listed(&yaml("docs/ci/github-actions.yml")["jobs"]["rehearsal"]["steps"], "run", "if"),
        "azure-pipelines.yml" => listed(&yaml("docs/ci/azure-pipelines.yml")["jobs"][0]["steps"], "bash", "condition"),
        "gitlab-ci.yml" => {
            let job = yaml("docs/ci/gitlab-ci.yml")["rehearsal"].clone();
            let scripts = job["script"].as_array().unwrap().iter().map(|script| script.as_str().unwrap().to_owned());
            scripts.map(|script| Step { script, always: false }).collect()
        }
        _ => {
            let [stages, always, _] = jenkins();
            [in_jenkins(&stages, false), in_jenkins(&always, true)].into_iter().flatten().collect()
        }
    }
}

fn run(program: &Program, step: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["-c", step]).current_dir(program.dir());
    command.env("BACKEND", format!("https://127.0.0.1:{}", program.backend_port()));
    command.env("CONTROL", format!("https://127.0.0.1:{}", program.control_port()));
    // A proxy that is not there: nothing goes through it.
    command.env("HTTPS_PROXY", "http://127.0.0.1:9");
    let token = std::fs::read_to_string(program.dir().join("certs/control-token")).unwrap();
    command.env("ONSHI_CONTROL_TOKEN", token.trim()).output().expect("bash is installed")
}

/// Runs steps as their service would, with a client that does this: whether the job is green, and
/// the report with what the steps complained of.
fn rehearse(program: &Program, steps: &[Step], client: &str) -> (bool, String) {
    rehearse_with(program, steps, &CLIENT.replace("STEPS", client))
}

/// The same with the client's program.
fn rehearse_with(program: &Program, steps: &[Step], client: &str) -> (bool, String) {
    std::fs::write(program.dir().join("client.py"), client).unwrap();
    let reports = ["onshi-verdict.xml", "onshi-verdict.html"].map(|name| program.dir().join(name));
    // Of the rehearsal before, if there was one.
    reports.iter().for_each(|report| drop(std::fs::remove_file(report)));
    let (mut green, mut complained) = (true, String::new());
    for step in steps {
        if green || step.always {
            let output = run(program, &step.script);
            green &= output.status.success();
            complained.push_str(&String::from_utf8_lossy(&output.stderr));
        }
    }
    let [xml, html] = reports.map(|report| std::fs::read_to_string(report).unwrap_or_default());
    assert!(html.contains("<html lang=\"ja\">"), "the report to read: {complained}");
    (green, xml + &complained)
}

/// The steps of a recipe where green is required.
fn strict_steps(file: &str) -> Vec<Step> {
    let mut steps = steps(file);
    let [report, strict] = REPORT;
    assert_eq!(steps.iter().filter(|step| step.script.contains(report)).count(), 1, "{file} has the address that the page names");
    steps.iter_mut().for_each(|step| step.script = step.script.replace(report, strict));
    steps
}

#[test]
fn each_recipe_is_red_where_the_client_or_a_rule_failed_and_has_its_report_in_any_case() {
    let program = Program::start();
    for file in RECIPES {
        let steps = steps(file);
        for (client, green, failure) in [
            ("check restart check", true, false),
            ("check wait check", true, false),
            ("check restart", false, true),
            // It takes the error for "no qualification", and is done.
            ("check", false, true),
            ("check restart check fail", false, false),
            ("check restart fail", false, true),
            ("", true, false),
        ] {
            let (turned, report) = rehearse(&program, &steps, client);
            assert!(report.contains("<testsuite "), "{file}, {client:?}: no report: {report}");
            assert_eq!((turned, report.contains("<failure")), (green, failure), "{file}, {client:?}: {report}");
        }
    }
}

#[test]
fn the_stricter_gate_is_green_only_where_every_rule_was_exercised_and_the_screen_observed() {
    let program = Program::start();
    let [english, japanese] = ["docs/ci/README.md", "docs/ci/README.ja.md"].map(|page| blocks(page, "stricter"));
    assert_eq!(english, japanese);
    let [observe] = &english[..] else { panic!("the observation: {english:?}") };
    std::fs::write(program.dir().join("observe.sh"), observe).unwrap();
    for page in ["docs/ci/README.md", "docs/ci/README.ja.md"] {
        assert!(REPORT.iter().all(|address| text_of(page).contains(address.trim_matches(['/', '"']))), "{page} tells what to replace");
    }
    for file in RECIPES {
        let steps = strict_steps(file);
        for (client, green) in [
            ("check observe restart check", true),
            ("check observe restart", false),
            ("check restart check", false),
            ("check observe restart check fail", false),
            ("", false),
        ] {
            let (turned, report) = rehearse(&program, &steps, client);
            assert_eq!(turned, green, "{file}, {client:?}: {report}");
            assert_eq!(report.contains("<failure"), !green && !client.ends_with("fail"), "{file}, {client:?}: {report}");
        }
    }
}

#[test]
fn a_client_that_waits_at_its_screen_is_driven_and_its_words_are_observed() {
    let program = Program::start();
    let driver = text_of("docs/ci/drive_client.py");
    for name in ["good_client.py", "naive_client.py", "check.py"] {
        std::fs::copy(path_of(&format!("docs/examples/{name}")), program.dir().join(name)).unwrap();
    }
    let steps = strict_steps("gitlab-ci.yml");
    for (client, green) in [("good_client.py", true), ("naive_client.py", false)] {
        let (turned, report) = rehearse_with(&program, &steps, &driver.replace("good_client.py", client));
        assert_eq!(turned, green, "{client}: {report}");
        assert!(!report.contains("Traceback"), "{client}: {report}");
    }
}

/// The institution that docs/scenarios.md shows, its night, and the morning of a client.
#[test]
fn a_rehearsal_that_begins_the_night_before_passes() {
    let program = Program::start();
    let scripts: Vec<String> = marked("docs/scenarios.md").into_iter().map(|(script, _)| script).collect();
    program.run(&scripts.join("\n").replace("127.0.0.1:8444", &format!("127.0.0.1:{}", program.control_port())));
    std::fs::write(program.dir().join("institution.txt"), "9911000025").unwrap();
    std::fs::write(program.dir().join("observe.sh"), &blocks("docs/ci/README.md", "stricter")[0]).unwrap();
    std::fs::copy(program.dir().join("certs/ca.pem"), program.dir().join("ca.pem")).unwrap();
    let steps = &strict_steps("gitlab-ci.yml")[1..];
    let (green, report) = rehearse(&program, steps, "check observe restart check");
    assert!(green, "{report}");
}

/// Runs docs/ci/no-container.sh in a directory, with these programs first on the PATH and a client
/// that does this.
fn run_without_containers(dir: &Path, programs: &Path, client: &str) -> (Option<i32>, String) {
    std::fs::write(dir.join("client.py"), CLIENT.replace("STEPS", client)).unwrap();
    // Of a run before, whose server has ended.
    let stale = "onshi-mock ready backend=https://127.0.0.1:9 control=https://127.0.0.1:9\n";
    std::fs::write(dir.join("ready.txt"), stale).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .arg(path_of("docs/ci/no-container.sh"))
        .current_dir(dir)
        .envs([("PATH", path.as_str()), ("HTTPS_PROXY", "http://127.0.0.1:9")])
        .output()
        .expect("bash is installed");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_script_without_containers_has_the_verdicts_exit_code_and_leaves_no_server() {
    let programs = Path::new(env!("CARGO_BIN_EXE_onshi-mock")).parent().unwrap();
    for (client, exit) in [("check restart check", 0), ("check wait check", 0), ("check", 1), ("check restart check fail", 3)] {
        let dir = tempfile::tempdir().unwrap();
        let (ended, said) = run_without_containers(dir.path(), programs, client);
        assert_eq!(ended, Some(exit), "{client}: {said}");
        for report in ["onshi-verdict.xml", "onshi-verdict.html"] {
            assert!(dir.path().join(report).exists(), "{client}: {report}");
        }
        let ready = std::fs::read_to_string(dir.path().join("ready.txt")).unwrap();
        let control = ready.trim().rsplit_once("https://").unwrap().1;
        assert!(TcpStream::connect(control).is_err(), "{client}: the server has ended");
    }
}

#[test]
fn the_script_without_containers_shows_the_log_of_a_server_that_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("onshi-mock");
    std::fs::write(&program, "#!/bin/sh\necho 'address already in use' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (ended, said) = run_without_containers(dir.path(), dir.path(), "");
    assert!(ended == Some(1) && said.contains("address already in use"), "{ended:?} {said}");
}

#[test]
fn each_service_publishes_the_report_also_of_a_job_that_failed() {
    let github = yaml("docs/ci/github-actions.yml");
    let upload = github["jobs"]["rehearsal"]["steps"].as_array().unwrap().last().unwrap();
    assert!(upload["if"] == "always()" && upload["with"]["path"] == "onshi-verdict.*", "{upload}");
    let gitlab = yaml("docs/ci/gitlab-ci.yml");
    let artifacts = &gitlab["rehearsal"]["artifacts"];
    assert!(artifacts["when"] == "always" && artifacts["reports"]["junit"] == "onshi-verdict.xml", "{artifacts}");
    assert!(artifacts["paths"].as_array().unwrap().iter().any(|path| path == "onshi-verdict.html"), "{artifacts}");
    let azure = yaml("docs/ci/azure-pipelines.yml");
    let [.., page, publish] = &azure["jobs"][0]["steps"].as_array().unwrap()[..] else { panic!("{azure}") };
    assert!(page["condition"] == "always()" && page["publish"] == "onshi-verdict.html", "{page}");
    assert!(publish["condition"] == "always()" && publish["inputs"]["testResultsFiles"] == "onshi-verdict.xml", "{publish}");
}

#[test]
fn jenkins_publishes_the_report_before_its_gate_and_stops_the_container_last() {
    let [stages, always, cleanup] = jenkins();
    let at = |part: &str| always.find(part).unwrap_or_else(|| panic!("no {part} in {always}"));
    let order = [
        "\n    always {",
        "--output onshi-verdict.xml",
        "\n      junit 'onshi-verdict.xml'",
        "archiveArtifacts artifacts: 'onshi-verdict.*'",
        GATE,
    ]
    .map(at);
    assert!(order.is_sorted(), "{order:?}");
    assert!(cleanup.contains("docker stop") && !stages.contains("docker stop") && !always.contains("docker stop"));
    assert_eq!(stages.matches("--publish 127.0.0.1::").count(), 2, "free ports, so that two builds do not meet");
}

/// In place of Testcontainers for Python: the same calls start the program itself.
const PYTHON_CONTAINER: &str = r#"
import os, re, subprocess
class DockerContainer:
    def __init__(self, image): self.env = {}
    def with_env(self, name, value): self.env[name] = value; return self
    def with_exposed_ports(self, *ports): return self
    def waiting_for(self, strategy): self.message = strategy.message; return self
    def start(self):
        command = [os.environ["ONSHI_MOCK"], "serve", "--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--store", "memory"]
        self.process = subprocess.Popen(command, env=os.environ | self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ready = self.process.stdout.readline()
        assert self.message in self.ready
    def get_exposed_port(self, port): return int(re.search({8443: "backend", 8444: "control"}[port] + r"=https://[^ ]*:(\d+)", self.ready)[1])
    def stop(self): self.process.kill(); self.process.wait(); self.process.stdout.close()
"#;

/// The same for Node.js.
const NODE_CONTAINER: &str = r#"
import { spawn } from 'node:child_process';
export const Wait = { forLogMessage: (message) => message };
export class GenericContainer {
  withEnvironment(env) { this.env = env; return this; }
  withExposedPorts() { return this; }
  withWaitStrategy(message) { this.message = message; return this; }
  async start() {
    const options = ['serve', '--backend-addr', '127.0.0.1:0', '--control-addr', '127.0.0.1:0', '--store', 'memory'];
    const child = spawn(process.env.ONSHI_MOCK, options, { env: { ...process.env, ...this.env }, stdio: ['ignore', 'pipe', 'ignore'] });
    const ready = await new Promise((done) => child.stdout.once('data', (data) => done(String(data))));
    if (!ready.includes(this.message)) throw new Error(ready);
    const port = (name) => Number(new RegExp(`${name}=https://[^ ]*:(\\d+)`).exec(ready)[1]);
    return { getMappedPort: (inner) => port({ 8443: 'backend', 8444: 'control' }[inner]), stop: () => child.kill() };
  }
}
"#;

/// Runs a test file in a directory of its own, with stand-ins for its library: whether it is green,
/// and the report with what the test said.
fn run_with_stand_ins(file: (&str, &str), stand_ins: &[(&str, &str)], runner: &[&str]) -> (bool, String) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in stand_ins.iter().copied().chain([file]) {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut command = Command::new(runner[0]);
    command.args(&runner[1..]).arg(file.0).current_dir(dir.path()).env("ONSHI_MOCK", env!("CARGO_BIN_EXE_onshi-mock"));
    let output = command.output().unwrap_or_else(|error| panic!("{runner:?} is needed for this test (./test installs it): {error}"));
    let report = std::fs::read_to_string(dir.path().join("onshi-verdict.xml")).unwrap_or_default();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), report + &String::from_utf8_lossy(&said))
}

/// Runs a test file of docs/ci as it stands, and with a client that asks at the wrong address.
fn holds_its_report(file: &str, stand_ins: &[(&str, &str)], runner: &[&str]) {
    let text = text_of(&format!("docs/ci/{file}"));
    for (client, green) in [("ILI01030SV01/search", true), ("ILI01030SV01/nowhere", false)] {
        let text = text.replace("ILI01030SV01/search", client);
        let (turned, report) = run_with_stand_ins((file, &text), stand_ins, runner);
        assert!(turned == green && report.contains("<testsuite "), "{file}, {client}: {report}");
    }
}

#[test]
fn the_test_files_for_testcontainers_keep_their_report_with_the_program_in_place_of_its_container() {
    let waiting = "class LogMessageWaitStrategy:\n    def __init__(self, message): self.message = message\n";
    let modules = ["docs/ci/onshi_mock.py", "docs/ci/onshi-mock.mjs"].map(text_of);
    let python = [
        ("testcontainers/core/container.py", PYTHON_CONTAINER),
        ("testcontainers/core/wait_strategies.py", waiting),
        ("onshi_mock.py", modules[0].as_str()),
    ];
    holds_its_report("python_test.py", &python, &["python3"]);
    let package = r#"{"type": "module", "exports": "./index.js"}"#;
    let node = [
        ("node_modules/testcontainers/index.js", NODE_CONTAINER),
        ("node_modules/testcontainers/package.json", package),
        ("onshi-mock.mjs", modules[1].as_str()),
    ];
    holds_its_report("node.test.mjs", &node, &["node", "--test"]);
}
