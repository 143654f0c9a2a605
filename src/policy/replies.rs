//! What a reply says of who sent the request: so that a backend needs no log to be read.

use crate::clock::Clock;
use crate::counters::Counter;
use crate::message::{Message, Method, Part, Unreadable};
use crate::proof::Budget;
use crate::scan::Kind;
use crate::source::Address;

use super::challenge::Challenges;
use super::{AuthResult, Inspection, Verdict};

/// A reply to a request.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Its status.
    pub code: i32,
    /// Bodies of its WWW-Authenticate and Proxy-Authenticate, parted by commas.
    pub challenge: &'a [u8],
    /// Is there a transaction of the host's that it answers?
    pub is_matched: bool,
    /// Where it came from, if there is none.
    pub replier: Option<Address>,
}

/// What a reply says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Nothing,
    /// The credentials were wrong.
    WrongCredentials,
    /// They were too old; that says nothing of the password.
    StaleNonce,
    /// A REGISTER with credentials was accepted.
    RightCredentials,
    /// A user who can't register: unknown, or not from there.
    NoSuchUser,
    /// Registered without credentials.
    Registered,
    /// A number or name that can't be called.
    NoSuchDestination,
    /// Credentials of another realm were asked for: by a carrier behind, say, or because the password
    /// is wrong.
    OtherRealm,
    /// A wrong password, or something that this user may not do.
    Forbidden,
    /// No word on the credentials, but the end of the attempt.
    Ended,
    /// One that can.
    Reached,
}

/// What came with a request, and with the challenge in the reply to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Digest {
    /// The request offered credentials.
    is_offered: bool,
    /// The reply asks for credentials of a realm for which the request offered some: they were not
    /// accepted. Of another realm it is a challenge like any other, of a carrier's, say.
    is_refused: bool,
    /// The reply calls the nonce too old.
    is_stale: bool,
}

/// As Asterisk (`chan_sip`, `chan_pjsip`), FreeSWITCH and Kamailio answer. Who is busy, does not answer
/// or declines is there: 486, 480 and 603 say nothing of a number.
fn meaning(method: Method, code: i32, digest: Digest) -> Meaning {
    match (method, code, digest.is_offered) {
        (_, 401 | 407, false) => Meaning::Nothing,
        // Of another realm: a PBX that does not look at the realm has evaluated them all the same.
        (Method::Register, 401 | 407, true) if !digest.is_refused => Meaning::WrongCredentials,
        (_, 401 | 407, true) if !digest.is_refused => Meaning::OtherRealm,
        (_, 401 | 407, _) if digest.is_stale => Meaning::StaleNonce,
        (_, 401 | 407, _) | (Method::Register, 403 | 404, true) => Meaning::WrongCredentials,
        (Method::Register, 403 | 404, false) => Meaning::NoSuchUser,
        (Method::Register, 200..=299, true) => Meaning::RightCredentials,
        (Method::Register, 200..=299, false) => Meaning::Registered,
        (_, 403, true) => Meaning::Forbidden,
        (Method::Invite | Method::Options, 403 | 404 | 484, _) => Meaning::NoSuchDestination,
        // To an OPTIONS the PBX itself says so, whatever the number.
        (Method::Invite, 200..=299, _) => Meaning::Reached,
        (_, 200.., true) => Meaning::Ended,
        _ => Meaning::Nothing,
    }
}

/// Does a reply with this status to a request of this method say anything of its sender? If not, a
/// host need not look for the request.
#[must_use]
pub fn tells_anything(method: Method, code: i32) -> bool {
    let most = Digest {
        is_offered: true,
        is_refused: true,
        is_stale: false,
    };
    meaning(method, code, most) != Meaning::Nothing
}

impl Digest {
    /// What the host could not read of the credentials may be what the backend refused.
    fn of(request: &impl Message, challenge: &[u8]) -> Self {
        let challenges = Challenges(challenge);
        let hidden = Unreadable::CREDENTIALS
            .and(Unreadable::MANY_CREDENTIALS)
            .and(Unreadable::HEADERS);
        let is_hidden = request.unreadable().holds(hidden);
        let mut offered = request.values(Part::AuthRealm);
        let is_offered = |realm: &[u8]| {
            let mut offered = request.values(Part::AuthRealm);
            is_hidden || offered.any(|it| Challenges::is_same(realm, it))
        };
        Self {
            is_offered: is_hidden || request.offered() > 0,
            is_refused: match is_hidden {
                true => challenges.has_realm(),
                false => offered.any(|realm| challenges.asks_for(realm)),
            },
            is_stale: challenges.is_stale(is_offered),
        }
    }
}

impl<M: Message, C: Clock> Inspection<'_, M, C> {
    /// Takes a reply that matches no transaction of the host's: anybody could have made it up, and it
    /// says nothing of anybody. Blocked where its own source is banned.
    pub fn take_unmatched_reply(&self) -> Verdict {
        let counters = &self.firewall.counters;
        counters.count(Counter::RepliesUnmatched);
        if self.is_trusted() {
            return Verdict::Pass;
        }
        if let Some(verdict) = self.turned_away(self.gate()) {
            return verdict;
        }
        // Anybody can send them in anybody's name: too many are dropped, and nothing follows.
        let (proofs, clock) = (&self.firewall.proofs, &self.firewall.clock);
        match proofs.grant(self.source, Budget::Replies, self.limit(), clock) {
            true => Verdict::Pass,
            false => Verdict::Blocked,
        }
    }

    /// Takes a reply to this request. Where the host keeps no transactions, whoever forges the
    /// address of who replies can make it up, to get another one banned: then it counts only if the
    /// operator says so (`stateless_replies`), and only from a trusted source.
    pub fn take_reply(&self, answer: Answer<'_>) -> Verdict {
        let request = self.message;
        let digest = Digest::of(request, answer.challenge);
        let meaning = meaning(request.method(), answer.code, digest);
        if meaning == Meaning::Nothing {
            return Verdict::Pass;
        }
        let counters = &self.firewall.counters;
        let is_allowed = self.firewall.settings.stateless_replies() == 1;
        let is_trusted = |replier| is_allowed && self.firewall.is_trusted(replier);
        if !answer.is_matched && !answer.replier.is_some_and(is_trusted) {
            counters.count(Counter::RepliesUnmatched);
            return Verdict::Pass;
        }
        counters.count(Counter::Replies);
        let result = |result| self.auth_result(result, None);
        let is_call = matches!(meaning, Meaning::NoSuchDestination | Meaning::Reached);
        if is_call && digest.is_offered {
            self.take_ended();
        }
        // Whom a REGISTER is about; whom a request calls, which a reply, where there is no request
        // at hand, names in To.
        let user = || first_of(request, [Part::ToUser, Part::FromUser]);
        let called = || first_of(request, [Part::UriUser, Part::ToUser]);
        match meaning {
            Meaning::Nothing => Verdict::Pass,
            Meaning::WrongCredentials => self.auth_refused(answer.challenge),
            Meaning::StaleNonce => result(AuthResult::Neither),
            Meaning::Ended => self.take_ended(),
            Meaning::OtherRealm if self.are_known_users() => Verdict::Pass,
            Meaning::OtherRealm => self.auth_refused(b""),
            Meaning::Forbidden => self.take_forbidden(called()),
            Meaning::RightCredentials => result(AuthResult::Success),
            Meaning::NoSuchUser => self.count_failure(Kind::User, user()),
            Meaning::Registered => self.count_success(Kind::User, user()),
            Meaning::NoSuchDestination => self.count_failure(Kind::Destination, called()),
            Meaning::Reached => {
                self.note_answered_call();
                self.count_success(Kind::Destination, called())
            }
        }
    }
}

impl<M: Message, C: Clock> Inspection<'_, M, C> {
    /// The attempt is over, whatever it was: it waits in line no longer. Of several sets nobody knows
    /// which one was meant, and a decoy must not clear the way for the others. Nor does an answer
    /// clear: who is let through without a look at the password would be taken for authenticated.
    fn take_ended(&self) -> Verdict {
        match self.message.offered() {
            1 => self.auth_result(AuthResult::Neither, None),
            _ => Verdict::Pass,
        }
    }

    /// 403 is what `chan_sip` and FreeSWITCH say to a wrong password, and what a user hears who calls a
    /// number that is barred. Who has authenticated from here before knows his password.
    fn take_forbidden(&self, called: &[u8]) -> Verdict {
        let calls = matches!(self.message.method(), Method::Invite | Method::Options);
        let number = || match calls {
            true => self.count_failure(Kind::Destination, called),
            false => Verdict::Pass,
        };
        match self.are_known_users() {
            true => self.take_ended().max(number()),
            false => self.auth_refused(b"").max(number()),
        }
    }
}

fn first_of(request: &impl Message, [first, second]: [Part; 2]) -> &[u8] {
    match request.part(first) {
        [] => request.part(second),
        text => text,
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Method, status, whether the request offered credentials.
    #[test]
    fn what_replies_mean() {
        let offered = |is_offered| Digest {
            is_offered,
            is_refused: is_offered,
            is_stale: false,
        };
        for (method, code, with, expected) in [
            ("REGISTER", 401, false, Meaning::Nothing),
            ("REGISTER", 401, true, Meaning::WrongCredentials),
            ("REGISTER", 407, true, Meaning::WrongCredentials),
            ("REGISTER", 403, true, Meaning::WrongCredentials),
            ("REGISTER", 404, true, Meaning::WrongCredentials),
            ("REGISTER", 403, false, Meaning::NoSuchUser),
            ("REGISTER", 404, false, Meaning::NoSuchUser),
            ("REGISTER", 200, true, Meaning::RightCredentials),
            ("REGISTER", 200, false, Meaning::Registered),
            ("REGISTER", 423, true, Meaning::Ended),
            ("REGISTER", 503, true, Meaning::Ended),
            ("REGISTER", 503, false, Meaning::Nothing),
            ("INVITE", 404, false, Meaning::NoSuchDestination),
            ("INVITE", 484, true, Meaning::NoSuchDestination),
            ("INVITE", 403, true, Meaning::Forbidden),
            ("INVITE", 403, false, Meaning::NoSuchDestination),
            ("INVITE", 603, false, Meaning::Nothing),
            ("INVITE", 603, true, Meaning::Ended),
            ("REGISTER", 603, true, Meaning::Ended),
            ("INVITE", 407, false, Meaning::Nothing),
            ("INVITE", 407, true, Meaning::WrongCredentials),
            ("INVITE", 200, true, Meaning::Reached),
            ("OPTIONS", 200, true, Meaning::Ended),
            ("OPTIONS", 200, false, Meaning::Nothing),
            ("INVITE", 486, true, Meaning::Ended),
            ("INVITE", 180, false, Meaning::Nothing),
            ("OPTIONS", 404, false, Meaning::NoSuchDestination),
            ("SUBSCRIBE", 404, true, Meaning::Ended),
            ("SUBSCRIBE", 202, true, Meaning::Ended),
            ("SUBSCRIBE", 403, true, Meaning::Forbidden),
            ("SUBSCRIBE", 403, false, Meaning::Nothing),
            ("INVITE", 180, true, Meaning::Nothing),
            ("SUBSCRIBE", 401, true, Meaning::WrongCredentials),
            ("BYE", 404, true, Meaning::Ended),
            ("BYE", 404, false, Meaning::Nothing),
        ] {
            let method = Method::named(method.as_bytes());
            let found = meaning(method, code, offered(with));
            assert_eq!(found, expected, "{code} to {method:?}, {with}");
            let tells = tells_anything(method, code);
            assert!(tells || found == Meaning::Nothing, "{code} to {method:?}");
        }
        let stale = Digest {
            is_stale: true,
            ..offered(true)
        };
        assert_eq!(meaning(Method::Register, 401, stale), Meaning::StaleNonce);
        let other_realm = Digest {
            is_refused: false,
            ..offered(true)
        };
        for (method, code, expected) in [
            (Method::Invite, 407, Meaning::OtherRealm),
            (Method::Subscribe, 401, Meaning::OtherRealm),
            (Method::Register, 401, Meaning::WrongCredentials),
        ] {
            assert_eq!(meaning(method, code, other_realm), expected, "{method:?}");
        }
        assert!(!tells_anything(Method::Invite, 180) && tells_anything(Method::Bye, 200));
    }
}
