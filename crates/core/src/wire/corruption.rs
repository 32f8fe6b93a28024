//! Deliberate corruption of response bodies by faults.

use encoding_rs::SHIFT_JIS;
use jiff::SignedDuration;
use jiff::civil::DateTime;

/// Cuts the end of the body: from the last `}` or the last closing tag. Without either, it cuts
/// half.
pub fn make_malformed(mut body: Vec<u8>) -> Vec<u8> {
    let last = |mark: u8| body.iter().rposition(|byte| *byte == mark);
    let end = if body.trim_ascii_start().starts_with(b"<") { last(b'<') } else { last(b'}') };
    body.truncate(end.unwrap_or(body.len() / 2));
    body
}

/// Converts the body to the other character set without changing its declaration: UTF-8 becomes
/// Shift_JIS, anything else UTF-8. Pure ASCII is the same in both and is unchanged.
pub fn switch_encoding(body: Vec<u8>) -> Vec<u8> {
    match std::str::from_utf8(&body) {
        Ok(text) => SHIFT_JIS.encode(text).0.into_owned(),
        Err(_) => SHIFT_JIS.decode_without_bom_handling(&body).0.into_owned().into_bytes(),
    }
}

/// Shifts `ProcessExecutionTime`, if the body has it.
pub fn skew_time(mut body: Vec<u8>, skew: SignedDuration) -> Vec<u8> {
    const NAME: &[u8] = b"ProcessExecutionTime";
    const FORMAT: &str = "%Y%m%d%H%M%S";
    let behind_name = body.windows(NAME.len()).position(|window| window == NAME).map(|at| at + NAME.len());
    let start = behind_name.and_then(|at| Some(at + body[at..].iter().take(8).position(u8::is_ascii_digit)?));
    let digits = start.and_then(|start| body.get_mut(start..start + 14));
    let moved = digits.as_ref().and_then(|digits| {
        let at = DateTime::strptime(FORMAT, &**digits).ok()?;
        Some(at.checked_add(skew).ok()?.strftime(FORMAT).to_string())
    });
    if let (Some(digits), Some(moved)) = (digits, moved)
        && moved.len() == digits.len()
    {
        digits.copy_from_slice(moved.as_bytes());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_loses_its_end() {
        assert_eq!(make_malformed(br#"{"a":{"b":"}"}}"#.to_vec()), br#"{"a":{"b":"}"}"#);
        assert_eq!(make_malformed(b"\n<a><b>1</b></a>".to_vec()), b"\n<a><b>1</b>");
        assert_eq!(make_malformed(b"text".to_vec()), b"te");
        assert_eq!(make_malformed(Vec::new()), b"");
    }

    #[test]
    fn a_body_goes_to_the_other_set_and_back() {
        let text = "<a>模擬　太郎ｱ</a>";
        let other = switch_encoding(text.as_bytes().to_vec());
        assert!(std::str::from_utf8(&other).is_err());
        assert_eq!(switch_encoding(other), text.as_bytes());
        assert_eq!(switch_encoding(b"ASCII".to_vec()), b"ASCII");
    }

    #[test]
    fn the_time_of_processing_moves_in_json_and_in_xml() {
        let hour = SignedDuration::from_hours(1);
        let json = skew_time(br#"{"ProcessExecutionTime":"20260119233000","b":1}"#.to_vec(), hour);
        assert_eq!(json, br#"{"ProcessExecutionTime":"20260120003000","b":1}"#);
        let xml = skew_time(b"<ProcessExecutionTime>20260101000000</ProcessExecutionTime>".to_vec(), -hour);
        assert_eq!(xml, b"<ProcessExecutionTime>20251231230000</ProcessExecutionTime>");
        for other in [&b"{}"[..], b"ProcessExecutionTime", b"<ProcessExecutionTime>2026</ProcessExecutionTime>"] {
            assert_eq!(skew_time(other.to_vec(), hour), other);
        }
    }
}
