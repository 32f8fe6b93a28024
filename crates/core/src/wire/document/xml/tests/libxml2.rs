//! Comparison with libxml2: both must accept or both must refuse mutations of requests. The
//! mutations are the same in each run.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use fastrand::Rng;

use crate::wire::charset::decode;
use crate::wire::document::Document;

const MUTATIONS: usize = 1200;
const SEED: u64 = 20;

/// A typical request, one with all features of XML that terminals do not use, and one in a single
/// line.
const REQUESTS: [&str; 3] = [
    r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg>
<MessageHeader>
<MedicalInstitutionCode>9910000018</MedicalInstitutionCode>
<ArbitraryFileIdentifier>0001</ArbitraryFileIdentifier>
<QualificationConfirmationDate>20260120</QualificationConfirmationDate>
</MessageHeader>
<MessageBody>
<QualificationConfirmSearchInfo>
<InsurerNumber>01990019</InsurerNumber>
<InsuredCardSymbol>11010203</InsuredCardSymbol>
<InsuredIdentificationNumber>1001</InsuredIdentificationNumber>
<Birthdate>19800517</Birthdate>
</QualificationConfirmSearchInfo>
</MessageBody>
</XmlMsg>
"#,
    r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- 受付端末 ① -->
<XmlMsg xmlns="urn:x" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:noNamespaceSchemaLocation="a.xsd"><?print on?>
<MessageHeader><ArbitraryFileIdentifier>a&#x41;&quot;<![CDATA[<b>]]></ArbitraryFileIdentifier></MessageHeader>
<q:MessageBody xmlns:q="urn:y" q:a="1" a='2' b="&lt;&#38;"><Name>髙橋　㈱～&amp;</Name><Empty/></q:MessageBody>
</XmlMsg>
"#,
    "<?xml version='1.0' encoding='UTF-8'?><XmlMsg><MessageHeader><MedicalInstitutionCode>9910000018</MedicalInstitutionCode></MessageHeader>\
     <MessageBody><ReceptionNumber> 0001 </ReceptionNumber></MessageBody></XmlMsg>",
];

/// Markup that mutations insert.
const SNIPPETS: [&str; 60] = [
    "<",
    ">",
    "&",
    "\"",
    "'",
    "=",
    "<!--",
    "-->",
    "--",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "<?xml?>",
    "<?xml version=\"1.0\"?>",
    "<?XML x?>",
    "<?a:b c?>",
    "<?a?>",
    "<?a b?>",
    "&amp;",
    "&#0;",
    "&#x41;",
    "&#x1F600;",
    "&#xFFFE;",
    "&#xD800;",
    "&#65",
    "&x;",
    "&#X41;",
    " a=\"1\"",
    " a='1' a='2'",
    " a=1",
    " a",
    " a=\"<\"",
    " a=\"&\"",
    " a=\"1\"b=\"2\"",
    " xml:lang=\"ja\"",
    " x:a=\"1\"",
    " xmlns:x=\"u\"",
    " xmlns:x=\"\"",
    " xmlns=\"u\"",
    " xmlns=\"\"",
    " xmlns=\"a b\"",
    " xmlns:xml=\"u\"",
    " xmlns:xmlns=\"u\"",
    " xmlns:x=\"http://www.w3.org/XML/1998/namespace\"",
    " xmlns=\"http://www.w3.org/2000/xmlns/\"",
    " xmlns:x=\"u\" xmlns:y=\"u\" x:a=\"1\" y:a=\"2\"",
    "<a/>",
    "<x:a/>",
    "<:a/>",
    "<a:/>",
    "<a:b:c/>",
    "<1a/>",
    "</a>",
    "<a></a >",
    "< a/>",
    "<a / >",
    "\u{FFFE}",
    "\u{1}",
    "\u{FEFF}",
];

/// The mock's own rule, in addition to those of XML.
const MIXED: &str = "has both text and elements";

#[test]
#[cfg_attr(windows, ignore = "needs xmllint")]
fn mutations_of_requests_are_refused_where_libxml2_refuses_them() {
    let dir = tempfile::tempdir().unwrap();
    let mutations = mutations();
    let refused = refused_by_libxml2(dir.path(), &mutations);
    let (mut disagreements, mut mixed) = (Vec::new(), 0);
    for (number, text) in mutations.iter().enumerate() {
        let wrong = Document::xml(text).err().map(|wrong| wrong.en);
        match (&wrong, refused.contains(&number)) {
            (Some(_), true) | (None, false) => {}
            (Some(wrong), false) if wrong.contains(MIXED) => mixed += 1,
            _ => disagreements.push((wrong, text)),
        }
    }
    let (tried, refused) = (mutations.len(), refused.len());
    println!("libxml2: {tried} mutations, {refused} refused, {} disagreements, {mixed} refused as mixed here only", disagreements.len());
    assert!(refused > 500 && tried - refused > 50, "both happen: {refused} of {tried}");
    assert!(disagreements.is_empty(), "{disagreements:#?}");
}

/// Generates documents whose character set both know and which have no DTD.
fn mutations() -> Vec<String> {
    let mut rng = Rng::with_seed(SEED);
    let mutations = (0..).map(|number| mutated(&mut rng, REQUESTS[number % REQUESTS.len()]));
    mutations.filter(|text| decode(text.as_bytes(), None).is_ok() && !text.contains("<!DOCTYPE")).take(MUTATIONS).collect()
}

fn mutated(rng: &mut Rng, request: &str) -> String {
    let mut text: Vec<char> = request.chars().collect();
    for _ in 0..rng.usize(1..=2) {
        let marks: Vec<usize> = (0..text.len()).filter(|at| "<>&\"'=?/!: ".contains(text[*at])).collect();
        let at = if rng.bool() { marks[rng.usize(..marks.len())] + rng.usize(..2) } else { rng.usize(..text.len()) };
        let at = at.min(text.len() - 1);
        let to = (at + rng.usize(1..=12)).min(text.len());
        match rng.u8(..6) {
            0 | 1 => drop(text.splice(at..at, SNIPPETS[rng.usize(..SNIPPETS.len())].chars())),
            2 => drop(text.remove(at)),
            3 => drop(text.drain(at..to)),
            4 => drop(text.splice(at..at, text[at..to].to_vec())),
            _ => text.swap(at, to - 1),
        }
    }
    text.into_iter().collect()
}

/// Returns which documents xmllint refuses. Its exit code does not report namespace errors.
fn refused_by_libxml2(dir: &Path, documents: &[String]) -> BTreeSet<usize> {
    let name = |number: usize| format!("{number}.xml");
    for (number, text) in documents.iter().enumerate() {
        std::fs::write(dir.join(name(number)), text).unwrap();
    }
    let output = Command::new("xmllint").args(["--noout", "--nonet"]).args((0..documents.len()).map(name)).current_dir(dir).output();
    let output = output.unwrap_or_else(|error| panic!("xmllint is needed for this test (./test installs it): {error}"));
    let messages = String::from_utf8_lossy(&output.stderr);
    let errors = messages.lines().filter(|line| line.contains(" error : "));
    errors.filter_map(|line| line.split_once(".xml:")?.0.parse().ok()).collect()
}
