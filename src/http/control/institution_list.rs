//! `GET /v1/institutions`: lists institutions page by page.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{ControlQuery, bad_query};
use crate::domain::clock::ClockSetting;
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::domain::terminal::Phase;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;

/// `?after=`: only institutions after this code. `?limit=`: 1 to 1000 (default 1000).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    after: Option<InstitutionCode>,
    limit: Option<String>,
}

/// Institutions, in order of their codes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "InstitutionListing")]
pub struct InstitutionList {
    institutions: Vec<ListedInstitution>,
    /// The value of `?after=` for the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<InstitutionCode>,
}

#[derive(Serialize, JsonSchema)]
struct ListedInstitution {
    code: InstitutionCode,
    name: Text,
    clock: ClockSetting,
    /// The phase of each terminal.
    terminals: BTreeMap<TerminalId, Phase>,
}

/// The maximum number of institutions in one list.
const MAX_PAGE_SIZE: usize = 1_000;

/// `GET /v1/institutions`; if there are more, `next` is the code for `after`.
///
/// # Errors
/// A limit that is not a number, or a store that does not work.
pub async fn list_institutions(
    State(app): State<Arc<App>>,
    ControlQuery(query): ControlQuery<ListQuery>,
) -> Result<Json<InstitutionList>, Problem> {
    let limit = query.limit()?;
    let codes = app.institutions.codes(query.after.as_ref(), limit).await?;
    let mut institutions = Vec::new();
    for code in &codes {
        let listed = app.institutions.read(code, |tenant, moment| {
            let institution = &tenant.institution;
            let phases =
                institution.terminals.values().map(|terminal| (terminal.id.clone(), terminal.phase(&institution.campaign, moment.now)));
            ListedInstitution {
                code: institution.code.clone(),
                name: institution.name.clone(),
                clock: institution.clock.setting(moment.wall),
                terminals: phases.collect(),
            }
        });
        institutions.extend(listed.await?);
    }
    let next = codes.last().filter(|_| codes.len() == limit).cloned();
    Ok(Json(InstitutionList { institutions, next }))
}

impl ListQuery {
    fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = &self.limit else {
            return Ok(MAX_PAGE_SIZE);
        };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_PAGE_SIZE).contains(limit));
        limit.ok_or_else(|| {
            let detail = Text::new("limit の値が正しくありません。", "The value of `limit` is wrong.");
            bad_query(detail).expected(format!("limit=1 to {MAX_PAGE_SIZE}"))
        })
    }
}
