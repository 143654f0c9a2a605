//! Memory that all of Kamailio's processes share: the region, what may live in it, and the table.
//!
//! Not the defences: nothing here knows what a ban is. This folder, with [`crate::abi`] and
//! [`crate::host`], is the only home of `unsafe`.

pub mod arena;
pub mod atomic;
pub mod child;
pub mod fail;
pub mod marks;
pub mod os;
pub mod region;
pub mod rows;
pub mod shared;
pub mod table;
pub mod words;
