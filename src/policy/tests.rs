//! The policy: what follows from what, with a clock that stands still and a log that is read.

use std::cell::RefCell;

use super::*;
use crate::auth::Admission;
use crate::ban::BanReason;
use crate::ban::Origin;
use crate::clock::manual::Manual;
use crate::counters::Counter;
use crate::message::{Message, NoMessage, Part};
use crate::settings::AuthScope;

mod consequences;
mod edge;
mod lists;
mod messages;
mod networks;
mod parts;
mod passwords;
mod proofs;
mod replies;
mod whom;

pub use parts::Parts;

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub fn sink(_level: i32, line: &[u8]) {
    LOG.with_borrow_mut(|log| log.push(String::from_utf8_lossy(line).into_owned()));
}

/// What was logged since the last call.
pub fn logged() -> Vec<String> {
    LOG.with_borrow_mut(std::mem::take)
}

/// One question about one message from an address.
macro_rules! questions {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)+) => {
        /// The methods of the same names of an inspection.
        impl Firewall<Manual> {
            $(pub(crate) fn $name(&self, from: Address, $($argument: $type,)* message: &impl Message) -> $result {
                self.inspect(from, message, |inspection| inspection.$name($($argument),*))
            })+
        }
    };
}

questions! {
    check() -> Verdict;
    auth_failed(user: Option<&[u8]>) -> Verdict;
    auth_ok(user: Option<&[u8]>) -> ();
    auth_admission(user: Option<&[u8]>) -> Admission;
    auth_result(result: AuthResult, user: Option<&[u8]>) -> Verdict;
    signal(signal: &crate::scan::Signal, weight: u64) -> Verdict;
    take_reply(answer: Answer<'_>) -> Verdict;
    check_agent(text: Option<&[u8]>) -> Verdict;
    check_sqli(text: Option<&[u8]>) -> Verdict;
    check_contact() -> Verdict;
    check_route() -> Verdict;
    check_rate() -> Verdict;
}

impl Firewall<Manual> {
    /// Is an attempt refused, for whatever reason?
    fn auth_blocked(&self, source: Address, user: Option<&[u8]>, message: &impl Message) -> bool {
        self.auth_admission(source, user, message) != Admission::Admitted
    }
}

fn agent(text: &str) -> Parts {
    Parts::default()
        .with(Part::UserAgent, text)
        .with(Part::Method, "REGISTER")
}

/// A request with credentials that are this guess.
fn guess(user: &str, call_id: &str, response: &str) -> Parts {
    Parts::default()
        .with(Part::AuthUser, user)
        .with(Part::AuthRealm, "example.com")
        .with(Part::CallId, call_id)
        .with(Part::CSeq, "1 REGISTER")
        .with(Part::Credentials, response)
        .connected()
}

fn address(text: &str) -> Address {
    Address::parse(text.as_bytes()).unwrap()
}

fn firewall(change: impl FnOnce(&mut Settings)) -> Firewall<Manual> {
    let mut settings = Settings::default();
    for table in ["sources_max", "bans_max", "users_max", "scans_max"] {
        settings.set_number(table, 100).unwrap();
    }
    settings.set_number("reqs_density_per_unit", 3).unwrap();
    settings.set_text("trusted", b"198.51.100.0/24").unwrap();
    change(&mut settings);
    logged();
    Firewall::with_clock(settings, sink, |_| Manual::default()).unwrap()
}

fn set(name: &'static str, value: i64) -> impl FnOnce(&mut Settings) {
    move |settings| settings.set_number(name, value).unwrap()
}

const FLOODER: &str = "192.0.2.66";
const TRUSTED: &str = "198.51.100.7";

#[test]
fn a_flood_leads_to_a_ban_and_one_line() {
    let firewall = firewall(|_| ());
    let phone = address("192.0.2.1");
    let verdicts: Vec<_> = (0..6)
        .map(|_| firewall.check(address(FLOODER), &agent("x")))
        .collect();
    assert_eq!(verdicts[..3], [Verdict::Pass; 3]);
    assert_eq!(
        verdicts[3..],
        [Verdict::NewlyBlocked, Verdict::Blocked, Verdict::Blocked]
    );
    assert_eq!(firewall.check(phone, &agent("x")), Verdict::Pass);
    assert_eq!(
        logged(),
        ["palisade: ban key=192.0.2.66 reason=rate seconds=300 count=1 proof=no"]
    );
    assert_eq!(firewall.counters.total(Counter::BlockedBan), 2);
    firewall.clock.advance(300_000);
    firewall.tick();
    assert_eq!(logged(), ["palisade: unban key=192.0.2.66 reason=expired"]);
    assert_eq!(firewall.check(address(FLOODER), &agent("x")), Verdict::Pass);
}

#[test]
fn without_a_ban_time_a_flood_is_blocked_while_it_lasts() {
    let firewall = firewall(set("rate_ban_time", 0));
    let verdicts: Vec<_> = (0..6)
        .map(|_| firewall.check(address(FLOODER), &agent("x")))
        .collect();
    assert_eq!(
        verdicts[3..],
        [Verdict::NewlyBlocked, Verdict::Blocked, Verdict::Blocked]
    );
    assert_eq!(
        logged(),
        ["palisade: block key=192.0.2.66 reason=rate proof=no"]
    );
    assert!(!firewall.is_banned(address(FLOODER)));
    firewall.clock.advance(4000);
    assert_eq!(firewall.check(address(FLOODER), &agent("x")), Verdict::Pass);
}

#[test]
fn an_unbanned_source_starts_anew() {
    let firewall = firewall(|_| ());
    for _ in 0..9 {
        firewall.check(address(FLOODER), &NoMessage);
    }
    assert!(firewall.unban(address(FLOODER), Origin::Rpc));
    assert_eq!(firewall.check(address(FLOODER), &NoMessage), Verdict::Pass);
    assert_eq!(logged()[1], "palisade: unban key=192.0.2.66 reason=rpc");
}

#[test]
fn a_trusted_source_is_never_blocked_by_whatever_path() {
    let firewall = firewall(set("agent_ban_time", 60));
    let trusted = address(TRUSTED);
    let scanner = agent("friendly-scanner");
    for round in 0..20 {
        let guess = guess("alice", &round.to_string(), "wrong");
        assert_eq!(firewall.check(trusted, &scanner), Verdict::Pass);
        assert_eq!(firewall.check_rate(trusted, &NoMessage), Verdict::Pass);
        assert_eq!(firewall.check_agent(trusted, None, &scanner), Verdict::Pass);
        assert_eq!(firewall.auth_failed(trusted, None, &guess), Verdict::Pass);
        assert!(!firewall.auth_blocked(trusted, None, &guess));
    }
    let ban = firewall.ban(trusted, 60, BanReason::MANUAL, Origin::Rpc);
    assert_eq!(ban, Err(NotBanned::Trusted));
    assert!(!firewall.is_banned(trusted));
    assert_eq!(logged(), [""; 0]);
}

#[test]
fn a_trusted_address_in_a_banned_source_passes() {
    // The ban is on the /24 that makes one source here; one address of it is trusted.
    let firewall = firewall(|settings| {
        settings.set_number("ipv4_prefix", 24).unwrap();
        settings.set_text("trusted", b"192.0.2.9").unwrap();
    });
    firewall
        .ban(address("192.0.2.1"), 60, BanReason::MANUAL, Origin::Rpc)
        .unwrap();
    assert_eq!(
        firewall.check(address("192.0.2.77"), &NoMessage),
        Verdict::Blocked
    );
    assert_eq!(
        firewall.check(address("192.0.2.9"), &NoMessage),
        Verdict::Pass
    );
}

#[test]
fn a_scanner_is_blocked_and_told_once() {
    let firewall = firewall(set("reqs_density_per_unit", 100));
    let scanner = agent("friendly-scanner\r\n\"x\"");
    for _ in 0..5 {
        assert_eq!(
            firewall.check(address(FLOODER), &scanner),
            Verdict::NewlyBlocked
        );
    }
    let line = "palisade: block key=192.0.2.66 reason=agent \
                agent=\"friendly-scanner\\r\\n\\\"x\\\"\" method=REGISTER proof=no";
    assert_eq!(logged(), [line]);
    assert_eq!(firewall.counters.total(Counter::LogSuppressed), 4);
    assert!(!firewall.is_banned(address(FLOODER)));
}

#[test]
fn a_scanner_is_banned_where_the_operator_says_so() {
    let firewall = firewall(set("agent_ban_time", 60));
    assert_eq!(
        firewall.check(address(FLOODER), &agent("sipvicious")),
        Verdict::NewlyBlocked
    );
    assert_eq!(
        firewall.check(address(FLOODER), &agent("Linphone")),
        Verdict::Blocked
    );
    assert_eq!(
        logged()[1],
        "palisade: ban key=192.0.2.66 reason=agent seconds=60 count=1 proof=no"
    );
}

#[test]
fn codes_of_the_auth_modules() {
    for (code, expected) in [
        (1, AuthResult::Success),
        (2, AuthResult::Success),
        (-1, AuthResult::Neither),
        (-2, AuthResult::Failure),
        (-3, AuthResult::Failure),
        (-4, AuthResult::Neither),
        (-5, AuthResult::Neither),
        (-6, AuthResult::Neither),
        (-7, AuthResult::Neither),
        (-8, AuthResult::Failure),
        (0, AuthResult::Neither),
        (i32::MIN, AuthResult::Neither),
    ] {
        assert_eq!(AuthResult::from(code), expected, "{code}");
    }
}

#[test]
fn three_wrong_passwords_block_the_user_here_and_are_told() {
    let firewall = firewall(|_| ());
    let source = address("192.0.2.1");
    let wrong = |call: &str| guess("alice", call, "wrong").with(Part::UserAgent, "Linphone");
    assert_eq!(
        firewall.auth_failed(source, None, &wrong("1")),
        Verdict::Pass
    );
    assert_eq!(
        firewall.auth_failed(source, None, &wrong("1")),
        Verdict::Pass,
        "retransmission"
    );
    assert_eq!(
        firewall.auth_failed(source, None, &wrong("2")),
        Verdict::Pass
    );
    assert_eq!(
        firewall.auth_failed(source, None, &wrong("3")),
        Verdict::NewlyBlocked
    );
    assert_eq!(
        firewall.auth_failed(source, None, &wrong("4")),
        Verdict::Blocked
    );
    assert!(firewall.auth_blocked(source, None, &wrong("5")));
    let right = AuthResult::Success;
    assert_eq!(
        firewall.auth_result(source, right, None, &wrong("6")),
        Verdict::Blocked
    );
    assert!(!firewall.auth_blocked(address("192.0.2.2"), None, &wrong("7")));
    let line = "palisade: auth_block user=\"alice@example.com\" key=192.0.2.1 failures=3 \
                seconds=3600 agent=\"Linphone\" proof=yes";
    assert_eq!(logged(), [line]);
    assert_eq!(firewall.counters.total(Counter::AuthRetransmissions), 1);
}

#[test]
fn guesses_cannot_hide_behind_one_call_id() {
    let firewall = firewall(|_| ());
    let source = address("192.0.2.1");
    let verdicts: Vec<_> = (0..4)
        .map(|n| firewall.auth_failed(source, None, &guess("alice", "1", &format!("try {n}"))))
        .collect();
    assert_eq!(verdicts[2..], [Verdict::NewlyBlocked, Verdict::Blocked]);
}

#[test]
fn several_credentials_do_not_steer_the_count() {
    let firewall = firewall(|_| ());
    let source = address("192.0.2.1");
    for n in 0..3 {
        // The script hands over what `$au` reads, which the sender has chosen; the first
        // credentials are those that were evaluated.
        let message = guess("alice", &n.to_string(), "wrong")
            .with_nth(Part::AuthUser, 1, &format!("junk{n}"))
            .with_nth(Part::AuthRealm, 1, "example.com")
            .with_nth(Part::Credentials, 1, "junk")
            .evaluated();
        firewall.auth_failed(source, Some(b"junk@example.com"), &message);
    }
    assert!(firewall.auth_blocked(source, Some(b"alice@example.com"), &NoMessage));
    let hidden = guess("junk7", "9", "x")
        .with_nth(Part::AuthUser, 1, "alice")
        .with_nth(Part::AuthRealm, 1, "example.com")
        .with_nth(Part::Credentials, 1, "a guess");
    assert!(
        firewall.auth_blocked(source, None, &hidden),
        "any of those offered"
    );
    assert!(firewall.auth_blocked(source, Some(b"junk7@example.com"), &hidden));
}

#[test]
fn a_message_without_credentials_counts_for_its_from_uri() {
    let firewall = firewall(set("auth_max_failures", 1));
    let source = address("192.0.2.1");
    let message = Parts::default()
        .with(Part::FromUser, "bob")
        .with(Part::FromHost, "example.com");
    assert_eq!(
        firewall.auth_failed(source, None, &message),
        Verdict::NewlyBlocked
    );
    assert!(firewall.auth_blocked(source, Some(b"bob@example.com"), &NoMessage));
    assert_eq!(
        firewall.auth_failed(source, None, &NoMessage),
        Verdict::Pass,
        "nobody to count"
    );
}

#[test]
fn scope_source_bans_the_address() {
    let firewall = firewall(|settings| {
        settings.set_text("auth_scope", b"source").unwrap();
        assert_eq!(settings.auth_scope, AuthScope::Source);
    });
    for (n, user) in ["alice", "bob", "carol"].into_iter().enumerate() {
        firewall.auth_failed(address(FLOODER), None, &guess(user, &n.to_string(), "x"));
    }
    assert_eq!(
        firewall.check(address(FLOODER), &NoMessage),
        Verdict::Blocked
    );
    let lines = logged();
    assert_eq!(
        lines[1],
        "palisade: ban key=192.0.2.66 reason=auth seconds=3600 count=1 proof=yes"
    );
}

#[test]
fn a_user_under_attack_is_told_with_a_star() {
    let firewall = firewall(set("auth_user_max_failures", 4));
    for n in 0..4 {
        let source = address(&format!("192.0.2.{}", 10 + n));
        let verdict = firewall.auth_failed(source, None, &guess("alice", "1", "x"));
        assert_eq!(verdict == Verdict::NewlyBlocked, n == 3);
    }
    assert!(logged()[0].starts_with("palisade: auth_block user=\"alice@example.com\" key=* "));
    assert!(firewall.auth_blocked(
        address("192.0.2.99"),
        Some(b"alice@example.com"),
        &NoMessage
    ));
}

#[test]
fn a_full_ban_table_says_so() {
    let firewall = firewall(set("bans_max", 2));
    let ban = |last: u8, seconds| {
        let address = address(&format!("192.0.2.{last}"));
        firewall.ban(address, seconds, BanReason::MANUAL, Origin::Rpc)
    };
    assert_eq!((ban(1, 100), ban(2, 200)), (Ok(()), Ok(())));
    assert_eq!(ban(3, 50), Err(NotBanned::Full));
    assert_eq!(ban(4, 300), Ok(()));
    let lines = logged();
    assert!(
        lines[2].starts_with("palisade: ban_table_full bans_max=2"),
        "{lines:?}"
    );
    assert!(
        lines[3].starts_with("palisade: ban_evicted bans_max=2 evicted=1"),
        "{lines:?}"
    );
    assert!(!firewall.is_banned(address("192.0.2.1")));
}
