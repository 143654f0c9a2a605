//! What follows from the result of an authentication.

use crate::auth::{Admission, Attempt, Failed, Outcome};
use crate::clock::Clock;
use crate::counters::Counter;
use crate::message::{CREDENTIALS_MAX, Message, Method, Part, Unreadable, UserName};
use crate::proof::Standing;
use crate::settings::Reason;

use super::challenge::Challenges;
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
        self.answer_challenge();
        let result = match result {
            // Who of them was right is not known here: it would clear another one's failures.
            AuthResult::Success if !self.is_one_user() => AuthResult::Neither,
            result => result,
        };
        self.check_readable()
            .or(|| self.with_evaluated(user, |attempt| self.take_result(result, attempt)))
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
        let is_new = firewall
            .auth
            .succeed(attempt, self.is_at_home(), &firewall.clock);
        self.take_proof(is_new);
        self.count_good_user(attempt);
        firewall.counters.count(Counter::AuthSuccesses);
    }

    /// Counts one failure.
    pub fn auth_failed(&self, user: Option<&[u8]>) -> Verdict {
        self.answer_challenge();
        self.check_readable()
            .or(|| match self.is_evaluated_known() {
                true => self.with_evaluated(user, |attempt| self.take_failure(attempt)),
                false => self.take_failures(b""),
            })
    }

    /// Counts one failure that a backend tells of: it has asked for credentials by these challenges,
    /// or has not asked.
    pub(super) fn auth_refused(&self, challenges: &[u8]) -> Verdict {
        self.answer_challenge();
        self.check_readable().or(|| self.take_failures(challenges))
    }

    /// Of several sets of credentials another server has evaluated one, and their sender has chosen
    /// the order and the realms, which servers compare in ways of their own: every user has failed.
    /// Whom several sets name has failed once: as the one of a realm that is asked for, if any is.
    fn take_failures(&self, challenges: &[u8]) -> Verdict {
        let challenges = Challenges(challenges);
        let mut verdict = Verdict::Pass;
        let mut once = Once::default();
        for is_asked in [true, false] {
            self.each_set(None, |index, attempt| {
                let realm = self.message.nth(Part::AuthRealm, index);
                if challenges.asks_for(realm) != is_asked || !once.is_first(index, attempt) {
                    return;
                }
                match self.is_refused_by_callee(challenges, attempt) {
                    true => self.withdraw(attempt),
                    false => verdict = verdict.max(self.take_failure(attempt)),
                }
            });
        }
        verdict
    }

    /// Within a call, it is the other phone that asks, for whatever realm it likes: the password of
    /// who has authenticated from there is none of its business.
    fn is_refused_by_callee(&self, challenges: Challenges<'_>, attempt: Attempt<'_>) -> bool {
        let firewall = self.firewall;
        challenges.has_realm()
            && self.message.is_in_dialog() == Some(true)
            && firewall.auth.is_known(attempt, &firewall.clock)
    }

    /// Has every user whom the message offers credentials of authenticated from there before?
    pub(super) fn are_known_users(&self) -> bool {
        let firewall = self.firewall;
        let (mut users, mut known) = (0, 0);
        self.each_set(None, |_, attempt| {
            users += 1;
            known += u32::from(firewall.auth.is_known(attempt, &firewall.clock));
        });
        users > 0 && users == known
    }

    /// Is it known which credentials were evaluated?
    fn is_evaluated_known(&self) -> bool {
        self.message.is_evaluated() || self.message.offered() < 2
    }

    /// Is it known who has authenticated?
    fn is_one_user(&self) -> bool {
        let (mut first, mut is_one) = (None, true);
        if !self.is_evaluated_known() {
            self.each_attempt(None, |_, attempt| {
                is_one &= *first.get_or_insert(attempt.name.bare) == attempt.name.bare;
            });
        }
        is_one
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
        self.each_attempt(user, |index, attempt| {
            if index == 0 {
                self.take_success(attempt);
            }
        });
    }

    /// May this user authenticate from this source? If so, the attempt that follows counts as under
    /// way, see [`crate::auth::AuthTable::admit`]. Asked before the credentials are evaluated, it
    /// is about every user that they name: which of several will be evaluated is not known yet.
    pub fn auth_admission(&self, user: Option<&[u8]>) -> Admission {
        if self.check_readable() != Verdict::Pass {
            return Admission::Blocked;
        }
        let firewall = self.firewall;
        self.answer_challenge();
        if !firewall.blocks(Reason::Auth) {
            return Admission::Admitted;
        }
        let mut admission = match self.check_many() {
            Verdict::Pass => Admission::Admitted,
            _ => Admission::Blocked,
        };
        // Of several sets, one user may be under attack in one realm, and not in another. Without
        // credentials there is nothing to evaluate, and nothing comes back.
        let offered = self.message.offered();
        if offered != 1 && self.is_any_blocked(user) {
            admission = Admission::Blocked;
        }
        if admission == Admission::Admitted && offered > 0 {
            admission = self.admit(user);
        }
        if admission != Admission::Admitted {
            firewall.counters.count(Counter::AuthBlocked);
        }
        admission
    }

    fn is_any_blocked(&self, user: Option<&[u8]>) -> bool {
        let firewall = self.firewall;
        let mut is_blocked = false;
        self.each_set(user, |_, attempt| {
            is_blocked |= firewall.auth.is_blocked(attempt, &firewall.clock);
        });
        is_blocked
    }

    /// May all users of this message be evaluated? What was taken for some is given back, when another
    /// may not.
    fn admit(&self, user: Option<&[u8]>) -> Admission {
        let firewall = self.firewall;
        let (mut admitted, mut admission) = (0, Admission::Admitted);
        self.each_attempt(user, |_, attempt| {
            if admission == Admission::Admitted {
                admission = firewall.auth.admit(attempt, &firewall.clock);
                admitted += usize::from(admission == Admission::Admitted);
            }
        });
        if admission != Admission::Admitted {
            self.each_attempt(user, |_, attempt| {
                if admitted > 0 {
                    self.withdraw(attempt);
                    admitted -= 1;
                }
            });
        }
        admission
    }

    /// More credentials than are looked at.
    fn check_many(&self) -> Verdict {
        let are_many = self
            .message
            .unreadable()
            .holds(Unreadable::MANY_CREDENTIALS);
        match are_many && !self.is_trusted() {
            true => Verdict::Blocked,
            false => Verdict::Pass,
        }
    }

    /// Credentials that can't be read here may be read by the server behind.
    fn check_readable(&self) -> Verdict {
        if self.unreadable().is_empty() || self.is_trusted() {
            return Verdict::Pass;
        }
        self.step(Reason::Malformed, || unreadable::detect(self))
    }

    /// Runs `judge` for the attempt whose credentials were evaluated; the others that the message offers
    /// get back what [`auth_admission`](Self::auth_admission) took for them.
    fn with_evaluated(
        &self,
        user: Option<&[u8]>,
        judge: impl Fn(Attempt<'_>) -> Verdict,
    ) -> Verdict {
        let mut verdict = Verdict::Pass;
        self.each_attempt(user, |index, attempt| match index {
            0 => verdict = judge(attempt),
            _ => self.withdraw(attempt),
        });
        verdict
    }

    /// It waits in line no longer.
    fn withdraw(&self, attempt: Attempt<'_>) {
        self.firewall.auth.withdraw(attempt, &self.firewall.clock);
    }

    /// Runs `visit` for the attempt that a message is, and then once for each other user that its
    /// credentials name, as pairs are counted: whatever the realm.
    fn each_attempt(&self, user: Option<&[u8]>, mut visit: impl FnMut(usize, Attempt<'_>)) {
        let mut once = Once::default();
        self.each_set(user, |index, attempt| {
            if once.is_first(index, attempt) {
                visit(index, attempt);
            }
        });
    }

    /// Runs `visit` for each set of credentials, or, without any, for the attempt that a message is.
    /// One without a user has nothing to count; a trusted source is never counted nor blocked.
    fn each_set(&self, user: Option<&[u8]>, mut visit: impl FnMut(usize, Attempt<'_>)) {
        if self.is_trusted() {
            return;
        }
        let message = self.message;
        // A sender that offers several credentials chooses which the script reads (`$au`), but not
        // which are evaluated: then the evaluated ones say who it was.
        let offers_several = message.offered() > 1;
        let is_chosen_by_sender = offers_several && !message.nth(Part::AuthUser, 1).is_empty();
        // Where there are none, it is the script that says who has failed.
        let is_proven = message.offered() == 0 || self.standing() != Standing::Stranger;
        for index in 0..message.offered().max(1) {
            let mut name = UserName::default();
            let user = match user.filter(|_| index == 0 && !is_chosen_by_sender) {
                Some(user) => user,
                None if name.read_credentials(message, index) => name.as_bytes(),
                None if index == 0 && name.read_from(message) => name.as_bytes(),
                None => continue,
            };
            let attempt = Attempt {
                user,
                name: self.firewall.hash.user(user),
                source: self.source,
                request: 0,
                is_proven,
            };
            visit(index, attempt);
        }
    }

    /// Stands for a request and its credentials: the same for a retransmission, another for another
    /// guess, even one that hides behind the same Call-ID and CSeq. 0: there is no telling.
    fn stands_for_request(&self) -> u64 {
        // All credentials: another server may have evaluated any.
        let mut parts: [&[u8]; 2 + CREDENTIALS_MAX] = [b""; 2 + CREDENTIALS_MAX];
        parts[..2].copy_from_slice(&[Part::CallId, Part::CSeq].map(|part| self.message.part(part)));
        let credentials = self.message.values(Part::Credentials);
        parts[2..]
            .iter_mut()
            .zip(credentials)
            .for_each(|(part, text)| *part = text);
        if parts[0].is_empty() {
            0
        } else {
            self.firewall.hash.texts(&parts).max(1)
        }
    }
}

/// The users of a message's sets of credentials that were seen, each as its pair is counted.
#[derive(Default)]
struct Once([u64; CREDENTIALS_MAX]);

impl Once {
    fn is_first(&mut self, index: usize, attempt: Attempt<'_>) -> bool {
        let is_first = !self.0.contains(&attempt.name.bare);
        self.0[index] = attempt.name.bare;
        is_first
    }
}
