//! Palisade: a firewall for SIP that runs inside Kamailio.
//!
//! The map, from the top: [`abi`] is what the host calls, [`host`] is what it offers; [`policy`]
//! makes one verdict of one message; [`rate`], [`ban`], [`auth`] and [`agent`] are the defences;
//! [`report`] writes the dumps; [`shm`] is the memory that all processes share. The arrows point
//! down: `abi → report, policy → rate, ban, auth, agent → shm, source, clock`; `tests/tidy.rs`
//! keeps that direction. `unsafe` lives in `abi`, `host` and `shm` alone.

pub mod abi;
pub mod agent;
pub mod auth;
pub mod ban;
pub mod clock;
pub mod counters;
pub mod digest;
pub mod edge;
pub mod escape;
pub mod file;
pub mod geo;
pub mod hash;
pub mod host;
pub mod journal;
pub mod keeper;
pub mod lists;
pub mod message;
pub mod policy;
pub mod proof;
pub mod rate;
pub mod report;
pub mod scan;
pub mod settings;
pub mod shm;
pub mod source;
pub mod sqli;
pub mod trusted;
