//! Messages of any content, one after the other, through every check.
//!
//! The first byte chooses a firewall. Then each line is a step: a letter that says which check, the
//! source (`0` to `7`), the seconds before it (`0` to `9`), and the parts of the message between
//! bars, in the order of [`Part`]; user, realm and credentials of further sets follow.

use palisade::counters::Counter;
use palisade::message::{Message, Part};
use palisade::policy::{AuthResult, Firewall, Verdict};

use crate::firewall;
use crate::input::{Input, texts};
use crate::world;

struct Parts {
    texts: Vec<Vec<u8>>,
    passed_edge: bool,
}

impl Message for Parts {
    fn nth(&self, part: Part, index: u32) -> &[u8] {
        let of_set = match part {
            Part::AuthUser => 0,
            Part::AuthRealm => 1,
            Part::Credentials => 2,
            _ => {
                return self
                    .texts
                    .get(part as usize)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
            }
        };
        let at = if index == 0 {
            part as usize
        } else {
            6 + index as usize * 3 + of_set
        };
        self.texts.get(at).map(Vec::as_slice).unwrap_or_default()
    }

    fn passed_edge(&self) -> bool {
        self.passed_edge
    }
}

pub fn step(firewall: &Firewall, line: &[u8]) {
    let mut input = Input(line);
    let (check, source, pause) = (input.byte(), input.byte(), input.byte());
    world::advance(u64::from(pause % 16) * 1000 + u64::from(pause / 64));
    world::lag(u64::from(source / 64));
    let address = firewall::source(source);
    let message = Parts {
        texts: texts(input.0),
        passed_edge: source & 8 != 0,
    };
    let user = message
        .texts
        .last()
        .filter(|_| check.is_ascii_uppercase())
        .map(Vec::as_slice);
    let was_banned = firewall.is_banned(address);
    let verdict = match check.to_ascii_lowercase() {
        b'r' => firewall.check_rate_of(address, &message),
        b'd' => firewall.check_datagram(address, input.0),
        b'a' => firewall.check_agent(address, &message, input.0),
        b'f' => firewall.auth_failed(address, user, &message),
        b's' => firewall.auth_result(AuthResult::Success, address, user, &message),
        b'n' => firewall.auth_result(AuthResult::Neither, address, user, &message),
        b'o' => {
            firewall.auth_ok(address, user, &message);
            Verdict::Pass
        }
        b'b' => match firewall.auth_blocked(address, user, &message) {
            true => Verdict::Blocked,
            false => Verdict::Pass,
        },
        b't' => {
            firewall.tick();
            Verdict::Pass
        }
        _ => {
            let passed = firewall.counters.total(Counter::Passed);
            let verdict = firewall.check(address, &message);
            assert!(
                !was_banned || verdict == Verdict::Blocked,
                "banned, but {verdict:?}"
            );
            let now_passed = firewall.counters.total(Counter::Passed);
            assert_eq!(now_passed - passed, u64::from(verdict == Verdict::Pass));
            verdict
        }
    };
    if firewall.settings.trusted.holds(address) {
        assert_eq!(verdict, Verdict::Pass, "a trusted source is never blocked");
        assert!(!firewall.is_banned(address));
    }
}

pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let firewall = firewall::fresh(input.byte());
    while !input.is_empty() {
        step(firewall, input.until(b'\n'));
    }
    assert_eq!(firewall.counters.total(Counter::Faults), 0);
}
