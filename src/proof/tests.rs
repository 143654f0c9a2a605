//! Who has proven what, with a clock that stands still.

use super::*;
use crate::clock::manual::Manual;
use crate::source::Address;

const HOME: Source = Source { key: 7 << 64 };
const AWAY: Source = Source { key: 8 << 64 };

fn flow(port: u16) -> Flow {
    Flow {
        address: Address(7 << 64 | 1),
        port,
        is_connection: false,
    }
}

fn proofs() -> (Proofs, Manual) {
    let limit = Limit {
        requests: 3,
        window_ms: 2000,
    };
    let mut region = Region::new(Proofs::room(16)).unwrap();
    let hash = Hash::keyed([1, 2, 3, 4]);
    let proofs = Proofs::new(&mut region, 16, hash, limit).unwrap();
    (proofs, Manual::default())
}

fn secrets(proofs: &Proofs, nonce: &str) -> Secrets {
    let message = format!(
        "X\r\nCall-ID: a-call-id\r\nContact: <sip:alice@192.0.2.7>\r\n\
         Authorization: Digest nonce=\"{nonce}\"\r\n\r\n"
    );
    proofs.secrets_of(message.as_bytes())
}

#[test]
fn a_token_proves_where_it_was_handed_and_nowhere_else() {
    let (proofs, clock) = proofs();
    let [ours, theirs] = ["0123456789", "abcdefghij"].map(|nonce| secrets(&proofs, nonce));
    let standing = |source, secrets: &Secrets| proofs.standing(source, secrets, &clock).0;
    assert_eq!(standing(HOME, &ours), Standing::Shared, "nothing was told");
    proofs.hand(HOME, &ours, &clock);
    proofs.hand(AWAY, &theirs, &clock);
    for (source, secrets, expected) in [
        (HOME, &ours, Standing::Proven),
        (HOME, &theirs, Standing::Stranger),
        (AWAY, &ours, Standing::Stranger),
        (HOME, &Secrets::default(), Standing::Stranger),
    ] {
        assert_eq!(standing(source, secrets), expected, "{source:?}");
    }
    // What both have is neither's.
    proofs.hand(AWAY, &ours, &clock);
    for source in [HOME, AWAY] {
        assert_eq!(standing(source, &ours), Standing::Shared);
    }
    proofs.hand(HOME, &ours, &clock);
    assert_eq!(standing(HOME, &ours), Standing::Shared, "again");
    // Also where it has proven before the other had it.
    let proof = Proof {
        secrets: &theirs,
        is_register: true,
        is_call: false,
    };
    proofs.prove(AWAY, flow(5060), &proof, &clock);
    assert_eq!(standing(AWAY, &theirs), Standing::Proven);
    proofs.hand(HOME, &theirs, &clock);
    for source in [HOME, AWAY] {
        assert_eq!(standing(source, &theirs), Standing::Shared);
    }
}

#[test]
fn a_proof_outlives_the_challenge() {
    let (proofs, clock) = proofs();
    let secrets = secrets(&proofs, "0123456789");
    let standing = || proofs.standing(HOME, &secrets, &clock).0;
    proofs.hand(HOME, &secrets, &clock);
    clock.advance(299_000);
    assert_eq!(standing(), Standing::Proven);
    let proof = Proof {
        secrets: &secrets,
        is_register: true,
        is_call: false,
    };
    proofs.prove(HOME, flow(5060), &proof, &clock);
    let seen = || {
        [
            standing() == Standing::Proven,
            proofs.knows_call(HOME, &secrets, &clock),
            proofs.knows_call(AWAY, &secrets, &clock),
            proofs.knows_flow(flow(5060), &clock),
            proofs.knows_flow(flow(5061), &clock),
            proofs.knows_contact(HOME, &secrets, &clock),
            proofs.knows_contact(AWAY, &secrets, &clock),
        ]
    };
    let known = [true, true, false, true, false, true, false];
    assert_eq!(seen(), known);
    clock.advance(u64::from(PROOF_S - 1) * 1000);
    assert_eq!(seen(), known);
    // Messages of it keep a registration's Call-ID.
    proofs.renew_call(HOME, &secrets, &clock);
    clock.advance(1000);
    assert_eq!(seen(), [false, true, false, false, false, false, false]);
}

#[test]
fn a_call_is_known_wherever_it_comes_from() {
    let (proofs, clock) = proofs();
    let secrets = secrets(&proofs, "0123456789");
    proofs.note_call(&secrets, &clock);
    assert!(proofs.knows_call(HOME, &secrets, &clock));
    assert!(proofs.knows_call(AWAY, &secrets, &clock));
    // Requests and replies of it have budgets of their own, each source too.
    for (source, is_reply) in [(HOME, false), (HOME, true), (AWAY, false)] {
        let charge = || proofs.charge_call(source, &secrets, is_reply, &clock);
        let charged = [(); 5].map(|()| charge());
        let expected = [
            Rate::Fine,
            Rate::Fine,
            Rate::Fine,
            Rate::NewlyHot,
            Rate::Hot,
        ];
        assert_eq!(charged, expected, "{source:?} {is_reply}");
    }
}

#[test]
fn users_count_for_this_period_and_the_next() {
    let (proofs, clock) = proofs();
    let users = || proofs.users(HOME, 42, &clock);
    assert_eq!(users(), 0);
    (0..5).for_each(|_| proofs.add_user(HOME, 42, &clock));
    assert_eq!((users(), proofs.users(AWAY, 42, &clock)), (5, 0));
    let period_ms = u64::from(places::PERIOD_S) * 1000;
    clock.advance(period_ms);
    assert_eq!(users(), 5);
    proofs.add_user(HOME, 42, &clock);
    assert_eq!(users(), 5, "of the period before");
    clock.advance(period_ms);
    assert_eq!(users(), 1);
    clock.advance(period_ms);
    assert_eq!(users(), 0);
}

#[test]
fn a_budget_is_open_again_with_the_next_window() {
    let (proofs, clock) = proofs();
    let granted = |count: usize| {
        (0..count)
            .filter(|_| proofs.grant(HOME, Budget::Again, 3, &clock))
            .count()
    };
    assert_eq!(
        (granted(10), proofs.granted(HOME, Budget::Again, &clock)),
        (3, 3)
    );
    clock.advance(1999);
    assert_eq!(granted(10), 0);
    clock.advance(1);
    assert_eq!(granted(2), 2);
    // A user more makes room for two.
    proofs.add_user(HOME, 42, &clock);
    assert_eq!(granted(10), 3);
    assert!(
        proofs.grant(HOME, Budget::Rest, 3, &clock) && proofs.grant(AWAY, Budget::Again, 3, &clock)
    );
}
