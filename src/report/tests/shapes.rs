//! The fields of every reply, in their order: what programs read. A number is marked by `#`, what
//! is left out where it is not known by `?`.

use super::*;
use crate::proof::Budget;
use crate::scan::Signal;

/// Writes down the names of a reply: of a list, those of its first element.
#[derive(Default)]
struct Shape {
    written: String,
    /// What is open, and how many elements it has.
    open: Vec<(char, usize)>,
}

impl Shape {
    fn add(&mut self, name: Option<&CStr>, mark: &str) {
        let (kind, elements) = self.open.last_mut().map_or((' ', 0), |(kind, elements)| {
            *elements += 1;
            (*kind, *elements)
        });
        assert_eq!(
            name.is_some(),
            kind == '{',
            "a name in a struct, and only there"
        );
        if self.is_muted(1) {
            return;
        }
        if kind == '{' && elements > 1 {
            self.written.push(' ');
        }
        self.written
            .push_str(name.map_or("", |name| name.to_str().unwrap()));
        self.written.push_str(mark);
    }

    /// Is this in an element of a list that is not the first one?
    fn is_muted(&self, first: usize) -> bool {
        self.open
            .iter()
            .any(|&(kind, elements)| kind == '[' && elements > first)
    }

    fn begin(&mut self, name: Option<&CStr>, kind: char) {
        self.add(name, &kind.to_string());
        self.open.push((kind, 0));
    }
}

impl Reply for Shape {
    fn open_struct(&mut self, name: Option<&CStr>) -> Result<(), Full> {
        self.begin(name, '{');
        Ok(())
    }

    fn open_list(&mut self, name: Option<&CStr>) -> Result<(), Full> {
        self.begin(name, '[');
        Ok(())
    }

    fn close(&mut self) -> Result<(), Full> {
        let (kind, _) = self.open.pop().expect("something is open");
        if !self.is_muted(1) {
            self.written.push(if kind == '{' { '}' } else { ']' });
        }
        Ok(())
    }

    fn number(&mut self, name: Option<&CStr>, _value: i64) -> Result<(), Full> {
        self.add(name, "#");
        Ok(())
    }

    fn text(&mut self, name: Option<&CStr>, _text: &str) -> Result<(), Full> {
        self.add(name, "");
        Ok(())
    }
}

/// One that has seen some of everything: its list is `ours`, its country is XX.
fn busy(folder: &tempfile::TempDir) -> Firewall {
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let list = write("ours", "192.0.2.0/24 # a comment\n192.0.2.66\n");
    let countries = write("countries.csv", "192.0.2.0,192.0.2.255,XX\n");
    let systems = write("systems.csv", "192.0.2.0,192.0.2.255,64500,Example\n");
    let mut settings = Settings::default();
    settings.set_number("reqs_density_per_unit", 2).unwrap();
    let list = format!("name=ours;kind=network;action=deny;force=1;file={list}");
    settings.set_text("list", list.as_bytes()).unwrap();
    for geo in [countries, systems] {
        settings.set_text("geo", geo.as_bytes()).unwrap();
    }
    fn silent(_level: i32, _line: &[u8]) {}
    let firewall = Firewall::new(settings, silent as journal::Sink).unwrap();
    firewall.keeper().load_countries_first().unwrap();
    let source = Address::parse(b"192.0.2.66").unwrap();
    for _ in 0..5 {
        firewall.inspect_address(source, |it| it.check_rate());
        let (connections, hash) = firewall.connections_of(firewall.locate(source).0);
        firewall.rate.charge(connections, hash, &firewall.clock);
        let (source, clock) = (firewall.locate(source).0, &firewall.clock);
        firewall.proofs.grant(source, Budget::Again, 1, clock);
    }
    firewall.inspect_address(source, |it| {
        it.auth_failed(Some(b"alice"));
        it.signal(&Signal::parse(b"odd").unwrap(), 1);
    });
    ask(&firewall, "ban 192.0.2.66").unwrap();
    ask(&firewall, "ban 192.0.2.67").unwrap();
    firewall
}

const BAN: &str = "{key reason since# until# left# hits# count# origin against}";
const RATE: &str = "{key hits_prev# hits_curr# status last_seen# by}";
const SPARED: &str = "{nonce# call# flow# contact# again#}";
const AUTH: &str = "{user source failures# first# last# blocked# left# proof#}";
const SCAN: &str = "{key users# destinations# signals# last_signal since# left# over#}";

#[test]
fn every_reply_has_its_fields_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let firewall = busy(&folder);
    let rows = |row: &str| format!("{{total# rows[{row}]}}");
    let mut untried: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    for (line, expected) in [
        ("bans", rows(BAN)),
        ("sources", rows(RATE)),
        ("auth", rows(AUTH)),
        ("scans", rows(SCAN)),
        ("agents", rows("{pattern hits#}")),
        ("tables", rows("{table capacity# used# evictions# bytes#}")),
        ("geo", rows("{file entries# bytes# loaded# ms# last_error}")),
        (
            "lists",
            rows(
                "{name kind action source entries# loaded# load_ms# generation# bytes# bad_lines# \
                 refused# errors# last_error hits#}",
            ),
        ),
        ("list ours", rows("{value until# comment}")),
        (
            "list_find 192.0.2.66",
            rows("{list kind action value until# comment}"),
        ),
        (
            "show 192.0.2.66",
            format!(
                "{{ip key now trusted# banned# ban{BAN} rate{RATE} connections{RATE} limit# proven# \
                 spared{SPARED} country asn# scan{SCAN} lists[{{list kind action entry comment}}] auth[{AUTH}]}}"
            ),
        ),
        (
            "show 203.0.113.1",
            "{ip key now trusted# banned# limit# proven# lists[] auth[]}".to_owned(),
        ),
        (
            "settings",
            "{sampling_time_unit# reqs_density_per_unit# reqs_per_user# remove_latency# rate_ban_time# \
             ipv4_prefix# ipv6_prefix# sources_max# bans_max# users_max# auth_max_failures# \
             auth_window# auth_ban_time# auth_user_max_failures# auth_known_time# agent_builtin# \
             agent_ban_time# scans_max# scan_window# scan_max_users# scan_max_destinations# \
             signal_max# tcp_close# lists_memory# trust_to_tag# stateless_replies# log_level# auth_scope on_fault edge trusted \
             agent_deny policy list db_url geo country_unknown}"
                .to_owned(),
        ),
        ("ban 192.0.2.1", "{key seconds#}".to_owned()),
        ("unban 192.0.2.1", "{key}".to_owned()),
        ("auth_clear alice", "{cleared#}".to_owned()),
        (
            "list_add ours 198.51.100.1",
            "{list value done entries#}".to_owned(),
        ),
        (
            "list_remove ours 198.51.100.1",
            "{list value done entries#}".to_owned(),
        ),
        (
            "reload",
            "{done rows[{name entries# ms# error}]}".to_owned(),
        ),
        ("unban_all", "{lifted#}".to_owned()),
    ] {
        assert_eq!(shape(&firewall, line), expected, "{line}");
        let name = line.split(' ').next().unwrap_or_default();
        untried.retain(|untried| *untried != name);
        let command = COMMANDS
            .iter()
            .find(|command| command.name == name)
            .unwrap();
        let is_fixed = !command.shape().contains(['?', '…']);
        assert!(
            !is_fixed || command.shape() == expected,
            "{line}: {}",
            command.shape()
        );
    }
    assert_eq!(untried, ["stats"]);
    let stats = shape(&firewall, "stats");
    assert!(
        stats.starts_with("{checked# trusted# ")
            && stats.ends_with(" rate_uncounted# shared_bytes#}"),
        "{stats}"
    );
}

fn shape(firewall: &Firewall, line: &str) -> String {
    let mut words = line.split(' ').map(str::as_bytes);
    let command = words.next().unwrap();
    let mut reply = Shape::default();
    firewall
        .answer(command, &words.collect::<Vec<_>>(), &mut reply)
        .unwrap_or_else(|fault| panic!("{line}: {fault:?}"));
    assert!(reply.open.is_empty(), "{line}");
    reply.written
}
