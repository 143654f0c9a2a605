//! What a banned source sends: dropped unparsed, or left to the script.

use super::{BANNED, GARBAGE, KEEPALIVES, assert_codes, command, count, hits, kamailio};
use crate::support::{PHONE6, Phone};

#[test]
fn all_that_a_banned_source_sends_is_dropped_unparsed() {
    for edge in ["bans", "rate"] {
        let kam = kamailio(edge, "").start();
        let beside = Phone::udp(&kam, "127.0.0.5");
        for source in [BANNED, PHONE6] {
            let phone = Phone::udp(&kam, source);
            let request = phone.request("OPTIONS");
            command(&kam, "ban", source);
            let [dropped, checked] = ["edge_dropped", "checked"].map(|name| count(&kam, name));
            phone.send(&request);
            for datagram in [KEEPALIVES, GARBAGE].concat() {
                phone.send_raw(datagram);
            }
            assert_eq!(phone.status(&request), None, "edge={edge} {source}");

            let sent = (2 + KEEPALIVES.len() + GARBAGE.len()) as i64;
            assert_eq!(hits(&kam), sent, "edge={edge} {source}");
            assert_eq!(count(&kam, "edge_dropped") - dropped, sent, "edge={edge}");
            assert_eq!(count(&kam, "checked"), checked, "edge={edge} {source}");
            assert_eq!(beside.status(&beside.request("OPTIONS")), Some(200));

            command(&kam, "unban", source);
            assert_eq!(phone.status(&request), Some(200), "edge={edge} {source}");
            assert_codes(&kam, source, &[1]);
            let complaints = kam.log().matching("ERROR");
            assert!(complaints.is_empty(), "a parser saw it: {complaints:?}");
        }
        kam.stop();
    }
}

#[test]
fn without_the_edge_the_script_drops_them() {
    let kam = kamailio("off", "").start();
    for source in [BANNED, PHONE6] {
        let phone = Phone::udp(&kam, source);
        command(&kam, "ban", source);
        let checked = count(&kam, "checked");
        for _ in 0..3 {
            assert_eq!(phone.status(&phone.request("OPTIONS")), None, "{source}");
        }
        assert_eq!((hits(&kam), count(&kam, "checked") - checked), (3, 3));
        assert_codes(&kam, source, &[-1; 3]);
        command(&kam, "unban", source);
    }
    assert_eq!(count(&kam, "edge_dropped"), 0);
    kam.stop();
}
