//! What keeps a NAT's door open is no request: it is not counted, however much of it comes.

use crate::support::{Kamailio, Phone, Rpc, Server};
use serde_json::json;

const LIMIT: usize = 5;

/// A STUN binding request (RFC 5389, 6): no attributes, the magic cookie, a transaction id.
const STUN: &[u8] = b"\x00\x01\x00\x00\x21\x12\xa4\x42palisade-tid";

#[test]
fn keepalives_are_not_counted_by_the_check() {
    check("bans");
}

#[test]
fn keepalives_are_not_counted_at_the_edge() {
    check("rate");
}

fn check(edge: &str) {
    let kam = Kamailio::with(&format!(
        r#"
loadmodule "palisade.so"
modparam("palisade", "edge", "{edge}")
modparam("palisade", "sampling_time_unit", 60)
modparam("palisade", "reqs_density_per_unit", {LIMIT})
request_route {{
	if (!palisade_check()) exit;
	sl_send_reply("200", "OK");
}}
"#
    ))
    .start();
    let (udp, tcp) = (Phone::udp as fn(&Server, &str) -> Phone, Phone::tcp as _);
    for (source, open, keepalive) in [
        ("127.0.0.5", udp, &b"\r\n\r\n"[..]),
        ("127.0.0.6", udp, b"\r\n"),
        ("127.0.0.7", udp, b""),
        ("127.0.0.8", udp, b"\0\0\0\0"),
        ("127.0.0.9", udp, STUN),
        ("127.0.0.10", tcp, b"\r\n\r\n"),
    ] {
        let phone = open(&kam, source);
        for number in 1..=LIMIT {
            (0..10).for_each(|_| phone.send_raw(keepalive));
            let status = phone.status(&phone.request("OPTIONS"));
            assert_eq!(
                status,
                Some(200),
                "{source} {keepalive:?}: request {number}"
            );
        }
        let counted = ["rate", "connections"][usize::from(source == "127.0.0.10")];
        let show = kam
            .rpc(Rpc::Kamcmd, "palisade.show", json!([source]))
            .expect("show");
        assert_eq!(
            show.number(&format!("{counted}.hits_curr")),
            LIMIT as i64,
            "{keepalive:?}: {show}"
        );
        // The limit is on, after all.
        assert_eq!(
            phone.status(&phone.request("OPTIONS")),
            None,
            "{source} {keepalive:?}"
        );
    }
    kam.stop();
}
