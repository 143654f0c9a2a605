//! Datagrams with any source address and port. Who sends them sees no answer.

use super::namespace::Namespace;
use super::pace::Pace;
use socket2::{Domain, Protocol, Socket, Type};
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

/// How a flood goes on. Which message comes next?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Each is another one.
    Unique,
    /// So many, again and again.
    Loop(u64),
    /// Each comes a second time 500 ms later, as a phone's would that got no answer.
    Doubled,
}

/// Between a message and its double: RFC 3261's T1.
const AGAIN: f64 = 0.5;
/// What is due is sent at once, this often.
const BEAT: Duration = Duration::from_millis(1);

pub struct Forger {
    socket: Socket,
    to: SocketAddrV4,
}

impl Forger {
    /// A stranger in this network.
    #[track_caller]
    pub fn new(within: &Namespace, to: SocketAddrV4) -> Forger {
        let raw = Protocol::from(libc::IPPROTO_RAW); // the IP header is ours
        let kind = Type::from(libc::SOCK_RAW);
        let socket = within.within(|| Socket::new(Domain::IPV4, kind, Some(raw)));
        Forger {
            socket: socket.expect("a raw socket"),
            to,
        }
    }

    pub fn send(&self, from: SocketAddrV4, payload: &[u8]) {
        let sent = (self.socket).send_to(&datagram(from, self.to, payload), &self.to.into());
        sent.unwrap_or_else(|error| panic!("in the name of {from}: {error}"));
    }

    /// Sends until what it answers is dropped. The n-th message, and in whose name, is always the same.
    pub fn flood(
        self,
        per_second: f64,
        order: Order,
        message: impl Fn(u64) -> (SocketAddrV4, Vec<u8>) + Send + 'static,
    ) -> Flooding {
        let (stop, sent) = (
            Arc::new(AtomicBool::default()),
            Arc::new(AtomicU64::default()),
        );
        let (stopped, counted) = (stop.clone(), sent.clone());
        let thread = std::thread::spawn(move || {
            let mut pace = Pace::every(BEAT);
            let mut turn = 0;
            while !stopped.load(Relaxed) {
                let due = (pace.tick().as_secs_f64() * per_second) as u64;
                for number in (turn..due).filter_map(|turn| order.number(turn, per_second)) {
                    let (from, payload) = message(number);
                    self.send(from, &payload);
                    counted.fetch_add(1, Relaxed);
                }
                turn = due;
            }
        });
        Flooding {
            stop,
            sent,
            thread: Some(thread),
        }
    }
}

impl Order {
    fn number(self, turn: u64, per_second: f64) -> Option<u64> {
        match self {
            Order::Unique => Some(turn),
            Order::Loop(length) => Some(turn % length),
            Order::Doubled if turn.is_multiple_of(2) => Some(turn / 2),
            Order::Doubled => (turn / 2).checked_sub((per_second * AGAIN / 2.0) as u64),
        }
    }
}

/// A flood that goes on until this is dropped.
pub struct Flooding {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Flooding {
    pub fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }
}

impl Drop for Flooding {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(
            matches!(ended, Some(Ok(()))) || std::thread::panicking(),
            "the forger fell over"
        );
    }
}

/// RFC 791 and 768. The kernel reckons the IP header's checksum; UDP's may be 0.
fn datagram(from: SocketAddrV4, to: SocketAddrV4, payload: &[u8]) -> Vec<u8> {
    let length = |more: usize| ((payload.len() + more) as u16).to_be_bytes();
    let mut bytes = vec![0x45, 0];
    bytes.extend(length(28));
    bytes.extend([0, 0, 0, 0, 64, libc::IPPROTO_UDP as u8, 0, 0]);
    bytes.extend(from.ip().octets());
    bytes.extend(to.ip().octets());
    bytes.extend(from.port().to_be_bytes());
    bytes.extend(to.port().to_be_bytes());
    bytes.extend(length(8));
    bytes.extend([0, 0]);
    bytes.extend(payload);
    bytes
}
