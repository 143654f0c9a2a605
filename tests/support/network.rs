//! A server, phones and strangers, each in a network of its own. The server's joins the two others:
//! it routes answers to whose address it is, and believes every source address, so that a stranger
//! may send in a phone's name, and never sees the answer. With `FORGED_REFUSED` set it believes none
//! that is not its sender's: then nothing forged arrives, and a test that fails is wrong itself.

use super::namespace::Namespace;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Where Kamailio listens.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// All of 10.1.0.0/16 are phones', all of 10.2.0.0/16 are strangers'.
pub struct Network {
    pub server: Namespace,
    pub phones: Namespace,
    pub strangers: Namespace,
}

impl Network {
    #[track_caller]
    pub fn new() -> Network {
        let believes = match std::env::var_os("FORGED_REFUSED") {
            None => "0",
            Some(_) => "1",
        };
        let [server, phones, strangers] = [(); 3].map(|()| Namespace::new());
        server.within(|| {
            for of in ["all", "default"] {
                let path = format!("/proc/sys/net/ipv4/conf/{of}/rp_filter");
                std::fs::write(&path, believes).unwrap_or_else(|error| panic!("{path}: {error}"));
            }
        });
        server.run(&format!("ip address add {SERVER}/32 dev lo"));
        for (number, name, side) in [(1, "phones", &phones), (2, "strangers", &strangers)] {
            let (here, there) = (format!("10.9.{number}.1"), format!("10.9.{number}.2"));
            let theirs = format!("10.{number}.0.0/16");
            server.wire(name, side, "server");
            server.run(&format!("ip address add {here}/30 dev {name}"));
            server.run(&format!("ip route add {theirs} via {there}"));
            side.run(&format!("ip address add {there}/30 dev server"));
            side.run(&format!("ip route add default via {here}"));
            side.run(&format!("ip route add local {theirs} dev lo"));
        }
        Network {
            server,
            phones,
            strangers,
        }
    }

    pub fn at(port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(SERVER, port)
    }
}
