//! The server's own addresses: nobody gets them banned, by whatever path.

use super::{bans, is_answered, rpc, script, server};
use crate::support::{Flood, Phone};
use serde_json::json;

/// One that it listens on beside 127.0.0.1, under another that it gives out.
const LISTEN: &str = "listen=udp:127.0.0.55:@PORT@ advertise 198.51.100.99:5060\n";

#[test]
fn an_address_of_the_server_itself_is_never_banned() {
    let kam = server(LISTEN);
    let phone = Phone::udp(&kam, "127.0.0.2");
    for own in ["127.0.0.1", "127.0.0.55", "198.51.100.99", "::1"] {
        for (function, arguments) in [("ban", vec![own]), ("ban", vec![own, "0", "because"])] {
            assert_eq!(script(&phone, function, &arguments), -3, "{own}");
        }
        let refused = rpc(&kam, "ban", json!([own, 60])).expect_err(own);
        assert_eq!(refused.code, 403, "{own}");
        let sentence = format!("key={own}: is an address of this server itself");
        assert_eq!(refused.message, sentence);
    }
    // Blocked for as long as it is over the rate, and no longer.
    let flood = Flood::on(&kam).from("127.0.0.1").requests(100).send();
    assert_eq!(flood.answered(), 30);
    kam.log()
        .expect("not_banned key=127.0.0.1 reason=rate: is of this server itself");
    assert_eq!(bans(&kam).len(), 0);
    assert!(is_answered(&phone));
    assert_eq!(
        rpc(&kam, "stats", json!([]))
            .expect("stats")
            .number("bans_refused_own"),
        13
    );
}

/// Where Kamailio listens on all addresses of the machine, these are its own: in a network with others
/// than those of the machine that the test runs on.
#[test]
fn all_addresses_of_the_machine_are_its_own_where_it_listens_on_all() {
    let inside = std::thread::spawn(|| {
        // SAFETY: takes a number; of this thread alone, and of what it starts.
        let made = unsafe { libc::unshare(libc::CLONE_NEWNET) };
        assert_eq!(made, 0, "{}: run as root", std::io::Error::last_os_error());
        for arguments in [
            "link set lo up",
            "address add 198.51.100.77/32 dev lo",
            "-6 address add 2001:db8:7::1/128 dev lo nodad",
        ] {
            let done = std::process::Command::new("ip")
                .args(arguments.split(' '))
                .status();
            assert!(done.expect("ip").success(), "{arguments}");
        }
        let kam = server("listen=udp:0.0.0.0:@PORT@\n");
        for own in ["198.51.100.77", "2001:db8:7::1"] {
            let refused = rpc(&kam, "ban", json!([own, 60])).expect_err(own);
            let sentence = format!("key={own}: is an address of this server itself");
            assert_eq!(refused.message, sentence);
        }
        rpc(&kam, "ban", json!(["198.51.100.78", 60])).expect("another's address");
        kam.stop();
    });
    inside.join().expect("it failed, see above");
}
