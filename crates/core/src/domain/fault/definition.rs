//! The definition of a fault as a user writes it: one flat object whose fields must fit together.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::kind::{Kind, KindName, MAX_DELAY};
use super::{Fault, Requests, When};
use crate::domain::ids::{FaultId, TerminalId};
use crate::domain::japan;
use crate::domain::period::{Period, Skew};
use crate::domain::text::Text;

/// The definition of a fault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "struct Fault")]
#[schemars(rename = "Fault")]
pub struct FaultDefinition {
    /// The fault's name. If omitted, one is generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<FaultId>,
    /// The requests that are counted.
    pub operation: Requests,
    /// The terminal whose requests are counted. If omitted, those of all terminals are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<TerminalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nth: Option<OneOrMore<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    /// The time at which the fault expires, by the institution's clock.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "japan::serialize_option")]
    pub expires: Option<Timestamp>,
    kind: Option<KindName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay: Option<OneOrMore<Period>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    every: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none")]
    off_by: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skew: Option<Skew>,
}

/// One value, or a list of values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected one value or a list of them: whole numbers for `nth`, durations such as \"PT3S\" for `delay`")]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T: JsonSchema> JsonSchema for OneOrMore<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMore{}", T::schema_name()).into()
    }

    /// One schema of two types: some client generators produce no code for a choice between a value
    /// and a list.
    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let kind = T::json_schema(schemas).get("type").cloned();
        json_schema!({ "description": "One value or a list of values.", "type": [kind, "array"], "items": schemas.subschema_for::<T>() })
    }
}

impl<T> OneOrMore<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![value],
            Self::More(values) => values,
        }
    }
}

/// An error in a definition: its fields do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {}", text.en)]
pub struct FaultError {
    /// The JSON pointer of the field within the definition.
    pub pointer: &'static str,
    /// What is wrong and what was expected.
    pub text: Text,
}

impl FaultError {
    fn new(pointer: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { pointer, text: Text::new(ja, en) }
    }
}

/// The maximum number of entries in `nth`.
const MAX_NUMBERS: usize = 100;
/// The maximum number of bytes in a definition.
const MAX_BYTES: u64 = 1 << 40;

impl TryFrom<FaultDefinition> for Fault {
    type Error = FaultError;

    fn try_from(mut definition: FaultDefinition) -> Result<Self, FaultError> {
        let kind = definition.kind()?;
        if let Some(pointer) = definition.unused_parameter() {
            let (name, field) = (kind.name().name(), &pointer[1..]);
            return Err(FaultError::new(
                pointer,
                format!("kind が {name} の障害に {field} は使えません。"),
                format!("A fault of the kind `{name}` has no `{field}`."),
            ));
        }
        if definition.operation != Requests::Any && !kind.applies_to(definition.operation) {
            return Err(not_applicable_error(&kind, definition.operation));
        }
        let when = definition.when()?;
        if definition.times == Some(0) {
            return Err(FaultError::new("/times", "1 以上が必要です。", "Expected 1 or more."));
        }
        let id = definition.id.ok_or_else(|| FaultError::new("/id", "id が必要です。", "The id is needed."))?;
        let FaultDefinition { operation, terminal, times, expires, .. } = definition;
        Ok(Self { id, operation, terminal, when, times, expires, kind })
    }
}

fn not_applicable_error(kind: &Kind, operation: Requests) -> FaultError {
    let suited: Vec<&str> =
        Requests::ALL.into_iter().filter(|other| *other != Requests::Any && kind.applies_to(*other)).map(Requests::name).collect();
    let (name, operation, suited) = (kind.name().name(), operation.name(), suited.join(", "));
    FaultError::new(
        "/operation",
        format!("{name} は {operation} では使えません。使える値：any、{suited}"),
        format!("`{name}` makes no sense for `{operation}`; it does for any, {suited}."),
    )
}

impl FaultDefinition {
    /// Takes the kind with its parameters out of the definition.
    fn kind(&mut self) -> Result<Kind, FaultError> {
        let Some(name) = self.kind else {
            return Err(FaultError::new("/kind", "kind（障害の種類）が必要です。", "The kind is needed."));
        };
        Ok(match name {
            KindName::Delay => self.delay()?,
            KindName::Status => {
                let status = self.status.take().filter(|status| (400..=599).contains(status));
                let status = status.ok_or_else(|| FaultError::new("/status", "400 から 599 が必要です。", "Expected 400 to 599."))?;
                Kind::Status { status, retry_after: self.retry_after.take() }
            }
            KindName::Reset => Kind::Reset,
            KindName::Close => Kind::Close,
            KindName::BlackHole => Kind::BlackHole,
            KindName::Cut => Kind::Cut { after: self.after.take().map(|after| after.min(MAX_BYTES)) },
            KindName::Drip => self.drip()?,
            KindName::WrongLength => {
                let off_by = self.off_by.take().filter(|by| *by != 0 && by.unsigned_abs() <= MAX_BYTES);
                let missing =
                    || FaultError::new("/off_by", "0 以外の整数（例：10、-10）が必要です。", "Expected a number but 0, such as 10 or -10.");
                Kind::WrongLength { off_by: off_by.ok_or_else(missing)? }
            }
            KindName::Malformed => Kind::Malformed,
            KindName::WrongEncoding => Kind::WrongEncoding,
            KindName::WrongHash => Kind::WrongHash,
            KindName::StaleEtag => Kind::StaleEtag,
            KindName::ExpiredToken => Kind::ExpiredToken,
            KindName::Processing => Kind::Processing,
            KindName::ClockSkew => {
                let missing =
                    || FaultError::new("/skew", "\"PT5M\" や \"-PT5M\" が必要です。", "Expected how far, such as \"PT5M\" or \"-PT5M\".");
                Kind::ClockSkew { skew: self.skew.take().ok_or_else(missing)? }
            }
        })
    }

    fn delay(&mut self) -> Result<Kind, FaultError> {
        let definition = self.delay.take().map(OneOrMore::into_vec).unwrap_or_default();
        let (least, most) = match definition[..] {
            [only] => (only, only),
            [least, most] => (least, most),
            _ => (MAX_DELAY, Period::from_secs(0)),
        };
        if least > most || most > MAX_DELAY {
            return Err(FaultError::new(
                "/delay",
                format!("\"PT3S\" か [\"PT1S\", \"PT5S\"]（最短、最長）が必要です。{MAX_DELAY} までです。"),
                format!("Expected \"PT3S\" or [\"PT1S\", \"PT5S\"] (least, most), at most {MAX_DELAY}."),
            ));
        }
        Ok(Kind::Delay { least, most })
    }

    fn drip(&mut self) -> Result<Kind, FaultError> {
        let (bytes, every) = (self.bytes.take().unwrap_or(1), self.every.take().unwrap_or(Period::from_secs(1)));
        if !(1..=MAX_BYTES).contains(&bytes) {
            return Err(FaultError::new("/bytes", "1 以上が必要です。", "Expected 1 or more."));
        }
        if every > MAX_DELAY {
            let (ja, en) = (format!("{MAX_DELAY} までです。"), format!("Expected at most {MAX_DELAY}."));
            return Err(FaultError::new("/every", ja, en));
        }
        Ok(Kind::Drip { bytes, every })
    }

    /// Returns the pointer of a parameter that the kind did not take.
    fn unused_parameter(&self) -> Option<&'static str> {
        let definition = [
            ("/delay", self.delay.is_some()),
            ("/status", self.status.is_some()),
            ("/retry_after", self.retry_after.is_some()),
            ("/after", self.after.is_some()),
            ("/bytes", self.bytes.is_some()),
            ("/every", self.every.is_some()),
            ("/off_by", self.off_by.is_some()),
            ("/skew", self.skew.is_some()),
        ];
        definition.into_iter().find(|(_, definition)| *definition).map(|(pointer, _)| pointer)
    }

    fn when(&mut self) -> Result<When, FaultError> {
        let alone = |pointer, others: bool| {
            let wrong = || {
                FaultError::new(
                    pointer,
                    "nth、from、probability は1つだけ使えます。",
                    "Only one of nth, from and probability can be given.",
                )
            };
            if others { Err(wrong()) } else { Ok(()) }
        };
        if let Some(numbers) = self.nth.take() {
            alone("/nth", self.from.is_some() || self.probability.is_some())?;
            let numbers: BTreeSet<u64> = numbers.into_vec().into_iter().collect();
            let fits = (1..=MAX_NUMBERS).contains(&numbers.len()) && !numbers.contains(&0);
            let wrong = || {
                let en = format!("Expected one number, or a list of 1 to {MAX_NUMBERS}; the first request is number 1.");
                FaultError::new("/nth", format!("1 以上の番号、またはその 1〜{MAX_NUMBERS} 個の一覧が必要です。"), en)
            };
            return if fits { Ok(When::Nth(numbers)) } else { Err(wrong()) };
        }
        if let Some(probability) = self.probability {
            alone("/probability", self.from.is_some())?;
            let wrong = || FaultError::new("/probability", "0 から 1 が必要です。", "Expected 0 to 1.");
            return if (0.0..=1.0).contains(&probability) { Ok(When::Probability(probability)) } else { Err(wrong()) };
        }
        match self.from.unwrap_or(1) {
            0 => Err(FaultError::new("/from", "1 以上が必要です。", "Expected 1 or more.")),
            from => Ok(When::From(from)),
        }
    }
}

impl From<Fault> for FaultDefinition {
    fn from(fault: Fault) -> Self {
        let Fault { id, operation, terminal, when, times, expires, kind } = fault;
        let mut definition = Self { id: Some(id), operation, terminal, times, expires, kind: Some(kind.name()), ..Self::default() };
        match when {
            When::From(from) => definition.from = Some(from).filter(|from| *from > 1),
            When::Nth(numbers) if numbers.len() == 1 => definition.nth = numbers.first().copied().map(OneOrMore::One),
            When::Nth(numbers) => definition.nth = Some(OneOrMore::More(numbers.into_iter().collect())),
            When::Probability(probability) => definition.probability = Some(probability),
        }
        match kind {
            Kind::Delay { least, most } if least == most => definition.delay = Some(OneOrMore::One(most)),
            Kind::Delay { least, most } => definition.delay = Some(OneOrMore::More(vec![least, most])),
            Kind::Status { status, retry_after } => (definition.status, definition.retry_after) = (Some(status), retry_after),
            Kind::Cut { after } => definition.after = after,
            Kind::Drip { bytes, every } => (definition.bytes, definition.every) = (Some(bytes), Some(every)),
            Kind::WrongLength { off_by } => definition.off_by = Some(off_by),
            Kind::ClockSkew { skew } => definition.skew = Some(skew),
            _ => {}
        }
        definition
    }
}
