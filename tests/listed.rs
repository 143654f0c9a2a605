//! What `palisade_check()` makes of lists: whom they trust, what they deny, and what follows from it
//! as the parameter `policy` says; the same through the functions that ask one list each.

mod allowed;
mod hidden;
mod names;

use crate::support::{Kamailio, Message, Phone, Reply, Request, Rpc, Server};
use serde_json::json;
use std::fmt::Write;
use tempfile::TempDir;

/// The code of `palisade_check()`, or of the function that X-Ask names.
const ROUTE: &str = r#"
request_route {
    if ($hdr(X-Ask) == "country") palisade_check_country();
    else if ($hdr(X-Ask) == "country of") palisade_check_country("$hdr(X-Value)");
    else if ($hdr(X-Ask) == "destination") palisade_check_destination();
    else if ($hdr(X-Ask) == "destination of") palisade_check_destination("$hdr(X-Value)");
    else palisade_check();
    $var(code) = $retcode;
    sl_send_reply("200", "$var(code)");
}
"#;

const PASS: i32 = 1;
const BLOCKED: i32 = -1;
const DENIED: i32 = -2;

/// Where the addresses are that the tests send from.
const PLACES: &str = "127.0.1.0,127.0.1.255,ES\n127.0.2.0,127.0.2.255,FR\n";

/// A server whose edge lets everything through to the script, with a file for each list.
struct Lists {
    dir: TempDir,
    parameters: String,
}

impl Lists {
    fn new() -> Lists {
        let parameters = "modparam(\"palisade\", \"edge\", \"off\")\n".to_owned();
        let dir = tempfile::tempdir().expect("a folder for lists");
        Lists { dir, parameters }
    }

    /// `what`: `kind=…;action=…`. Its name is the number of the list.
    fn list(mut self, name: &str, what: &str, entries: &str) -> Lists {
        let path = self.dir.path().join(name);
        std::fs::write(&path, entries).expect("write a list");
        let path = path.display();
        writeln!(
            self.parameters,
            "modparam(\"palisade\", \"list\", \"name={name};{what};file={path}\")"
        )
        .expect("a text takes all");
        self
    }

    fn parameter(mut self, name: &str, value: &str) -> Lists {
        writeln!(
            self.parameters,
            "modparam(\"palisade\", \"{name}\", {value})"
        )
        .expect("a text takes all");
        self
    }

    fn places(self) -> Lists {
        let path = self.dir.path().join("places.csv");
        std::fs::write(&path, PLACES).expect("write places");
        self.parameter("geo", &format!("\"{}\"", path.display()))
    }

    fn start(&self) -> Server {
        self.start_with("", ROUTE)
    }

    fn start_allowing(&self, complaint: &str) -> Server {
        self.kamailio("", ROUTE).allow(complaint).start()
    }

    fn start_with(&self, modules: &str, routes: &str) -> Server {
        self.kamailio(modules, routes).start()
    }

    fn kamailio(&self, modules: &str, routes: &str) -> Kamailio {
        let parameters = &self.parameters;
        let config = format!("{modules}loadmodule \"palisade.so\"\n{parameters}{routes}");
        Kamailio::with(&config)
    }
}

fn code(answer: Option<Message>) -> i32 {
    let answer = answer.expect("an answer");
    let code = answer.reason().and_then(|reason| reason.parse().ok());
    code.unwrap_or_else(|| panic!("{answer}"))
}

fn asked(phone: &Phone, request: &Request) -> i32 {
    code(phone.ask(request))
}

fn checked(kam: &Server, source: &str) -> i32 {
    let phone = Phone::udp(kam, source);
    asked(&phone, &phone.request("OPTIONS"))
}

fn rpc(kam: &Server, command: &str, argument: &str) -> Reply {
    let answer = kam.rpc(
        Rpc::Datagram,
        &format!("palisade.{command}"),
        json!([argument]),
    );
    answer.unwrap_or_else(|error| panic!("palisade.{command} {argument}: {error}"))
}

fn stat(kam: &Server, name: &str) -> i64 {
    let stats = kam.rpc(Rpc::Datagram, "palisade.stats", json!([]));
    stats.expect("stats").number(name)
}

#[test]
fn the_longest_network_wins_and_trust_between_equals() {
    let kam = Lists::new()
        .list(
            "denied",
            "kind=network;action=deny;force=1",
            "127.0.1.0/24\n127.0.2.5\n127.0.3.0/24\n",
        )
        .list(
            "trusted",
            "kind=network;action=trust",
            "127.0.1.7\n127.0.2.0/24\n127.0.3.0/24\n",
        )
        .parameter("trusted", "\"127.0.1.9\"")
        .start();
    for (source, expected) in [
        ("127.0.1.1", DENIED),
        ("127.0.1.7", PASS), // Longer, and trusted.
        ("127.0.1.9", PASS), // The parameter stands above all lists.
        ("127.0.2.1", PASS),
        ("127.0.2.5", DENIED), // Longer, and denied.
        ("127.0.3.1", PASS),   // Equal.
        ("127.0.4.1", PASS),   // In none.
    ] {
        assert_eq!(checked(&kam, source), expected, "{source}");
    }
    assert_eq!(stat(&kam, "blocked_list"), 2);
    let line = "block key=127.0.1.1 reason=list list=denied entry=\"127.0.1.0/24\" method=OPTIONS";
    kam.log().expect(line);
    kam.stop();
}

#[test]
fn nobody_who_is_trusted_by_list_is_banned_or_limited() {
    let lists = Lists::new()
        .list("carriers", "kind=network;action=trust", "127.0.1.0/24\n")
        .parameter("reqs_density_per_unit", "3");
    let kam = lists.start();
    for _ in 0..10 {
        assert_eq!(checked(&kam, "127.0.1.1"), PASS);
    }
    let refused = kam.rpc(Rpc::Datagram, "palisade.ban", json!(["127.0.1.1"]));
    assert_eq!(refused.expect_err("trusted").code, 403);
    let shown = rpc(&kam, "show", "127.0.1.1");
    assert_eq!(
        shown.text("now"),
        "pass: trusted, list=carriers entry=\"127.0.1.0/24\""
    );
    // Taken from the list, it is a source like any other.
    kam.rpc(
        Rpc::Datagram,
        "palisade.list_remove",
        json!(["carriers", "127.0.1.0/24"]),
    )
    .expect("removed");
    let codes: Vec<i32> = (0..6).map(|_| checked(&kam, "127.0.1.1")).collect();
    assert_eq!(codes, [PASS, PASS, PASS, DENIED, BLOCKED, BLOCKED]);
    kam.stop();
}

#[test]
fn what_follows_is_what_the_policy_says() {
    for (policy, codes, line) in [
        ("list=off", [PASS, PASS], None),
        (
            "list=log",
            [PASS, PASS],
            Some("found key=127.0.1.1 reason=list"),
        ),
        (
            "list=block",
            [DENIED, DENIED],
            Some("block key=127.0.1.1 reason=list"),
        ),
        (
            "list=ban:60",
            [DENIED, BLOCKED],
            Some("ban key=127.0.1.1 reason=list seconds=60 count=1"),
        ),
    ] {
        let kam = Lists::new()
            .list("denied", "kind=network;action=deny;force=1", "127.0.1.1\n")
            .parameter("policy", &format!("\"{policy}\""))
            .start();
        let got = [checked(&kam, "127.0.1.1"), checked(&kam, "127.0.1.1")];
        assert_eq!(got, codes, "{policy}");
        line.map(|line| kam.log().expect(line));
        let log = kam.stop();
        let told = log.matching("key=127.0.1.1");
        assert_eq!(told.is_empty(), line.is_none(), "{policy}: {told:?}");
    }
}

#[test]
fn at_the_edge_a_denied_network_never_reaches_the_script() {
    let kam = Lists::new()
        .list("denied", "kind=network;action=deny;force=1", "127.0.1.1\n")
        .parameter("edge", "\"bans\"")
        .start();
    let phone = Phone::udp(&kam, "127.0.1.1");
    assert!(phone.ask(&phone.request("OPTIONS")).is_none());
    assert_eq!(checked(&kam, "127.0.1.2"), PASS);
    let counts = ["checked", "edge_dropped", "blocked_list"].map(|name| stat(&kam, name));
    assert_eq!(counts, [1, 1, 1]);
    kam.stop();
}

#[test]
fn countries_that_are_denied_and_countries_that_alone_are_allowed() {
    let unknown = "127.0.9.1";
    for (what, entries, rest, spain, france, nowhere) in [
        ("kind=country;action=deny", "fr", "", PASS, DENIED, PASS),
        ("kind=country;action=allow", "ES", "", PASS, DENIED, PASS),
        (
            "kind=country;action=allow",
            "ES",
            "deny",
            PASS,
            DENIED,
            DENIED,
        ),
        ("kind=country;action=trust", "ES", "", PASS, PASS, PASS),
    ] {
        let mut lists = Lists::new().places().list("countries", what, entries);
        if !rest.is_empty() {
            lists = lists.parameter("country_unknown", &format!("\"{rest}\""));
        }
        let kam = lists.start();
        let got = ["127.0.1.1", "127.0.2.1", unknown].map(|source| checked(&kam, source));
        assert_eq!(got, [spain, france, nowhere], "{what} {entries} {rest}");
        // The function asks the same, of the message or of an address.
        let phone = Phone::udp(&kam, "127.0.2.1");
        let by_name = phone.request("OPTIONS").header("X-Ask", "country");
        assert_eq!(asked(&phone, &by_name), france, "{what}");
        let phone = Phone::udp(&kam, "127.0.1.1");
        let of_another = phone.request("OPTIONS").header("X-Ask", "country of");
        let of_another = of_another.header("X-Value", "127.0.2.1");
        assert_eq!(asked(&phone, &of_another), france, "{what}");
        kam.stop();
    }
}

#[test]
fn texts_of_a_message_are_looked_up_where_they_stand() {
    let kam = Lists::new()
        .list(
            "agents",
            "kind=agent;action=deny",
            "evil dialer\nexact:Bad\n",
        )
        .list("users", "kind=user;action=deny", "mallory\nprefix:scan\n")
        .list(
            "domains",
            "kind=domain;action=deny",
            "1.1.1.1\nsuffix:.evil.example\n",
        )
        .list("names", "kind=name;action=deny", "regex:^sip[vV]icious\n")
        .list(
            "numbers",
            "kind=destination;action=deny",
            "+882\n00979\n44870123\n",
        )
        .list("friends", "kind=agent;action=trust", "prefix:Our Probe\n")
        .start();
    let phone = Phone::udp(&kam, "127.0.1.1").user("alice");
    let to = "<sip:bob@palisade.test>";
    let called = |number: &str| {
        let invite = phone
            .request("INVITE")
            .uri(&format!("sip:{number}@palisade.test"));
        invite.header("To", to)
    };
    for (request, expected) in [
        (phone.request("OPTIONS").agent("Linphone"), PASS),
        (phone.request("OPTIONS").agent("The EVIL Dialer 3"), DENIED),
        (phone.request("OPTIONS").agent("bad"), DENIED),
        (phone.request("OPTIONS").agent("badger"), PASS),
        (
            phone.request("OPTIONS").agent("Our Probe, evil dialer"),
            PASS,
        ),
        (from(&phone, "<sip:mallory@palisade.test>"), DENIED),
        (from(&phone, "<sip:Scanner1@palisade.test>"), DENIED),
        (from(&phone, "<sip:mallory2@palisade.test>"), PASS),
        (from(&phone, "<sip:100@1.1.1.1>"), DENIED),
        (from(&phone, "<sip:x@sip.evil.example>"), DENIED),
        (
            from(&phone, "\"sipVicious 3\" <sip:x@palisade.test>"),
            DENIED,
        ),
        (
            from(&phone, "\"not sipVicious\" <sip:x@palisade.test>"),
            PASS,
        ),
        (called("+88213300001"), DENIED),
        (called("0088213300001"), DENIED),
        (called("+9791234"), DENIED),
        (called("+44870123999"), DENIED),
        (called("+4487012"), PASS),
        (called("0034910000000"), PASS),
    ] {
        assert_eq!(asked(&phone, &request), expected, "{request:?}");
    }
    // Anybody can write a To tag.
    let again = called("+88213300001").header("To", format!("{to};tag=1"));
    assert_eq!(asked(&phone, &again), DENIED);
    let by_name = phone.request("OPTIONS").header("X-Ask", "destination of");
    for (number, expected) in [("+88212", DENIED), ("00-882-12", DENIED), ("1234", PASS)] {
        let request = by_name.clone().header("X-Value", number).next();
        assert_eq!(asked(&phone, &request), expected, "{number}");
    }
    kam.stop();
}

fn from(phone: &Phone, from: &str) -> Request {
    phone
        .request("OPTIONS")
        .header("From", format!("{from};tag=1"))
}

#[test]
fn show_tells_all_of_an_address() {
    let kam = Lists::new()
        .places()
        .list(
            "denied",
            "kind=network;action=deny;force=1",
            "127.0.2.0/24 # knocks\n",
        )
        .list("countries", "kind=country;action=deny", "FR\n")
        .start();
    let shown = rpc(&kam, "show", "127.0.2.1");
    assert_eq!(
        shown.text("now"),
        "blocked: list=denied entry=\"127.0.2.0/24\""
    );
    assert_eq!(shown.text("country"), "FR");
    let lists = shown.rows("lists");
    let names: Vec<_> = lists.iter().map(|row| row.text("list")).collect();
    assert_eq!(names, ["denied", "countries"]);
    assert_eq!(lists[0].text("comment"), "knocks");
    let shown = rpc(&kam, "show", "127.0.1.1");
    assert_eq!(
        (shown.text("now"), shown.text("country")),
        ("pass".into(), "ES".into())
    );
    assert!(shown.rows("lists").is_empty());
    kam.stop();
}
