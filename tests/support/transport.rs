//! The wire under a phone: a UDP socket or a TCP connection, with a source address of its own.

use super::sip::Message;
use socket2::{Domain, SockAddr, Socket, Type};
use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(10);
/// Linux grants as much as net.core.rmem_max allows: a flood's answers should not be lost on our
/// side.
const RECEIVE_BUFFER: usize = 4 << 20;

/// Of IPv6, the loopback interface has a single address, which is the server's own: others are added
/// when they are first used.
fn make_local(source: SocketAddr) {
    if let IpAddr::V6(address) = source.ip()
        && !address.is_loopback()
    {
        let address = format!("{address}/128");
        let done = Command::new("ip")
            .args(["-6", "address", "replace", &address, "dev", "lo", "nodad"])
            .status()
            .expect("ip, which scripts/setup test installs");
        assert!(done.success(), "{address} on lo: {done}");
    }
}

pub struct Transport {
    socket: Socket,
    is_tcp: bool,
    /// What has come over TCP and is not yet a whole message.
    received: RefCell<Vec<u8>>,
}

impl Transport {
    pub fn udp(source: SocketAddr, server: SocketAddr) -> io::Result<Transport> {
        make_local(source);
        let socket = Socket::new(Domain::for_address(source), Type::DGRAM, None)?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.bind(&source.into())?;
        socket.connect(&server.into())?;
        Ok(Transport {
            socket,
            is_tcp: false,
            received: RefCell::default(),
        })
    }

    pub fn tcp(source: SocketAddr, server: SocketAddr) -> io::Result<Transport> {
        make_local(source);
        let socket = Socket::new(Domain::for_address(source), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&source.into())?;
        socket.connect_timeout(&SockAddr::from(server), CONNECT)?;
        socket.set_tcp_nodelay(true)?;
        Ok(Transport {
            socket,
            is_tcp: true,
            received: RefCell::default(),
        })
    }

    pub fn name(&self) -> &'static str {
        if self.is_tcp { "TCP" } else { "UDP" }
    }

    pub fn local(&self) -> SocketAddr {
        let address = self
            .socket
            .local_addr()
            .expect("a bound socket has an address");
        address.as_socket().expect("an IP socket")
    }

    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.socket.set_nonblocking(false)?;
        match self.is_tcp {
            true => (&self.socket).write_all(bytes),
            false => self.socket.send(bytes).map(drop), // an empty one, too
        }
    }

    /// The next message within `timeout`; zero only looks. None also when the connection is closed.
    pub fn receive(&self, timeout: Duration) -> Option<Message> {
        let mut received = self.received.borrow_mut();
        if let Some(message) = take_message(&mut received) {
            return Some(message);
        }
        let mut piece = [0; 65536];
        let length = self.read(&mut piece, timeout).ok()?;
        match self.is_tcp {
            true => {
                received.extend_from_slice(&piece[..length]);
                take_message(&mut received)
            }
            false => Message::parse(&piece[..length]),
        }
    }

    /// Has the server closed the connection? What it sent before is kept.
    pub fn is_closed(&self) -> bool {
        if !self.is_tcp {
            return false;
        }
        let mut piece = [0; 65536];
        match self.read(&mut piece, Duration::ZERO) {
            Ok(length) => {
                self.received
                    .borrow_mut()
                    .extend_from_slice(&piece[..length]);
                length == 0
            }
            Err(err) => err.kind() != ErrorKind::WouldBlock,
        }
    }

    fn read(&self, into: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.socket.set_nonblocking(timeout.is_zero())?;
        if !timeout.is_zero() {
            self.socket.set_read_timeout(Some(timeout))?;
        }
        (&self.socket).read(into)
    }
}

/// The first whole message of a stream, by its Content-Length (RFC 3261, 18.3).
pub(super) fn take_message(stream: &mut Vec<u8>) -> Option<Message> {
    let keepalives = stream
        .iter()
        .take_while(|byte| b"\r\n".contains(byte))
        .count();
    stream.drain(..keepalives);
    let message = Message::parse(stream)?;
    let head = stream.len() - message.body().len();
    let length = message
        .header("Content-Length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    (message.body().len() >= length)
        .then(|| Message::parse(&stream.drain(..head + length).collect::<Vec<_>>()))?
}
