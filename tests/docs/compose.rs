//! docker-compose.yml: what it promises to whoever starts it, read from the file. `.ci/lint` holds
//! it against the schema of the compose specification.

use std::collections::BTreeSet;
use std::path::Path;

use clap::{CommandFactory, Parser};
use onshi_mock::cli::Cli;
use serde_json::Value;

const OURS: [&str; 4] = ["onshi-mock", "terminal-certificate", "terminal", "replica"];

/// A YAML file of the project.
pub(crate) fn yaml(file: &str) -> Value {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn services() -> Vec<(String, Value)> {
    let compose = yaml("docker-compose.yml");
    let services = compose["services"].as_object().unwrap();
    services.iter().map(|(name, service)| (name.clone(), service.clone())).collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|item| item.as_str().unwrap()).collect()
}

/// The names of the services of a profile; of the default one, those without.
fn of_profile(profile: Option<&str>) -> Vec<String> {
    let all = services().into_iter();
    let chosen = all.filter(|(_, service)| texts(&service["profiles"]) == profile.into_iter().collect::<Vec<_>>());
    chosen.map(|(name, _)| name).collect()
}

#[test]
fn by_default_the_server_is_alone_and_each_profile_adds_its_own() {
    assert_eq!(of_profile(None), ["onshi-mock"]);
    assert_eq!(of_profile(Some("terminal")), ["terminal", "terminal-certificate"]);
    assert_eq!(of_profile(Some("scale")), ["load-balancer", "postgres", "replica"]);
}

#[test]
fn every_port_is_published_on_the_loopback_of_the_host_only() {
    let mut seen = 0;
    for (name, service) in services() {
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
            seen += 1;
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn the_control_token_comes_from_the_environment_and_has_no_default() {
    for (name, service) in services().into_iter().filter(|(name, _)| ["onshi-mock", "replica"].contains(&name.as_str())) {
        let token = service["environment"]["ONSHI_CONTROL_TOKEN"].as_str().unwrap();
        assert!(token.starts_with("${ONSHI_CONTROL_TOKEN:?"), "{name}: {token}");
    }
}

#[test]
fn whoever_waits_for_another_waits_for_its_health_or_its_success() {
    let services = services();
    let service = |name: &str| &services.iter().find(|(other, _)| other == name).unwrap().1;
    for (name, waiting) in &services {
        for (other, condition) in waiting["depends_on"].as_object().into_iter().flatten() {
            match condition["condition"].as_str() {
                Some("service_healthy") => {
                    assert!(service(other)["healthcheck"]["test"].is_array(), "{name} waits for the health of {other}")
                }
                Some("service_completed_successfully") => {}
                condition => panic!("{name} waits for {other}, on the condition {condition:?}"),
            }
        }
        let health = &waiting["healthcheck"];
        assert!(health["interval"] == "2s" || health["disable"] == true, "{name} is looked at often: {health}");
    }
}

#[test]
fn what_runs_the_image_cannot_write_outside_its_volumes_and_gains_no_rights() {
    for (name, service) in services().into_iter().filter(|(name, _)| name != "postgres") {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
    }
}

#[test]
fn every_command_and_every_variable_is_one_of_the_program() {
    let mut known = BTreeSet::new();
    variables(&Cli::command(), &mut known);
    for (name, service) in services().into_iter().filter(|(name, _)| OURS.contains(&name.as_str())) {
        let command =
            texts(&service["command"]).into_iter().map(|word| word.replace("${ONSHI_TERMINAL_ID:-9910000034-T1}", "9910000034-T1"));
        let parsed = Cli::try_parse_from(["onshi-mock".to_owned()].into_iter().chain(command));
        assert!(parsed.is_ok(), "{name}: {}", parsed.err().unwrap());
        for variable in service["environment"].as_object().into_iter().flat_map(|variables| variables.keys()) {
            assert!(known.contains(variable), "{name} sets {variable}, which nothing reads");
        }
    }
}

/// The variables that the program reads, over all its commands.
fn variables(command: &clap::Command, known: &mut BTreeSet<String>) {
    known.extend(command.get_arguments().filter_map(|argument| Some(argument.get_env()?.to_str()?.to_owned())));
    command.get_subcommands().for_each(|command| variables(command, known));
}

#[test]
fn the_image_and_the_compose_file_agree_on_health_and_user() {
    let dockerfile = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Dockerfile")).unwrap();
    let health = dockerfile.lines().find(|line| line.starts_with("HEALTHCHECK ")).unwrap();
    for part in ["--interval=2s", "--timeout=3s", "--start-period=30s", r#"CMD ["/onshi-mock", "health"]"#] {
        assert!(health.contains(part), "no {part} in {health}");
    }
    assert!(dockerfile.contains("\nUSER 65532:65532\n"));
}
