//! Somebody who tries passwords.

use super::DOMAIN;
use crate::support::{Message, Phone, Request, Server};
use std::time::Duration;

pub struct Guesser<'a> {
    server: &'a Server,
    phone: Phone,
    user: &'a str,
    challenge: Message,
}

impl<'a> Guesser<'a> {
    /// At this address; has asked for a challenge already, whose nonce serves for all guesses.
    pub fn new(server: &'a Server, source: &str, user: &'a str) -> Guesser<'a> {
        let phone = Phone::udp(server, source).domain(DOMAIN);
        let challenge = phone
            .ask(&phone.request_as("REGISTER", user))
            .expect("a challenge");
        assert_eq!(challenge.status(), Some(401), "{challenge}");
        Guesser {
            server,
            phone,
            user,
            challenge,
        }
    }

    pub fn guess(&self, password: &str) -> Request {
        let request = self.phone.request_as("REGISTER", self.user);
        request.authorize(&self.challenge, self.user, password)
    }

    /// So many at once; how many were answered with which status.
    pub fn burst(&self, guesses: usize) -> Vec<u16> {
        let requests: Vec<_> = (0..guesses).map(|n| self.guess(&format!("guess {n}"))).collect();
        requests.iter().for_each(|request| self.phone.send(request));
        self.server.wait_idle();
        let answers = std::iter::from_fn(|| self.phone.receive(Duration::ZERO));
        answers.filter_map(|answer| answer.status()).collect()
    }
}
