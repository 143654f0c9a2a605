//! A burst of an honest phone's, as the first that a Kamailio in front of a PBX hears of it: none of it
//! is taken for a guess.

use super::world::{Edge, World};
use super::{Row, SOON, check_one_by_one};
use std::thread::scope;
use std::time::Duration;

const REQUESTS: usize = 10;
/// Of the PBX's: so that all have come before the first is answered.
const A_WHILE: Duration = Duration::from_millis(50);

/// Ten of these at once, with the right password: this is what becomes of each.
fn burst(world: &World, number: u8, method: &str, uri: &str, expected: u16) -> Result<(), String> {
    world.pbx().thinks(A_WHILE);
    let phone = world.phone(&format!("10.1.{number}.1"), 100 + u32::from(number));
    let outcomes: Vec<_> = scope(|scope| {
        let requests: Vec<_> = (0..REQUESTS)
            .map(|_| phone.request(method).uri(uri))
            .collect();
        let asked = requests
            .into_iter()
            .map(|request| scope.spawn(|| phone.ask(request, SOON)));
        let asked: Vec<_> = asked.collect();
        asked
            .into_iter()
            .map(|thread| thread.join().expect("it ends"))
            .collect()
    });
    let wrong = outcomes
        .into_iter()
        .filter_map(|outcome| outcome.expect(expected).err());
    let wrong: Vec<String> = wrong.collect();
    let done = match wrong.first() {
        None => Ok(()),
        Some(first) => Err(format!(
            "{} of {REQUESTS} were not answered so; {first}",
            wrong.len()
        )),
    };
    world.explain(&format!("10.1.{number}.1"), done)
}

#[test]
fn ten_requests_at_once_with_the_right_password_get_ten_answers() {
    const ROWS: &[Row] = &[
        ("10 SUBSCRIBEs", |world| {
            burst(world, 1, "SUBSCRIBE", "sip:600@example.com", 200)
        }),
        ("10 MESSAGEs", |world| {
            burst(world, 2, "MESSAGE", "sip:600@example.com", 200)
        }),
        ("10 calls to a busy phone", |world| {
            burst(world, 3, "INVITE", "sip:busy@example.com", 486)
        }),
    ];
    check_one_by_one(&[Edge::Pbx], &[], ROWS);
}
