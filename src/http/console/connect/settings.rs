//! What to enter in the receipt computer.

use crate::domain::ids::TerminalAddress;
use crate::domain::institution::Institution;
use crate::http::app::App;
use crate::http::console::language::Language;
use crate::policy::{ClientAuthPolicy, LoginPolicy};

/// The paths of login and check.
const LOGIN: &str = "/oqs-api-pro/MSA12020/ILI12020SV01/auth";
pub(super) const SEARCH: &str = "/oqs-api-pro/MSA01030/ILI01030SV01/search";

/// A value to enter.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) value: String,
    /// When it is needed.
    pub(super) note: &'static str,
}

/// Returns what to enter for an institution, in the order in which a tester needs it.
pub(super) fn settings(app: &App, lang: Language, institution: &Institution) -> Vec<Setting> {
    let setting = |name, value: &str, note| Setting { name, value: value.to_owned(), note };
    let backend = &app.addresses.backend;
    let login = match app.login {
        LoginPolicy::Strict => lang.say("ログインに必要です", "needed to log in"),
        LoginPolicy::Lenient => {
            lang.say("このサーバーは、どの値でも受け付けます（--login lenient）", "any value is accepted (--login lenient)")
        }
    };
    let mut settings = vec![
        setting(lang.say("接続先", "Server"), backend, lang.say("資格確認のサーバーの代わり", "in place of the qualification server")),
        setting(lang.say("ログインの URL", "URL of the login"), &format!("{backend}{LOGIN}"), ""),
        setting(
            lang.say("資格確認の URL", "URL of checks"),
            &format!("{backend}{SEARCH}"),
            lang.say("被保険者証情報による照会", "by card data"),
        ),
        setting(lang.say("医療機関コード", "Institution code"), institution.code.as_str(), ""),
        setting(lang.say("ユーザー", "User"), &institution.login.user, login),
        setting(lang.say("パスワード", "Password"), &institution.login.password, login),
    ];
    for terminal in institution.terminals.keys() {
        let address = TerminalAddress { institution: institution.code.clone(), terminal: terminal.clone() };
        let is_default = *terminal == institution.default_terminal;
        let note = if is_default {
            lang.say("端末を指定しない要求は、この端末に届きます", "requests that name no terminal reach this one")
        } else {
            lang.say(
                "この端末から送るには、ログインのユーザーにこの値を設定します（またはこの端末の端末証明書を使います）",
                "to send from this terminal, log in with this as the user (or use the terminal's certificate)",
            )
        };
        settings.push(setting(lang.say("端末", "Terminal"), &address.to_string(), note));
        if let Some(folder) = app.linkage.folder_of(&address) {
            let note = lang
                .say("この中の req に要求ファイルを置き、res から結果を受け取ります", "request files go to req in it, results come to res");
            settings.push(setting(lang.say("連携フォルダー", "Linkage folder"), &folder.display().to_string(), note));
        }
    }
    if app.client_auth == ClientAuthPolicy::Required {
        let command = format!("onshi-mock certs issue {}-{}", institution.code, institution.default_terminal);
        let note = lang.say("ログインに必要です。このコマンドで発行します", "needed to log in; this command issues one");
        settings.push(setting(lang.say("端末証明書", "Terminal certificate"), &command, note));
    }
    settings
}
