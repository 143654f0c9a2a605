//! Messages of any content, one after the other, through every check.
//!
//! The first byte chooses a firewall. Then each line is a step: a letter that says which check, the
//! source (`0` to `7`), the seconds before it (`0` to `9`), and the parts of the message between
//! bars, in the order of [`Part`]; those of further credentials and contacts follow.

use palisade::auth::Admission;
use palisade::ban::Against;
use palisade::counters::Counter;
use palisade::message::{CREDENTIALS_MAX, Came, Datagram, Message, Method, Part, Unreadable};
use palisade::policy::{AtEdge, AuthResult, Firewall, Inspection, Verdict};

use crate::firewall;
use crate::input::{Input, texts};
use crate::world;

struct Parts {
    texts: Vec<Vec<u8>>,
    came: Came,
    bytes: Vec<u8>,
}

impl Parts {
    /// Sets of credentials, and of contacts.
    fn sets(&self) -> usize {
        let further = self.texts.len().saturating_sub(Part::ALL.len());
        (1 + further.div_ceil(8)).min(CREDENTIALS_MAX)
    }
}

impl Message for Parts {
    fn method(&self) -> Method {
        Method::named(self.part(Part::Method))
    }

    fn is_request(&self) -> bool {
        !self.part(Part::Uri).is_empty()
    }

    fn unreadable(&self) -> Unreadable {
        Unreadable::default()
    }

    fn count(&self, part: Part) -> usize {
        match part as usize {
            0..Part::SINGLE => 1,
            _ => self.sets(),
        }
    }

    fn nth(&self, part: Part, index: usize) -> &[u8] {
        let number = part as usize;
        let at = match index {
            0 => number,
            // What follows the first of each are further sets of both, eight texts each.
            _ => Part::ALL.len() + (index - 1) * 8 + number.saturating_sub(Part::AuthUser as usize),
        };
        let is_there = index < self.count(part);
        let text = self.texts.get(at).filter(|_| is_there);
        text.map(Vec::as_slice).unwrap_or_default()
    }

    fn route(&self) -> &[u8] {
        let text = self.texts.get(Part::RecordRouteHost as usize);
        text.map(Vec::as_slice).unwrap_or_default()
    }

    fn came(&self) -> Came {
        self.came
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes
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
        came: Came {
            port: 5060 + u16::from(source & 1),
            is_on_connection: source & 16 != 0,
            was_charged: source & 8 != 0,
            was_spared: source & 32 != 0,
        },
        bytes: input.0.to_vec(),
    };
    let user = message
        .texts
        .last()
        .filter(|_| check.is_ascii_uppercase())
        .map(Vec::as_slice);
    // Where only strangers are kept out, who has proven where it is passes.
    let (key, hash) = firewall.locate(address);
    let against = firewall.bans.holds(key, hash, &firewall.clock);
    let was_banned = firewall.is_banned(address) && against == Some(Against::Everybody);
    let ask = |look: &dyn Fn(&Inspection<'_, Parts>) -> Verdict| {
        firewall.inspect(address, &message, look)
    };
    let verdict = match check.to_ascii_lowercase() {
        b'r' => ask(&|it| it.check_rate()),
        b'd' => match firewall.check_datagram(
            address,
            &Datagram {
                port: 5060,
                bytes: input.0,
            },
        ) {
            AtEdge::Drop => Verdict::Blocked,
            AtEdge::Pass | AtEdge::Charged | AtEdge::Spared => Verdict::Pass,
        },
        b'a' => ask(&|it| it.check_agent(Some(input.0))),
        b'q' => ask(&|it| it.check_sqli(None)),
        b'c' => ask(&|it| it.check_contact()),
        b'p' => ask(&|it| it.check_route()),
        b'f' => ask(&|it| it.auth_failed(user)),
        b's' => ask(&|it| it.auth_result(AuthResult::Success, user)),
        b'n' => ask(&|it| it.auth_result(AuthResult::Neither, user)),
        b'o' => ask(&|it| {
            it.auth_ok(user);
            Verdict::Pass
        }),
        b'b' => ask(&|it| match it.auth_admission(user) != Admission::Admitted {
            true => Verdict::Blocked,
            false => Verdict::Pass,
        }),
        b't' => {
            firewall.tick();
            Verdict::Pass
        }
        _ => {
            let passed = firewall.counters.total(Counter::Passed);
            let verdict = ask(&|it| it.check());
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
