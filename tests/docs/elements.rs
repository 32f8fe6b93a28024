//! The page of elements is what the code's table says: `UPDATE_DOCS=1 cargo test --test docs
//! elements` rewrites it.

use std::fmt::Write;
use std::path::PathBuf;

use jiff::civil::date;
use onshi_mock::domain::person::{
    CardClassification, DiseaseCategory, LimitClass, LimitClassification, PrescriptionChoice, ReasonOfLoss, Sex, TicketType,
};
use onshi_mock::fixtures::{FILES, Fixtures};
use onshi_mock::wire::codes::CODE_TABLES;
use onshi_mock::wire::message::{CHECKUPS, Certainty, Content, DRUGS, Element, MESSAGE};
use onshi_mock::wire::tree::ListStyle;

const PAGES: [(&str, &Words); 2] = [("docs/elements.md", &ENGLISH), ("docs/elements.ja.md", &JAPANESE)];

/// How sure something is, in the order of the words for it.
const MARKS: [Certainty; 4] = [Certainty::Captured, Certainty::InUse, Certainty::OneAuthor, Certainty::Invented];

/// The tables of `persons.toml` that rows name.
const TABLES: [&str; 11] = [
    "person",
    "qualifications",
    "elderly_certificate",
    "limit_certificate",
    "specific_diseases",
    "medical_tickets",
    "drug_history",
    "drugs",
    "treatments",
    "checkups",
    "items",
];

/// Every code of a table with its words.
type Codes = &'static [(&'static str, &'static str)];

/// A page's words.
struct Words {
    introduction: &'static str,
    columns: &'static str,
    lies_in: &'static str,
    required: &'static str,
    marks: [&'static str; 4],
    wrapped: &'static str,
    bare: &'static str,
    repeated: &'static str,
    sources: &'static [(&'static str, &'static str)],
    drugs: &'static str,
    checkups: &'static str,
    codes: &'static str,
}

const ENGLISH: Words = Words {
    introduction: "# Elements of the messages

日本語: [elements.ja.md](elements.ja.md)

Reference: every element that the mock writes, in the specification's order. The web API uses this order; files have the order of real files, that of a Java `HashMap` over the names (setting [`element_order`](formats.md#the-order-of-elements)). JSON, XML and this page are made from the same table (`wire::message` in the source): `UPDATE_DOCS=1 cargo test --test docs elements` rewrites it.
Read elements by name, regardless of their order. Every value is a string, also in JSON. Elements without a value are omitted, and so are groups and lists without elements. Only `MessageBody` is written even if it is empty, except in the error profile `bare`.

- **codes**: the number of the [code table](#code-tables).
- **from**: where the value comes from. `person.…`, `qualifications.…`, `elderly_certificate.…`, `limit_certificate.…`, `specific_diseases.…`, `medical_tickets.…`, `drug_history.…` with its `drugs.…` and `treatments.…`, and `checkups.…` with its `items.…` are fields of `persons.toml`; other files are named. *Request*: as received. *Consent*: from the request's flag, the choice at the reader, or `person.consents`. *Outcome*: the result of the check.
- **sure**: *captured* in real output that was published anonymised; *in use*: read or written by clients that work with the real system; *one author*: from one author's notes or code; *invented*: not public, chosen by this mock.
- The limit certificate and the certificates for specific diseases are returned only with consent. The consent flag of the limit certificate is always returned; that of the specific diseases is returned if the patient answered, and as `0` only at the reader. A consent has its time, and for medical information also the end of the 24 hours in which it may be read. A check with a My Number card returns a consent flag for each kind of medical information, other checks only for kinds that the patient answered.
",
    columns: "| element | required | codes | from | sure |",
    lies_in: "In",
    required: "yes",
    marks: ["captured", "in use", "one author", "invented"],
    wrapped: "list of {item}; JSON: an array of objects that each hold one; XML: repeated inside",
    bare: "list of {item}; JSON: an array of them; XML: repeated inside",
    repeated: "list of {item}; JSON: an array of them; XML: side by side, nothing around them",
    sources: &[
        ("request", "request"),
        ("clock", "the institution's clock"),
        ("check", "outcome"),
        ("consent", "consent"),
        ("registration", "the reference number that the institution registered"),
    ],
    drugs: "XmlMsg of YZK answers",
    checkups: "XmlMsg of TKK answers",
    codes: "## Code tables

| number | element | codes |
|---|---|---|
",
};

const JAPANESE: Words = Words {
    introduction: "# 電文の要素

English: [elements.md](elements.md)

模擬サーバーが出力するすべての要素を、仕様書の順に示します。Web API の応答はこの順で、ファイルは実際のファイルと同じ順（要素名を Java の `HashMap` に入れたときの順）で出力します（設定 [`element_order`](formats.ja.md#要素の順序)）。JSON も XML もこの表（ソースの `wire::message`）から作られ、このページも同じ表から作られます（`UPDATE_DOCS=1 cargo test --test docs elements` で更新）。
順序にかかわらず、要素は名前で読み取ってください。値は JSON でもすべて文字列です。値のない要素、要素のないグループやリストは省略されます（`MessageBody` は空でも出力し、エラープロファイル `bare` の場合に限り省略します）。

- **コード**：[コード表](#コード表)の番号。
- **値の出所**：`person.…`、`qualifications.…`、`elderly_certificate.…`、`limit_certificate.…`、`specific_diseases.…`、`medical_tickets.…`、`drug_history.…` とその中の `drugs.…`・`treatments.…`、`checkups.…` とその中の `items.…` は `persons.toml` の項目です。ほかのファイルはファイル名で示します。「要求」は届いたままの値、「同意」は要求のフラグ、顔認証付きカードリーダーでの選択、または `person.consents`、「結果」は照会の結果です。
- **確度**：「実電文」は匿名化して公開された実際の出力で確認したもの、「利用実績」は実際のシステムにつながるクライアントが読み書きしているもの、「資料1件」は一人の作者の資料やコードによるもの、「仮」は公開されていないため本プロジェクトが決めたものです。
- 限度額適用認定証と特定疾病療養受療証の内容は、同意がある場合に限り返されます。限度額適用認定証の同意フラグは常に返されます。特定疾病療養受療証の同意フラグは回答がある場合に返され、値が `0` のものはカードリーダーでの照会に限り返されます。同意には日時が付き、診療等の情報には閲覧できる24時間の終わりの日時も付きます。診療等の情報の同意フラグは、マイナンバーカードによる照会ではすべて、それ以外の照会では回答のある種類だけが返されます。
",
    columns: "| 要素 | 必須 | コード | 値の出所 | 確度 |",
    lies_in: "場所：",
    required: "○",
    marks: ["実電文", "利用実績", "資料1件", "仮"],
    wrapped: "{item} のリスト。JSON：それぞれを1つずつ持つオブジェクトの配列。XML：この中で繰り返し",
    bare: "{item} のリスト。JSON：その配列。XML：この中で繰り返し",
    repeated: "{item} のリスト。JSON：その配列。XML：囲む要素なしで繰り返し",
    sources: &[("request", "要求"), ("clock", "医療機関の時計"), ("check", "結果"), ("consent", "同意"), ("registration", "医療機関が登録した照会番号")],
    drugs: "YZK の応答の XmlMsg",
    checkups: "TKK の応答の XmlMsg",
    codes: "## コード表

| 番号 | 要素 | コード |
|---|---|---|
",
};

/// The elements of a message, or of one item of a list, which may lie in several places.
#[derive(Default)]
struct Section {
    name: &'static str,
    lies_in: Vec<String>,
    rows: String,
}

fn page(words: &Words) -> String {
    let mut sections = Vec::new();
    section(words, "XmlMsg", None, contents(MESSAGE), &mut sections);
    section(words, words.drugs, None, contents(DRUGS), &mut sections);
    section(words, words.checkups, None, contents(CHECKUPS), &mut sections);
    let mut page = words.introduction.to_owned();
    for Section { name, lies_in, rows } in sections {
        let _ = write!(page, "\n## {name}\n\n");
        if !lies_in.is_empty() {
            let places: Vec<_> = lies_in.iter().map(|place| format!("`{place}`")).collect();
            let _ = write!(page, "{} {}\n\n", words.lies_in, places.join(", "));
        }
        let _ = write!(page, "{}\n|---|---|---|---|---|\n{rows}", words.columns);
    }
    let _ = write!(page, "\n{}", words.codes);
    for table in CODE_TABLES {
        let codes: Vec<_> = table.codes.iter().map(|(code, ja)| format!("`{code}` {ja}")).collect();
        let _ = writeln!(page, "| {:03} | {} | {} |", table.number, table.element, codes.join(" · "));
    }
    page
}

/// What the message's one outermost element holds.
fn contents(message: &'static [Element]) -> &'static [Element] {
    let Content::Group { elements, .. } = &message[0].content else { panic!("a message is a group") };
    elements
}

/// A section, and those of the lists in it; a section that is there already only lies in one place
/// more.
fn section(words: &Words, name: &'static str, lies_in: Option<String>, elements: &'static [Element], sections: &mut Vec<Section>) {
    let at = sections.len();
    let path = lies_in.clone().unwrap_or_else(|| name.to_owned());
    sections.push(Section { name, lies_in: lies_in.into_iter().collect(), rows: String::new() });
    let mut text = String::new();
    rows(words, "", &path, elements, &mut text, sections);
    sections[at].rows = text;
    let (before, own) = sections.split_at_mut(at);
    if let Some(same) = before.iter_mut().find(|other| other.name == name) {
        assert_eq!(same.rows, own[0].rows, "{name} is the same everywhere");
        same.lies_in.append(&mut own[0].lies_in);
        sections.remove(at);
    }
}

fn rows(words: &Words, before: &str, path: &str, elements: &'static [Element], text: &mut String, sections: &mut Vec<Section>) {
    for element in elements {
        let name = format!("{before}{}", element.name);
        let codes = element.codes.map(|number| format!("{number:03}")).unwrap_or_default();
        let required = if element.required { words.required } else { "" };
        let sure = words.marks[MARKS.iter().position(|mark| *mark == element.certainty).unwrap()];
        let source = match &element.content {
            Content::List { style, item, .. } => {
                let sentence = match style {
                    ListStyle::Wrapped => words.wrapped,
                    ListStyle::Bare => words.bare,
                    ListStyle::Repeated => words.repeated,
                };
                sentence.replace("{item}", &format!("[{item}](#{})", item.to_lowercase()))
            }
            Content::Group { .. } => String::new(),
            Content::Text(_) => words.sources.iter().find(|(source, _)| *source == element.from).map_or_else(
                || {
                    assert!(element.from.contains('.'), "{name} comes from {}, which the page does not explain", element.from);
                    format!("`{}`", element.from)
                },
                |(_, words)| (*words).to_owned(),
            ),
        };
        let _ = writeln!(text, "| `{name}` | {required} | {codes} | {source} | {sure} |");
        match &element.content {
            Content::Text(_) => {}
            Content::Group { elements, .. } => rows(words, &format!("{name}/"), path, elements, text, sections),
            Content::List { item, elements, .. } => section(words, item, Some(format!("{path}/{name}")), elements, sections),
        }
    }
}

#[test]
fn the_pages_of_elements_are_what_the_table_says() {
    for (file, words) in PAGES {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
        let page = page(words);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &page).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = written.lines().zip(page.lines()).find(|(old, new)| old != new);
        assert!(
            written == page,
            "{file} is out of date: UPDATE_DOCS=1 cargo test --test docs elements rewrites it; first difference: {differs:?}"
        );
    }
}

#[test]
fn every_field_that_a_row_names_is_in_the_fixtures_for_someone() {
    fn check(elements: &[Element], persons: &str) {
        for element in elements {
            if let Some((table, field)) = element.from.split_once('.').filter(|(table, _)| TABLES.contains(table)) {
                let there =
                    [format!("\n{field} = "), format!("{{ {field} = "), format!(", {field} = ")].iter().any(|text| persons.contains(text));
                assert!(there, "nobody has a {field} of {table}, from which {} comes", element.name);
            }
            if let Content::Group { elements, .. } | Content::List { elements, .. } = &element.content {
                check(elements, persons);
            }
        }
    }
    let (_, persons) = FILES.iter().find(|(name, _)| *name == "persons.toml").unwrap();
    for message in [MESSAGE, DRUGS, CHECKUPS] {
        check(message, persons);
    }
}

#[test]
fn someone_has_each_code_from_which_fixtures_choose() {
    let persons = Fixtures::compiled_in(date(2026, 1, 20)).0.expect("the compiled-in fixtures are right").persons;
    let held = || persons.iter().flat_map(|person| &person.qualifications);
    let limits = || held().filter_map(|held| held.limit_certificate.as_ref());
    let seen: [(&str, Vec<&str>, Codes); 8] = [
        ("card", held().map(|held| held.card.code()).collect(), CardClassification::CODES),
        ("reason of loss", held().filter_map(|held| held.reason_of_loss).map(ReasonOfLoss::code).collect(), ReasonOfLoss::CODES),
        ("limit certificate", limits().map(|limit| limit.classification.code()).collect(), LimitClassification::CODES),
        ("limit class", limits().map(|limit| limit.class.code()).collect(), LimitClass::CODES),
        ("disease", held().flat_map(|held| &held.specific_diseases).map(|one| one.category.code()).collect(), DiseaseCategory::CODES),
        ("ticket", held().flat_map(|held| &held.medical_tickets).map(|one| one.ticket_type.code()).collect(), TicketType::CODES),
        (
            "prescription",
            persons.iter().filter_map(|person| person.prescription).map(PrescriptionChoice::code).collect(),
            PrescriptionChoice::CODES,
        ),
        ("sex", persons.iter().map(|person| person.sex.code()).collect(), Sex::CODES),
    ];
    for (what, seen, codes) in seen {
        for (code, ja) in codes {
            assert!(seen.contains(code), "nobody has the {what} {code} {ja}");
        }
    }
}
