//! A port that is free for UDP and TCP on both loopbacks, and that no other test takes meanwhile.
//!
//! The range lies below the kernel's ephemeral ports, where the phones' own sockets are. A locked
//! file per port keeps it ours against other threads and processes; the kernel drops the lock with
//! the process. What remains is a program outside the tests, and then Kamailio's start is tried
//! again with another port.

use std::fs::{File, create_dir_all, metadata};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::MetadataExt;

const RANGE: std::ops::Range<u16> = 12_000..30_000;

pub struct Port {
    pub number: u16,
    _lock: File,
}

impl Port {
    pub fn reserve() -> Port {
        let span = u64::from(RANGE.end - RANGE.start);
        let first = RandomState::new().build_hasher().finish() % span;
        (0..span)
            .find_map(|n| Port::try_reserve(RANGE.start + ((first + n) % span) as u16))
            .expect("no free port")
    }

    fn try_reserve(number: u16) -> Option<Port> {
        let user = metadata("/proc/self").expect("/proc").uid();
        let dir = std::env::temp_dir().join(format!("palisade-test-ports-{user}"));
        create_dir_all(&dir).expect("the directory of port locks");
        let lock = File::create(dir.join(number.to_string())).ok()?;
        lock.try_lock().ok()?;
        is_free(number).then_some(Port {
            number,
            _lock: lock,
        })
    }
}

fn is_free(port: u16) -> bool {
    let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    [v4, v6]
        .iter()
        .all(|at| UdpSocket::bind(at).is_ok() && TcpListener::bind(at).is_ok())
}
