//! Tests of accepted and refused XML: rule by rule here; against the W3C suite and libxml2 in the
//! files below.

mod libxml2;
mod suite;

use serde_json::json;

use crate::wire::document::Document;

/// Returns why a document is refused, in both languages.
fn refusal(text: &str) -> (String, String) {
    let wrong = Document::xml(text).expect_err(text);
    (wrong.ja, wrong.en)
}

#[test]
fn elements_become_objects_texts_and_arrays() {
    let text = "<?xml version='1.0'?>\r\n<!-- c --><a x='1'>\n <b>1 &lt; 2</b><b/><n:c xmlns:n='u'><![CDATA[<d>\r]]>&#x41;&#13;\r\n</n:c>\n</a>\n<?p?>";
    assert_eq!(serde_json::to_value(Document::xml(text).unwrap().value).unwrap(), json!({"a": {"b": ["1 < 2", ""], "c": "<d>\nA\r\n"}}));
}

#[test]
fn what_goes_back_byte_for_byte_keeps_its_spelling() {
    let read = Document::xml("<a><ArbitraryFileIdentifier> &quot;x&#38;\r\n</ArbitraryFileIdentifier></a>").unwrap();
    let verbatim = read.verbatim("ArbitraryFileIdentifier", " \"x&\n");
    assert_eq!(verbatim.xml.as_deref(), Some(" &quot;x&#38;\r\n"));
    assert_eq!(read.verbatim("ArbitraryFileIdentifier", "other").xml, None);
}

#[test]
fn a_spelling_that_is_far_longer_than_its_text_is_not_kept() {
    let spelt = |empty: usize| format!("<a><ArbitraryFileIdentifier>x{}</ArbitraryFileIdentifier></a>", "<![CDATA[]]>".repeat(empty));
    let kept = |empty| Document::xml(&spelt(empty)).unwrap().verbatim("ArbitraryFileIdentifier", "x").xml.is_some();
    assert!(kept(300) && !kept(400), "4,000 bytes");
}

#[test]
fn long_namespaces_are_compared_once_however_many_tags_use_them() {
    let namespace = "n".repeat(200_000);
    let attributes: String = (0..250).map(|i| format!(" a:x{i}=''")).collect();
    let text = format!("<r xmlns:a='{namespace}' xmlns:b='{namespace}'>{}<c a:x='' b:x=''/></r>", format!("<e{attributes}/>").repeat(200));
    let (_, en) = refusal(&text);
    assert!(en.contains("two attributes x"), "{en}");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let deep = "<a>".repeat(33);
    let many = format!("<a>{}</a>", "<b/>".repeat(100_000));
    let attributes: String = (0..257).map(|i| format!(" a{i}=''")).collect();
    let attributes = format!("<a{attributes}/>");
    for (text, line, expected) in [
        ("<a>\n <b></a>", "2行5列", "</a> does not match the start tag <b>"),
        ("<a></a></b>", "1行8列", "has no start tag"),
        ("<a>", "1行4列", "ends before"),
        ("<a><b", "1行6列", "ends before"),
        ("", "1行1列", "no element"),
        ("\n x<a/>", "2行2列", "outside"),
        ("<a/>&amp;", "1行5列", "outside"),
        ("<a/><![CDATA[]]>", "1行5列", "outside"),
        ("<a/><b/>", "1行5列", "one outermost"),
        ("<a>x<b/></a>", "1行9列", "both text and elements"),
        ("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "1行1列", "DTD"),
        ("<a>&e;</a>", "1行4列", "&e;"),
        ("<a>&#1;</a>", "1行4列", "U+0001"),
        ("<a>\n\u{1}</a>", "2行1列", "U+0001"),
        (&deep, "1行97列", "too deep"),
        (&many, "1行400000列", "too many elements"),
        (&attributes, "1行1942列", "too many attributes"),
    ] {
        let (ja, en) = refusal(text);
        assert!(ja.starts_with(line) && en.contains(expected), "{ja} {en}");
    }
}

#[test]
fn what_xml_forbids_is_refused() {
    for (text, expected) in [
        (" <?xml version='1.0'?><a/>", "XML declaration"),
        ("<?xml version='1.0'?><?xml version='1.0'?><a/>", "XML declaration"),
        ("<?XML version='1.0'?><a/>", "XML declaration"),
        ("<?xml encoding='UTF-8'?><a/>", "version"),
        ("<?xml version='2.0'?><a/>", "version"),
        ("<?xml version='1.'?><a/>", "version"),
        ("<?xml version='1.0' encoding='8'?><a/>", "encoding"),
        ("<?xml version='1.0' encoding=' UTF-8'?><a/>", "encoding"),
        ("<?xml version='1.0' standalone='maybe'?><a/>", "standalone"),
        ("<?xml version='1.0' standalone='no' encoding='UTF-8'?><a/>", "`?>`"),
        ("<?xml version='1.0'encoding='UTF-8'?><a/>", "white space"),
        ("<?xml version=\"1.0'?><a/>", "`\"`"),
        ("<a><?b c", "not closed"),
        ("<a><?1?></a>", "a name"),
        ("<a><?b+?></a>", "white space or `?>`"),
        ("<a><!-- -- --></a>", "`--`"),
        ("<a><!-- ---></a>", "`--`"),
        ("<a><!-- ></a>", "not closed"),
        ("<a><![CDATA[</a>", "not closed"),
        ("<a>]]></a>", "`]]>`"),
        ("<a>&</a>", "`&amp;`"),
        ("<a>&lt</a>", "`&amp;`"),
        ("<a>&#;</a>", "`&amp;`"),
        ("<a>&#X41;</a>", "&#X41;"),
        ("<a>&#x110000;</a>", "U+110000"),
        ("<a>&#99999999999;</a>", "&#99999999999;"),
        ("<a>&#xD800;</a>", "U+D800"),
        ("<a>\u{FFFE}</a>", "U+FFFE"),
        ("<a b=1/>", "quotation mark"),
        ("<a b/>", "`=`"),
        ("<a b='<'/>", "`&lt;`"),
        ("<a b='&'/>", "`&amp;`"),
        ("<a b='&#1;'/>", "U+0001"),
        ("<a b='1'c='2'/>", "white space"),
        ("<a b='1' b='2'/>", "two attributes b"),
        ("<a b='1/>", "ends before"),
        ("<1a/>", "a name"),
        ("< a/>", "white space"),
        ("<a / >", "a name"),
        ("<a></ a>", "a name"),
        ("<a></a b=''>", "`>`"),
        ("<!ELEMENT a ANY><a/>", "a name"),
    ] {
        let (ja, en) = refusal(text);
        assert!(en.contains(expected), "{text}: {ja} {en}");
    }
}

#[test]
fn what_namespaces_forbid_is_refused() {
    for (text, expected) in [
        ("<:a/>", "`:`"),
        ("<a:/>", "`:`"),
        ("<a:b:c xmlns:a='u'/>", "`:`"),
        ("<a:1 xmlns:a='u'/>", "`:`"),
        ("<a xmlns:='u'/>", "`:`"),
        ("<?a:b?><a/>", "`:`"),
        ("<n:a/>", "prefix n"),
        ("<a n:b=''/>", "prefix n"),
        ("<a><n:b xmlns:n='u'/><n:b/></a>", "prefix n"),
        ("<xmlns:a/>", "prefix xmlns"),
        ("<a xmlns:n=''/>", "prefix n is empty"),
        ("<a xmlns:n='u' xmlns:n='v'/>", "two attributes n"),
        ("<a xmlns='u' xmlns='v'/>", "two attributes xmlns"),
        ("<a xmlns:n='u' xmlns:m='&#x75;' n:b='' m:b=''/>", "two attributes b"),
        ("<a xmlns:xmlns='u'/>", "cannot be bound"),
        ("<a xmlns:xml='u'/>", "cannot be bound"),
        ("<a xmlns:n='http://www.w3.org/XML/1998/namespace'/>", "cannot be bound"),
        ("<a xmlns='http://www.w3.org/XML/1998/namespace'/>", "cannot be bound"),
        ("<a xmlns:n='http://www.w3.org/2000/xmlns/'/>", "cannot be bound"),
        ("<a xmlns='a b'/>", "not a URI"),
    ] {
        let (ja, en) = refusal(text);
        assert!(en.contains(expected), "{text}: {ja} {en}");
    }
}

#[test]
fn what_both_allow_is_accepted() {
    for text in [
        "<?xml\tversion = \"1.1\" encoding='x-sjis'\nstandalone='yes' ?><a/>",
        "<?xml-stylesheet a?><a/>",
        "<a><?XMLa b:c?><?b ??></a>",
        "<a><!----><!--> --><!-- - --></a>",
        "<a>]] > > \" ' &gt;&apos;&#x1F600;&#00065;</a>",
        "<a><![CDATA[]] > & ]]]></a>",
        "<a b = '>\"&lt;' c=\"'\" ></a >",
        "<日本-1.·/>",
        "<a xmlns='u' xmlns:n='u' b='' n:b=''><b xmlns=''/><n:b xmlns:n='v' n:c=''/></a>",
        "<a xml:lang='ja' xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
        "<a>\u{85}\u{2028}\u{7F}\u{10FFFF}</a>",
    ] {
        assert!(Document::xml(text).is_ok(), "{text}: {:?}", Document::xml(text));
    }
}
