//! The caller: the identity on which certificate, token and request agree, and its admission by the
//! institution.

use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::fault::{Kind, TriggeredFault};
use crate::domain::ids::{InstitutionCode, TerminalAddress, TerminalId};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::period::Period;
use crate::domain::terminal_condition::TerminalCondition;
use crate::domain::text::Text;
use crate::institutions::Moment;
use crate::token::Claims;

/// The caller of a request, as known before the institution is read.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The institution.
    pub institution: InstitutionCode,
    /// The terminal; `None` stands for the institution's default terminal.
    pub terminal: Option<TerminalId>,
    /// The claims of the token; `None` if no token was presented, and an error if it is invalid.
    pub token: Result<Option<Claims>, Refusal>,
}

/// The result of admitting a caller to its institution.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The terminal of the caller. It may not exist.
    pub terminal: TerminalId,
    /// The state of the terminal at the time of the request; `None` if the terminal does not exist.
    pub terminal_condition: Option<TerminalCondition>,
    /// Why the caller is refused; `None` if it is admitted.
    pub refusal: Option<Refusal>,
}

impl Caller {
    /// Creates a caller without a token, such as the linkage application of a terminal, or a login.
    pub fn without_token(institution: InstitutionCode, terminal: Option<TerminalId>) -> Self {
        Self { institution, terminal, token: Ok(None) }
    }

    /// Creates the caller for the linkage application of a terminal.
    pub fn terminal(address: &TerminalAddress) -> Self {
        Self::without_token(address.institution.clone(), Some(address.terminal.clone()))
    }

    /// Checks that the terminal exists, and that the token belongs to the institution's present
    /// generation and has not expired. A fault can also make the token count as expired.
    pub fn admit(&self, institution: &Institution, moment: Moment, token_life: Period, fault: Option<&TriggeredFault>) -> Admission {
        let id = self.terminal.as_ref().unwrap_or(&institution.default_terminal);
        let Some(terminal) = institution.terminals.get(id) else {
            let refusal = Some(unknown_terminal(&institution.code, id));
            return Admission { terminal: id.clone(), terminal_condition: None, refusal };
        };
        let found = Some(TerminalCondition::at(institution, terminal, moment.now));
        let refusal = self.refused(institution, moment, token_life, fault).err();
        Admission { terminal: id.clone(), terminal_condition: found, refusal }
    }

    fn refused(
        &self,
        institution: &Institution,
        moment: Moment,
        token_life: Period,
        fault: Option<&TriggeredFault>,
    ) -> Result<(), Refusal> {
        if fault.is_some_and(|triggered_fault| triggered_fault.kind == Kind::ExpiredToken) {
            return Err(Refusal::quoting(ErrorId::TokenExpired, Text::new("障害の設定によるものです。", "A fault says so.")));
        }
        let Some(claims) = self.token.as_ref().map_err(Clone::clone)? else {
            return Ok(());
        };
        if claims.bearer.as_ref().is_some_and(|bearer| bearer.generation != institution.generation) {
            return Err(Refusal::quoting(
                ErrorId::TokenForeign,
                Text::new(
                    "このトークンの発行後に医療機関がリセットまたは再作成されました。",
                    "The institution was reset or created anew since the token was issued.",
                ),
            ));
        }
        let issued = institution.clock.reading_at(claims.issued);
        let expires = issued.checked_add(token_life.duration()).unwrap_or(issued);
        if moment.now < expires {
            return Ok(());
        }
        let (expired, now) = (japan::to_the_second(expires), japan::to_the_second(moment.now));
        Err(Refusal::quoting(
            ErrorId::TokenExpired,
            Text::new(
                format!("期限は {expired}、医療機関の時計は {now} です。"),
                format!("It expired at {expired}; the institution's clock shows {now}."),
            ),
        ))
    }
}

/// Returns the refusal for an institution that does not exist.
pub fn unknown_institution(code: &InstitutionCode) -> Refusal {
    Refusal::quoting(
        ErrorId::IdentityUnknown,
        Text::new(format!("医療機関 {code} は登録されていません。"), format!("There is no institution {code}.")),
    )
}

/// Returns the refusal for a terminal that does not exist.
pub fn unknown_terminal(code: &InstitutionCode, terminal: &TerminalId) -> Refusal {
    Refusal::quoting(
        ErrorId::IdentityUnknown,
        Text::new(format!("医療機関 {code} に端末 {terminal} はありません。"), format!("Institution {code} has no terminal {terminal}.")),
    )
}
