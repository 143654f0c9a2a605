//! What a device asks: transactions, challenges, registrations.

use super::outcome::{Outcome, Trail};
use super::{Challenge, Device, Shared};
use crate::support::sip::{Message, Request, branch, digest};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// RFC 3261, 17.1.2.2.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// More challenges than any honest server sends.
const CHALLENGES: usize = 4;

impl Device {
    /// Asks, answers challenges, and waits no longer than this for the final response.
    pub fn ask(&self, request: Request, patience: Duration) -> Outcome {
        let who = format!("{} of {} at {}", request.method, self.user(), self.local());
        let (mut trail, deadline) = (Trail::new(who), Instant::now() + patience);
        let (answer, challenges, _) = self.shared.ask(request, deadline, &mut trail);
        trail.end(answer, challenges)
    }

    /// A REGISTER as this phone sends it next, with the nonce that it has.
    pub fn register(&self, patience: Duration) -> Outcome {
        let request = self.registration(self.request("REGISTER"));
        let outcome = self.ask(request, patience);
        // Those with credentials came after it.
        self.shared.state().registration.cseq += CHALLENGES as u32;
        outcome
    }

    /// What it is asked when it brings no credentials, and the header that carries the answer.
    pub fn challenge(
        &self,
        method: &str,
        patience: Duration,
    ) -> Result<(&'static str, String), String> {
        let mut trail = Trail::new(format!("{method} at {}", self.local()));
        let deadline = Instant::now() + patience;
        let answer = self
            .shared
            .transact(&self.request(method), deadline, &mut trail);
        let challenge = answer.as_ref().and_then(challenge_in);
        let told = trail.end(answer, 0);
        let challenge = challenge.ok_or_else(|| format!("{told}: a challenge was due"))?;
        Ok((challenge.header, challenge.value))
    }

    fn registration(&self, request: Request) -> Request {
        let registration = &mut self.shared.state().registration;
        registration.cseq += 1;
        let domain = &self.shared.account.domain;
        (request.uri(&format!("sip:{domain}")))
            .header("Call-ID", &registration.call_id)
            .header("CSeq", format!("{} REGISTER", registration.cseq))
    }
}

impl Shared {
    /// With the nonce that is at hand: the final response, how many challenges came before, and the request as it was sent last.
    pub(super) fn ask(
        &self,
        request: Request,
        deadline: Instant,
        trail: &mut Trail,
    ) -> (Option<Message>, usize, Request) {
        self.ask_as_it_is(self.sign(request), deadline, trail)
    }

    /// The same, as it is until it is challenged.
    pub(super) fn ask_as_it_is(
        &self,
        mut request: Request,
        deadline: Instant,
        trail: &mut Trail,
    ) -> (Option<Message>, usize, Request) {
        let (mut challenges, mut is_fresh) = (0, false);
        loop {
            let answer = self.transact(&request, deadline, trail);
            let challenge = (answer.as_ref())
                .filter(|_| challenges < CHALLENGES)
                .and_then(challenge_in)
                .filter(|challenge| !is_fresh || is_stale(challenge));
            let Some(challenge) = challenge else {
                return (answer, challenges, request);
            };
            let is_register = request.method == "REGISTER";
            self.state().challenges.insert(is_register, challenge);
            (challenges, is_fresh) = (challenges + 1, true);
            request = self.sign(request.next());
        }
    }

    /// With the nonce that is at hand.
    fn sign(&self, request: Request) -> Request {
        let mut state = self.state();
        let is_register = request.method == "REGISTER";
        let Some(challenge) = state.challenges.get_mut(&is_register) else {
            return request;
        };
        challenge.count += 1;
        let account = &self.account;
        let answer = digest::answer_nth(
            &challenge.value,
            (&request.method, &request.uri),
            (&account.user, &account.password),
            challenge.count,
        );
        request.header(challenge.header, answer)
    }

    fn transact(&self, request: &Request, deadline: Instant, trail: &mut Trail) -> Option<Message> {
        let own = branch(&request.value("Via"));
        self.state().arrived.insert(own.clone(), VecDeque::new());
        let bytes = request.bytes();
        let is_invite = request.method == "INVITE";
        let (mut due, mut interval) = (Instant::now(), T1);
        let answer = loop {
            if Instant::now() >= due {
                trail.sent(request);
                self.wire.send(&bytes);
                due += if self.wire.is_tcp() {
                    deadline - due
                } else {
                    interval
                };
                interval = if is_invite {
                    interval * 2
                } else {
                    T2.min(interval * 2)
                };
            }
            match self.next_response(&own, due.min(deadline)) {
                Some(message) if message.is_final() => break Some(message),
                Some(message) => {
                    trail.came(&message);
                    (interval, due) = (T2, if is_invite { deadline } else { due });
                }
                None if Instant::now() >= deadline => break None,
                None => {}
            }
        };
        let mut state = self.state();
        state.arrived.remove(&own);
        let answer = answer?;
        trail.came(&answer);
        if is_invite && answer.status() >= Some(300) {
            let ack = request.acknowledge(&answer).bytes();
            self.wire.send(&ack);
            state.acknowledged.insert(own, ack);
        }
        Some(answer)
    }

    fn next_response(&self, own: &str, until: Instant) -> Option<Message> {
        let mut state = self.state();
        loop {
            let next = state.arrived.get_mut(own).and_then(VecDeque::pop_front);
            let left = until.saturating_duration_since(Instant::now());
            if next.is_some() || left.is_zero() {
                return next;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.expect("nobody panics with it").0;
        }
    }

    /// A response came in.
    pub(super) fn take(&self, message: Message) {
        let mut state = self.state();
        state.note(&message);
        let own = branch(message.header("Via").unwrap_or_default());
        if let Some(waiting) = state.arrived.get_mut(&own) {
            waiting.push_back(message);
            self.changed.notify_all();
        } else if let Some(ack) = state.acknowledged.get(&own)
            && message.is_final()
        {
            self.wire.send(ack);
        }
    }
}

/// In a 401 or 407.
fn challenge_in(answer: &Message) -> Option<Challenge> {
    let (from, header) = match answer.status()? {
        401 => ("WWW-Authenticate", "Authorization"),
        407 => ("Proxy-Authenticate", "Proxy-Authorization"),
        _ => return None,
    };
    Some(Challenge {
        header,
        value: answer.header(from)?.into(),
        count: 0,
    })
}

fn is_stale(challenge: &Challenge) -> bool {
    digest::parameter(&challenge.value, "stale").is_some_and(|is| is.eq_ignore_ascii_case("true"))
}
