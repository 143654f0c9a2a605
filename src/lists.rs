//! The lists: networks, agents, users, domains, names, destinations, countries and autonomous
//! systems that are trusted or denied.
//!
//! Three rooms, each of which uses only those before it:
//!
//! - [`lookup`]: a list as an *image*, bytes in shared memory that a look-up reads where they lie.
//!   Checks see the whole old image or the whole new one; they never parse, wait or copy.
//! - [`reading`]: from files and tables of a database to entries.
//! - [`running`]: the lists there are, and how they are loaded, edited and replaced.

pub mod lookup;
pub mod reading;
pub mod running;

pub use lookup::entry::{Action, Entry, Kind, Matching, Value};
pub use lookup::image;
pub use reading::spec::Spec;
pub use reading::{database, spec, value};
pub use running::edit;
pub use running::load::Desk;
pub use running::orders::Order;
pub use running::registry::{List, Lists};
