//! Kamailio has one hook for datagrams, and sipcapture may have it: then the script checks alone.

use super::{BANNED, LIMIT, assert_codes, command, count, hits, passing, with};
use crate::support::{Phone, Server};

const PALISADE: &str = r#"loadmodule "palisade.so""#;
const TOLD: &str = "edge=off: another module";

/// A capture server; with `nonsip_hook` it takes HEP elsewhere, and leaves the hook alone.
fn sipcapture(nonsip_hook: bool) -> String {
    let (hook, route) = match nonsip_hook {
        true => (1, "event_route[sipcapture:request] { drop; }"),
        false => (0, ""),
    };
    format!(
        r#"
loadmodule "db_text.so"
loadmodule "sipcapture.so"
modparam("sipcapture", "db_url", "text://@DIR@/")
modparam("sipcapture", "hep_capture_on", 1)
modparam("sipcapture", "nonsip_hook", {hook})
{route}
"#
    )
}

fn server(modules: [&str; 2], edge: &str) -> Server {
    with(&modules.concat(), edge).start()
}

/// sipcapture takes no SIP over UDP but in HEP (version 1), and hands it on as if it came from the
/// address in there.
fn captured(phone: &Phone, source: [u8; 4]) -> Vec<u8> {
    let mut datagram = vec![1, 16, 2, 17, 0x13, 0xc4, 0x13, 0xc4];
    datagram.extend(source);
    datagram.extend([127, 0, 0, 1]);
    datagram.extend(phone.request("OPTIONS").bytes());
    datagram
}

#[test]
fn where_sipcapture_has_the_hook_the_script_checks() {
    let sipcapture = sipcapture(false);
    for modules in [[&sipcapture, PALISADE], [PALISADE, &sipcapture]] {
        let kam = server(modules, "rate");
        kam.log().expect(TOLD);
        assert_eq!(kam.log().matching(TOLD).len(), 1, "{}", kam.log());

        let probe = Phone::udp(&kam, "127.0.0.5");
        for _ in 0..LIMIT + 2 {
            probe.send_raw(&captured(&probe, [127, 0, 0, 67]));
        }
        kam.wait_idle();
        let expected = [&[1; LIMIT][..], &[-2, -1]].concat();
        assert_codes(&kam, "127.0.0.67", &expected);
        assert_eq!(hits(&kam), 1);
        command(&kam, "unban", "127.0.0.67");

        let phone = Phone::tcp(&kam, BANNED);
        assert_eq!(passing(&phone, 1), 1);
        command(&kam, "ban", BANNED);
        assert_eq!(passing(&phone, 1), 0);
        assert_eq!(count(&kam, "edge_dropped"), 0);
        kam.stop();
    }
}

#[test]
fn where_sipcapture_leaves_it_alone_the_edge_works() {
    let kam = server([&sipcapture(true), PALISADE], "bans");
    let phone = Phone::udp(&kam, BANNED);
    command(&kam, "ban", BANNED);
    assert_eq!(passing(&phone, 3), 0);
    assert_eq!((hits(&kam), count(&kam, "edge_dropped")), (3, 3));
    assert_eq!(kam.log().matching(TOLD), [""; 0]);
    kam.stop();
}
