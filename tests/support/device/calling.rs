//! Calls that a device makes, and what both ends do in one.

use super::dialog::Dialog;
use super::outcome::{Outcome, Trail};
use super::{Device, Shared};
use crate::support::sip::{Request, branch};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A call that was answered and acknowledged.
pub struct Call {
    shared: Arc<Shared>,
    dialog: Dialog,
}

impl Device {
    /// Calls somebody; the call, when he answers within this time.
    pub fn call(&self, uri: &str, patience: Duration) -> Result<(Call, Outcome), String> {
        self.call_by(self.request("INVITE").uri(uri), patience)
    }

    /// With this INVITE.
    pub fn call_by(&self, invite: Request, patience: Duration) -> Result<(Call, Outcome), String> {
        let who = format!(
            "INVITE {} of {} at {}",
            invite.uri,
            self.user(),
            self.local()
        );
        let (mut trail, deadline) = (Trail::new(who), Instant::now() + patience);
        let (answer, challenges, sent) = self.shared.ask(invite, deadline, &mut trail);
        let outcome = trail.end(answer, challenges).expect(200)?;
        let answer = outcome.answer.as_ref().expect("it is a 200");
        let mut call = Call {
            shared: self.shared.clone(),
            dialog: Dialog::of_caller(&sent, answer),
        };
        call.acknowledge(&sent);
        Ok((call, outcome))
    }

    /// The call of this Call-ID, at the end that was called, when it is acknowledged within this time.
    pub fn taken(&self, call: &Call, patience: Duration) -> Result<Call, String> {
        let call_id = &call.dialog.call_id;
        let taken = self
            .shared
            .wait_for(patience, |state| state.answered.acknowledged(call_id));
        let dialog = taken.ok_or_else(|| {
            let how = self.shared.state().answered.describe(call_id);
            format!("{}: the call {how}; it {}", self.local(), self.seen())
        })?;
        Ok(Call {
            shared: self.shared.clone(),
            dialog,
        })
    }

    /// Has the other end hung up?
    pub fn is_hung_up(&self, call: &Call, patience: Duration) -> Result<(), String> {
        let call_id = &call.dialog.call_id;
        let ended = |state: &super::State| state.answered.has_ended(call_id).then_some(());
        let ended = self.shared.wait_for(patience, ended);
        ended.ok_or_else(|| format!("{}: no BYE came; it {}", self.local(), self.seen()))
    }
}

impl Call {
    /// Once more, within the call.
    pub fn invite_again(&mut self, patience: Duration) -> Result<Outcome, String> {
        let request = self.dialog.fill_in(self.shared.request("INVITE"));
        let (outcome, sent) = self.ask(request, patience);
        let outcome = outcome.expect(200)?;
        self.acknowledge(&sent);
        Ok(outcome)
    }

    pub fn hang_up(mut self, patience: Duration) -> Result<Outcome, String> {
        let request = self.dialog.fill_in(self.shared.request("BYE"));
        self.ask(request, patience).0.expect(200)
    }

    /// Without credentials: it is the call that says who asks.
    fn ask(&self, request: Request, patience: Duration) -> (Outcome, Request) {
        let at = self.shared.wire.local();
        let mut trail = Trail::new(format!("{} in a call at {at}", request.method));
        let deadline = Instant::now() + patience;
        let (answer, challenges, sent) = self.shared.ask_as_it_is(request, deadline, &mut trail);
        (trail.end(answer, challenges), sent)
    }

    /// Now, and whenever the 200 comes again.
    fn acknowledge(&mut self, invite: &Request) {
        let ack = self.dialog.fill_in(self.shared.request("ACK")).bytes();
        self.shared.wire.send(&ack);
        let own = branch(&invite.value("Via"));
        self.shared.state().acknowledged.insert(own, ack);
    }
}

impl Shared {
    fn wait_for<T>(
        &self,
        patience: Duration,
        mut find: impl FnMut(&super::State) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + patience;
        let mut state = self.state();
        loop {
            let found = find(&state);
            let left = deadline.saturating_duration_since(Instant::now());
            if found.is_some() || left.is_zero() {
                return found;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.expect("nobody panics with it").0;
        }
    }
}
