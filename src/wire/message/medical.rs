//! Answers about drugs and health check-ups (`YZK`, `TKK`). Only `ResultCode` and `MessageContents` are known; the rest is invented.

use super::element::{Element, Mark};
use super::envelope::{optional, text};
use crate::wire::digits;
use crate::wire::tree::ListStyle;

/// A whole message.
pub const MEDICAL: &[Element] =
    &[Element::group("XmlMsg", &[Element::group("MessageHeader", HEADER).required(), Element::kept_group("MessageBody", |_| true, BODY)])
        .required()];

const HEADER: &[Element] = &[
    Element::text("ProcessExecutionTime", "clock", |s| text(digits::moment(s.header.at))).marked(Mark::Invented),
    Element::text("MedicalInstitutionCode", "request", |s| text(s.header.institution.as_ref()?.as_str())).required(),
    Element::text("ArbitraryFileIdentifier", "request", |s| s.header.file_identifier.clone()),
    Element::text("ResultCode", "check", |s| text(&s.medical?.result_code)).required(),
    Element::text("MessageContents", "errors.toml", |s| optional(&s.medical?.contents)),
];

const BODY: &[Element] =
    &[Element::list("MedicalInformationList", ListStyle::Wrapped, "MedicalInformation", |s| s.items(), ITEM).marked(Mark::Invented)];

const ITEM: &[Element] = &[
    Element::text("Date", "invented.toml medical days_ago", |s| text(digits::day(s.item?.date))).marked(Mark::Invented),
    Element::text("Name", "invented.toml medical name", |s| text(&s.item?.name)).marked(Mark::Invented),
    Element::text("Value", "invented.toml medical value", |s| text(&s.item?.value)).marked(Mark::Invented),
];
