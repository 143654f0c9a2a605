//! Attackers by themselves, at their own addresses: found no later than ever.

use super::world::{BOTH, PASSWORD, World};
use super::{Row, SOON, check};
use crate::support::{Pace, wait_until};
use std::time::Duration;

const BLOCKED_AT: usize = 31;
/// For what is not answered.
const BRIEFLY: Duration = Duration::from_millis(700);

/// Sixty requests within a second: thirty are answered, and then nothing is.
fn flooder(world: &World, at: &str) -> Result<(), String> {
    let flooder = world.flooder(&world.net.strangers, at);
    let mut pace = Pace::per_second(60.0);
    for number in 0..60 {
        pace.tick();
        flooder.sends(number);
    }
    world.kam.wait_idle();
    let answered = flooder.answers();
    (60..70).for_each(|number| flooder.sends(number));
    world.kam.wait_idle();
    match (answered, flooder.answers()) {
        (answered, 0) if answered + 1 == BLOCKED_AT => is_banned(world, at, "rate"),
        (answered, later) => Err(format!(
            "{answered} of 60 were answered, and {later} of 10 later"
        )),
    }
}

fn is_banned(world: &World, at: &str, reason: &str) -> Result<(), String> {
    let is_banned = || world.ban_of(at).is_some_and(|ban| ban.starts_with(reason));
    match wait_until(is_banned, SOON) {
        true => Ok(()),
        false => {
            let told = Err(format!(
                "{at} is not banned for {reason}: {:?}",
                world.ban_of(at)
            ));
            world.explain(at, told)
        }
    }
}

/// Three wrong passwords, and the right one tells nothing any more.
fn guesser(world: &World, at: &str, user: u32) -> Result<(), String> {
    for guess in 0..3 {
        let guesser = world.stranger(at, user, &format!("guess{guess}"));
        let outcome = guesser.register(SOON);
        // The third is told that he is blocked, where Kamailio knows that it was wrong.
        if outcome.status() != Some(403) || guess < 2 {
            outcome.expect(401)?;
        }
    }
    let guesser = world.stranger(at, user, PASSWORD);
    let outcome = guesser.register(SOON);
    world.explain(at, outcome.expect(403))?;
    // Elsewhere he is who he is.
    world.registered("10.1.77.1", user).map(drop)
}

/// Ten users, a wrong password each.
pub fn scanner(world: &World, at: &str) -> Result<(), String> {
    for user in 1700..1709 {
        world
            .stranger(at, user, "guess")
            .register(SOON)
            .expect(401)?;
    }
    let _tenth = world.stranger(at, 1709, "guess").register(BRIEFLY);
    is_banned(world, at, "scan")?;
    let eleventh = world.stranger(at, 1710, "guess").register(BRIEFLY);
    match eleventh.status() {
        None => Ok(()),
        Some(_) => Err(format!("{eleventh}: nothing was due")),
    }
}

fn tool(world: &World, at: &str) -> Result<(), String> {
    let tool = world.stranger(at, 1800, PASSWORD);
    let request = || tool.request("OPTIONS").uri(&world.uri());
    let outcome = tool.ask(request().agent("friendly-scanner"), BRIEFLY);
    match outcome.status() {
        None => tool.ask(request(), SOON).expect(200).map(drop), // agent=block: only that message
        Some(_) => Err(format!("{outcome}: nothing was due")),
    }
}

#[test]
fn attackers_by_themselves_are_found_as_ever() {
    const ROWS: &[Row] = &[
        ("flooder", |world| flooder(world, "10.2.1.1")),
        ("guesser", |world| guesser(world, "10.2.2.1", 1600)),
        ("scanner of users", |world| scanner(world, "10.2.3.1")),
        ("scanner's User-Agent", |world| tool(world, "10.2.4.1")),
    ];
    check(BOTH, &[], ROWS);
}
