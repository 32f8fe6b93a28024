//! The names of files in the linkage folder: `OQSsiquc01req_<tail>.xml` and what answers it.

use crate::domain::linkage::FileKind;
use crate::domain::text::Text;

/// Characters of a name's tail.
const LONGEST_TAIL: usize = 64;

/// The name of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    /// Its kind.
    pub kind: FileKind,
    tail: String,
}

impl FileName {
    /// Reads a request's name.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(name: &str) -> Result<Self, Text> {
        let parsed = FileKind::ALL.iter().find_map(|kind| {
            let tail = name.strip_prefix(kind.stem())?.strip_prefix("req_")?;
            let (tail, extension) = tail.rsplit_once('.')?;
            let fits =
                (1..=LONGEST_TAIL).contains(&tail.len()) && tail.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
            (fits && extension.eq_ignore_ascii_case("xml")).then(|| Self { kind: *kind, tail: tail.to_owned() })
        });
        parsed.ok_or_else(|| {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
            let stems = FileKind::ALL.iter().map(|kind| kind.stem()).collect::<Vec<_>>().join(", ");
            Text::new(
                format!("ファイル名「{shown}」は要求の名前ではありません。<種別>req_<英数字・_・- で{LONGEST_TAIL}文字まで>.xml が必要です。種別: {stems}"),
                format!(
                    "`{shown}` is no request's name; expected <kind>req_<up to {LONGEST_TAIL} of A-Z a-z 0-9 _ ->.xml, where <kind> is one of {stems}."
                ),
            )
        })
    }

    /// The answer's name: the request's with `req` replaced by `res`.
    pub fn answer(&self, extension: &str) -> String {
        format!("{}res_{}.{extension}", self.kind.stem(), self.tail)
    }
}

/// The name of the `.err` beside a request that could not be read: the same base.
pub fn err_name(request: &str) -> String {
    format!("{}.err", request.rsplit_once('.').map_or(request, |(base, _)| base))
}

/// Whether a name is that of something that the mock puts into `res/` or `face/`: what is left there too long may be cleared away.
pub fn is_ours(name: &str) -> bool {
    let after = |kind: &FileKind| name.strip_prefix(kind.stem());
    FileKind::ALL.iter().filter_map(after).any(|rest| rest.starts_with("res_") || rest.starts_with("req_"))
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
        assert!(is_ours("OQSsiquc01res_face_1.xml") && is_ours("OQSsiquc01req_1.err") && !is_ours("memo.txt"));
    }

    #[test]
    fn other_names_are_refused() {
        let long = format!("OQSsiquc01req_{}.xml", "1".repeat(65));
        for name in
            ["", "OQSsiquc01req_.xml", "OQSsiquc01res_1.xml", "OQSsiquc09req_1.xml", "OQSsiquc01req_../x.xml", "OQSsiquc01req_1.zip", &long]
        {
            assert!(FileName::parse(name).is_err(), "{name}");
        }
    }
}
