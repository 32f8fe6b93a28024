//! The parts of a document besides its elements: XML declaration, comments, processing
//! instructions.

use super::cursor::{Cursor, is_space};
use crate::domain::text::Text;

/// The parts of the declaration in order, each with an example of its value.
const DECLARATION_ATTRIBUTES: [(&str, &str); 3] = [("version", "1.0"), ("encoding", "UTF-8"), ("standalone", "yes, no")];

/// Reads the XML declaration, if there is one: XMLDecl, production 23.
pub(super) fn declaration(cursor: &mut Cursor<'_>) -> Result<(), Text> {
    // `<?xml-stylesheet …?>` is no declaration.
    if !cursor.rest().strip_prefix("<?xml").is_some_and(|rest| rest.starts_with(is_space)) {
        return Ok(());
    }
    cursor.expect("<?xml")?;
    let mut is_apart = false;
    for (name, example) in DECLARATION_ATTRIBUTES {
        is_apart |= cursor.space();
        if !cursor.starts_with(name) {
            if name == "version" {
                return Err(cursor.wrong(
                    cursor.at(),
                    "XML 宣言が version で始まっていません",
                    "the XML declaration does not begin with its version",
                ));
            }
            continue;
        }
        if !is_apart {
            return Err(cursor.expected(&Text::new("空白", "white space")));
        }
        cursor.expect(name)?;
        equals(cursor)?;
        let (quote, at) = (cursor.quote()?, cursor.at());
        let value = cursor.run(|c| c != quote && c != '<');
        cursor.expect(quote.encode_utf8(&mut [0; 4]))?;
        if !is_allowed(name, value) {
            return Err(cursor.wrong(
                at,
                format!("XML 宣言の {name} の値が正しくありません（例：{example}）"),
                format!("the {name} of the XML declaration has a value that is not allowed (for example: {example})"),
            ));
        }
        is_apart = false;
    }
    cursor.space();
    cursor.expect("?>")
}

/// Eq, production 25.
pub(super) fn equals(cursor: &mut Cursor<'_>) -> Result<(), Text> {
    cursor.space();
    cursor.expect("=")?;
    cursor.space();
    Ok(())
}

/// VersionNum, EncName and the values of SDDecl: productions 26, 81, 32.
fn is_allowed(name: &str, value: &str) -> bool {
    match name {
        "version" => value.strip_prefix("1.").is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit())),
        "encoding" => {
            let is_of_name = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
            value.starts_with(|c: char| c.is_ascii_alphabetic()) && value.bytes().all(is_of_name)
        }
        _ => matches!(value, "yes" | "no"),
    }
}

/// Comment, production 15.
pub(super) fn comment(cursor: &mut Cursor<'_>) -> Result<(), Text> {
    let from = cursor.at();
    cursor.expect("<!--")?;
    let content = cursor.until("--", from, &Text::new("コメント", "comment"))?;
    if cursor.skip_if(">") {
        return Ok(());
    }
    Err(cursor.wrong(from + "<!--".len() + content.len(), "コメントの中に「--」は使えません", "`--` is not allowed within a comment"))
}

/// PI, production 16. Its target has no colon (Namespaces in XML 1.0, section 7).
pub(super) fn instruction(cursor: &mut Cursor<'_>) -> Result<(), Text> {
    let from = cursor.at();
    cursor.expect("<?")?;
    let target = cursor.name()?;
    if target.eq_ignore_ascii_case("xml") {
        return Err(cursor.wrong(
            from,
            format!("「<?{target}」は使えません。XML 宣言（<?xml …?>）は文書の先頭に1つだけ、小文字で書きます"),
            format!("`<?{target}` is not allowed: the XML declaration (`<?xml …?>`, in lower case) comes once, at the very beginning"),
        ));
    }
    if target.contains(':') {
        return Err(cursor.wrong(from, "処理命令の名前に「:」は使えません", "the name of a processing instruction has no `:`"));
    }
    if !cursor.space() && !cursor.starts_with("?>") {
        return Err(cursor.expected(&Text::new("空白か「?>」", "white space or `?>`")));
    }
    cursor.until("?>", from, &Text::new("処理命令", "processing instruction")).map(drop)
}
