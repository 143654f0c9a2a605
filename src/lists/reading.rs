//! Reading: what a list is described as, and how the lines of a file and the rows of a table become
//! its entries.
//!
//! Not where entries go: nothing here knows of shared memory.

pub mod database;
pub mod format;
pub mod layout;
pub mod records;
pub mod refuse;
pub mod spec;
pub mod until;
pub mod value;
