//! The recipes of docs/ci: the shell steps inside each file, run as they stand against the program, turn green with a client that repeats the check after the restart, and red with one that does not.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::compose::yaml;
use crate::readme::Program;

/// A client that checks, has the terminal restarted, and then checks again, or does not.
const CLIENT: &str = r#"
import json, os, ssl, sys, urllib.request
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
for _ in range(CHECKS_BEFORE): check()
post(os.environ["CONTROL"] + f"/v1/institutions/{institution}/terminals/T1/restart", {}, Authorization="Bearer " + os.environ["ONSHI_CONTROL_TOKEN"])
for _ in range(CHECKS_AFTER): check()
"#;

fn text_of(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn texts<'a>(items: &'a Value, key: &str) -> Vec<&'a str> {
    items.as_array().into_iter().flatten().filter_map(|item| item[key].as_str()).collect()
}

/// The shell steps of a recipe, in their order.
fn steps(file: &str) -> Vec<String> {
    let owned = |steps: Vec<&str>| steps.into_iter().map(str::to_owned).collect();
    match file {
        "github-actions.yml" => owned(texts(&yaml("docs/ci/github-actions.yml")["jobs"]["rehearsal"]["steps"], "run")),
        "gitlab-ci.yml" => {
            owned(yaml("docs/ci/gitlab-ci.yml")["rehearsal"]["script"].as_array().unwrap().iter().filter_map(Value::as_str).collect())
        }
        "azure-pipelines.yml" => owned(texts(&yaml("docs/ci/azure-pipelines.yml")["jobs"][0]["steps"], "bash")),
        _ => {
            let text = text_of("docs/ci/Jenkinsfile");
            // Between ''' and ''' Groovy reads a double backslash as one.
            text.split("sh '''").skip(1).map(|rest| rest.split_once("'''").unwrap().0.replace("\\\\", "\\")).collect()
        }
    }
}

fn run(program: &Program, step: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["-c", step]).current_dir(program.dir());
    command.env("BACKEND", format!("https://127.0.0.1:{}", program.backend_port()));
    command.env("CONTROL", format!("https://127.0.0.1:{}", program.control_port()));
    let token = std::fs::read_to_string(program.dir().join("certs/control-token")).unwrap();
    command.env("ONSHI_CONTROL_TOKEN", token.trim()).output().expect("bash is installed")
}

#[test]
fn the_steps_of_each_recipe_turn_green_for_a_client_that_checks_again_and_red_for_one_that_does_not() {
    let program = Program::start();
    for file in ["github-actions.yml", "gitlab-ci.yml", "azure-pipelines.yml", "Jenkinsfile"] {
        let steps = steps(file);
        let [create, client, verdict] = &steps[..] else { panic!("{file}: {} steps", steps.len()) };
        for (after, green) in [("1", true), ("0", false)] {
            std::fs::write(program.dir().join("client.py"), CLIENT.replace("CHECKS_BEFORE", "1").replace("CHECKS_AFTER", after)).unwrap();
            for step in [create, client] {
                let output = run(&program, step);
                assert!(output.status.success(), "{file}: {step}\n{}", String::from_utf8_lossy(&output.stderr));
            }
            let output = run(&program, verdict);
            let report = std::fs::read_to_string(program.dir().join("onshi-verdict.xml")).unwrap_or_default();
            assert!(report.contains("<testsuite "), "{file}: {report}{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.status.success(), green, "{file}: {report}");
        }
    }
}

/// In place of Testcontainers for Python: the same calls start the program itself.
const PYTHON_CONTAINER: &str = r#"
import os, re, subprocess
class DockerContainer:
    def __init__(self, image): self.env = {}
    def with_env(self, name, value): self.env[name] = value; return self
    def with_exposed_ports(self, *ports): return self
    def start(self):
        command = [os.environ["ONSHI_MOCK"], "serve", "--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--store", "memory"]
        self.process = subprocess.Popen(command, env=os.environ | self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ready = self.process.stdout.readline()
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

/// Runs a test file of docs/ci in a directory of its own, with stand-ins for its library.
fn run_with_stand_ins(file: &str, stand_ins: &[(&str, &str)], runner: &str, arguments: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in stand_ins.iter().copied().chain([(file, text_of(&format!("docs/ci/{file}")).as_str())]) {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut command = Command::new(runner);
    command.args(arguments).arg(file).current_dir(dir.path()).env("ONSHI_MOCK", env!("CARGO_BIN_EXE_onshi-mock"));
    let output = command.output().unwrap_or_else(|error| panic!("{runner} is needed for this test (./test installs it): {error}"));
    assert!(output.status.success(), "{file}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let report = std::fs::read_to_string(dir.path().join("onshi-verdict.xml")).unwrap();
    assert!(report.contains("<testsuite "), "{report}");
}

#[test]
fn the_test_files_for_testcontainers_pass_with_the_program_in_place_of_its_container() {
    let waiting = "def wait_for_logs(container, text, timeout): assert text in container.ready\n";
    let python = [("testcontainers/core/container.py", PYTHON_CONTAINER), ("testcontainers/core/waiting_utils.py", waiting)];
    run_with_stand_ins("python_test.py", &python, "python3", &[]);
    let package = r#"{"type": "module", "exports": "./index.js"}"#;
    let node = [("node_modules/testcontainers/index.js", NODE_CONTAINER), ("node_modules/testcontainers/package.json", package)];
    run_with_stand_ins("node.test.mjs", &node, "node", &["--test"]);
}
