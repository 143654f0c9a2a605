//! A real Asterisk in a chroot of another Debian, which `scripts/setup interop` makes. What it is sent and sends, and
//! what it logs, is read from its own files.

use super::program::Program;
use super::wire::{Exchange, exchanges};
use crate::support::{Port, wait_until};
use std::cell::Cell;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const START: Duration = Duration::from_secs(120);
const PATIENCE: Duration = Duration::from_secs(30);
/// Where all its messages come from that are no part of a test.
const PROBE: &str = "127.0.0.99";

pub const ADDRESS: &str = "127.0.72.1";
pub const PASSWORD: &str = "secret";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Channel {
    Pjsip,
    Sip,
}

/// An Asterisk with one of its SIP channel drivers.
#[derive(Clone, Copy)]
pub struct Flavour {
    pub name: &'static str,
    /// The folder of the chroot.
    folder: &'static str,
    channel: Channel,
}

const FLAVOURS: [Flavour; 3] = [
    Flavour {
        name: "16 chan_pjsip",
        folder: "asterisk-16",
        channel: Channel::Pjsip,
    },
    Flavour {
        name: "16 chan_sip",
        folder: "asterisk-16",
        channel: Channel::Sip,
    },
    Flavour {
        name: "22 chan_pjsip",
        folder: "asterisk-22",
        channel: Channel::Pjsip,
    },
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setting {
    /// As it comes.
    Plain,
    /// Calls without a password are let into a context of their own.
    Guests,
    /// `alwaysauthreject=no`, which chan_sip alone has: it tells who is there.
    Telling,
}

impl Setting {
    pub fn name(self) -> &'static str {
        match self {
            Setting::Plain => "",
            Setting::Guests => " with guests",
            Setting::Telling => " alwaysauthreject=no",
        }
    }
}

/// What there is, with each of its settings.
pub fn all() -> impl Iterator<Item = (Flavour, Setting)> {
    let settings = [Setting::Plain, Setting::Guests, Setting::Telling];
    let each = FLAVOURS
        .iter()
        .flat_map(move |flavour| settings.map(|setting| (*flavour, setting)));
    each.filter(|(flavour, setting)| {
        flavour.channel == Channel::Sip || *setting != Setting::Telling
    })
}

pub struct Asterisk {
    pub port: Port,
    program: Program,
    dir: PathBuf,
    last: Cell<Mark>,
}

/// A place in Asterisk's files; what came later is what happened since.
#[derive(Clone, Copy, Default)]
pub struct Mark {
    wire: u64,
    messages: u64,
}

impl Asterisk {
    pub fn start(flavour: Flavour, setting: Setting) -> Asterisk {
        let chroot = Path::new(ROOT).join("target/interop").join(flavour.folder);
        let inside = format!("/run/{}-{setting:?}", flavour.name.replace(' ', "-"));
        let dir = chroot.join(inside.trim_start_matches('/'));
        if dir.exists() {
            fs::remove_dir_all(&dir).expect("remove what the last run left");
        }
        let port = Port::reserve();
        write_config(&chroot, &dir, &inside, flavour, setting, port.number);
        let mut command = Program::command("chroot");
        command
            .arg(&chroot)
            .args(["asterisk", "-f", "-C"])
            .arg(format!("{inside}/etc/asterisk.conf"))
            .stdout(Stdio::null());
        let mut asterisk = Asterisk {
            port,
            program: Program::start(&mut command),
            dir,
            last: Cell::default(),
        };
        let started = wait_until(|| asterisk.is_ready(), START);
        assert!(started, "not ready after {START:?}:\n{}", asterisk.log());
        asterisk
    }

    fn is_ready(&mut self) -> bool {
        let ended = self.program.ended();
        assert!(
            ended.is_none(),
            "Asterisk gave up: {ended:?}\n{}",
            self.log()
        );
        self.read("wire", 0).contains("Asterisk Ready")
    }

    pub fn log(&self) -> String {
        self.read("messages", 0)
    }

    /// From this byte on. The files of the last run stay until the next.
    fn read(&self, name: &str, from: u64) -> String {
        let mut text = vec![];
        if let Ok(mut file) = File::open(self.dir.join(name)) {
            file.seek(SeekFrom::Start(from)).expect("a place in a file");
            file.read_to_end(&mut text).expect("it can be read");
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    fn read_between(&self, name: &str, from: u64, to: u64) -> String {
        let mut text = self.read(name, from);
        text.truncate((to - from) as usize);
        text
    }

    /// Asterisk writes its files later than it answers, and all in one order: when it has written of a request of our
    /// own, it has written of all before.
    pub fn mark(&self) -> Mark {
        let socket = UdpSocket::bind((PROBE, 0)).expect("an address of our own");
        let from = socket.local_addr().expect("a bound socket has an address");
        let (to, port) = ((ADDRESS, self.port.number), from.port());
        let request = format!(
            "REGISTER sip:{ADDRESS} SIP/2.0\r\nVia: SIP/2.0/UDP {from};rport;branch=z9hG4bK{port}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:probe@{ADDRESS}>;tag=1\r\nTo: <sip:probe@{ADDRESS}>\r\n\
             Call-ID: {from}\r\nCSeq: 1 REGISTER\r\nContact: <sip:probe@{from}>\r\nContent-Length: 0\r\n\r\n"
        );
        socket.send_to(request.as_bytes(), to).expect("send");
        let event = format!("{}/{}\"", from.ip(), from.port());
        let last = self.last.get();
        let mut now = last;
        let is_written = || {
            let (wire, messages) = (
                self.read("wire", last.wire),
                self.read("messages", last.messages),
            );
            now.wire = last.wire + wire.len() as u64;
            now.messages = last.messages + messages.len() as u64;
            let asked = exchanges(&wire, &from.to_string());
            messages.contains(&event) && asked.iter().any(|exchange| exchange.answer.is_some())
        };
        let written = wait_until(is_written, PATIENCE);
        assert!(written, "nothing of {from} in the log:\n{}", self.log());
        self.last.set(now);
        now
    }

    /// The requests that came from this address (`127.0.0.1:5060`) between two marks, and what was answered.
    pub fn exchanges(&self, begin: Mark, end: Mark, address: &str) -> Vec<Exchange> {
        let wire = self.read_between("wire", begin.wire, end.wire);
        exchanges(&wire, address)
    }

    /// Has it sent anything there, or got anything from there, between two marks?
    pub fn has_met(&self, begin: Mark, end: Mark, ip: &str) -> bool {
        let wire = self.read_between("wire", begin.wire, end.wire);
        let is_theirs = |line: &str| {
            ["to ", "from ", "UDP:"]
                .iter()
                .any(|way| line.contains(&format!("{way}{ip}")))
        };
        // `Transmitting … to 127.0.0.1:5060`, with and without `<---`.
        let mut lines = wire
            .lines()
            .filter(|line| line.contains("ransmitting") || line.contains("<--- "));
        lines.any(is_theirs)
    }

    /// How often the stock filter of Fail2ban finds this address in what was logged between two marks.
    pub fn fail2ban(&self, begin: Mark, end: Mark, address: &str) -> usize {
        let log = self.dir.join("fail2ban.log");
        let messages = self.read_between("messages", begin.messages, end.messages);
        fs::write(&log, messages).expect("write what it reads");
        let answer = Command::new("fail2ban-regex")
            .args(["-o", "ip"])
            .arg(&log)
            .arg("/etc/fail2ban/filter.d/asterisk.conf")
            .output()
            .expect("fail2ban-regex, which scripts/setup installs");
        let complaints = String::from_utf8_lossy(&answer.stderr);
        // 1: nothing found.
        let is_done = matches!(answer.status.code(), Some(0 | 1)) && complaints.is_empty();
        assert!(is_done, "fail2ban-regex: {complaints}");
        let found = String::from_utf8_lossy(&answer.stdout);
        found.lines().filter(|line| *line == address).count()
    }
}

/// Debian's own configuration, and over it what is in `tests/interop/etc`.
fn write_config(
    chroot: &Path,
    dir: &Path,
    inside: &str,
    flavour: Flavour,
    setting: Setting,
    port: u16,
) {
    let etc = dir.join("etc");
    fs::create_dir_all(&etc).expect("a folder of its own");
    let theirs = chroot.join("etc/asterisk");
    for file in fs::read_dir(&theirs)
        .unwrap_or_else(|err| panic!("{}: {err}: run scripts/setup interop", theirs.display()))
    {
        let file = file.expect("a file");
        if file.file_type().expect("its type").is_file() {
            fs::copy(file.path(), etc.join(file.file_name())).expect("copy");
        }
    }
    let (channel, other, unused, dial, guest) = match flavour.channel {
        Channel::Pjsip => (
            "PJSIP",
            "chan_sip.so",
            "sip.conf",
            "PJSIP/${EXTEN}",
            ["nobody", "anonymous"],
        ),
        Channel::Sip => (
            "SIP",
            "chan_pjsip.so",
            "pjsip.conf",
            "SIP/${EXTEN}",
            ["no", "yes"],
        ),
    };
    let values = [
        ("@DIR@", inside.to_owned()),
        ("@ADDRESS@", format!("{ADDRESS}:{port}")),
        ("@CHANNEL@", channel.to_owned()),
        ("@OTHER_CHANNEL@", other.to_owned()),
        ("@DIAL@", dial.to_owned()),
        ("@PASSWORD@", PASSWORD.to_owned()),
        (
            "@GUESTS@",
            guest[usize::from(setting == Setting::Guests)].to_owned(),
        ),
        (
            "@ALWAYS_CHALLENGE@",
            ["yes", "no"][usize::from(setting == Setting::Telling)].to_owned(),
        ),
    ];
    for file in fs::read_dir(Path::new(ROOT).join("tests/interop/etc")).expect("our files") {
        let file = file.expect("a file");
        let mut text = fs::read_to_string(file.path()).expect("plain text");
        for (name, value) in &values {
            text = text.replace(name, value);
        }
        fs::write(etc.join(file.file_name()), text).expect("write the configuration");
    }
    fs::write(etc.join(unused), "").expect("nothing for the other channel driver");
}
