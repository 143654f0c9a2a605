//! Firewalls with small tables, wiped before every run; every line that they log is looked at.

use std::sync::LazyLock;

use palisade::policy::Firewall;
use palisade::settings::Settings;
use palisade::source::Address;

use crate::input::is_printable;
use crate::world::{self, Memory};

/// What each of the firewalls has of its own.
const NUMBERS: [&[(&str, i64)]; 3] = [
    &[("agent_ban_time", 60)],
    &[
        ("rate_ban_time", 0),
        ("auth_user_max_failures", 0),
        ("tcp_close", 0),
    ],
    &[
        ("ipv4_prefix", 24),
        ("ipv6_prefix", 128),
        ("auth_known_time", 0),
    ],
];
const TEXTS: [&[(&str, &str)]; 3] = [
    &[("edge", "rate")],
    &[
        ("edge", "off"),
        ("auth_scope", "user"),
        ("agent_deny", "^bad"),
    ],
    &[("auth_scope", "source"), ("agent_deny", "[0-9]{3,}x")],
];

static ALL: LazyLock<[(Firewall, Memory); 3]> = LazyLock::new(|| core::array::from_fn(make));

/// Where messages come from; the last two are trusted.
const SOURCES: [&str; 8] = [
    "192.0.2.1",
    "192.0.2.2",
    "203.0.113.7",
    "::ffff:192.0.2.1",
    "2001:db8::1",
    "2001:db8::2",
    "198.51.100.7",
    "2001:db8:1::9",
];

/// The source that a byte stands for; `0` to `7` in the seeds.
pub fn source(byte: u8) -> Address {
    let text = SOURCES[usize::from(byte) % SOURCES.len()];
    Address::parse(text.as_bytes()).expect("an address of ours")
}

fn make(which: usize) -> (Firewall, Memory) {
    let mut settings = Settings::default();
    let small = [
        ("sources_max", 16),
        ("bans_max", 4),
        ("users_max", 16),
        ("reqs_density_per_unit", 3),
    ];
    for &(name, value) in small.iter().chain(NUMBERS[which]) {
        settings.set_number(name, value).expect("a setting of ours");
    }
    for &(name, value) in [("trusted", "198.51.100.0/24, 2001:db8:1::/48")]
        .iter()
        .chain(TEXTS[which])
    {
        settings
            .set_text(name, value.as_bytes())
            .expect("a setting of ours");
    }
    let firewall = Firewall::new(settings, look_at).expect("there is memory");
    let memory = Memory::around(firewall.bans.size().totals);
    (firewall, memory)
}

/// One of them, as if it had just been made.
pub fn fresh(which: u8) -> &'static Firewall {
    world::begin();
    let (firewall, memory) = &ALL[usize::from(which) % ALL.len()];
    memory.wipe();
    firewall
}

/// The log: no line breaks out, and none is too long.
fn look_at(level: i32, line: &[u8]) {
    assert!((-5..=3).contains(&level));
    assert!(line.starts_with(b"palisade: ") && line.len() <= 1024);
    assert!(is_printable(line), "{:?}", line.escape_ascii().to_string());
    let mut quotes = 0;
    let mut bytes = line.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => _ = bytes.next(),
            b'"' => quotes += 1,
            _ => {}
        }
    }
    assert!(
        quotes % 2 == 0 || line.ends_with(b"..."),
        "{}",
        line.escape_ascii()
    );
}
