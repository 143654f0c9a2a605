//! What follows from the result of an authentication.

use crate::auth::{Attempt, Failed, Outcome};
use crate::ban::Reason;
use crate::clock::Clock;
use crate::counters::Counter;
use crate::escape::Escaped;
use crate::message::{Message, Part, UserName};
use crate::settings::{Consequence, Finding};
use crate::source::Address;

use super::{Firewall, Verdict};

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

/// Credentials of one message that are looked at. Nobody but an attacker offers so many.
const MAX_OFFERED: u32 = 8;

/// Methods that cannot be challenged: Kamailio's auth modules call them authenticated without a look
/// (`pre_auth()` in src/modules/auth/api.c), so that says nothing of the password.
const UNCHALLENGED: [&[u8]; 3] = [b"ACK", b"CANCEL", b"PRACK"];

/// Does the message offer more than one set of credentials?
fn offers_several(message: &impl Message) -> bool {
    !message.nth(Part::Credentials, 1).is_empty()
}

impl<C: Clock> Firewall<C> {
    /// Takes the result of an authentication, and counts or clears. `user`: `None` to take it from
    /// the message. The right password does not help a pair that is blocked: else it would tell a
    /// guesser that it is right.
    pub fn auth_result(
        &self,
        result: AuthResult,
        address: Address,
        user: Option<&[u8]>,
        message: &impl Message,
    ) -> Verdict {
        if result == AuthResult::Failure {
            return self.auth_failed(address, user, message);
        }
        let several = offers_several(message);
        if several {
            self.withdraw_others(address, user, message);
        }
        self.with_attempt(address, user, several, message, |attempt| {
            if self.blocks(Finding::Auth) && self.auth.is_blocked(attempt, &self.clock) {
                self.counters.count(Counter::AuthBlocked);
                return Verdict::Blocked;
            }
            let was_evaluated = !UNCHALLENGED.contains(&message.part(Part::Method));
            if result == AuthResult::Success && was_evaluated {
                self.auth.succeed(attempt, &self.clock);
                self.count_good_user(attempt);
                self.counters.count(Counter::AuthSuccesses);
            } else if !message.part(Part::Credentials).is_empty() {
                self.auth.withdraw(attempt, &self.clock);
            }
            Verdict::Pass
        })
    }

    /// Counts one failure.
    pub fn auth_failed(
        &self,
        address: Address,
        user: Option<&[u8]>,
        message: &impl Message,
    ) -> Verdict {
        let several = offers_several(message);
        if several {
            self.withdraw_others(address, user, message);
        }
        self.with_attempt(address, user, several, message, |attempt| {
            if self.looks_for(Finding::Scan) {
                self.scans.prefetch(attempt.source);
            }
            let (failed, verdict) = match self.looks_for(Finding::Auth) {
                true => self.fail_attempt(address, attempt, message),
                false => (Failed::Counted(0), Verdict::Pass),
            };
            match failed {
                Failed::Retransmission => verdict,
                _ => verdict.max(self.count_failed_user(address, attempt, message)),
            }
        })
    }

    fn fail_attempt(
        &self,
        address: Address,
        attempt: Attempt<'_>,
        message: &impl Message,
    ) -> (Failed, Verdict) {
        let Outcome {
            failed,
            under_attack,
        } = self.auth.fail(
            Attempt {
                request: self.request_of(message),
                ..attempt
            },
            &self.clock,
        );
        if let Some(failures) = under_attack {
            self.counters.count(Counter::AuthUnderAttack);
            self.tell_of_auth_block(attempt.user, format_args!("*"), failures, message);
        }
        let verdict = match failed {
            Failed::Counted(_) => {
                self.counters.count(Counter::AuthFailures);
                if under_attack.is_some() {
                    Verdict::NewlyBlocked
                } else {
                    Verdict::Pass
                }
            }
            Failed::NewlyBlocked(failures) => {
                self.counters.count(Counter::AuthFailures);
                self.counters.count(Counter::AuthBlocks);
                let key = self.show(attempt.source);
                self.tell_of_auth_block(attempt.user, format_args!("{key}"), failures, message);
                if let Consequence::Ban(seconds) = self.settings.consequence(Finding::Auth) {
                    self.ban_by_check(address, seconds, Reason::AUTH);
                }
                Verdict::NewlyBlocked
            }
            Failed::Blocked => {
                self.counters.count(Counter::AuthBlocked);
                Verdict::Blocked
            }
            Failed::Retransmission => {
                self.counters.count(Counter::AuthRetransmissions);
                if self.auth.is_blocked(attempt, &self.clock) {
                    Verdict::Blocked
                } else {
                    Verdict::Pass
                }
            }
            Failed::Uncounted => {
                self.counters.count(Counter::AuthUncounted);
                Verdict::Pass
            }
        };
        match self.blocks(Finding::Auth) {
            true => (failed, verdict),
            false => (failed, Verdict::Pass),
        }
    }

    /// Forgets the failures of this user from this source, block included.
    pub fn auth_ok(&self, address: Address, user: Option<&[u8]>, message: &impl Message) {
        let several = offers_several(message);
        self.with_attempt(address, user, several, message, |attempt| {
            self.auth.succeed(attempt, &self.clock);
            self.count_good_user(attempt);
            self.counters.count(Counter::AuthSuccesses);
            Verdict::Pass
        });
    }

    /// Is this user blocked from this source? When not, the attempt that follows counts as under
    /// way, see [`crate::auth::AuthTable::admit`]. Asked before the credentials are evaluated, it
    /// is about every user that they name: which of several will be evaluated is not known yet.
    pub fn auth_blocked(
        &self,
        address: Address,
        user: Option<&[u8]>,
        message: &impl Message,
    ) -> bool {
        if !self.blocks(Finding::Auth) {
            return false;
        }
        let verdict = self.with_each(address, user, message, |attempt| {
            // Without credentials there is nothing to evaluate, and nothing comes back.
            let admitted = if message.part(Part::Credentials).is_empty() {
                !self.auth.is_blocked(attempt, &self.clock)
            } else {
                self.auth.admit(attempt, &self.clock)
            };
            if admitted {
                Verdict::Pass
            } else {
                Verdict::Blocked
            }
        });
        if verdict == Verdict::Blocked {
            self.counters.count(Counter::AuthBlocked);
        }
        verdict == Verdict::Blocked
    }

    /// Gives back what [`auth_blocked`](Self::auth_blocked) took for the users whose credentials
    /// were not evaluated after all.
    fn withdraw_others(&self, address: Address, user: Option<&[u8]>, message: &impl Message) {
        let mut is_evaluated = true;
        self.with_each(address, user, message, |attempt| {
            if !core::mem::take(&mut is_evaluated) {
                self.auth.withdraw(attempt, &self.clock);
            }
            Verdict::Pass
        });
    }

    /// Runs `judge` for the attempt that a message is, and then once for each other user that its
    /// credentials name, until one is blocked.
    fn with_each(
        &self,
        address: Address,
        user: Option<&[u8]>,
        message: &impl Message,
        mut judge: impl FnMut(Attempt<'_>) -> Verdict,
    ) -> Verdict {
        let several = offers_several(message);
        if !several {
            return self.with_attempt(address, user, several, message, judge);
        }
        let mut asked = [0; MAX_OFFERED as usize];
        let mut verdict = self.with_attempt(address, user, several, message, |attempt| {
            asked[0] = attempt.name.whole;
            judge(attempt)
        });
        for index in 1..=MAX_OFFERED {
            if verdict == Verdict::Blocked || message.nth(Part::Credentials, index).is_empty() {
                break;
            }
            if index == MAX_OFFERED {
                return self.with_user(address, b"", |_| Verdict::Blocked);
            }
            let mut name = UserName::default();
            if !name.read_credentials(message, index) {
                continue;
            }
            let hash = self.hash.user(name.as_bytes()).whole;
            if !asked.contains(&hash) {
                asked[index as usize] = hash;
                verdict = self.with_user(address, name.as_bytes(), &mut judge);
            }
        }
        verdict
    }

    /// Runs `judge` for the attempt that a message is, which may offer several sets of credentials;
    /// one without a user has nothing to count.
    fn with_attempt(
        &self,
        address: Address,
        user: Option<&[u8]>,
        several: bool,
        message: &impl Message,
        judge: impl FnOnce(Attempt<'_>) -> Verdict,
    ) -> Verdict {
        // A sender that offers several credentials chooses which the script reads (`$au`), but not
        // which are evaluated: then the evaluated ones say who it was.
        let is_chosen_by_sender = several && !message.nth(Part::AuthUser, 1).is_empty();
        if let Some(user) = user.filter(|_| !is_chosen_by_sender) {
            return self.with_user(address, user, judge);
        }
        let mut name = UserName::default();
        if name.read_credentials(message, 0) || name.read_from(message) {
            self.with_user(address, name.as_bytes(), judge)
        } else {
            Verdict::Pass
        }
    }

    /// Runs `judge` for an attempt of this user; a trusted source is never counted nor blocked.
    fn with_user(
        &self,
        address: Address,
        user: &[u8],
        judge: impl FnOnce(Attempt<'_>) -> Verdict,
    ) -> Verdict {
        if self.is_trusted(address) {
            return Verdict::Pass;
        }
        judge(Attempt {
            user,
            name: self.hash.user(user),
            source: self.prefixes.source_of(address),
            request: 0,
        })
    }

    /// Stands for a request and its credentials: the same for a retransmission, another for another
    /// guess, even one that hides behind the same Call-ID and CSeq. 0: there is no telling.
    fn request_of(&self, message: &impl Message) -> u64 {
        let parts = [Part::CallId, Part::CSeq, Part::Credentials].map(|part| message.part(part));
        if parts[0].is_empty() {
            0
        } else {
            self.hash.texts(&parts).max(1)
        }
    }

    fn tell_of_auth_block(
        &self,
        user: &[u8],
        key: std::fmt::Arguments<'_>,
        failures: u64,
        message: &impl Message,
    ) {
        let (user, agent) = (Escaped(user), Escaped(message.part(Part::UserAgent)));
        if !self.blocks(Finding::Auth) {
            self.counters.count(Counter::Logged);
            self.journal.event(format_args!(
                "found key={key} reason=auth user=\"{user}\" failures={failures} agent=\"{agent}\""
            ));
            return;
        }
        let seconds = self.settings.auth_ban_time();
        self.journal.event(format_args!(
            "auth_block user=\"{user}\" key={key} failures={failures} seconds={seconds} \
             agent=\"{agent}\""
        ));
    }
}
