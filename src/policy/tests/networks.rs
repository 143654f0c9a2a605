//! Lists of networks that say different things of one source.

use super::*;
use crate::policy::detect::network;

/// What is said of 203.0.113.9 by lists that hold these networks; empty: no such list.
fn check(trusted: &[&str], denied: &[&str]) -> &'static str {
    let dir = tempfile::tempdir().unwrap();
    let firewall = firewall(|settings| {
        settings.set_number("lists_memory", 16).unwrap();
        let lists = trusted.iter().map(|list| ("trust", list));
        let lists = lists.chain(denied.iter().map(|list| ("deny", list)));
        for (number, (action, network)) in lists.enumerate() {
            let file = dir.path().join(number.to_string());
            std::fs::write(&file, network).unwrap();
            let list = format!(
                "name=l{number};kind=network;action={action};force=1;file={}",
                file.display()
            );
            settings.set_text("list", list.as_bytes()).unwrap();
        }
    });
    firewall.keeper().load_lists().unwrap();
    let source = address("203.0.113.9");
    let told = firewall.inspect_address(source, |inspection| {
        match (inspection.trusted_by(), network::detect(inspection)) {
            (Some(_), None) => "trusted",
            (None, Some(_)) => "denied",
            (None, None) => "unlisted",
            (Some(_), Some(_)) => "both",
        }
    });
    assert_eq!(firewall.is_trusted(source), told == "trusted");
    let verdict = firewall.check(source, &NoMessage);
    assert_eq!(verdict == Verdict::Pass, told != "denied");
    told
}

#[test]
fn the_longest_match_wins_and_between_equals_trust_does() {
    for (trusted, denied, expected) in [
        (&["203.0.113.0/24"][..], &["203.0.113.0/24"][..], "trusted"),
        (&["203.0.113.9"], &["203.0.113.9"], "trusted"),
        (&["203.0.113.0/24"], &["203.0.113.0/25"], "denied"),
        (&["203.0.113.0/25"], &["203.0.113.0/24"], "trusted"),
        (&["203.0.113.9"], &["203.0.113.8/31"], "trusted"),
        (&["203.0.113.8/31"], &["203.0.113.9"], "denied"),
        // Of several lists the one that knows best, wherever it stands.
        (
            &["203.0.112.0/23", "203.0.113.8/30"],
            &["203.0.113.0/24", "203.0.113.8/29"],
            "trusted",
        ),
        (
            &["203.0.113.8/30", "203.0.112.0/23"],
            &["203.0.113.8/31", "203.0.113.0/24"],
            "denied",
        ),
        (
            &["203.0.113.8/30"],
            &["203.0.113.8/30", "203.0.113.0/24"],
            "trusted",
        ),
        (&["203.0.113.10"], &["203.0.113.0/24"], "denied"),
        (&["203.0.113.0/24"], &["203.0.113.10"], "trusted"),
        (&["203.0.113.10"], &["203.0.113.8"], "unlisted"),
        (&[], &["203.0.113.9"], "denied"),
        // What ends at the end of all numbers has not ended.
        (&[], &["203.0.113.9 # until=18446744073709551615"], "denied"),
        (&[], &["203.0.113.9 # until=1"], "unlisted"),
        (&["203.0.113.9"], &[], "trusted"),
    ] {
        assert_eq!(check(trusted, denied), expected, "{trusted:?} {denied:?}");
    }
}
