//! Running: the lists there are, and what changes them.
//!
//! One process at a time changes a list; which one that is, the keeper (`crate::keeper`) decides.

mod alone;
pub mod edit;
pub mod load;
mod names;
pub mod orders;
pub mod queue;
pub mod registry;
