//! What follows from the result of an authentication.

use crate::auth::{Attempt, Failed, Outcome};
use crate::clock::Clock;
use crate::counters::Counter;
use crate::message::{CREDENTIALS_MAX, Message, Method, Part, Unreadable, UserName};
use crate::settings::Reason;

use super::detect::unreadable;
use super::evidence::What;
use super::{Inspection, Verdict};

/// What a code of Kamailio's auth modules means for the counter. They agree on these
/// (`auth_result` in src/modules/auth/api.h; README of auth_db, auth, auth_radius).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthResult {
    /// The credentials were right.
    Success,
    /// They were wrong: -2 wrong password, -3 unknown user, -8 not the user of the message.
    Failure,
    /// Says nothing of the password: -1 error, -4 stale nonce, -5 no credentials, -6 nonce reused.
    Neither,
}

impl From<i32> for AuthResult {
    fn from(code: i32) -> Self {
        match code {
            1.. => Self::Success,
            -2 | -3 | -8 => Self::Failure,
            _ => Self::Neither,
        }
    }
}

/// Methods that cannot be challenged: Kamailio's auth modules call them authenticated without a look
/// (`pre_auth()` in src/modules/auth/api.c), so that says nothing of the password.
const UNCHALLENGED: [Method; 3] = [Method::Ack, Method::Cancel, Method::Prack];

impl<M: Message, C: Clock> Inspection<'_, M, C> {
    /// Takes the result of an authentication, and counts or clears. `user`: `None` to take it from
    /// the message. The right password does not help a pair that is blocked: else it would tell a
    /// guesser that it is right.
    pub fn auth_result(&self, result: AuthResult, user: Option<&[u8]>) -> Verdict {
        if result == AuthResult::Failure {
            return self.auth_failed(user);
        }
        self.check_readable().or(|| {
            self.withdraw_others(user);
            self.with_attempt(user, |attempt| self.take_result(result, attempt))
        })
    }

    fn take_result(&self, result: AuthResult, attempt: Attempt<'_>) -> Verdict {
        let (firewall, message) = (self.firewall, self.message);
        if firewall.blocks(Reason::Auth) && firewall.auth.is_blocked(attempt, &firewall.clock) {
            firewall.counters.count(Counter::AuthBlocked);
            return Verdict::Blocked;
        }
        let was_evaluated = !UNCHALLENGED.contains(&message.method());
        if result == AuthResult::Success && was_evaluated {
            self.take_success(attempt);
        } else if message.offered() > 0 {
            firewall.auth.withdraw(attempt, &firewall.clock);
        }
        Verdict::Pass
    }

    fn take_success(&self, attempt: Attempt<'_>) {
        let firewall = self.firewall;
        firewall.auth.succeed(attempt, &firewall.clock);
        self.count_good_user(attempt);
        firewall.counters.count(Counter::AuthSuccesses);
    }

    /// Counts one failure.
    pub fn auth_failed(&self, user: Option<&[u8]>) -> Verdict {
        self.check_readable().or(|| {
            self.withdraw_others(user);
            self.with_attempt(user, |attempt| self.take_failure(attempt))
        })
    }

    fn take_failure(&self, attempt: Attempt<'_>) -> Verdict {
        let firewall = self.firewall;
        if firewall.looks_for(Reason::Scan) {
            firewall.scans.prefetch(attempt.source);
        }
        if !firewall.looks_for(Reason::Auth) {
            return self.count_failed_user(attempt);
        }
        let request = self.stands_for_request();
        let attempt = Attempt { request, ..attempt };
        let outcome = firewall.auth.fail(attempt, &firewall.clock);
        let verdict = self.follow_failure(attempt, outcome);
        match outcome.failed {
            Failed::Retransmission => verdict,
            _ => verdict.max(self.count_failed_user(attempt)),
        }
    }

    fn follow_failure(&self, attempt: Attempt<'_>, outcome: Outcome) -> Verdict {
        let firewall = self.firewall;
        let evidence = |failures, is_everywhere| {
            let user = attempt.user;
            let what = What::Failures {
                user,
                failures,
                is_everywhere,
            };
            self.evidence(Reason::Auth, what)
        };
        let of_user = outcome.under_attack.map_or(Verdict::Pass, |failures| {
            // No source alone is to blame.
            self.enforce(&evidence(failures, true).once())
        });
        firewall.counters.count(match outcome.failed {
            Failed::Counted(_) | Failed::NewlyBlocked(_) => Counter::AuthFailures,
            Failed::Retransmission => Counter::AuthRetransmissions,
            Failed::Uncounted => Counter::AuthUncounted,
            Failed::Blocked => return self.enforce(&evidence(0, false).known()),
        });
        match outcome.failed {
            Failed::Counted(_) => of_user,
            Failed::NewlyBlocked(failures) => self.enforce(&evidence(failures, false)),
            Failed::Retransmission
                if firewall.blocks(Reason::Auth)
                    && firewall.auth.is_blocked(attempt, &firewall.clock) =>
            {
                Verdict::Blocked
            }
            Failed::Retransmission | Failed::Uncounted | Failed::Blocked => Verdict::Pass,
        }
    }

    /// Forgets the failures of this user from this source, block included.
    pub fn auth_ok(&self, user: Option<&[u8]>) {
        self.with_attempt(user, |attempt| {
            self.take_success(attempt);
            Verdict::Pass
        });
    }

    /// Is this user blocked from this source? When not, the attempt that follows counts as under
    /// way, see [`crate::auth::AuthTable::admit`]. Asked before the credentials are evaluated, it
    /// is about every user that they name: which of several will be evaluated is not known yet.
    pub fn auth_blocked(&self, user: Option<&[u8]>) -> bool {
        if self.check_readable() != Verdict::Pass {
            return true;
        }
        let firewall = self.firewall;
        if !firewall.blocks(Reason::Auth) {
            return false;
        }
        // Without credentials there is nothing to evaluate, and nothing comes back.
        let is_evaluated = self.message.offered() > 0;
        let verdict = self.with_each(user, |attempt| {
            let is_admitted = match is_evaluated {
                true => firewall.auth.admit(attempt, &firewall.clock),
                false => !firewall.auth.is_blocked(attempt, &firewall.clock),
            };
            match is_admitted {
                true => Verdict::Pass,
                false => Verdict::Blocked,
            }
        });
        if verdict == Verdict::Blocked {
            firewall.counters.count(Counter::AuthBlocked);
        }
        verdict == Verdict::Blocked
    }

    /// Credentials that can't be read here may be read by the server behind.
    fn check_readable(&self) -> Verdict {
        if self.unreadable().is_empty() || self.is_trusted() {
            return Verdict::Pass;
        }
        self.step(Reason::Malformed, || unreadable::detect(self))
    }

    /// Gives back what [`auth_blocked`](Self::auth_blocked) took for the users whose credentials
    /// were not evaluated after all.
    fn withdraw_others(&self, user: Option<&[u8]>) {
        if !self.offers_several() {
            return;
        }
        let mut is_evaluated = true;
        self.with_each(user, |attempt| {
            if !core::mem::take(&mut is_evaluated) {
                self.firewall.auth.withdraw(attempt, &self.firewall.clock);
            }
            Verdict::Pass
        });
    }

    /// Does the message offer more than one set of credentials?
    fn offers_several(&self) -> bool {
        self.message.offered() > 1
    }

    /// Runs `judge` for the attempt that a message is, and then once for each other user that its
    /// credentials name, until one is blocked. Where there are more than are looked at, the message
    /// is blocked.
    fn with_each(
        &self,
        user: Option<&[u8]>,
        mut judge: impl FnMut(Attempt<'_>) -> Verdict,
    ) -> Verdict {
        let message = self.message;
        let mut asked = [0; CREDENTIALS_MAX];
        let mut verdict = self.with_attempt(user, |attempt| {
            asked[0] = attempt.name.whole;
            judge(attempt)
        });
        for index in 1..message.offered() {
            let mut name = UserName::default();
            if verdict == Verdict::Blocked || !name.read_credentials(message, index) {
                continue;
            }
            let hash = self.firewall.hash.user(name.as_bytes()).whole;
            if !asked.contains(&hash) {
                asked[index] = hash;
                verdict = self.with_user(name.as_bytes(), &mut judge);
            }
        }
        let are_many = message.unreadable().holds(Unreadable::MANY_CREDENTIALS);
        match are_many && !self.is_trusted() {
            true => Verdict::Blocked,
            false => verdict,
        }
    }

    /// Runs `judge` for the attempt that a message is, which may offer several sets of credentials;
    /// one without a user has nothing to count.
    fn with_attempt(
        &self,
        user: Option<&[u8]>,
        judge: impl FnOnce(Attempt<'_>) -> Verdict,
    ) -> Verdict {
        let message = self.message;
        // A sender that offers several credentials chooses which the script reads (`$au`), but not
        // which are evaluated: then the evaluated ones say who it was.
        let is_chosen_by_sender =
            self.offers_several() && !message.nth(Part::AuthUser, 1).is_empty();
        if let Some(user) = user.filter(|_| !is_chosen_by_sender) {
            return self.with_user(user, judge);
        }
        let mut name = UserName::default();
        if name.read_credentials(message, 0) || name.read_from(message) {
            self.with_user(name.as_bytes(), judge)
        } else {
            Verdict::Pass
        }
    }

    /// Runs `judge` for an attempt of this user; a trusted source is never counted nor blocked.
    fn with_user(&self, user: &[u8], judge: impl FnOnce(Attempt<'_>) -> Verdict) -> Verdict {
        if self.is_trusted() {
            return Verdict::Pass;
        }
        judge(Attempt {
            user,
            name: self.firewall.hash.user(user),
            source: self.source,
            request: 0,
        })
    }

    /// Stands for a request and its credentials: the same for a retransmission, another for another
    /// guess, even one that hides behind the same Call-ID and CSeq. 0: there is no telling.
    fn stands_for_request(&self) -> u64 {
        let parts =
            [Part::CallId, Part::CSeq, Part::Credentials].map(|part| self.message.part(part));
        if parts[0].is_empty() {
            0
        } else {
            self.firewall.hash.texts(&parts).max(1)
        }
    }
}
