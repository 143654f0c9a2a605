//! A PBX behind Kamailio that challenges as chan_pjsip does: a nonce is the time and the MD5 of it,
//! Kamailio's address, the PBX's id and the realm (Asterisk's res_pjsip_authenticator_digest.c,
//! `build_nonce`), so that of two phones that ask in one second each may use the other's; and a random
//! `opaque` (pjproject's sip_auth_server.c). A wrong password gets the next challenge.

use super::world::{DOMAIN, PASSWORD};
use crate::support::device::{Account, Call, Device, Outcome, Reply};
use crate::support::{Message, Namespace, digest};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const REALM: &str = "asterisk";

pub struct Pbx {
    device: Device,
    book: Arc<Book>,
}

/// What it knows.
struct Book {
    kamailio: Ipv4Addr,
    /// Of it, a nonce of the same time is another one.
    id: AtomicU64,
    /// User: the first id of a nonce that is still good for him.
    good_from: Mutex<HashMap<String, u64>>,
    /// User: how many wrong passwords came.
    refused: Mutex<HashMap<String, u64>>,
    /// Milliseconds that it thinks about a request with the right password.
    thinks: AtomicU64,
    challenges: AtomicU64,
    /// User: where it is, by which way.
    registered: Mutex<HashMap<String, (String, String)>>,
}

impl Pbx {
    pub const AT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 1, 255, 1), 5060);

    #[track_caller]
    pub fn start(within: &Namespace, kamailio: SocketAddrV4) -> Pbx {
        let book = Arc::new(Book {
            kamailio: *kamailio.ip(),
            id: AtomicU64::new(1),
            good_from: Mutex::default(),
            refused: Mutex::default(),
            thinks: AtomicU64::new(0),
            challenges: AtomicU64::new(0),
            registered: Mutex::default(),
        });
        let account = Account {
            user: "pbx".into(),
            domain: DOMAIN.into(),
            password: String::new(),
        };
        let asked = book.clone();
        let manner = Box::new(move |request: &Message| asked.answer(request));
        let at = Pbx::AT.to_string();
        Pbx {
            device: Device::udp_as(within, &at, kamailio, account, manner),
            book,
        }
    }

    /// All nonces until now are stale, for this user.
    pub fn expire_nonces(&self, user: &str) {
        let id = self.book.id.fetch_add(1, Relaxed) + 1;
        let mut good_from = self.book.good_from.lock().expect("nobody panics with it");
        good_from.insert(user.into(), id);
    }

    /// How many wrong passwords of this user it has seen.
    pub fn refused(&self, user: &str) -> u64 {
        let refused = self.book.refused.lock().expect("nobody panics with it");
        refused.get(user).copied().unwrap_or(0)
    }

    /// From now on it takes this long for each request with the right password.
    pub fn thinks(&self, time: Duration) {
        self.book.thinks.store(time.as_millis() as u64, Relaxed);
    }

    /// Calls a user by the way on which he registered.
    pub fn call(&self, user: &str, patience: Duration) -> Result<(Call, Outcome), String> {
        let registered = self.book.registered.lock().expect("nobody panics with it");
        let (contact, path) = registered.get(user).ok_or("it has not registered")?.clone();
        drop(registered);
        let invite = self.device.request("INVITE").uri(&contact);
        self.device.call_by(invite.header("Route", path), patience)
    }
}

impl Book {
    fn answer(&self, request: &Message) -> Vec<Reply> {
        let to = request.header("To").unwrap_or_default();
        let is_within = to.contains("tag=");
        let is_known = is_within || matches!(request.method(), Some("CANCEL"));
        let reply = |status, reason| Reply(status, reason, String::new());
        let stale = match self.is_right(request) {
            _ if is_known => return vec![reply(200, "OK")],
            Some((true, false)) => return self.serve(request, to),
            Some((true, true)) => ", stale=true",
            _ => "",
        };
        let challenge = self.challenge();
        let header = format!("WWW-Authenticate: Digest {challenge}{stale}\r\n");
        vec![Reply(401, "Unauthorized", header)]
    }

    fn serve(&self, request: &Message, to: &str) -> Vec<Reply> {
        sleep(Duration::from_millis(self.thinks.load(Relaxed)));
        let reply = |status, reason| Reply(status, reason, String::new());
        match request.method() {
            Some("INVITE") if request.start_line().contains("sip:busy@") => {
                vec![reply(100, "Trying"), reply(486, "Busy Here")]
            }
            Some("INVITE") => {
                vec![
                    reply(100, "Trying"),
                    reply(180, "Ringing"),
                    reply(200, "OK"),
                ]
            }
            Some("REGISTER") => {
                let inside = |name| {
                    let value = request.header(name).unwrap_or_default();
                    let inside = value.split_once('<').map_or("", |(_, inside)| inside);
                    inside.split('>').next().unwrap_or_default().to_string()
                };
                let user = to.split_once("sip:").map_or("", |(_, user)| user);
                let user = user.split('@').next().unwrap_or_default().to_string();
                let way = (inside("Contact"), format!("<{}>", inside("Path")));
                let mut registered = self.registered.lock().expect("nobody panics with it");
                registered.insert(user, way);
                vec![reply(200, "OK")]
            }
            _ => vec![reply(200, "OK")],
        }
    }

    fn challenge(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let nonce = self.nonce(now.map_or(0, |now| now.as_secs()), self.id.load(Relaxed));
        let number = self.challenges.fetch_add(1, Relaxed);
        let opaque = digest::md5(&format!("{:p} {number}", self));
        format!(
            "realm=\"{REALM}\", nonce=\"{nonce}\", opaque=\"{opaque}\", algorithm=MD5, qop=\"auth\""
        )
    }

    fn nonce(&self, time: u64, id: u64) -> String {
        let kamailio = self.kamailio;
        let secret = digest::md5(&format!("{time}:{kamailio}:{id}:{REALM}"));
        format!("{time}/{secret}")
    }

    /// Are its credentials right, and are they stale? `None`: there are none that could be.
    fn is_right(&self, request: &Message) -> Option<(bool, bool)> {
        let given = request.header("Authorization")?;
        let nonce = digest::parameter(given, "nonce")?;
        let time = nonce.split('/').next()?.parse().ok()?;
        let id = self.id.load(Relaxed);
        let of = (1..=id).find(|id| self.nonce(time, *id) == nonce)?;
        let method = request.method().unwrap_or_default();
        let user = digest::parameter(given, "username")?;
        let good_from = self.good_from.lock().expect("nobody panics with it");
        let is_stale = good_from.get(&user).is_some_and(|first| of < *first);
        let is_right = digest::is_right(given, method, PASSWORD);
        if !is_right {
            let mut refused = self.refused.lock().expect("nobody panics with it");
            *refused.entry(user).or_default() += 1;
        }
        Some((is_right, is_stale))
    }
}
