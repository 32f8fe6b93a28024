//! What all pages of the console share: the menu, the scripts and the style.

use super::assets;
use super::language::Language;
use crate::domain::ids::InstitutionCode;

/// A page of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Start,
    Connect,
    Rehearsal,
    List,
    Report,
}

/// The frame of a page: the template `console/base.html`.
pub(super) struct Layout {
    lang: Language,
    place: Place,
    code: Option<InstitutionCode>,
    /// The product and the tester, if they are known.
    pub(super) who: Option<String>,
    /// The name of this browser's session, by which others see what it does.
    pub(super) session: Option<String>,
    pub(super) icon: String,
    pub(super) style: String,
    pub(super) morph: String,
    pub(super) script: String,
}

/// An entry of the menu.
pub(super) struct Link {
    pub(super) name: &'static str,
    pub(super) path: String,
    pub(super) current: bool,
}

impl Layout {
    /// Creates the frame of a page. `code` is the institution that the page is about.
    pub(super) fn new(lang: Language, place: Place, code: Option<&InstitutionCode>) -> Self {
        Self {
            lang,
            place,
            code: code.cloned(),
            who: None,
            session: None,
            icon: assets::url("icon.svg"),
            style: assets::url("console.css"),
            morph: assets::url("idiomorph.js"),
            script: assets::url("console.js"),
        }
    }

    /// Returns the entries of the menu. Those of an institution are left out where there is none.
    pub(super) fn links(&self) -> Vec<Link> {
        let institution = self.code.as_ref().map(|code| format!("/console/institutions/{code}"));
        let connect = self.code.as_ref().map(|code| format!("/console/connect/{code}"));
        // The page takes product and tester from the institution.
        let start = self.code.as_ref().map_or_else(|| "/console/start".to_owned(), |code| format!("/console/start?from={code}"));
        let report = institution.as_ref().map(|path| format!("{path}/report"));
        let all = [
            (Place::Start, "はじめる", "Start", Some(start)),
            (Place::List, "一覧", "Institutions", Some("/console/institutions".to_owned())),
            (Place::Connect, "接続の確認", "Connection", connect),
            (Place::Rehearsal, "リハーサル", "Rehearsal", institution),
            (Place::Report, "報告書", "Report", report),
        ];
        let link = |(place, ja, en, path): (Place, &'static str, &'static str, Option<String>)| {
            Some(Link { name: if self.lang == Language::Japanese { ja } else { en }, path: path?, current: place == self.place })
        };
        all.into_iter().filter_map(link).collect()
    }
}
