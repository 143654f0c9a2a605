//! The commands, with a reply that is read and one that runs full.

mod shapes;

use super::commands::COMMANDS;
use super::*;
use crate::journal;
use crate::policy::Firewall;
use crate::settings::Settings;
use crate::source::Address;

/// Writes a reply down as text; full after `room` calls.
struct Text {
    written: String,
    room: usize,
}

impl Text {
    fn add(&mut self, name: Option<&CStr>, what: &str) -> Result<(), Full> {
        self.room = self.room.checked_sub(1).ok_or(Full)?;
        if let Some(name) = name {
            self.written.push_str(name.to_str().unwrap());
            self.written.push('=');
        }
        self.written.push_str(what);
        self.written.push(' ');
        Ok(())
    }
}

impl Reply for Text {
    fn open_struct(&mut self, name: Option<&CStr>) -> Result<(), Full> {
        self.add(name, "{")
    }

    fn open_list(&mut self, name: Option<&CStr>) -> Result<(), Full> {
        self.add(name, "[")
    }

    fn close(&mut self) -> Result<(), Full> {
        self.add(None, "}")
    }

    fn number(&mut self, name: Option<&CStr>, value: i64) -> Result<(), Full> {
        self.add(name, &value.to_string())
    }

    fn text(&mut self, name: Option<&CStr>, text: &str) -> Result<(), Full> {
        self.add(name, text)
    }
}

fn firewall() -> Firewall {
    let mut settings = Settings::default();
    for (name, value) in [("sources_max", 100), ("bans_max", 100), ("users_max", 100)] {
        settings.set_number(name, value).unwrap();
    }
    settings.set_number("reqs_density_per_unit", 2).unwrap();
    settings.set_text("trusted", b"198.51.100.0/24").unwrap();
    fn silent(_level: i32, _line: &[u8]) {}
    let sink: journal::Sink = silent;
    Firewall::new(settings, sink).unwrap()
}

fn ask_with_room(firewall: &Firewall, line: &str, room: usize) -> Result<String, Fault> {
    let mut words = line.split_whitespace().map(str::as_bytes);
    let command = words.next().unwrap();
    let arguments: Vec<&[u8]> = words.collect();
    let mut reply = Text {
        written: String::new(),
        room,
    };
    firewall
        .answer(command, &arguments, &mut reply)
        .map(|()| reply.written)
}

fn ask(firewall: &Firewall, line: &str) -> Result<String, Fault> {
    ask_with_room(firewall, line, usize::MAX)
}

#[test]
fn bad_arguments_are_named() {
    let firewall = firewall();
    for (line, code, part) in [
        ("ban", 400, "key: is missing"),
        (
            "ban alice",
            400,
            "key=alice: must be an IPv4 or IPv6 address",
        ),
        (
            "ban 192.0.2.1 soon",
            400,
            "seconds=soon: must be a number between 0 and 315360000",
        ),
        ("ban 192.0.2.1 -1", 400, "seconds=-1: must be a number"),
        ("ban 192.0.2.1 1 x y", 400, "y: is one argument too many"),
        (
            "ban 198.51.100.7",
            403,
            "key=198.51.100.7: is in a trusted network",
        ),
        ("unban 192.0.2.1", 404, "key=192.0.2.1: is not banned"),
        ("bans x", 400, "offset=x: must be a number"),
        (
            "bans 0 0",
            400,
            "limit=0: must be a number between 1 and 4294967295",
        ),
        (
            "sources lukewarm",
            400,
            "status=LUKEWARM: must be one of ALL, WARM, HOT",
        ),
        ("auth_clear", 400, "user: is missing"),
        ("auth_clear alice 1.2.3", 400, "key=1.2.3: must be"),
        ("auth_clear 100", 404, "user=100: has no failures"),
        ("show", 400, "ip: is missing"),
        ("stats all", 400, "all: is one argument too many"),
        ("nonsense\n", 404, "there is no palisade.nonsense"),
    ] {
        let fault = ask(&firewall, line).unwrap_err();
        let (answered, sentence) = fault.answer().unwrap();
        assert_eq!(answered, code, "{line}: {sentence}");
        assert!(sentence.contains(part), "{line}: {sentence}");
    }
}

#[test]
fn bans_are_listed_page_by_page() {
    let firewall = firewall();
    for last in 1..=7 {
        ask(&firewall, &format!("ban 192.0.2.{last} 60 test")).unwrap();
    }
    let mut keys = Vec::new();
    for offset in [0, 3, 6, 9] {
        let page = ask(&firewall, &format!("bans {offset} 3")).unwrap();
        assert!(page.starts_with("{ total=7 rows=[ "), "{page}");
        keys.extend(
            page.split_whitespace()
                .filter_map(|word| word.strip_prefix("key=").map(str::to_owned)),
        );
    }
    keys.sort_unstable();
    assert_eq!(
        keys,
        (1..=7)
            .map(|last| format!("192.0.2.{last}"))
            .collect::<Vec<_>>()
    );
    assert_eq!(ask(&firewall, "unban_all").unwrap(), "{ lifted=7 } ");
}

#[test]
fn show_says_what_a_request_would_get() {
    let firewall = firewall();
    let flooder = Address::parse(b"192.0.2.66").unwrap();
    for _ in 0..5 {
        firewall.inspect_address(flooder, |it| it.check_rate());
    }
    ask(&firewall, "ban 192.0.2.77").unwrap();
    for (ip, part) in [
        (
            "192.0.2.1",
            "now=pass trusted=0 banned=0 limit=2 proven=0 lists=[ } auth=[ } } ",
        ),
        (
            "192.0.2.66",
            "now=blocked: over the rate trusted=0 banned=0 rate={ key=192.0.2.66",
        ),
        (
            "192.0.2.77",
            "now=blocked: banned, reason=manual trusted=0 banned=1 ban={ ",
        ),
        ("198.51.100.1", "now=pass: trusted trusted=1"),
        ("2001:db8::1", "ip=2001:db8::1 key=2001:db8::/64 now=pass"),
    ] {
        let shown = ask(&firewall, &format!("show {ip}")).unwrap();
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn sources_are_filtered_by_status() {
    let firewall = firewall();
    for (last, requests) in [(1, 1), (2, 9)] {
        for _ in 0..requests {
            firewall.inspect_address(
                Address::parse(format!("192.0.2.{last}").as_bytes()).unwrap(),
                |it| it.check_rate(),
            );
        }
    }
    for (line, total) in [
        ("sources", 2),
        ("sources ALL", 2),
        ("sources warm", 1),
        ("sources HOT 0 5", 1),
        ("sources 1", 2),
    ] {
        let listed = ask(&firewall, line).unwrap();
        assert!(
            listed.starts_with(&format!("{{ total={total} ")),
            "{line}: {listed}"
        );
    }
}

#[test]
fn a_reply_that_runs_full_stops_the_writer_wherever_it_is() {
    let firewall = firewall();
    ask(&firewall, "ban 192.0.2.1").unwrap();
    let source = Address::parse(b"192.0.2.1").unwrap();
    firewall.inspect_address(source, |it| it.auth_failed(Some(b"alice")));
    for command in COMMANDS {
        let line = match (command.name, command.arguments) {
            ("show", _) => "show 192.0.2.1".to_owned(),
            (name, arguments) if arguments.is_empty() || arguments.starts_with('[') => {
                name.to_owned()
            }
            _ => continue, // those that need more change something, or need a list
        };
        let line = &line[..];
        let whole = ask(&firewall, line).unwrap();
        let mut room = 0;
        while ask_with_room(&firewall, line, room) == Err(Fault::Full) {
            room += 1;
        }
        assert_eq!(
            ask_with_room(&firewall, line, room).map(|text| text.len()),
            Ok(whole.len())
        );
        assert!(room >= 3, "{line}");
    }
}

proptest::proptest! {
    #[test]
    fn no_argument_panics(command in 0..COMMANDS.len(), arguments: Vec<Vec<u8>>) {
        let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
        let mut reply = Text { written: String::new(), room: usize::MAX };
        let _either = firewall().answer(COMMANDS[command].name.as_bytes(), &arguments, &mut reply);
    }
}
