//! A phone as people have them: it retransmits (RFC 3261, 17), has one Call-ID for all its REGISTERs
//! (10.2), keeps a nonce until it is stale, and takes calls. What a test may send beyond that,
//! [`Phone`](super::Phone) sends.

mod answering;
mod calling;
mod dialog;
mod outcome;
mod transaction;
mod wire;

pub use answering::{Manner, Reply, takes_calls};
pub use calling::Call;
pub use outcome::Outcome;

use super::namespace::Namespace;
use super::sip::{Message, Request, Sender, unique};
use answering::Answered;
use std::collections::{HashMap, VecDeque};
use std::net::{SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;
use wire::Wire;

/// How long the reading thread waits before it looks what else is due.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Clone, Debug)]
pub struct Account {
    pub user: String,
    pub domain: String,
    pub password: String,
}

/// Gone, with its thread, when it is dropped.
pub struct Device {
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
}

struct Shared {
    wire: Wire,
    account: Account,
    manner: Manner,
    stop: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Responses for each transaction that goes on, by its branch.
    arrived: HashMap<String, VecDeque<Message>>,
    /// The ACK of each INVITE that is over, by its branch: sent again with each response to it.
    acknowledged: HashMap<String, Vec<u8>>,
    /// What was challenged last: of REGISTERs, and of all else.
    challenges: HashMap<bool, Challenge>,
    registration: Registration,
    answered: Answered,
    /// The start lines that came last.
    seen: VecDeque<String>,
}

struct Challenge {
    /// That carries the answer.
    header: &'static str,
    value: String,
    /// How often its nonce was used.
    count: u32,
}

struct Registration {
    call_id: String,
    cseq: u32,
}

impl Default for Registration {
    fn default() -> Registration {
        Registration {
            call_id: format!("registration-{}", unique()),
            cseq: 0,
        }
    }
}

impl Device {
    /// At `10.1.0.5`, or with a port, `10.1.0.5:5060`.
    #[track_caller]
    pub fn udp(within: &Namespace, source: &str, server: SocketAddrV4, account: Account) -> Device {
        Device::udp_as(within, source, server, account, takes_calls())
    }

    /// One that answers in another manner.
    #[track_caller]
    pub fn udp_as(
        within: &Namespace,
        source: &str,
        server: SocketAddrV4,
        account: Account,
        manner: Manner,
    ) -> Device {
        let wire = within.within(|| Wire::udp(address(source), server));
        Device::on(wire, source, account, manner)
    }

    #[track_caller]
    pub fn tcp(within: &Namespace, source: &str, server: SocketAddrV4, account: Account) -> Device {
        let wire = within.within(|| Wire::tcp(address(source), server));
        Device::on(wire, source, account, takes_calls())
    }

    #[track_caller]
    fn on(wire: std::io::Result<Wire>, source: &str, account: Account, manner: Manner) -> Device {
        let shared = Arc::new(Shared {
            wire: wire.unwrap_or_else(|error| panic!("{source}: {error}")),
            account,
            manner,
            stop: AtomicBool::new(false),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let reading = shared.clone();
        let reader = std::thread::spawn(move || {
            while !reading.stop.load(Relaxed) {
                match reading.wire.receive(LOOK) {
                    Some(message) if message.status().is_some() => reading.take(message),
                    Some(request) => reading.answer(&request),
                    None => {}
                }
                reading.repeat_answers();
            }
        });
        Device {
            shared,
            reader: Some(reader),
        }
    }

    pub fn local(&self) -> SocketAddr {
        self.shared.wire.local()
    }

    pub fn user(&self) -> &str {
        &self.shared.account.user
    }

    /// Where others find it, by its domain.
    pub fn uri(&self) -> String {
        let Account { user, domain, .. } = &self.shared.account;
        format!("sip:{user}@{domain}")
    }

    /// A complete request, a dialog of its own.
    pub fn request(&self, method: &str) -> Request {
        self.shared.request(method)
    }

    /// Forgets its nonces, as a phone does that does not keep them.
    pub fn forget_nonces(&self) {
        self.shared.state().challenges.clear();
    }

    /// What came last.
    pub fn seen(&self) -> String {
        let seen = self.shared.state().seen.clone();
        format!("{} saw {:?}", self.local(), Vec::from(seen))
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.shared.stop.store(true, Relaxed);
        self.shared.wire.close();
        let ended = self.reader.take().map(JoinHandle::join);
        assert!(
            matches!(ended, Some(Ok(()))) || std::thread::panicking(),
            "a phone fell over"
        );
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }

    fn request(&self, method: &str) -> Request {
        let sender = Sender {
            user: &self.account.user,
            domain: &self.account.domain,
            agent: "Palisade-Test",
            local: self.wire.local(),
            transport: self.wire.name(),
        };
        sender.request(method)
    }

    fn contact(&self) -> String {
        self.request("OPTIONS").value("Contact")
    }
}

#[track_caller]
fn address(source: &str) -> SocketAddrV4 {
    let with_port = source.parse().or_else(|_| format!("{source}:0").parse());
    with_port.unwrap_or_else(|_| panic!("{source:?} is no source address"))
}
