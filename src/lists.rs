//! The lists: networks, agents, users, domains, names, destinations, countries and autonomous
//! systems that are trusted or denied.
//!
//! A list is loaded by one process, the keeper, into an *image*: bytes in shared memory that a
//! look-up reads where they lie. Checks see the whole old image or the whole new one; they never
//! parse, wait or copy.

pub mod database;
pub mod edit;
pub mod entry;
pub mod format;
pub mod image;
pub mod keeper;
pub mod load;
pub mod mailbox;
pub mod network;
pub mod number;
pub mod reading;
pub mod refuse;
pub mod registry;
pub mod source;
pub mod spec;
pub mod text;
pub mod tree;
pub mod until;
pub mod value;
pub mod words;

pub use entry::{Action, Entry, Kind, Matching, Value};
pub use load::Desk;
pub use registry::{List, Lists};
pub use spec::Spec;
