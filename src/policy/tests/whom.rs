//! Whose ban is whose: of neighbours, of the server itself; and which one stays.

use super::*;
use crate::ban::{Against, Origin};

#[test]
fn the_servers_own_address_is_none_of_its_neighbours() {
    let firewall = firewall(|settings| {
        settings.set_number("ipv4_prefix", 24).unwrap();
        settings.own.push(address("203.0.113.10"));
    });
    let [own, neighbour] = ["203.0.113.10", "203.0.113.66"].map(address);
    let ban = |address| firewall.ban(address, 60, BanReason::MANUAL, Origin::Rpc);
    assert_eq!(ban(own), Err(NotBanned::Own));
    assert_eq!(ban(neighbour), Ok(()));
    for (address, is_banned) in [(own, false), (neighbour, true)] {
        assert_eq!(firewall.is_banned(address), is_banned);
        let verdict = firewall.check(address, &NoMessage);
        assert_eq!(verdict == Verdict::Blocked, is_banned);
    }
}

/// Whoever is banned for long must not get away with less by doing something else.
#[test]
fn a_check_never_shortens_a_ban() {
    for (seconds, expected_ms) in [(0, 0), (86_400, 86_400_000), (60, 300_000)] {
        let firewall = firewall(|_| ());
        let source = address(FLOODER);
        let banned = firewall.ban(source, seconds, BanReason::MANUAL, Origin::Rpc);
        assert_eq!(banned, Ok(()));
        firewall.ban_by_check(source, 300, BanReason::RATE, Against::Everybody);
        let (key, hash) = firewall.locate(source);
        let ban = firewall.bans.get(key, hash, &firewall.clock).unwrap();
        assert_eq!(
            ban.until_ms.saturating_sub(firewall.clock.exact_ms()),
            expected_ms
        );
    }
}
