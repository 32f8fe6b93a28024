//! A clinic: one institution, as a test author drives it and as its receipt computer asks.

use std::fmt;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, Call, Mock, inquiry};

/// The institutions of the fixtures, which are templates for others.
pub(crate) mod template {
    pub(crate) const UP_TO_DATE: &str = "9910000018";
    /// Its update is installed, its terminal was not restarted.
    pub(crate) const PENDING: &str = "9910000026";
    /// An update is available, and the terminal is another process.
    pub(crate) const EXTERNAL: &str = "9910000034";
    /// Pending, and stays so after a restart.
    pub(crate) const STUCK: &str = "9910000042";
    /// An update is available, and the terminal restarts by itself at 07:00.
    pub(crate) const RESTARTS_AT_SEVEN: &str = "9910000059";
    pub(crate) const OFF_AT_NIGHT: &str = "9910000067";
    /// An update is available, and the terminal is on day and night.
    pub(crate) const UPDATE_AVAILABLE: &str = "9910000075";
    /// Two terminals: T1 is up to date, T2 is pending.
    pub(crate) const PHARMACY: &str = "9940000018";
}

/// One institution of a server. Where a path is wanted, it is the one below the institution:
/// `clinic.get("/journal")`.
#[derive(Clone)]
pub(crate) struct Clinic<'m> {
    pub(crate) mock: &'m Mock,
    pub(crate) code: String,
}

impl Mock {
    /// A new clinic, made from a template, whose clock stands still at this time.
    #[track_caller]
    pub(crate) fn clinic(&self, template: &str, now: &str) -> impl Future<Output = Clinic<'_>> + use<'_> {
        self.clinic_with(json!({"template": template, "clock": frozen(now)}))
    }

    /// A new clinic, made from all that can be given.
    #[track_caller]
    pub(crate) fn clinic_with(&self, input: Value) -> impl Future<Output = Clinic<'_>> + use<'_> {
        let call = self.post("/v1/institutions", input);
        async move { self.institution(call.await["code"].as_str().unwrap()) }
    }

    /// The clinic of this code, which is there: one of the fixtures, or made before.
    pub(crate) fn institution(&self, code: &str) -> Clinic<'_> {
        Clinic { mock: self, code: code.to_owned() }
    }
}

/// A clock that stands still at this time.
pub(crate) fn frozen(now: &str) -> Value {
    json!({"mode": "frozen", "now": now})
}

/// Its code.
impl fmt::Display for Clinic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}

/// What a test author does.
impl<'m> Clinic<'m> {
    #[track_caller]
    pub(crate) fn get(&self, below: &str) -> Call<'m> {
        self.call(Method::GET, below, Value::Null)
    }

    #[track_caller]
    pub(crate) fn delete(&self, below: &str) -> Call<'m> {
        self.call(Method::DELETE, below, Value::Null)
    }

    #[track_caller]
    pub(crate) fn post(&self, below: &str, body: Value) -> Call<'m> {
        self.call(Method::POST, below, body)
    }

    #[track_caller]
    pub(crate) fn put(&self, below: &str, body: Value) -> Call<'m> {
        self.call(Method::PUT, below, body)
    }

    #[track_caller]
    pub(crate) fn patch(&self, below: &str, body: Value) -> Call<'m> {
        self.call(Method::PATCH, below, body)
    }

    /// A call whose method a table names.
    #[track_caller]
    pub(crate) fn call(&self, method: Method, below: &str, body: Value) -> Call<'m> {
        self.mock.call(method, &format!("/v1/institutions/{self}{below}"), body)
    }

    /// Itself, as the control surface shows it.
    #[track_caller]
    pub(crate) fn show(&self) -> Call<'m> {
        self.get("")
    }

    /// Changes some of its settings.
    #[track_caller]
    pub(crate) fn change(&self, settings: Value) -> Call<'m> {
        self.patch("", settings)
    }

    /// Deletes it.
    #[track_caller]
    pub(crate) fn remove(&self) -> Call<'m> {
        self.delete("")
    }

    /// Makes it anew, as it was created.
    #[track_caller]
    pub(crate) fn reset(&self) -> Call<'m> {
        self.post("/reset", Value::Null)
    }

    /// Lets time pass until then, and gives the events on the way.
    #[track_caller]
    pub(crate) fn advance(&self, to: &str) -> impl Future<Output = Value> + use<'m> {
        let call = self.post("/clock/advance", json!({"to": to}));
        async move { call.await["events"].clone() }
    }

    /// Lets so much time pass, given as an ISO 8601 duration.
    #[track_caller]
    pub(crate) fn advance_by(&self, period: &str) -> Call<'m> {
        self.post("/clock/advance", json!({"by": period}))
    }

    /// Sets its clock anew, where it stands still.
    #[track_caller]
    pub(crate) fn freeze_at(&self, now: &str) -> Call<'m> {
        self.put("/clock", frozen(now))
    }

    /// Terminal T1, as the control surface shows it.
    #[track_caller]
    pub(crate) fn terminal(&self) -> Call<'m> {
        self.get("/terminals/T1")
    }

    /// Gives T1 other settings.
    #[track_caller]
    pub(crate) fn set_terminal(&self, settings: Value) -> Call<'m> {
        self.patch("/terminals/T1", settings)
    }

    /// Gives it another error profile.
    #[track_caller]
    pub(crate) fn set_profile(&self, profile: &str) -> Call<'m> {
        self.change(json!({"error_profile": profile}))
    }

    /// Gives it another campaign.
    #[track_caller]
    pub(crate) fn set_campaign(&self, campaign: Value) -> Call<'m> {
        self.put("/campaign", campaign)
    }

    /// Does something with T1: the last part of the action's path, and its body.
    #[track_caller]
    pub(crate) fn act(&self, action: &str, body: Value) -> Call<'m> {
        self.post(&format!("/terminals/T1/{action}"), body)
    }

    /// Restarts T1.
    #[track_caller]
    pub(crate) fn restart(&self) -> Call<'m> {
        self.act("restart", Value::Null)
    }

    /// Shuts T1 down, as its menu does.
    #[track_caller]
    pub(crate) fn shut_down(&self) -> Call<'m> {
        self.act("shutdown", Value::Null)
    }

    /// Switches T1 on or off.
    #[track_caller]
    pub(crate) fn power(&self, on: bool) -> Call<'m> {
        self.act("power", json!({"on": on}))
    }

    /// Switches T1's card reader on or off.
    #[track_caller]
    pub(crate) fn reader_power(&self, on: bool) -> Call<'m> {
        self.act("reader-power", json!({"on": on}))
    }

    /// Lays a card on T1's reader.
    #[track_caller]
    pub(crate) fn present(&self, card: Value) -> Call<'m> {
        self.act("card", card)
    }

    /// Sets one more fault.
    #[track_caller]
    pub(crate) fn add_fault(&self, fault: Value) -> Call<'m> {
        self.post("/faults", fault)
    }

    /// A fault, as it is listed.
    #[track_caller]
    pub(crate) fn fault(&self, id: &str) -> Call<'m> {
        self.get(&format!("/faults/{id}"))
    }

    /// The entries of its journal, the oldest first.
    #[track_caller]
    pub(crate) fn journal(&self) -> impl Future<Output = Vec<Value>> + use<'m> {
        let call = self.get("/journal?limit=500");
        async move { call.await["entries"].as_array().unwrap().clone() }
    }

    /// The newest entry of its journal; null where that is empty.
    #[track_caller]
    pub(crate) fn last_entry(&self) -> impl Future<Output = Value> + use<'m> {
        let call = self.get("/journal?limit=1");
        async move { call.await["entries"][0].clone() }
    }

    /// The verdict on its client.
    #[track_caller]
    pub(crate) fn verdict(&self) -> Call<'m> {
        self.get("/verdict")
    }
}

/// What its terminal T1 does, where that is another process.
impl Clinic<'_> {
    /// Asks for updates, with a query such as `?trigger=manual`.
    pub(crate) async fn poll(&self, query: &str) -> Answer {
        self.mock.ask(&format!("/delivery/v1/terminals/{self}-T1/updates{query}")).await
    }

    /// Asks for the delivery results.
    pub(crate) async fn results(&self) -> Answer {
        self.mock.ask(&format!("/delivery/v1/terminals/{self}-T1/results")).await
    }

    /// Reports something of itself.
    pub(crate) async fn report(&self, report: Value) -> Answer {
        self.mock.send(self.mock.backend(Method::POST, &format!("/delivery/v1/terminals/{self}-T1/reports")).json(&report)).await
    }
}

/// What its receipt computer does.
impl Clinic<'_> {
    /// Logs in, and gives the idToken.
    pub(crate) async fn login(&self) -> String {
        self.mock.login(json!({"userId": self.code})).await
    }

    /// Checks the plainest person, without a token.
    pub(crate) async fn check(&self) -> Answer {
        self.mock.receipt_computer().check(&self.code).await
    }

    /// Checks the plainest person, with this token.
    pub(crate) async fn check_with(&self, token: &str) -> Answer {
        self.mock.receipt_computer().with_token(token).check(&self.code).await
    }

    /// What is asked about the plainest person.
    pub(crate) fn inquiry(&self) -> Value {
        inquiry(&self.code)
    }
}
