//! An example config, the phones that it knows, and strangers.

use super::pbx::Pbx;
use crate::support::device::{Account, Device};
use crate::support::{Forger, Kamailio, Namespace, Network, Reply, Rpc, SERVER, Server};
use serde_json::json;
use std::fmt::Write;
use std::net::{SocketAddr, SocketAddrV4};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

pub const DOMAIN: &str = "example.com";
pub const PASSWORD: &str = "secret";
/// Users, and numbers of phones.
const USERS: std::ops::Range<u32> = 100..2000;
/// Not defines of the examples: seconds that a nonce of Kamailio's is good for, where it knows the
/// passwords; and Palisade's policy.
pub const NONCE_LIFE: &str = "nonce_expire";
pub const POLICY: &str = "policy";
const LINES: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// examples/kamailio.cfg: knows the passwords.
    Registrar,
    /// examples/asterisk.cfg: a PBX does.
    Pbx,
}

pub const BOTH: &[Edge] = &[Edge::Registrar, Edge::Pbx];

pub struct World {
    pub kam: Server,
    pub net: Network,
    pub edge: Edge,
    pbx: Option<Pbx>,
    _users: TempDir,
}

impl Edge {
    fn config(self) -> &'static str {
        match self {
            Edge::Registrar => "kamailio.cfg",
            Edge::Pbx => "asterisk.cfg",
        }
    }
}

impl World {
    #[track_caller]
    pub fn start(edge: Edge, define: &[(&str, &str)]) -> World {
        let (net, users) = (Network::new(), users());
        let mut config = format!("include_file \"{ROOT}/examples/{}\"\n", edge.config());
        for (name, value) in define {
            config += &match *name {
                NONCE_LIFE if edge == Edge::Registrar => {
                    format!("modparam(\"auth\", \"nonce_expire\", {value})\n")
                }
                POLICY => format!("modparam(\"palisade\", \"policy\", \"{value}\")\n"),
                _ => String::new(),
            };
        }
        let kam = Kamailio::whole(&config).like_an_example();
        let kam = kam.define("LISTEN_IP", &SERVER.to_string());
        let kam = match edge {
            Edge::Registrar => {
                kam.define("DBURL", &format!("\"text://{}\"", users.path().display()))
            }
            Edge::Pbx => kam
                .define("BACKEND_IP", &format!("\"{}\"", Pbx::AT.ip()))
                .define("BACKEND_PORT", &format!("\"{}\"", Pbx::AT.port())),
        };
        let defines = define
            .iter()
            .filter(|(name, _)| ![NONCE_LIFE, POLICY].contains(name));
        let kam = defines.fold(kam, |kam, (name, value)| kam.define(name, value));
        let kam = kam.within(&net.server).start();
        let at = Network::at(kam.port());
        let pbx = (edge == Edge::Pbx).then(|| Pbx::start(&net.phones, at));
        World {
            kam,
            net,
            edge,
            pbx,
            _users: users,
        }
    }

    pub fn server(&self) -> SocketAddrV4 {
        Network::at(self.kam.port())
    }

    /// Where OPTIONS ask whether somebody is there.
    pub fn uri(&self) -> String {
        format!("sip:{}", self.server())
    }

    #[track_caller]
    pub fn pbx(&self) -> &Pbx {
        self.pbx.as_ref().expect("there is a PBX behind this edge")
    }

    pub fn account(&self, user: u32) -> Account {
        Account {
            user: user.to_string(),
            domain: DOMAIN.into(),
            password: PASSWORD.into(),
        }
    }

    /// Not registered yet.
    #[track_caller]
    pub fn phone(&self, at: &str, user: u32) -> Device {
        self.device(&self.net.phones, at, user, PASSWORD)
    }

    #[track_caller]
    pub fn registered(&self, at: &str, user: u32) -> Result<Device, String> {
        let phone = self.phone(at, user);
        phone.register(super::AT_ALL).expect(200)?;
        Ok(phone)
    }

    /// A device of a stranger's own, at a stranger's address, who tries this password.
    #[track_caller]
    pub fn stranger(&self, at: &str, user: u32, password: &str) -> Device {
        self.device(&self.net.strangers, at, user, password)
    }

    #[track_caller]
    pub fn device(&self, within: &Namespace, at: &str, user: u32, password: &str) -> Device {
        let password = password.into();
        let account = Account {
            password,
            ..self.account(user)
        };
        Device::udp(within, at, self.server(), account)
    }

    pub fn forger(&self) -> Forger {
        Forger::new(&self.net.strangers, self.server())
    }

    /// Who is banned: address, reason and seconds.
    pub fn bans(&self) -> Vec<(String, String)> {
        let bans = self.kam.rpc(Rpc::Kamcmd, "palisade.bans", json!([]));
        let bans = bans.unwrap_or_else(|error| panic!("palisade.bans: {error}"));
        let why = |ban: &Reply| format!("{} for {} s", ban.text("reason"), ban.text("left"));
        let rows = bans.rows("rows");
        rows.iter().map(|ban| (ban.text("key"), why(ban))).collect()
    }

    /// Reason and seconds of an address's ban, `None`: it has none.
    pub fn ban_of(&self, address: &str) -> Option<String> {
        let bans = self.bans().into_iter();
        bans.filter(|(key, _)| key == address)
            .map(|(_, why)| why)
            .next()
    }

    pub fn assert_not_banned(&self, address: &str) -> Result<(), String> {
        match self.ban_of(address) {
            Some(ban) => Err(format!("{address} is banned, {ban}")),
            None => Ok(()),
        }
    }

    /// What Kamailio said of an address, at the end of what a phone says.
    pub fn explain<T>(&self, address: &str, done: Result<T, String>) -> Result<T, String> {
        done.map_err(|told| {
            let lines = self.kam.log().matching(address);
            let last = &lines[lines.len().saturating_sub(LINES)..];
            format!("{told}\n    of {address} Kamailio says: {last:#?}")
        })
    }
}

fn users() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let version = format!("{ROOT}/examples/dbtext/version");
    std::fs::copy(version, dir.path().join("version")).expect("copy the tables' versions");
    let mut table =
        String::from("id(int,auto) username(string) domain(string) password(string) \n");
    for user in USERS {
        writeln!(table, "{user}:{user}:{DOMAIN}:{PASSWORD}").expect("a String");
    }
    std::fs::write(dir.path().join("subscriber"), table).expect("write the users");
    dir
}

pub fn ipv4(address: SocketAddr) -> SocketAddrV4 {
    match address {
        SocketAddr::V4(address) => address,
        SocketAddr::V6(address) => panic!("{address}: all are in 10.0.0.0/8"),
    }
}

/// An address and its port.
pub fn source(device: &Device) -> SocketAddrV4 {
    ipv4(device.local())
}
