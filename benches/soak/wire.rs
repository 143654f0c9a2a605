//! One socket that sends from any address of 127.0.0.0/8, each datagram from another if wanted
//! (IP_PKTINFO, ip(7)); and so much at a time that the server's queue is never empty and never full.

use crate::queue::Queue;
use crate::support::Server;
use std::mem::size_of;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;

/// Datagrams handed to the kernel at once.
const BATCH: usize = 16;
/// What a datagram takes in a queue beside its bytes.
const OVERHEAD: usize = 500;

pub struct Wire {
    socket: UdpSocket,
    server: libc::sockaddr_in,
    queue: Queue,
}

/// The control message that names the source of one datagram.
#[repr(C)]
#[derive(Clone, Copy)]
struct Source {
    header: libc::cmsghdr,
    info: libc::in_pktinfo,
}

impl Wire {
    pub fn to(server: &Server) -> Wire {
        let address = libc::sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: server.port().to_be(),
            sin_addr: in_addr(Ipv4Addr::LOCALHOST),
            sin_zero: [0; 8],
        };
        Wire {
            socket: UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a socket"),
            server: address,
            queue: Queue::of(server.port()),
        }
    }

    /// The same bytes from each source, in order, no faster than the server reads them.
    pub fn send(&mut self, sources: impl IntoIterator<Item = Ipv4Addr>, datagram: &[u8]) {
        self.send_when(sources, datagram, |queue, bytes| queue.wait_for_room(bytes));
    }

    /// The same, as fast as it goes.
    pub fn burst(&mut self, sources: impl IntoIterator<Item = Ipv4Addr>, datagram: &[u8]) {
        self.send_when(sources, datagram, |_, _| {});
    }

    fn send_when(
        &mut self,
        sources: impl IntoIterator<Item = Ipv4Addr>,
        datagram: &[u8],
        wait: fn(&mut Queue, usize),
    ) {
        let mut sources = sources.into_iter();
        loop {
            let mut controls: Vec<Source> = sources.by_ref().take(BATCH).map(control).collect();
            if controls.is_empty() {
                return;
            }
            let bytes = controls.len() * (datagram.len() + OVERHEAD);
            wait(&mut self.queue, bytes);
            self.send_batch(&mut controls, datagram);
        }
    }

    fn send_batch(&mut self, controls: &mut [Source], datagram: &[u8]) {
        let mut bytes = libc::iovec {
            iov_base: datagram.as_ptr().cast_mut().cast(),
            iov_len: datagram.len(),
        };
        let mut messages: Vec<libc::mmsghdr> = controls
            .iter_mut()
            .map(|control| {
                // SAFETY: all zeroes is a header that has nothing.
                let mut message: libc::mmsghdr = unsafe { std::mem::zeroed() };
                message.msg_hdr.msg_name = (&raw mut self.server).cast();
                message.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
                message.msg_hdr.msg_iov = &raw mut bytes;
                message.msg_hdr.msg_iovlen = 1;
                message.msg_hdr.msg_control = std::ptr::from_mut(control).cast();
                message.msg_hdr.msg_controllen = size_of::<Source>() as _;
                message
            })
            .collect();
        let mut sent = 0;
        while sent < messages.len() {
            let rest = &mut messages[sent..];
            let count = rest.len() as u32;
            // SAFETY: so many headers, whose pointers are to what outlives the call.
            let done =
                unsafe { libc::sendmmsg(self.socket.as_raw_fd(), rest.as_mut_ptr(), count, 0) };
            match usize::try_from(done) {
                Ok(done) => sent += done,
                Err(_) => panic!("sendmmsg: {}", std::io::Error::last_os_error()),
            }
        }
    }
}

fn in_addr(address: Ipv4Addr) -> libc::in_addr {
    libc::in_addr {
        s_addr: u32::from(address).to_be(),
    }
}

fn control(source: Ipv4Addr) -> Source {
    // SAFETY: all zeroes is a header, and no address.
    let mut control: Source = unsafe { std::mem::zeroed() };
    let length = size_of::<libc::cmsghdr>() + size_of::<libc::in_pktinfo>();
    control.header.cmsg_len = length as _;
    control.header.cmsg_level = libc::IPPROTO_IP;
    control.header.cmsg_type = libc::IP_PKTINFO;
    control.info.ipi_spec_dst = in_addr(source);
    control
}
