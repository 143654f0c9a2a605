//! The lists: networks, agents, users, domains, names, destinations, countries and autonomous
//! systems that are trusted or denied.
//!
//! A list is loaded by one process, the keeper, into an *image*: bytes in shared memory that a
//! look-up reads where they lie. Checks see the whole old image or the whole new one; they never
//! parse, wait or copy.

pub mod entry;

pub use entry::{Action, Entry, Kind, Matching, Value};
