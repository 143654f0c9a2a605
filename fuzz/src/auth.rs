//! The auth counter against its rules, written down with a map.

use std::collections::HashMap;
use std::sync::LazyLock;

use palisade::auth::{Admission, Attempt, AuthTable, Failed, Rules};
use palisade::clock::{Clock, Monotonic};
use palisade::hash::Hash;
use palisade::settings::AuthScope;
use palisade::source::Source;

use crate::input::Input;
use crate::world::{self, Quarry};

const PLACES: usize = 100;
const USERS: [&[u8]; 4] = [
    b"alice@a.example",
    b"bob\xff",
    b"Alice@b.example",
    b"ALICE@A.example",
];
const SOURCES: u8 = 4;

static MEMORY: LazyLock<Quarry> = LazyLock::new(|| Quarry::new(AuthTable::room(PLACES)));

/// Who is counted: a user without domain from a source, a user as a whole (no source), a source (no
/// user). In lower case.
type Subject = (Vec<u8>, Option<u8>);

/// The failures of one subject.
#[derive(Clone, Default)]
struct Count {
    failures: u64,
    first_ms: u64,
    /// 0: not blocked.
    until_ms: u64,
    /// The request that failed last, for its retransmission.
    last_request: u64,
}

impl Count {
    fn counts(&self, now_ms: u64, rules: Rules) -> bool {
        let end_ms = if self.until_ms == 0 {
            self.first_ms + rules.window_ms
        } else {
            self.until_ms
        };
        self.failures > 0 && now_ms < end_ms
    }

    fn is_blocked(&self, now_ms: u64) -> bool {
        self.until_ms > now_ms
    }

    fn fail(&mut self, request: u64, limit: u64, now_ms: u64, rules: Rules) -> Failed {
        if request != 0 && self.last_request == request && self.counts(now_ms, rules) {
            return Failed::Retransmission;
        }
        if self.is_blocked(now_ms) {
            return Failed::Blocked;
        }
        if !self.counts(now_ms, rules) {
            *self = Self {
                first_ms: now_ms / 1000 * 1000,
                ..Self::default()
            };
        }
        self.failures += 1;
        self.last_request = request;
        if self.failures == limit {
            self.until_ms = now_ms + rules.block_ms;
            return Failed::NewlyBlocked(self.failures);
        }
        Failed::Counted(self.failures)
    }

    fn forgive(&mut self, failures: u64) {
        self.failures = self.failures.saturating_sub(failures);
    }
}

fn without_domain(user: &[u8]) -> &[u8] {
    user.split(|&byte| byte == b'@').next().unwrap_or_default()
}

struct Run {
    table: AuthTable,
    rules: Rules,
    clock: Monotonic,
    counts: HashMap<Subject, Count>,
    /// Until when a source is known to be good for a user, whose domain counts here.
    known: HashMap<(Vec<u8>, u8), u64>,
    requests: u64,
    /// Attempts that were let through since the clock or the counts last changed.
    let_through: HashMap<Subject, u64>,
}

impl Run {
    fn pair(&self, user: &[u8], source: u8) -> Subject {
        (without_domain(user).to_ascii_lowercase(), Some(source))
    }

    fn user(&self, user: &[u8]) -> Subject {
        (user.to_ascii_lowercase(), None)
    }

    fn in_scope(&self, user: &[u8], source: u8) -> Subject {
        match self.rules.scope {
            AuthScope::UserSource => self.pair(user, source),
            AuthScope::User => self.user(user),
            AuthScope::Source => (Vec::new(), Some(source)),
        }
    }

    fn count(&mut self, subject: Subject) -> &mut Count {
        self.counts.entry(subject).or_default()
    }

    fn is_known(&self, user: &[u8], source: u8) -> bool {
        let until_ms = self.known.get(&(user.to_ascii_lowercase(), source));
        until_ms.is_some_and(|&until_ms| until_ms > self.clock.exact_ms())
    }

    fn is_blocked(&mut self, user: &[u8], source: u8) -> bool {
        let now_ms = self.clock.exact_ms();
        let (subject, as_a_whole) = (self.in_scope(user, source), self.user(user));
        self.count(subject).is_blocked(now_ms)
            || (self.rules.scope != AuthScope::User
                && self.count(as_a_whole).is_blocked(now_ms)
                && !self.is_known(user, source))
    }

    fn fail(&mut self, user: &[u8], source: u8, request: u64) -> (Failed, Option<u64>) {
        let (now_ms, rules) = (self.clock.exact_ms(), self.rules);
        let is_of_pair = rules.scope == AuthScope::UserSource;
        let (pair, subject) = (self.pair(user, source), self.in_scope(user, source));
        if !is_of_pair {
            let told = self.count(pair).fail(request, u64::MAX, now_ms, rules);
            if told == Failed::Retransmission {
                return (told, None);
            }
        }
        let request = if is_of_pair { request } else { 0 };
        let failed = self
            .count(subject)
            .fail(request, rules.max_failures, now_ms, rules);
        let counted = matches!(failed, Failed::Counted(_) | Failed::NewlyBlocked(_));
        if !counted || rules.user_max_failures == 0 || rules.scope == AuthScope::User {
            return (failed, None);
        }
        let user = self.user(user);
        match self
            .count(user)
            .fail(0, rules.user_max_failures, now_ms, rules)
        {
            Failed::NewlyBlocked(failures) => (failed, Some(failures)),
            _ => (failed, None),
        }
    }

    fn succeed(&mut self, user: &[u8], source: u8) {
        let (now_ms, rules) = (self.clock.exact_ms(), self.rules);
        let pair = self.pair(user, source);
        let until_ms = now_ms + rules.known_ms;
        let known = self
            .known
            .entry((user.to_ascii_lowercase(), source))
            .or_default();
        // One that was noted a little while ago is not noted again.
        if *known <= now_ms || *known + rules.known_ms / 16 <= until_ms {
            *known = until_ms;
        }
        let count = self.count(pair.clone());
        let forgiven = if count.counts(now_ms, rules) {
            count.failures
        } else {
            0
        };
        (count.failures, count.until_ms) = (0, 0);
        let (subject, as_a_whole) = (self.in_scope(user, source), self.user(user));
        for other in std::collections::HashSet::from([subject, as_a_whole]) {
            if other != pair {
                self.count(other).forgive(forgiven);
            }
        }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let operation = input.below(10);
        let user = input.one_of(&USERS);
        let source = input.below(SOURCES);
        let key = Source { key: source.into() };
        let attempt = |request| Attempt {
            user,
            name: hash().user(user),
            source: key,
            request,
            is_proven: true,
        };
        match operation {
            0..=3 => {
                let request = match operation {
                    0 => 0,
                    1 => self.count(self.pair(user, source)).last_request,
                    _ => {
                        self.requests += 1;
                        self.requests
                    }
                };
                let told = self.table.fail(attempt(request), &self.clock);
                assert_eq!(
                    (told.failed, told.under_attack),
                    self.fail(user, source, request)
                );
                self.let_through.clear();
            }
            4 => {
                self.table.succeed(attempt(0), true, &self.clock);
                self.succeed(user, source);
                self.let_through.clear();
            }
            5 => {
                let (blocked, known) = (self.is_blocked(user, source), self.is_known(user, source));
                let (subject, now_ms) = (self.in_scope(user, source), self.clock.exact_ms());
                let rules = self.rules;
                let count = self.count(subject.clone()).clone();
                let fails = count.counts(now_ms, rules);
                let admission = self.table.admit(attempt(0), &self.clock);
                let admitted = admission == Admission::Admitted;
                assert!(!(admitted && blocked));
                let is_free = match rules.scope {
                    AuthScope::UserSource => !fails && known,
                    AuthScope::User => !fails,
                    AuthScope::Source => !fails || known,
                };
                assert!(
                    admitted || blocked || !is_free,
                    "it has no reason to stand in line"
                );
                if admitted && !is_free {
                    let let_through = self.let_through.entry(subject).or_default();
                    *let_through += 1;
                    let failures = if fails { count.failures } else { 0 };
                    assert!(
                        *let_through + failures <= rules.max_failures,
                        "{let_through}"
                    );
                }
            }
            6 => {
                self.table.withdraw(attempt(0), &self.clock);
                self.let_through.clear();
            }
            7 => {
                let source = Some(source).filter(|_| input.below(2) == 0);
                let (whole, of_pairs) = (self.user(user).0, self.pair(user, 0).0);
                let meant = |(user, at): &Subject| match at {
                    None => *user == whole && source.is_none(),
                    Some(at) => *user == of_pairs && source.is_none_or(|source| source == *at),
                };
                let counting = |count: &Count| count.counts(self.clock.exact_ms(), self.rules);
                let of_user = self.counts.iter().filter(|(subject, _)| meant(subject));
                let expected = of_user.filter(|(_, count)| counting(count)).count();
                let cleared = self.table.clear(user, source.map(|_| key));
                assert!(cleared >= expected, "{cleared}, not {expected}");
                for (subject, count) in &mut self.counts {
                    if meant(subject) {
                        (count.failures, count.until_ms) = (0, 0);
                    }
                }
                self.let_through.clear();
            }
            8 => {
                world::advance(input.one_of(&[1, 1000, 2001, 60_000, 899_000, 900_000, 3_600_000]));
                self.let_through.clear();
            }
            _ => {}
        }
        let blocked = self.is_blocked(user, source);
        assert_eq!(
            self.table.is_blocked(attempt(0), &self.clock),
            blocked,
            "after {operation}"
        );
    }
}

fn hash() -> Hash {
    Hash::keyed([1, 2, 3, 4])
}

pub fn run(data: &[u8]) {
    world::begin();
    let mut input = Input(data);
    let rules = Rules {
        scope: input.one_of(&[AuthScope::UserSource, AuthScope::User, AuthScope::Source]),
        max_failures: u64::from(1 + input.below(4)),
        user_max_failures: u64::from(input.below(8)),
        window_ms: 900_000,
        block_ms: 3_600_000,
        known_ms: input.one_of(&[604_800_000, 0, 1_000_000]),
    };
    let table = AuthTable::new(&mut MEMORY.again(), PLACES, hash(), rules).expect("there is room");
    let mut run = Run {
        table,
        rules,
        clock: world::clock(),
        counts: HashMap::new(),
        known: HashMap::new(),
        requests: 0,
        let_through: HashMap::new(),
    };
    while !input.is_empty() {
        run.step(&mut input);
        let now_ms = run.clock.exact_ms();
        let failing = run
            .table
            .failing(&run.clock)
            .filter(|row| row.is_blocked(now_ms))
            .count();
        let expected = run
            .counts
            .values()
            .filter(|count| count.is_blocked(now_ms))
            .count();
        assert_eq!(failing, expected, "rows that are blocked");
    }
    assert!(
        run.table
            .sizes()
            .iter()
            .all(|size| size.limit == PLACES as u64)
    );
}
