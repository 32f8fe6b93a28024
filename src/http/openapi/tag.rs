//! The tags of the OpenAPI document: groups of operations, and the provenance of their protocols.

/// A group of operations.
pub struct Tag {
    /// The name in both languages.
    pub name: &'static str,
    /// The description, Japanese first.
    pub about: &'static str,
    /// The provenance of the protocol.
    pub provenance: Provenance,
}

/// The provenance of an operation's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Imitates the real system: path, message and element names are as in code that was used with
    /// it.
    Imitated,
    /// The mock's own protocol, which replaces a real one that is not public.
    Invented,
    /// The mock's own; the real system has no equivalent.
    Mock,
}

impl Provenance {
    /// Returns the name in the document (`x-provenance`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Imitated => "imitated",
            Self::Invented => "invented",
            Self::Mock => "mock",
        }
    }

    /// Returns the note for readers of the document.
    pub fn note(self) -> &'static str {
        match self {
            Self::Imitated => {
                "実際のシステムを模したものです。公開されていない部分（ログインの項目名、エラーコードと文言など）は仮のもので、`x-provenance` に示します。 \
                 Imitates the real system. What is not public (names of login fields, error codes, messages, etc.) is invented and marked by `x-provenance`."
            }
            Self::Invented => {
                "onshi-mock 独自のプロトコルです（実際のものは公開されていません）。 A protocol of the mock, since the real one is not public."
            }
            Self::Mock => "onshi-mock 独自の管理APIです。 A management API of the mock; the real system has no equivalent.",
        }
    }
}

macro_rules! tags {
    ($($(#[$doc:meta])* $id:ident: $provenance:ident, $name:literal, $about:literal;)*) => {
        $($(#[$doc])* pub static $id: Tag = Tag { name: $name, about: $about, provenance: Provenance::$provenance };)*

        /// All tags, in the order of the document.
        pub static ALL: &[&Tag] = &[$(&$id),*];
    };
}

tags! {
    /// Login and check.
    CHECK: Imitated, "資格確認 check", "ログインと、被保険者証情報による照会。 Login, and the check by card data.";
    /// Delivery of updates to terminals.
    DELIVERY: Invented, "配信 delivery", "資格確認端末への更新の配信。 Delivery of updates to terminals.";
    /// The linkage folder and the card reader of a remote terminal.
    LINKAGE: Invented, "連携 linkage", "ほかの場所にある端末の連携フォルダーとカードリーダー。 The linkage folder and card reader of a remote terminal.";
    /// Notices to institutions.
    NOTICES: Invented, "通知 notices", "医療機関への通知（N10）。 Notices to institutions (N10).";
    /// Operations that need no token.
    OPEN: Mock, "稼働 server", "稼働状況、CA証明書、この文書。トークンは不要です。 Health, the CA certificate and this document. No token is required.";
    /// Institutions.
    INSTITUTIONS: Mock, "医療機関 institutions", "医療機関（テナント）の作成・変更・削除。 Creating, changing and deleting institutions (tenants).";
    /// Clocks.
    CLOCK: Mock, "時計 clock", "医療機関ごとの時計。 The clock of each institution.";
    /// Scenarios, persons and snapshots.
    SCENARIOS: Mock, "場面 stage", "シナリオ、フィクスチャ、被保険者、スナップショット。 Scenarios, fixtures, persons, snapshots.";
    /// Campaigns.
    CAMPAIGN: Mock, "キャンペーン campaign", "更新の配信期間・時間帯・パッケージ。 The distribution period, windows and packages of updates.";
    /// Terminals and actions at them.
    TERMINALS: Mock, "端末 terminals", "資格確認端末の設定と操作。 The settings and operation of terminals.";
    /// Faults.
    FAULTS: Mock, "障害 faults", "意図的に起こす、応答の障害。 Faults injected into responses.";
    /// The console.
    CONSOLE: Mock, "コンソール console", "ブラウザーで使うコンソールへのサインイン。 Signing in to the console, which is used in a browser.";
    /// Requests, responses and their explanations.
    EVIDENCE: Mock, "記録 evidence", "要求と応答、その理由。 Requests, responses and the reasons for them.";
}
