//! Errors of the command line in Japanese, printed before the parser's own message.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Describes the error in Japanese; `None` if help or the version was requested.
pub fn in_japanese(error: &Error) -> Option<String> {
    let context_text = |kind: ContextKind| error.get(kind).map(join_values).filter(|join_values| !join_values.is_empty());
    let what = context_text(ContextKind::InvalidArg).unwrap_or_default();
    let value = context_text(ContextKind::InvalidValue).unwrap_or_default();
    let mut ja = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
        ErrorKind::UnknownArgument => format!("「{what}」という引数・オプションはありません。"),
        ErrorKind::InvalidSubcommand => {
            format!("「{}」というコマンドはありません。", context_text(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingSubcommand => "コマンドが必要です。".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("次の引数・オプションが必要です：{what}"),
        ErrorKind::InvalidValue if value.is_empty() => format!("「{what}」には値が必要です。"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => format!("「{what}」の値「{value}」は使えません。"),
        ErrorKind::ArgumentConflict => match context_text(ContextKind::PriorArg) {
            Some(prior) if prior != what => format!("「{what}」は「{prior}」と同時に指定できません。"),
            _ => format!("「{what}」は1回だけ指定できます。"),
        },
        ErrorKind::InvalidUtf8 => "引数が UTF-8 ではありません。".to_owned(),
        _ => "コマンドラインの書き方が正しくありません。".to_owned(),
    };
    if let Some(values) = context_text(ContextKind::ValidValue) {
        ja.push_str(&format!("使える値：{values}"));
    }
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(suggested) = suggested.into_iter().find_map(context_text) {
        ja.push_str(&format!("「{suggested}」のことですか？"));
    }
    Some(ja)
}

fn join_values(value: &ContextValue) -> String {
    match value {
        ContextValue::String(word) => word.clone(),
        ContextValue::Strings(join_values) => join_values.join("、"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn each_mistake_is_said_in_japanese_with_what_it_is_about() {
        for (line, expected) in [
            ("serve --bakend-addr x", "「--bakend-addr」という引数・オプションはありません。「--backend-addr」のことですか？"),
            ("serve --backend-addr x", "「--backend-addr <ADDR>」の値「x」は使えません。"),
            ("serve --backend-addr", "「--backend-addr <ADDR>」には値が必要です。"),
            ("serve --login loose", "「--login <MODE>」の値「loose」は使えません。使える値：lenient、strict"),
            ("serve --grace PT1S --grace PT2S", "「--grace <DURATION>」は1回だけ指定できます。"),
            ("serv", "「serv」というコマンドはありません。「serve」のことですか？"),
            ("verdict", "次の引数・オプションが必要です：<INSTITUTION>"),
            ("verdict 9910000018 --verify f", "「[INSTITUTION]」は「--verify <FILE>」と同時に指定できません。"),
        ] {
            let error = Cli::command().try_get_matches_from(["onshi-mock"].into_iter().chain(line.split(' '))).unwrap_err();
            assert_eq!(in_japanese(&error).as_deref(), Some(expected), "{line}: {error}");
        }
        for asked in ["--help", "--version", "serve --help"] {
            let answer = Cli::command().try_get_matches_from(["onshi-mock"].into_iter().chain(asked.split(' '))).unwrap_err();
            assert_eq!(in_japanese(&answer), None, "{asked}");
        }
    }
}
