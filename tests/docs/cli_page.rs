//! The page of the command line is what the program's own help says: `UPDATE_DOCS=1 cargo test
//! --test docs cli_page` rewrites it.

use std::fmt::Write;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};
use onshi_mock::cli::Cli;

const PAGES: [(&str, &str, &str); 2] = [
    (
        "docs/cli.md",
        "# The command line

日本語: [cli.ja.md](cli.ja.md)

Reference: every command and option, in the words of `--help`, from which this page is made (`UPDATE_DOCS=1 cargo test --test docs cli_page`). Which of option, variable and file takes precedence: [serving.md](serving.md#options-of-serve).
",
        "| option | environment | |",
    ),
    (
        "docs/cli.ja.md",
        "# コマンドライン

English: [cli.md](cli.md)

すべてのコマンドとオプションです。説明は `--help` の表示のままで、このページはそこから作られています（`UPDATE_DOCS=1 cargo test --test docs cli_page`）。オプション、環境変数、ファイルの優先順は [serving.ja.md](serving.ja.md#serve-のオプション) を参照してください。
",
        "| オプション | 環境変数 | |",
    ),
];

/// An option as it is typed: `--out <DIR>`, or `<DIR>` where it has no name.
fn typed(argument: &Arg) -> String {
    let takes_value = argument.get_action().takes_values();
    let names = argument.get_value_names().unwrap_or_default();
    let value = if takes_value { names.iter().map(|name| format!(" <{name}>")).collect() } else { String::new() };
    let is_optional = argument.get_num_args().is_some_and(|values| values.min_values() == 0);
    match argument.get_long() {
        Some(long) if takes_value && is_optional => format!("--{long}[={}]", value.trim_start()),
        Some(long) => format!("--{long}{value}"),
        None => value.trim_start().to_owned(),
    }
}

fn row(argument: &Arg) -> String {
    let environment = argument.get_env().map_or_else(String::new, |name| format!("`{}`", name.to_string_lossy()));
    let help = argument.get_help().map_or_else(String::new, |help| help.to_string().replace('|', "\\|").replace('\n', " "));
    format!("| `{}` | {environment} | {help} |\n", typed(argument))
}

fn write_command(page: &mut String, command: &Command, path: &str, columns: &str) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    write!(page, "\n## {path}\n\n{about}\n").unwrap();
    let own = |argument: &&Arg| !argument.is_hide_set() && !["help", "version"].contains(&argument.get_id().as_str());
    let rows: String = command.get_arguments().filter(own).map(row).collect();
    if !rows.is_empty() {
        write!(page, "\n{columns}\n|---|---|---|\n{rows}").unwrap();
    }
    for subcommand in command.get_subcommands().filter(|command| command.get_name() != "help") {
        write_command(page, subcommand, &format!("{path} {}", subcommand.get_name()), columns);
    }
}

#[test]
fn the_page_of_the_command_line_is_what_its_help_says() {
    for (file, introduction, columns) in PAGES {
        let mut page = introduction.to_owned();
        for command in Cli::command().get_subcommands() {
            write_command(&mut page, command, &format!("onshi-mock {}", command.get_name()), columns);
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &page).unwrap();
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == page, "{file} is not what the help says: UPDATE_DOCS=1 cargo test --test docs cli_page rewrites it");
    }
}
