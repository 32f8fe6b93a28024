//! The responses to a login. `status`, `msg` and the body of a refusal are invented, because they
//! are not public.

use super::tree::Group;

/// A granted login.
pub struct GrantedLogin<'a> {
    /// `status`.
    pub status: &'a str,
    /// `msg`.
    pub msg: &'a str,
    /// `accessToken`.
    pub access_token: String,
    /// `refreshToken`.
    pub refresh_token: String,
    /// `idToken`: a check sends it as its Authorization.
    pub id_token: String,
    /// `linkSysCharCd`: 0 for UTF-8, 1 for Shift_JIS.
    pub character_code: &'a str,
}

/// Returns `{"status", "msg", "result": {"accessToken", "refreshToken", "idToken",
/// "linkSysCharCd"}}`.
pub fn granted_message(login: GrantedLogin<'_>) -> Group {
    let result = Group::new()
        .text("accessToken", login.access_token)
        .text("refreshToken", login.refresh_token)
        .text("idToken", login.id_token)
        .text("linkSysCharCd", login.character_code);
    Group::new().text("status", login.status).text("msg", login.msg).group("result", result)
}

/// Returns `{"status": code, "msg": message, "result": {}}`.
pub fn refused_message(code: &str, message: &str) -> Group {
    Group::new().text("status", code).text("msg", message).group("result", Group::new())
}
