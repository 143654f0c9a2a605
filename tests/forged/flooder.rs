//! Somebody who sends OPTIONS from a socket of his own, and counts the answers.

use super::letter::{copy, letter};
use super::world::{World, ipv4};
use crate::support::{Message, Namespace, Network, Pace, Request};
use std::io::ErrorKind;
use std::net::UdpSocket;

pub struct Flooder {
    socket: UdpSocket,
    letter: Request,
}

impl World {
    #[track_caller]
    pub fn flooder(&self, within: &Namespace, at: &str) -> Flooder {
        let server = Network::at(self.kam.port());
        let socket = within.within(|| UdpSocket::bind((at, 0)));
        let socket = socket.unwrap_or_else(|error| panic!("{at}: {error}"));
        socket.connect(server).expect("connect");
        socket.set_nonblocking(true).expect("never waits");
        let local = socket.local_addr().expect("an address");
        let letter = letter("OPTIONS", "flooder", ipv4(local)).uri(&self.uri());
        Flooder { socket, letter }
    }
}

impl Flooder {
    /// Until it is over; how many were answered by 200.
    pub fn floods(&self, per_second: f64, is_over: impl Fn() -> bool) -> usize {
        let mut pace = Pace::per_second(per_second);
        let mut answered = 0;
        for number in 0.. {
            pace.tick();
            let _lost = self.socket.send(&copy(&self.letter, number));
            answered += self.answers();
            if is_over() {
                break;
            }
        }
        answered
    }

    pub fn sends(&self, number: u64) {
        let _lost = self.socket.send(&copy(&self.letter, number));
    }

    /// 200s that have come by now.
    pub fn answers(&self) -> usize {
        let mut piece = [0; 65536];
        let came = std::iter::from_fn(|| match self.socket.recv(&mut piece) {
            Ok(length) => Some(Message::parse(&piece[..length])),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(_) => Some(None),
        });
        came.flatten()
            .filter(|message| message.status() == Some(200))
            .count()
    }
}
