//! Starts a real Kamailio and talks real SIP to it. Not a mock of anything: what a test sees, an
//! operator would see.
//!
//! Guarantees: every server has its own ports, directory and sockets, so tests run in parallel; it
//! is gone when its `Server` is dropped or the test process dies; a crash, a leftover process or a
//! CRITICAL/BUG line fails the test; nothing sleeps for a fixed time except traffic that is paced
//! on purpose.
//!
//! ```ignore
//! mod support;
//! use serde_json::json;
//! use support::{Flood, Kamailio, Phone, Rpc};
//!
//! #[test]
//! fn a_flooder_is_banned_and_the_operator_sees_it() {
//!     let kam = Kamailio::with(r#"
//!         loadmodule "palisade.so"
//!         modparam("palisade", "reqs_density_per_unit", 20)
//!         request_route {
//!             if (!palisade_check()) exit;
//!             sl_send_reply("200", "OK");
//!         }
//!     "#).workers(1).start();
//!
//!     let tally = Flood::on(&kam).from("127.0.0.66").requests(60).send();
//!     assert_eq!(tally.answered(), 20);
//!     assert_eq!(tally.first_silent(), Some(20)); // the 21st; with one worker in order
//!
//!     let phone = Phone::udp(&kam, "127.0.0.5").agent("Linphone");
//!     assert_eq!(phone.status(&phone.request("OPTIONS")), Some(200)); // None: no answer
//!     assert_eq!(phone.register("alice", "secret"), Some(200)); // answers a digest challenge
//!
//!     for via in Rpc::ALL { // kamcmd, FIFO, datagram, HTTP
//!         let bans = kam.rpc(via, "palisade.bans", json!([])).unwrap();
//!         assert_eq!(bans.number("total"), 1);
//!         assert_eq!(bans.rows("rows")[0].text("key"), "127.0.0.66");
//!         assert_eq!(kam.rpc(via, "palisade.unban", json!(["192.0.2.9"])).unwrap_err().code, 404);
//!     }
//!     kam.log().expect("ban key=127.0.0.66 reason=rate"); // waits for the line
//!     kam.stop(); // asserts a clean shutdown; so does Drop
//! }
//! ```
//!
//! `palisade.so` is `PALISADE_SO`, else `target/palisade.so`. Kamailio is `KAMAILIO`, else the one
//! that is installed.

#![allow(dead_code, unused_imports)] // each test crate uses its part of this tree

mod config;
pub mod device;
mod flood;
mod forger;
mod idle;
mod installed;
mod kamailio;
mod log;
pub mod mmdb;
mod namespace;
mod network;
mod pace;
mod phone;
mod port;
mod process;
mod rpc;
mod server;
mod sip;
pub mod stock;
mod tally;
mod transport;
mod wait;

pub use flood::{Flood, spray};
pub use forger::{Flooding, Forger, Order};
pub use kamailio::Kamailio;
pub use log::Log;
pub use namespace::Namespace;
pub use network::{Network, SERVER};
pub use pace::Pace;
pub use phone::Phone;
pub use port::Port;
pub use process::{Memory, Process};
pub use rpc::{Reply, Rpc, RpcError};
pub use server::Server;
pub use sip::{Message, Request, Sender, digest, unique};
pub use tally::{Outcome, Tally};
pub use wait::{wait_for, wait_until};

/// A phone's IPv6 address: [`Phone`] adds it to this machine when it is first used.
pub const PHONE6: &str = "2001:db8:5060::7";

/// The source that it belongs to.
pub const NETWORK6: &str = "2001:db8:5060::/64";
