//! The file names in the linkage folder: `OQSsiquc01req_<tail>.xml` and the names of its responses.

use jiff::civil::DateTime;

use crate::domain::linkage::FileKind;
use crate::domain::text::Text;

/// The maximum length of a name's tail, in characters.
const MAX_TAIL: usize = 64;

/// Kinds of the real system whose layouts are not public: the prefix of their file names, and a
/// description.
const NOT_PUBLIC: [(&str, &str, &str); 8] = [
    ("OQSsihvq", "訪問診療等の1件の資格確認", "single check for home visits"),
    ("OQSsionq", "オンライン診療等の1件の資格確認", "single check for online consultation"),
    ("OQSsihvd", "訪問診療等の同意の取消", "withdrawal of consent"),
    ("OQSsiurl", "アクセス URL の取得", "access URL"),
    ("OQSsiinq", "設定", "settings"),
    ("OQSsiupd", "設定", "settings"),
    ("EPS", "電子処方箋", "electronic prescriptions"),
    ("PMH", "医療費助成などの受給者証", "certificates of local subsidies"),
];

/// Why a name is not that of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The kind exists, but its layout is not public.
    #[error("{}", .0.en)]
    NotPublic(Text),
    /// The kind or the form is unknown.
    #[error("{}", .0.en)]
    Unknown(Text),
}

/// The file name of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    /// The kind.
    pub kind: FileKind,
    /// The name up to `req`, as the client spells it.
    stem: String,
    /// Whether the client spells `req` in capitals.
    in_capitals: bool,
    tail: String,
}

impl FileName {
    /// Parses a request's file name, in which upper and lower case mean the same.
    ///
    /// # Errors
    /// What was expected, or that the kind's layout is not public.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let parsed = FileKind::ALL.iter().find_map(|kind| {
            let (stem, rest) = split_prefix(name, kind.stem())?;
            let (req, tail) = split_prefix(rest, "req_")?;
            let (tail, extension) = tail.rsplit_once('.')?;
            let fits = (1..=MAX_TAIL).contains(&tail.len()) && tail.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
            let in_capitals = req == "REQ_";
            (fits && extension.eq_ignore_ascii_case("xml")).then(|| Self {
                kind: *kind,
                stem: stem.to_owned(),
                in_capitals,
                tail: tail.to_owned(),
            })
        });
        parsed.ok_or_else(|| not_public(name).map_or_else(|| NameError::Unknown(unknown(name)), NameError::NotPublic))
    }

    /// Returns the kind of a request's file, by its name.
    pub fn kind_of(name: &str) -> Option<FileKind> {
        Self::parse(name).ok().map(|name| name.kind)
    }

    /// Returns the response's file name: the request's with `req` replaced by `res`.
    pub fn answer(&self, extension: &str) -> String {
        let res = if self.in_capitals { "RES" } else { "res" };
        format!("{}{res}_{}.{extension}", self.stem, self.tail)
    }
}

/// Splits a prefix off a name, whether in upper or lower case.
pub fn split_prefix<'a>(name: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    name.split_at_checked(prefix.len()).filter(|(start, _)| start.eq_ignore_ascii_case(prefix))
}

fn not_public(name: &str) -> Option<Text> {
    let (prefix, ja, en) = NOT_PUBLIC.iter().find(|(prefix, ..)| split_prefix(name, prefix).is_some())?;
    Some(Text::new(
        format!("{prefix}（{ja}）は実在する種別ですが、電文の仕様が公開されていません。"),
        format!("{prefix} ({en}): this kind exists, its layout is not public."),
    ))
}

fn unknown(name: &str) -> Text {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
    let stems = FileKind::ALL.iter().map(|kind| kind.stem()).collect::<Vec<_>>().join(", ");
    Text::new(
        format!(
            "ファイル名「{shown}」は要求の名前ではありません。<種別>req_<英数字・_・- で{MAX_TAIL}文字まで>.xml が必要です。種別：{stems}"
        ),
        format!(
            "`{shown}` is no request's name; expected <kind>req_<up to {MAX_TAIL} of A-Z a-z 0-9 _ ->.xml, where <kind> is one of {stems}."
        ),
    )
}

/// Returns the name of the `.err` file for a request that could not be read: the same base.
pub fn err_name(request: &str) -> String {
    format!("{}.err", request.rsplit_once('.').map_or(request, |(base, _)| base))
}

/// Whether the name is that of a file that the mock writes to `res/` or `face/`. Such files may be
/// deleted when they are too old.
pub fn is_ours(name: &str) -> bool {
    let after = |kind: &FileKind| split_prefix(name, kind.stem());
    let of_a_kind =
        FileKind::ALL.iter().filter_map(after).any(|(_, rest)| ["res_", "req_"].iter().any(|next| split_prefix(rest, next).is_some()));
    of_a_kind || is_refused_as_not_public(name)
}

/// Whether the name is that of a request that was moved to `res/` because its kind is not public,
/// or of its `.err` file.
fn is_refused_as_not_public(name: &str) -> bool {
    let has_a_prefix = NOT_PUBLIC.iter().any(|(prefix, ..)| split_prefix(name, prefix).is_some());
    let name = name.to_ascii_lowercase();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    has_a_prefix && name.contains("req_") && extension.is_some_and(|extension| ["xml", "err"].contains(&extension))
}

/// Returns the name of a list of deleted files: `del…txt`, as dealers' scripts search for it. The
/// part in between is invented.
pub fn deletion_list_name(at: DateTime) -> String {
    format!("del{}.txt", at.strftime("%Y%m%d%H%M%S"))
}

/// Whether the name is that of such a list.
pub fn is_deletion_list(name: &str) -> bool {
    let time = name.strip_prefix("del").and_then(|rest| rest.strip_suffix(".txt"));
    time.is_some_and(|time| time.len() == 14 && time.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_the_requests_name_with_res() {
        let name = FileName::parse("OQSsiquc01req_20260120-0001_a.XML").unwrap();
        assert_eq!(name.answer("xml"), "OQSsiquc01res_20260120-0001_a.xml");
        assert_eq!(FileName::parse("YZKsiquc01req_1.xml").unwrap().answer("pdf"), "YZKsiquc01res_1.pdf");
        assert_eq!(err_name("OQSsiquc01req_1.xml"), "OQSsiquc01req_1.err");
        assert_eq!(FileName::parse("OQSSIQUC01REQ_UP.XML").unwrap().answer("xml"), "OQSSIQUC01RES_UP.xml", "as the client spells it");
        assert_eq!(FileName::parse("oqssiquc01Req_1.xml").unwrap().answer("xml"), "oqssiquc01res_1.xml");
        assert!(is_ours("OQSSIQUC01RES_UP.xml"));
        assert!(is_ours("OQSsiquc01res_face_1.xml") && is_ours("OQSsiquc01req_1.err") && !is_ours("memo.txt"));
    }

    #[test]
    fn a_deletion_list_is_known_by_its_name() {
        let name = deletion_list_name(jiff::civil::date(2026, 1, 20).at(9, 5, 0, 0));
        assert_eq!(name, "del20260120090500.txt");
        assert!(is_deletion_list(&name) && !is_deletion_list("del.txt") && !is_deletion_list("delete-me-20260120.txt"));
    }

    #[test]
    fn other_names_are_refused() {
        let long = format!("OQSsiquc01req_{}.xml", "1".repeat(65));
        for name in
            ["", "OQSsiquc01req_.xml", "OQSsiquc01res_1.xml", "OQSsiquc09req_1.xml", "OQSsiquc01req_../x.xml", "OQSsiquc01req_1.zip", &long]
        {
            assert!(matches!(FileName::parse(name), Err(NameError::Unknown(_))), "{name}");
        }
    }

    #[test]
    fn kinds_whose_layout_is_not_public_are_told_as_such() {
        for (prefix, ja, en) in NOT_PUBLIC {
            let Err(NameError::NotPublic(text)) = FileName::parse(&format!("{prefix}01req_1.xml")) else { panic!("{prefix}") };
            assert!(text.ja.contains(ja) && text.en.contains(en) && text.en.contains(prefix), "{text:?}");
            assert!(is_ours(&format!("{prefix}01req_1.err")));
        }
        for name in ["EPSON_scan.pdf", "EPSsiPIR01res_1.xml", "PMH.xml", "OQSsihvq.txt"] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
