//! Commands of the RPC interface with any arguments, on a firewall that has seen some traffic.
//!
//! The first byte chooses a firewall, the second how long a reply may get. Then each line is a
//! command and its arguments between bars, or, after a `!`, a message ([`crate::message`]).

use std::ffi::CStr;

use palisade::report::commands::COMMANDS;
use palisade::report::{Fault, Full, Reply};
use palisade::source::Address;

use crate::firewall;
use crate::input::{Input, is_printable, texts};
use crate::message;

/// A reply that is read as it is written.
struct Checked {
    /// Structs (true) and lists that are open.
    open: Vec<bool>,
    written: usize,
    room: usize,
}

impl Checked {
    fn add(&mut self, name: Option<&CStr>) -> Result<(), Full> {
        let in_struct = self.open.last().copied();
        assert_eq!(
            name.is_some(),
            in_struct == Some(true),
            "a name in a struct, and only there"
        );
        assert!(
            self.written == 0 || in_struct.is_some(),
            "one reply is one struct"
        );
        assert!(name.is_none_or(|name| is_printable(name.to_bytes())));
        self.room = self.room.checked_sub(1).ok_or(Full)?;
        self.written += 1;
        Ok(())
    }
}

impl Reply for Checked {
    fn open_struct(&mut self, name: Option<&CStr>) -> Result<(), Full> {
        self.add(name)?;
        self.open.push(true);
        Ok(())
    }

    fn open_list(&mut self, name: Option<&CStr>) -> Result<(), Full> {
        self.add(name)?;
        self.open.push(false);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Full> {
        assert!(self.open.pop().is_some(), "nothing is open");
        Ok(())
    }

    fn number(&mut self, name: Option<&CStr>, _value: i64) -> Result<(), Full> {
        self.add(name)
    }

    fn text(&mut self, name: Option<&CStr>, text: &str) -> Result<(), Full> {
        assert!(is_printable(text.as_bytes()), "{text:?}");
        self.add(name)
    }
}

/// A byte stands for a command, so that each is tried soon; anything else is a name.
fn command(word: &[u8]) -> &[u8] {
    match word {
        [row] => COMMANDS
            .get(usize::from(*row) % (COMMANDS.len() + 1))
            .map_or(word, |command| command.name.as_bytes()),
        name => name,
    }
}

pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let firewall = firewall::fresh(input.byte());
    let room = usize::from(input.byte()) * 8;
    while !input.is_empty() {
        let line = input.until(b'\n');
        if let [b'!', line @ ..] = line {
            message::step(firewall, line);
            continue;
        }
        let words = texts(line);
        let arguments: Vec<&[u8]> = words[1..].iter().map(Vec::as_slice).collect();
        let mut reply = Checked {
            open: Vec::new(),
            written: 0,
            room,
        };
        let command = command(&words[0]);
        match firewall.answer(command, &arguments, &mut reply) {
            Ok(()) => assert!(reply.open.is_empty() && reply.written > 0),
            Err(Fault::Full) => assert_eq!(reply.room, 0),
            Err(fault) => {
                let (code, sentence) = fault.answer().expect("it is not full");
                assert!([400, 403, 404, 500].contains(&code));
                assert!(
                    is_printable(sentence.as_bytes()) && !sentence.is_empty(),
                    "{sentence:?}"
                );
                assert_eq!(reply.written, 0, "a fault and a reply");
            }
        }
        if let (b"ban" | b"unban", [key, ..]) = (command, &arguments[..])
            && let Some(address) = Address::parse(key)
            && firewall.settings.trusted.holds(address)
        {
            assert!(
                !firewall.is_banned(address),
                "a trusted source is never banned"
            );
        }
    }
}
