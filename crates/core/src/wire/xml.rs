//! Writer for messages in XML: no attributes, no white space between elements, the declaration of
//! real messages.

use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::charset::{Encoded, encode};
use super::tree::{Group, ListStyle, Node};
use crate::domain::encoding::Encoding;

/// Writes a message. Characters that the set lacks or XML forbids are replaced and listed.
pub fn write(message: &Group, encoding: Encoding, replacement: char) -> Encoded {
    let mut writer = Writer::new(Vec::new());
    let declaration = Event::Decl(BytesDecl::new("1.0", Some(encoding.label()), Some("no")));
    let written = writer.write_event(declaration).and_then(|()| {
        writer.get_mut().push(b'\n');
        write_group(&mut writer, message)
    });
    written.expect("writing into memory does not fail");
    encode(&String::from_utf8(writer.into_inner()).expect("the tree's texts are UTF-8"), encoding, replacement)
}

fn write_group(writer: &mut Writer<Vec<u8>>, group: &Group) -> std::io::Result<()> {
    for (name, node) in &group.elements {
        match node {
            Node::Text(text) => {
                let escaped = text.xml.as_deref().map_or_else(|| escape_text(&text.text), str::to_owned);
                write_element(writer, name, |writer| writer.write_event(Event::Text(BytesText::from_escaped(escaped))))?;
            }
            Node::Group(group) => write_element(writer, name, |writer| write_group(writer, group))?,
            Node::List { style: ListStyle::Repeated, item, items } => {
                for one in items {
                    write_element(writer, item, |writer| write_group(writer, one))?;
                }
            }
            Node::List { item, items, .. } => write_element(writer, name, |writer| {
                items.iter().try_for_each(|one| write_element(writer, item, |writer| write_group(writer, one)))
            })?,
        }
    }
    Ok(())
}

fn write_element(
    writer: &mut Writer<Vec<u8>>,
    name: &str,
    content: impl FnOnce(&mut Writer<Vec<u8>>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    content(writer)?;
    writer.write_event(Event::End(BytesEnd::new(name)))
}

/// Escapes `&`, `<`, `>` and the carriage return, which a reader would convert to a line feed.
pub(super) fn escape_text(text: &str) -> String {
    partial_escape(text).replace('\r', "&#13;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::charset::decode;
    use crate::wire::document::Document;

    proptest! {
        #[test]
        fn any_text_in_a_message_is_read_back_or_its_lost_characters_are_named(text: String, shift_jis: bool) {
            let encoding = if shift_jis { Encoding::ShiftJis } else { Encoding::Utf8 };
            let message = Group::new().group("XmlMsg", Group::new().text("Name", text.as_str()).text("Kept", "1"));
            let written = write(&message, encoding, '〓');
            let read = Document::xml(&decode(&written.bytes, None).unwrap()).unwrap();
            let kept = |c| if written.replaced.contains(&c) { '〓' } else { c };
            let expected: String = text.chars().map(kept).collect();
            let member = |name: &str| read.value.get("XmlMsg").and_then(|message| message.get(name)?.as_str()).unwrap_or_default();
            prop_assert_eq!(member("Name"), expected);
            prop_assert_eq!(member("Kept"), "1");
        }
    }

    #[test]
    fn the_declaration_is_that_of_real_messages() {
        let message = Group::new().group("XmlMsg", Group::new().text("Name", "模擬 & <太郎>"));
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<XmlMsg><Name>模擬 &amp; &lt;太郎&gt;</Name></XmlMsg>";
        assert_eq!(String::from_utf8(write(&message, Encoding::Utf8, '〓').bytes).unwrap(), text);
        assert!(
            write(&message, Encoding::ShiftJis, '〓')
                .bytes
                .starts_with(b"<?xml version=\"1.0\" encoding=\"Shift_JIS\" standalone=\"no\"?>")
        );
    }
}
