//! A SIP client at an address of its own. It does not decide what is right to send: a test may send
//! anything.

mod ask;

use crate::support::config::DOMAIN;
use crate::support::idle::Activity;
use crate::support::server::Server;
use crate::support::sip::{Message, Request, Sender};
use crate::support::transport::Transport;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

pub struct Phone {
    transport: Transport,
    activity: Arc<Activity>,
    user: String,
    domain: String,
    agent: String,
    /// Came while something else was waited for.
    inbox: RefCell<VecDeque<Message>>,
}

impl Phone {
    /// At `127.0.0.5`, `::1` or, with a port, `127.0.0.5:5062`, `[::1]:5062`.
    #[track_caller]
    pub fn udp(server: &Server, source: &str) -> Phone {
        Phone::new(server, source, Transport::udp)
    }

    /// A connection from there.
    #[track_caller]
    pub fn tcp(server: &Server, source: &str) -> Phone {
        Phone::new(server, source, Transport::tcp)
    }

    #[track_caller]
    fn new(
        server: &Server,
        source: &str,
        open: fn(SocketAddr, SocketAddr) -> std::io::Result<Transport>,
    ) -> Phone {
        let source = (source.parse().map(|ip: IpAddr| SocketAddr::from((ip, 0))))
            .or_else(|_| source.parse())
            .unwrap_or_else(|_| panic!("{source:?} is no source address"));
        Phone {
            transport: open(source, server.address_for(source.ip()))
                .unwrap_or_else(|err| panic!("{source}: {err}")),
            activity: server.activity.clone(),
            user: "phone".into(),
            domain: DOMAIN.into(),
            agent: "Palisade-Test".into(),
            inbox: RefCell::default(),
        }
    }

    /// Whom its requests are from.
    pub fn user(mut self, user: &str) -> Phone {
        self.user = user.into();
        self
    }

    /// `palisade.test` unless said, which the harness's Kamailio takes for itself.
    pub fn domain(mut self, domain: &str) -> Phone {
        self.domain = domain.into();
        self
    }

    pub fn agent(mut self, agent: &str) -> Phone {
        self.agent = agent.into();
        self
    }

    pub fn local(&self) -> SocketAddr {
        self.transport.local()
    }

    /// A complete request of this phone, a dialog of its own; to itself unless [`Request::uri`]
    /// says otherwise.
    pub fn request(&self, method: &str) -> Request {
        self.request_as(method, &self.user)
    }

    pub fn request_as(&self, method: &str, user: &str) -> Request {
        let sender = Sender {
            user,
            domain: &self.domain,
            agent: &self.agent,
            local: self.local(),
            transport: self.transport.name(),
        };
        sender.request(method)
    }

    /// Sends it and waits for nothing. The same request again is a retransmission.
    #[track_caller]
    pub fn send(&self, request: &Request) {
        self.send_raw(&request.bytes());
    }

    #[track_caller]
    pub fn send_raw(&self, bytes: &[u8]) {
        self.try_send_raw(bytes)
            .unwrap_or_else(|err| panic!("{}: {err}", self.local()));
    }

    /// For a connection that the server may have closed.
    pub fn try_send_raw(&self, bytes: &[u8]) -> std::io::Result<()> {
        self.transport.send(bytes)
    }

    /// Has the server closed the connection (TCP)?
    pub fn is_closed(&self) -> bool {
        self.transport.is_closed()
    }

    /// The next message, request or response, within `timeout`; zero only looks.
    pub fn receive(&self, timeout: Duration) -> Option<Message> {
        let waiting = self.inbox.borrow_mut().pop_front();
        waiting.or_else(|| self.transport.receive(timeout))
    }

    /// Answers a request that came in.
    #[track_caller]
    pub fn respond(&self, request: &Message, status: u16, reason: &str) {
        let contact = format!("<sip:{}@{}>", self.user, self.local());
        self.send_raw(request.response(status, reason, &contact).as_bytes());
    }
}
