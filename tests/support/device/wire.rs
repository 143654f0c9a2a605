//! The wire under a device: written by who asks, read by its thread.

use crate::support::sip::Message;
use crate::support::transport::take_message;
use socket2::{Domain, Socket, Type};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, SocketAddrV4};
use std::sync::Mutex;
use std::time::Duration;

pub struct Wire {
    socket: Socket,
    is_tcp: bool,
    local: SocketAddr,
    /// What has come over TCP and is not yet a whole message.
    received: Mutex<Vec<u8>>,
}

/// Of what a phone is sent.
const LONGEST: usize = 16 << 10;
const CONNECT: Duration = Duration::from_secs(5);

impl Wire {
    pub fn udp(source: SocketAddrV4, server: SocketAddrV4) -> io::Result<Wire> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        socket.bind(&source.into())?;
        socket.connect(&server.into())?;
        Wire::on(socket, false)
    }

    pub fn tcp(source: SocketAddrV4, server: SocketAddrV4) -> io::Result<Wire> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&source.into())?;
        socket.connect_timeout(&server.into(), CONNECT)?;
        socket.set_tcp_nodelay(true)?;
        Wire::on(socket, true)
    }

    fn on(socket: Socket, is_tcp: bool) -> io::Result<Wire> {
        let local = socket.local_addr()?.as_socket();
        Ok(Wire {
            socket,
            is_tcp,
            local: local.expect("an IP socket"),
            received: Mutex::default(),
        })
    }

    pub fn name(&self) -> &'static str {
        if self.is_tcp { "TCP" } else { "UDP" }
    }

    pub fn is_tcp(&self) -> bool {
        self.is_tcp
    }

    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// What cannot be sent is lost, as on any wire.
    pub fn send(&self, bytes: &[u8]) {
        let _lost = (&self.socket).write_all(bytes);
    }

    /// Nothing comes any more, and who waits for it is woken.
    pub fn close(&self) {
        let _is_closed = self.socket.shutdown(Shutdown::Both);
    }

    /// The next message within `timeout`. On a connection that is closed, none.
    pub fn receive(&self, timeout: Duration) -> Option<Message> {
        let mut received = self.received.lock().expect("nobody panics with it");
        if let Some(message) = take_message(&mut received) {
            return Some(message);
        }
        self.socket.set_read_timeout(Some(timeout)).ok()?;
        let mut piece = [0; LONGEST];
        let length = (&self.socket).read(&mut piece).ok()?;
        if !self.is_tcp {
            return Message::parse(&piece[..length]);
        }
        if length == 0 {
            std::thread::sleep(timeout); // closed: as quiet as a wire on which nothing comes
        }
        received.extend_from_slice(&piece[..length]);
        take_message(&mut received)
    }
}
