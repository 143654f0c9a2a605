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
