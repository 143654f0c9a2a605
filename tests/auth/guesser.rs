//! Somebody who tries passwords.

use super::DOMAIN;
use crate::support::{Message, Phone, Request, Server};
use std::cell::Cell;
use std::time::Duration;

pub struct Guesser<'a> {
    server: &'a Server,
    pub phone: Phone,
    user: &'a str,
    challenge: Message,
    guesses: Cell<u32>,
}

/// How the guesses come.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// The next one after the answer to the last.
    OneByOne,
    /// All together, to several workers.
    AtOnce,
    /// So, and requests between them that carry no password: an answer to those must not make room
    /// for one more guess.
    AmongOthers,
    /// One by one, after requests with the same credentials that Kamailio calls authenticated without
    /// a look, whatever their letters.
    AfterUnchallenged,
}

/// Methods that can't be challenged, as Kamailio reads them.
const UNCHALLENGED: [&str; 5] = ["PRACK", "prack", "Prack", "ack", "cancel"];

impl<'a> Guesser<'a> {
    /// At this address; has a challenge already, whose nonce serves for all guesses.
    #[track_caller]
    pub fn new(server: &'a Server, source: &str, user: &'a str) -> Guesser<'a> {
        let phone = Phone::udp(server, source).domain(DOMAIN);
        let challenge = challenge(&phone);
        Guesser {
            server,
            phone,
            user,
            challenge,
            guesses: Cell::new(0),
        }
    }

    /// Another password each time.
    pub fn guess(&self) -> Request {
        self.guesses.set(self.guesses.get() + 1);
        self.try_password(&format!("guess {}", self.guesses.get()))
    }

    pub fn try_password(&self, password: &str) -> Request {
        let request = self.phone.request_as("REGISTER", self.user);
        request.authorize(&self.challenge, self.user, password)
    }

    /// The statuses of the answers to so many guesses.
    pub fn attack(&self, manner: Manner, guesses: usize) -> Vec<u16> {
        let requests: Vec<_> = (0..guesses).map(|_| self.guess()).collect();
        if let Manner::AfterUnchallenged = manner {
            let status = |request: &Request| {
                for method in UNCHALLENGED {
                    let mut first = request.clone();
                    first.method = method.into();
                    self.phone.send(&first.next());
                }
                self.server.wait_idle();
                self.phone.status(request)
            };
            return requests.iter().filter_map(status).collect();
        }
        if let Manner::OneByOne = manner {
            let answers = requests.iter().map(|request| self.phone.status(request));
            return answers.flatten().collect();
        }
        for request in &requests {
            self.phone.send(request);
            if let Manner::AmongOthers = manner {
                let plain = |method| self.phone.request_as(method, self.user).agent("quick");
                self.phone.send(&plain("REGISTER"));
                self.phone.send(&plain("PRACK"));
            }
        }
        self.server.wait_idle();
        std::iter::from_fn(|| self.phone.receive(Duration::ZERO))
            .filter_map(|answer| answer.status())
            .collect()
    }
}

/// With a nonce, which is good for every user. Asked for as somebody who is never blocked.
#[track_caller]
pub fn challenge(phone: &Phone) -> Message {
    let answer = phone.ask(&phone.request_as("REGISTER", "nobody-in-particular"));
    let answer = answer.expect("a challenge");
    assert_eq!(answer.status(), Some(401), "{answer}");
    answer
}
